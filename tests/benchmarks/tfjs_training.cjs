// R-VAE's network and recipe in TensorFlow.js, on its wasm back end: node tfjs_training.cjs MODULES
// Reads {onset, velocity, microtiming: [n][cells], seed, epochs, look} from standard input. Writes a
// line of JSON every `look` epochs: {epoch, seconds, onset: [n][cells]}, the seconds of training so
// far and the onsets decoded at the loops' means; and one before training: {backend}.
"use strict";
const fs = require("fs");
const path = require("path");

const modules = path.join(process.argv[2], "node_modules", "@tensorflow");
const tf = require(path.join(modules, "tfjs"));
const wasm = require(path.join(modules, "tfjs-backend-wasm"));

const [HIDDEN, LATENT, BATCH, SLOPE] = [512, 2, 64, 0.3];
const [VELOCITY, MICROTIMING] = [2.5, 5];
const NORM = 1 / Math.sqrt(1 + 1e-3);

function shuffled(count, random) {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

// Mulberry32: any small generator would do, for shuffling and seeds.
function generator(seed) {
  let state = seed + 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

class Dense {
  constructor(inputs, outputs, hidden, random) {
    const spread = Math.sqrt(2 / (inputs + outputs));
    const seed = Math.floor(random() * 2 ** 31);
    this.weights = tf.variable(tf.randomNormal([inputs, outputs], 0, spread, "float32", seed));
    this.bias = tf.variable(tf.zeros([outputs]));
    if (!hidden) return;
    this.scale = tf.variable(tf.ones([outputs]));
    this.offset = tf.variable(tf.zeros([outputs]));
  }

  apply(x) {
    const sum = tf.add(tf.matMul(x, this.weights), this.bias);
    if (!this.scale) return sum;
    // A batch normalisation whose mean and variance stay at 0 and 1, then LeakyReLU.
    return tf.leakyRelu(tf.add(tf.mul(tf.mul(sum, NORM), this.scale), this.offset), SLOPE);
  }
}

class Network {
  constructor(cells, random) {
    const dense = (inputs, outputs, hidden) => new Dense(inputs, outputs, hidden, random);
    this.read = [0, 1, 2].map(() => dense(cells, HIDDEN, true));
    this.joined = dense(3 * HIDDEN, HIDDEN, true);
    this.mean = dense(HIDDEN, LATENT, false);
    this.logVariance = dense(HIDDEN, LATENT, false);
    this.expand = dense(LATENT, HIDDEN, true);
    this.branches = [0, 1, 2].map(() => dense(HIDDEN, HIDDEN, true));
    this.outputs = [0, 1, 2].map(() => dense(HIDDEN, cells, false));
  }

  encode(parts) {
    const joined = this.joined.apply(tf.concat(parts.map((x, i) => this.read[i].apply(x)), 1));
    return [this.mean.apply(joined), this.logVariance.apply(joined)];
  }

  decode(z) {
    const shared = this.expand.apply(z);
    const [logits, level, shift] = this.outputs.map((output, i) =>
      output.apply(this.branches[i].apply(shared))
    );
    return [logits, tf.sigmoid(level), tf.tanh(shift)];
  }

  loss(parts, seed) {
    const n = parts[0].shape[0];
    const [mean, logVariance] = this.encode(parts);
    const noise = tf.randomNormal([n, LATENT], 0, 1, "float32", seed);
    const [logits, level, shift] = this.decode(
      tf.add(mean, tf.mul(tf.exp(tf.div(logVariance, 2)), noise))
    );
    const softplus = tf.add(tf.relu(logits), tf.log(tf.add(1, tf.exp(tf.neg(tf.abs(logits))))));
    const onset = tf.sum(tf.sub(softplus, tf.mul(parts[0], logits)));
    const velocity = tf.sum(tf.square(tf.sub(level, parts[1])));
    const microtiming = tf.sum(tf.square(tf.sub(shift, parts[2])));
    const kl = tf.sum(
      tf.sub(tf.sub(tf.add(tf.square(mean), tf.exp(logVariance)), 1), logVariance)
    );
    const sum = tf.add(tf.add(onset, tf.mul(VELOCITY, velocity)), tf.mul(MICROTIMING, microtiming));
    return tf.div(tf.add(sum, tf.div(kl, 2)), n);
  }
}

async function main() {
  wasm.setWasmPaths(path.join(modules, "tfjs-backend-wasm", "dist") + path.sep);
  if (!(await tf.setBackend("wasm"))) throw new Error("the wasm back end is not available");
  await tf.ready();
  const say = (message) => fs.writeSync(1, JSON.stringify(message) + "\n");
  say({ backend: tf.getBackend() });
  const task = JSON.parse(fs.readFileSync(0, "utf8"));
  const random = generator(task.seed);
  const data = [task.onset, task.velocity, task.microtiming].map((part) => tf.tensor2d(part));
  const n = task.onset.length;
  const copies = Math.ceil(BATCH / n);
  const order = shuffled(n * copies, random).map((i) => i % n);
  const held = Math.floor(order.length / 6);
  const [validating, training] = [order.slice(0, held), order.slice(held)];
  const network = new Network(task.onset[0].length, random);
  const adam = tf.train.adam(1e-3);
  const rows = (which) => data.map((part) => tf.gather(part, tf.tensor1d(which, "int32")));
  let waiting = [];
  let seconds = 0;
  for (let epoch = 1; epoch <= task.epochs; epoch += 1) {
    const start = performance.now();
    while (waiting.length < BATCH) waiting.push(...shuffled(training.length, random).map((i) => training[i]));
    const batch = waiting.splice(0, BATCH);
    tf.tidy(() => {
      const parts = rows(batch);
      adam.minimize(() => network.loss(parts, Math.floor(random() * 2 ** 31)));
      network.loss(rows(validating), epoch).dataSync();
    });
    seconds += (performance.now() - start) / 1000;
    if (epoch % task.look) continue;
    const onset = tf.tidy(() => tf.sigmoid(network.decode(network.encode(data)[0])[0]).arraySync());
    const memory = process.resourceUsage().maxRSS / 1024;
    say({ epoch, seconds, memory, onset: onset.map((row) => row.map((p) => Number(p.toFixed(4)))) });
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
