"""Converted models beside TensorFlow.js itself, which made R-VAE's; and int8 on trained weights."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from firmware.rhythm.decoder import Decoder
from tests import tfjs_package
from tests.benchmarks.twelve_clips import twelve_clips
from tests.train_host import tfjs_models
from train_host.convert import convert
from train_host.convert_command import smallest_good
from train_host.recipe import Recipe
from train_host.training import Training

pytestmark = pytest.mark.slow

Z = np.random.default_rng(7).uniform(-3, 3, (24, 2)).round(4)
FLOAT_TOLERANCE = 1e-5
"""Between TensorFlow.js and the converted weights in float32: 1.1e-6 at most was measured."""
STEPS = 40


@pytest.fixture(scope="session")
def tfjs():
    """A function that runs a command of tfjs_program.cjs."""
    try:
        package = tfjs_package.install() / "node_modules" / "@tensorflow" / "tfjs"
    except tfjs_package.Missing as missing:
        pytest.skip(str(missing))

    def run(*arguments):
        program = Path(__file__).with_name("tfjs_program.cjs")
        command = [tfjs_package.node(), str(program), str(package), *map(str, arguments)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    return run


def predicted(tfjs, folder):
    """Onset, velocity and microtiming at Z, by TensorFlow.js."""
    (folder / "z.json").write_text(json.dumps(Z.tolist()))
    tfjs("predict", folder, folder / "z.json", folder / "out.json")
    return [np.array(part) for part in json.loads((folder / "out.json").read_text())]


def check(converted, wanted):
    """The weights in float32 give what is wanted; the int8 file plays it in the runtime."""
    for part, exact in zip(converted.decoder.decode(Z), wanted, strict=True):
        assert np.abs(part - exact).max() < FLOAT_TOLERANCE
    content, agreement, in_float = smallest_good(converted.decoder, converted.info)
    assert not in_float
    assert agreement.good
    onset, velocity, microtiming = (
        part.reshape(len(Z), -1) for part in Decoder(content, len(Z)).decode_many(Z)
    )
    assert ((onset > 0.3) == (wanted[0] > 0.3)).mean() >= 0.9995
    assert np.abs(np.rint(126 * velocity) - np.rint(126 * wanted[1])).max() <= 1
    assert np.abs(microtiming - 0.5 * wanted[2]).max() < 0.01


@pytest.mark.parametrize(
    "shape",
    [{}, {"width": 1024}, {"conditions": 3}],
    ids=["512", "1024", "three conditions"],
)
def test_a_model_of_ours_plays_as_tensorflow_js_plays_it(tfjs, shape, tmp_path):
    net, outputs = tfjs_models.decoder(**shape, seed=4)
    path = tfjs_models.write(tmp_path, net.config(outputs), net.weights)
    check(convert(path), predicted(tfjs, tmp_path))


@pytest.mark.parametrize("quantised", ["uint8", "uint16", "float16"])
def test_quantised_weights_are_read_as_tensorflow_js_reads_them(tfjs, quantised, tmp_path):
    net, outputs = tfjs_models.decoder(width=64, branch=64, seed=4)
    path = tfjs_models.write(tmp_path, net.config(outputs), net.weights, quantised)
    converted = convert(path)
    for part, exact in zip(converted.decoder.decode(Z), predicted(tfjs, tmp_path), strict=True):
        assert np.abs(part - exact).max() < FLOAT_TOLERANCE


@pytest.mark.parametrize("width", [512, 1024])
def test_a_model_that_tensorflow_js_saved(tfjs, width, tmp_path):
    tfjs("build", tmp_path, width)
    converted = convert(tmp_path)
    assert len(converted.decoder.trunk[0][1]) == width
    assert "TensorFlow.js" in converted.info.provenance
    check(converted, predicted(tfjs, tmp_path))


def trained_reference():
    """R-VAE's network after a few steps on twelve clips, as TensorFlow.js would save it."""
    loops = twelve_clips()
    recipe = Recipe.as_reference(STEPS)
    training = Training(loops.onset, loops.velocity, loops.microtiming, recipe)
    for _ in training:
        pass
    net, outputs = tfjs_models.decoder()
    dense = [layer["name"] for layer in net.layers if layer["class_name"] == "Dense"]
    normal = [layer["name"] for layer in net.layers if layer["class_name"] == "BatchNormalization"]
    layers = training._network.decoder_layers
    for name, layer in zip(dense, layers, strict=True):
        net.weights[f"{name}/kernel"], net.weights[f"{name}/bias"] = layer.weights[:2]
    for name, layer in zip(normal, layers, strict=False):
        net.weights[f"{name}/gamma"], net.weights[f"{name}/beta"] = layer.weights[2:]
        net.weights[f"{name}/moving_mean"] = np.zeros(512, np.float32)
        net.weights[f"{name}/moving_variance"] = np.ones(512, np.float32)
    return net, outputs


def test_trained_weights_play_alike_in_int8(tmp_path):
    net, outputs = trained_reference()
    config = net.config(outputs)
    converted = convert(tfjs_models.write(tmp_path, config, net.weights))
    check(converted, tfjs_models.evaluate(config, net.weights, outputs, Z))
    onset = converted.decoder.decode(Z)[0]
    share = (onset > 0.3).mean(axis=1)
    assert 0 < share.min() < 0.05  # where the clips lie it has learned that most cells are silent
    content, agreement, _ = smallest_good(converted.decoder, converted.info)
    assert agreement.onsets > 0.99998
    assert len(content) < 2_200_000

    turn = np.linspace(0, 2 * np.pi, 3000)
    sweep = np.stack([2.9 * np.sin(turn), 2.9 * np.sin(2 * turn)], axis=1).astype(np.float32)
    wanted = changes(converted.decoder.decode(sweep)[0])
    assert wanted > 100
    assert changes(Decoder(content, 100).decode_many(sweep)[0]) == pytest.approx(wanted, rel=0.05)


def changes(onset):
    """How often the pattern changes from one row to the next."""
    sounding = onset.reshape(len(onset), -1) > 0.3
    return int((sounding[1:] != sounding[:-1]).any(axis=1).sum())
