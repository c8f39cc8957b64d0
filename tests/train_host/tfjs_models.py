"""TensorFlow.js models as R-VAE saves them, with weights of our own, and what they compute."""

import json

import numpy as np

WIDTH = 512


class Layers:
    """Layers one after another, each with its weights; ``add`` returns the name of the new one."""

    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)
        self.layers, self.weights, self.inputs = [], {}, []

    def add(self, kind, sources, config=None, weights=None):
        name = f"{kind.lower()}_{kind}{len(self.layers)}"
        self.layers.append(
            {
                "name": name,
                "class_name": kind,
                "config": {**(config or {}), "name": name, "trainable": True},
                "inbound_nodes": [[[source, 0, 0, {}] for source in sources]] if sources else [],
            }
        )
        for key, value in (weights or {}).items():
            self.weights[f"{name}/{key}"] = np.asarray(value, np.float32)
        return name

    def input(self, width):
        name = self.add("InputLayer", [], {"batch_input_shape": [None, width], "dtype": "float32"})
        self.inputs.append(name)
        return name

    def dense(self, source, rows, units, activation="linear", spread=1.0, bias=0.0):
        kernel = spread * np.sqrt(2 / (rows + units)) * self.rng.standard_normal((rows, units))
        weights = {"kernel": kernel, "bias": bias + 0.1 * self.rng.standard_normal(units)}
        config = {"units": units, "activation": activation, "use_bias": True}
        return self.add("Dense", [source], config, weights)

    def hidden(self, source, rows, units, spread=1.0):
        """Dense, a batch normalisation with statistics of its own, LeakyReLU."""
        total = self.dense(source, rows, units, spread=spread)
        around_one = lambda: self.rng.uniform(0.7, 1.4, units)  # noqa: E731
        weights = {
            "gamma": around_one(),
            "beta": 0.2 * self.rng.standard_normal(units),
            "moving_mean": 0.1 * self.rng.standard_normal(units),
            "moving_variance": around_one(),
        }
        config = {"axis": 1, "momentum": 0.99, "epsilon": 0.001, "center": True, "scale": True}
        normal = self.add("BatchNormalization", [total], config, weights)
        return self.add("LeakyReLU", [normal], {"alpha": 0.3})

    def config(self, outputs, name="decoder"):
        return {
            "name": name,
            "layers": self.layers,
            "input_layers": [[source, 0, 0] for source in self.inputs],
            "output_layers": [[output, 0, 0] for output in outputs],
        }


def decoder(width=WIDTH, branch=WIDTH, cells=864, conditions=0, seed=0, into=None, z=None):
    """R-VAE's decoder: its layers and the names of its three outputs."""
    net = into or Layers(seed)
    shared = net.hidden(z or net.input(2), 2, width, spread=8.0)
    if conditions:
        beside = [net.input(1) for _ in range(conditions)]
        joined = net.add("Concatenate", [shared, *beside], {"axis": -1})
        shared = net.hidden(joined, width + conditions, width)
    branches = [net.hidden(shared, width, branch) for _ in range(3)]
    shapes = (("sigmoid", 3.0, -2.0), ("sigmoid", 1.0, 0.0), ("tanh", 0.5, 0.0))
    outputs = [
        net.dense(source, branch, cells, activation, spread, bias)
        for source, (activation, spread, bias) in zip(branches, shapes, strict=True)
    ]
    return net, outputs


def vae(nested, width=24, cells=864):
    """A whole VAE, its decoder a model within it or its last layers; and the decoder's part."""
    net = Layers(5)
    read = [net.hidden(net.input(cells), cells, width) for _ in range(3)]
    joined = net.add("Concatenate", read, {"axis": -1})
    before = net.hidden(joined, 3 * width, width)
    mean, spread = net.dense(before, width, 2), net.dense(before, width, 2)
    z = net.add("sampleLayer", [mean, spread])
    inner = Layers(6) if nested else net
    _, outputs = decoder(width, width, cells, into=inner, z=None if nested else z)
    if not nested:
        return net.config(outputs, "vae"), net.weights, z, outputs
    inner_config = inner.config(outputs)
    # Names are unique in TensorFlow.js; two Layers count from 0 each.
    text = json.dumps(inner_config)
    for layer in inner.layers:
        text = text.replace(f'"{layer["name"]}"', f'"inner_{layer["name"]}"')
    inner_config = json.loads(text)
    net.weights.update({f"inner_{name}": value for name, value in inner.weights.items()})
    name = net.add("Model", [z], inner_config)
    net.layers[-1]["config"] = inner_config
    config = net.config([name], "vae")
    config["output_layers"] = [[name, 0, k] for k in range(3)]
    return config, net.weights, inner_config, [f"inner_{output}" for output in outputs]


