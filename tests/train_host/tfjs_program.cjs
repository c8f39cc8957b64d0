// What TensorFlow.js itself makes of a model: node tfjs_program.cjs TFJS COMMAND ...
//   predict FOLDER Z.json OUT.json   outputs of the model in FOLDER at the rows of Z.json
//   build FOLDER WIDTH               R-VAE's decoder, built and saved by TensorFlow.js
"use strict";
const fs = require("fs");
const path = require("path");

const [, , package_, command, folder, ...rest] = process.argv;
const tf = require(package_);

function load() {
  const model = JSON.parse(fs.readFileSync(path.join(folder, "model.json"), "utf8"));
  const group = model.weightsManifest[0];
  const content = Buffer.concat(group.paths.map((name) => fs.readFileSync(path.join(folder, name))));
  const weightData = new Uint8Array(content).buffer;
  return tf.loadLayersModel({
    load: async () => ({
      modelTopology: model.modelTopology,
      weightSpecs: group.weights,
      weightData,
    }),
  });
}

async function predict(zFile, outFile) {
  const z = JSON.parse(fs.readFileSync(zFile, "utf8"));
  const model = await load();
  const rest = model.inputs.slice(1).map((input) => tf.zeros([z.length, input.shape[1]]));
  const outputs = model.predict([tf.tensor2d(z), ...rest]);
  fs.writeFileSync(outFile, JSON.stringify(await Promise.all(outputs.map((out) => out.array()))));
}

function random(shape, seed, low, high) {
  return tf.randomUniform(shape, low, high, "float32", seed);
}

async function build(width) {
  let seed = 0;
  const hidden = (source, units) => {
    const sum = tf.layers.dense({ units, kernelInitializer: "glorotNormal" }).apply(source);
    const normal = tf.layers.batchNormalization({ axis: 1 });
    const result = tf.layers.leakyReLU().apply(normal.apply(sum));
    const parts = normal.getWeights();
    normal.setWeights(parts.map((part) => random(part.shape, (seed += 1), 0.6, 1.4)));
    return result;
  };
  const z = tf.input({ shape: [2] });
  const shared = hidden(z, width);
  const outputs = ["sigmoid", "sigmoid", "tanh"].map((activation) =>
    tf.layers.dense({ units: 864, activation }).apply(hidden(shared, 512))
  );
  const model = tf.model({ inputs: z, outputs, name: "decoder" });
  await model.save({
    save: async (made) => {
      const manifest = [{ paths: ["weights.bin"], weights: made.weightSpecs }];
      const { modelTopology, format, generatedBy } = made;
      const json = { modelTopology, weightsManifest: manifest, format, generatedBy };
      fs.writeFileSync(path.join(folder, "model.json"), JSON.stringify(json));
      const data = made.weightData;
      const content = Array.isArray(data) ? Buffer.concat(data.map((d) => Buffer.from(d))) : Buffer.from(data);
      fs.writeFileSync(path.join(folder, "weights.bin"), content);
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    },
  });
}

const done = command === "predict" ? predict(...rest) : build(Number(rest[0]));
done.catch((error) => {
  console.error(error);
  process.exit(1);
});
