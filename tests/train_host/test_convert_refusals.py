"""What is no decoder of R-VAE's is refused in one sentence, and nothing crashes."""

import json

import numpy as np
import pytest

from tests.train_host import tfjs_models
from train_host.convert import ConvertError, convert

SMALL = {"width": 24, "branch": 20}


@pytest.fixture(scope="module")
def small():
    """A narrow decoder: its layers' configuration and its weights."""
    net, outputs = tfjs_models.decoder(**SMALL)
    return net.config(outputs), net.weights


def without(key):
    def change(raw):
        del raw[key]

    return change


def set_layer(kind, key, value, number=-1):
    def change(raw):
        layers = raw["modelTopology"]["config"]["layers"]
        [layer for layer in layers if layer["class_name"] == kind][number]["config"][key] = value

    return change


def rename_class(kind, new):
    def change(raw):
        for layer in raw["modelTopology"]["config"]["layers"]:
            if layer["class_name"] == kind:
                layer["class_name"] = new

    return change


def set_weights(path, value):
    def change(raw):
        part = raw["weightsManifest"][0]
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value

    return change


def swapped(raw):
    outputs = raw["modelTopology"]["config"]["output_layers"]
    outputs[0], outputs[2] = outputs[2], outputs[0]


def fewer(raw):
    raw["modelTopology"]["config"]["output_layers"].pop()


def sequential(raw):
    raw["modelTopology"]["config"] = raw["modelTopology"]["config"]["layers"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda raw: raw.update(format="graph-model"), "graph model"),
        (without("modelTopology"), "not a TensorFlow.js layers model"),
        (without("weightsManifest"), "not a TensorFlow.js layers model"),
        (set_weights(["paths"], ["other.bin"]), "other.bin are missing"),
        (set_weights(["paths"], ["../weights.bin"]), "not beside model.json"),
        (set_weights(["weights", 0, "dtype"], "string"), "unknown type string"),
        (set_weights(["weights", 0, "shape"], [2, 25]), "fewer bytes"),
        (set_weights(["weights", 0, "shape"], [2, 23]), "more bytes"),
        (set_weights(["weights", 0, "shape"], [2, 1 << 40]), "too large"),
        (set_weights(["weights", 0, "name"], "other/kernel"), "come from z|missing"),
        (set_layer("Dense", "activation", "softmax"), "sigmoid, sigmoid, softmax"),
        (set_layer("LeakyReLU", "alpha", 0.2), "one LeakyReLU"),
        (rename_class("LeakyReLU", "ReLU"), "no layer like"),
        (rename_class("BatchNormalization", "LayerNormalization"), "no layer like"),
        (swapped, "tanh, sigmoid, sigmoid"),
        (fewer, "2 outputs"),
        (sequential, "plain chain"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(small, change, reason, tmp_path):
    path = tfjs_models.write(tmp_path, *small)
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))
    with pytest.raises(ConvertError, match=reason) as refusal:
        convert(path)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_an_encoder_is_refused_by_name(tmp_path):
    net = tfjs_models.Layers()
    before = net.hidden(net.input(864), 864, 24)
    outputs = [net.dense(before, 24, 2), net.dense(before, 24, 2)]
    path = tfjs_models.write(tmp_path, net.config(outputs, "encoder"), net.weights)
    with pytest.raises(ConvertError, match="This is the encoder"):
        convert(path)


def test_another_number_of_cells_is_refused(tmp_path):
    net, outputs = tfjs_models.decoder(**SMALL, cells=432)
    path = tfjs_models.write(tmp_path, net.config(outputs), net.weights)
    with pytest.raises(ConvertError, match="432 values"):
        convert(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(small, value, tmp_path):
    config, weights = small
    broken = {name: part.copy() for name, part in weights.items()}
    next(iter(broken.values())).flat[3] = value
    with pytest.raises(ConvertError, match="no numbers"):
        convert(tfjs_models.write(tmp_path, config, broken))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_model_is_refused(content, tmp_path):
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(ConvertError, match="not a TensorFlow"):
        convert(path)


def test_any_damage_is_read_or_refused_but_never_crashes(small, tmp_path):
    path = tfjs_models.write(tmp_path, *small)
    intact = path.read_text()
    rng = np.random.default_rng(11)
    values = [None, -1, 0, 3, 1e9, "x", [], {}, [[]], True]
    refused = 0
    for _ in range(300):
        raw = json.loads(intact)
        part = raw
        for _ in range(int(rng.integers(1, 9))):
            keys = list(part) if isinstance(part, dict) else range(len(part))
            if not keys:
                break
            parent, key = part, keys[int(rng.integers(len(keys)))]
            part = part[key]
            if not isinstance(part, dict | list):
                break
        parent[key] = values[int(rng.integers(len(values)))]
        path.write_text(json.dumps(raw))
        try:
            convert(path)
        except ConvertError:
            refused += 1
    assert 50 < refused < 300