def model_json(config, weights, quantised=None, paths=("weights.bin",)):
    """``model.json`` as an object, and the bytes of its weights; ``quantised``: how all are."""
    entries, content = [], bytearray()
    for name, value in weights.items():
        entry = {"name": name, "shape": list(value.shape), "dtype": "float32"}
        if quantised == "float16":
            entry["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
            value = value.astype("<f2")
        elif quantised:
            low, levels = float(value.min()), np.iinfo(quantised).max
            scale = (float(value.max()) - low) / levels or 1.0
            entry["quantization"] = {
                "dtype": quantised,
                "min": low,
                "scale": scale,
                "original_dtype": "float32",
            }
            value = np.rint((value - low) / scale).astype(np.dtype(quantised).newbyteorder("<"))
        entries.append(entry)
        content += value.tobytes() if quantised else value.astype("<f4").tobytes()
    model = {
        "modelTopology": {
            "class_name": "Model",
            "config": config,
            "keras_version": "tfjs-layers 1.7.4",
            "backend": "tensor_flow.js",
        },
        "weightsManifest": [{"paths": list(paths), "weights": entries}],
        "format": "layers-model",
        "generatedBy": "TensorFlow.js tfjs-layers v1.7.4",
        "convertedBy": None,
    }
    return model, bytes(content)


def write(folder, config, weights, quantised=None, shards=1):
    """Write a model into ``folder``; return the path of its model.json."""
    names = [f"group1-shard{k + 1}of{shards}.bin" for k in range(shards)]
    paths = ["weights.bin"] if shards == 1 else names
    model, content = model_json(config, weights, quantised, paths)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(json.dumps(model))
    size = -(-len(content) // shards)
    for k, name in enumerate(paths):
        (folder / name).write_bytes(content[k * size : (k + 1) * size])
    return folder / "model.json"


def evaluate(config, weights, outputs, z, start=None):
    """What the layers compute at z (n, 2), which enters at the layer ``start`` or at the input of
    that width, in float64; every condition is 0."""
    layers = {layer["name"]: layer for layer in config["layers"]}
    known = {} if start is None else {start: np.asarray(z, np.float64)}

    def value(name):
        if name not in known:
            known[name] = compute(name, layers[name])
        return known[name]

    def compute(name, layer):
        kind, details = layer["class_name"], layer["config"]
        if kind == "InputLayer":
            width = details["batch_input_shape"][-1]
            return np.asarray(z, np.float64) if width == 2 else np.zeros((len(z), width))
        inputs = [value(source[0]) for source in layer["inbound_nodes"][0]]
        own = {
            key.partition("/")[2]: part.astype(np.float64)
            for key, part in weights.items()
            if key.startswith(f"{name}/")
        }
        if kind == "Concatenate":
            return np.concatenate(inputs, axis=-1)
        x = inputs[0]
        if kind == "Dense":
            x = x @ own["kernel"] + own["bias"]
            squash = {"sigmoid": lambda a: 1 / (1 + np.exp(-a)), "tanh": np.tanh}
            return squash.get(details["activation"], lambda a: a)(x)
        if kind == "BatchNormalization":
            spread = np.sqrt(own["moving_variance"] + details["epsilon"])
            return (x - own["moving_mean"]) / spread * own["gamma"] + own["beta"]
        assert kind == "LeakyReLU"
        return np.where(x > 0, x, details["alpha"] * x)

    return [value(name) for name in outputs]
