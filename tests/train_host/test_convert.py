"""Models as R-VAE saves them: what is read and what it becomes."""

import argparse
import copy
import json
import os

import numpy as np
import pytest
import tflite

from firmware.rhythm.decoder import Decoder
from firmware.rhythm.model_file import MAX_BYTES, read_info
from tests.train_host import tfjs_models
from train_host.convert import ConvertError, convert
from train_host.convert_command import add_arguments, run, smallest_good
from train_host.export import ExportError, compare, model_bytes

Z = np.random.default_rng(3).uniform(-3, 3, (60, 2))
SMALL = {"width": 24, "branch": 20}


@pytest.fixture(scope="module")
def small():
    """A narrow decoder: its layers' configuration, its weights and its outputs."""
    net, outputs = tfjs_models.decoder(**SMALL)
    return net.config(outputs), net.weights, outputs


def differences(decoder, exact):
    return [np.abs(a - b).max() for a, b in zip(decoder.decode(Z), exact, strict=True)]


@pytest.mark.parametrize(
    "shape",
    [SMALL, {"width": 1024, "branch": 20}, {**SMALL, "conditions": 3}],
    ids=["narrow", "1024 wide", "with conditions"],
)
def test_the_decoder_is_what_the_layers_compute(shape, tmp_path):
    net, outputs = tfjs_models.decoder(**shape)
    config = net.config(outputs)
    converted = convert(tfjs_models.write(tmp_path, config, net.weights))
    exact = tfjs_models.evaluate(config, net.weights, outputs, Z)
    assert max(differences(converted.decoder, exact)) < 1e-5
    assert len(converted.decoder.trunk[0][1]) == shape["width"]
    assert bool(converted.remarks) == ("conditions" in shape)


@pytest.mark.parametrize("order", [(1, 0), (1, 2, 0)])
def test_conditions_may_come_before_the_map(order, tmp_path):
    net = tfjs_models.Layers()
    shared = net.hidden(net.input(2), 2, 24)
    sources = [shared, *(net.input(1) for _ in order[1:])]
    joined = net.add("Concatenate", [sources[k] for k in order], {"axis": -1})
    rows = 24 + len(order) - 1
    outputs = [net.dense(joined, rows, 864, kind) for kind in ("sigmoid", "sigmoid", "tanh")]
    config = net.config(outputs)
    converted = convert(tfjs_models.write(tmp_path, config, net.weights))
    exact = tfjs_models.evaluate(config, net.weights, outputs, Z)
    assert max(differences(converted.decoder, exact)) < 1e-5


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize(
    ("quantised", "most"), [(None, 1e-5), ("float16", 0.02), ("uint16", 0.002), ("uint8", 0.3)]
)
def test_shards_and_quantised_weights(small, shards, quantised, most, tmp_path):
    config, weights, outputs = small
    exact = tfjs_models.evaluate(config, weights, outputs, Z)
    path = tfjs_models.write(tmp_path, config, weights, quantised, shards)
    assert max(differences(convert(path).decoder, exact)) < most


def test_a_decoder_within_a_vae_is_found(tmp_path):
    config, weights, inner, outputs = tfjs_models.vae(nested=True)
    exact = tfjs_models.evaluate(inner, weights, outputs, Z)
    converted = convert(tfjs_models.write(tmp_path, config, weights))
    assert max(differences(converted.decoder, exact)) < 1e-5


def test_the_last_layers_of_a_vae_are_its_decoder(tmp_path):
    config, weights, z, outputs = tfjs_models.vae(nested=False)
    exact = tfjs_models.evaluate(config, weights, outputs, Z, start=z)
    converted = convert(tfjs_models.write(tmp_path, config, weights))
    assert max(differences(converted.decoder, exact)) < 1e-5


def test_layers_that_only_train_are_passed_over(small, tmp_path):
    config, weights, _ = small
    config = copy.deepcopy(config)
    last = config["layers"][-1]
    idle = {"name": "idle", "class_name": "Dropout", "config": {"rate": 0.5}}
    config["layers"].append({**idle, "inbound_nodes": last["inbound_nodes"]})
    last["inbound_nodes"] = [[["idle", 0, 0, {}]]]
    exact = tfjs_models.evaluate(*small, Z)
    converted = convert(tfjs_models.write(tmp_path, config, weights))
    assert max(differences(converted.decoder, exact)) < 1e-5


def test_a_model_saved_from_keras(small, tmp_path):
    config, weights, _ = small
    path = tfjs_models.write(tmp_path, config, {f"decoder/{k}": v for k, v in weights.items()})
    raw = json.loads(path.read_text())
    raw["modelTopology"] = {"model_config": raw["modelTopology"]}
    path.write_text(json.dumps(raw))
    exact = tfjs_models.evaluate(*small, Z)
    assert max(differences(convert(path).decoder, exact)) < 1e-5


def marked(cells, place):
    """A decoder whose onset is near 1 at one cell and near 0 elsewhere, wherever z is."""
    net, outputs = tfjs_models.decoder(**SMALL, cells=cells)
    net.weights[f"{outputs[0]}/kernel"][:] = 0
    net.weights[f"{outputs[0]}/bias"][:] = -9
    net.weights[f"{outputs[0]}/bias"][place] = 9
    return net.config(outputs), net.weights


@pytest.mark.parametrize(
    ("cells", "place", "drum", "tick"),
    [(864, 2 * 96 + 5, 2, 5), (864, 8 * 96 + 95, 8, 95), (288, 2 * 32 + 5, 2, 15), (288, 0, 0, 0)],
)
def test_a_cell_is_the_same_drum_and_time(cells, place, drum, tick, tmp_path):
    converted = convert(tfjs_models.write(tmp_path, *marked(cells, place)))
    content, _ = model_bytes(converted.decoder, converted.info, in_float=True)
    onset = Decoder(content).decode(0.5, -0.5).onset
    assert np.argwhere(onset > 0.5).tolist() == [[drum, tick]]


def test_what_the_file_says_of_itself(tmp_path):
    net, outputs = tfjs_models.decoder(**SMALL)
    folder = tmp_path / "house.model"
    tfjs_models.write(folder, net.config(outputs), net.weights)
    info = convert(folder).info
    assert (info.name, info.ticks_per_beat, info.beats) == ("house", 12, 8)
    assert info.microtiming_scale == 0.5
    assert info.drum_notes == (36, 38, 42, 46, 45, 48, 50, 39, 37)
    assert "house.model/model.json" in info.provenance
    cymbals = convert(folder, "House", cymbals=True).info
    assert cymbals.name == "House"
    assert cymbals.drum_names[-2:] == ("crash", "ride")
    assert cymbals.drum_notes[-2:] == (49, 51)


def test_a_folder_may_have_any_bytes_for_its_name(small, tmp_path):
    folder = tmp_path / os.fsdecode(b"h\xe4user")
    tfjs_models.write(folder, *small[:2])
    converted = convert(folder)
    assert converted.info.name == "h?user"
    converted.info.to_json().encode()


def test_the_folder_around_encoder_and_decoder_will_do(small, tmp_path):
    folder = tmp_path / "trap"
    tfjs_models.write(folder / "decoder", *small[:2])
    assert convert(folder).info.name == "trap"
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConvertError, match=r"no model\.json"):
        convert(tmp_path / "empty")


@pytest.fixture(scope="module")
def full_size(tmp_path_factory):
    """R-VAE's own size, converted, and its model file."""
    net, outputs = tfjs_models.decoder()
    folder = tmp_path_factory.mktemp("full")
    converted = convert(tfjs_models.write(folder, net.config(outputs), net.weights))
    exact = tfjs_models.evaluate(net.config(outputs), net.weights, outputs, Z)
    return converted, exact, *smallest_good(converted.decoder, converted.info)


def test_it_plays_in_int8_like_the_layers(full_size):
    _, exact, content, agreement, in_float = full_size
    assert not in_float
    assert agreement.good
    onset, velocity, microtiming = (
        part.reshape(len(Z), -1) for part in Decoder(content, 20).decode_many(Z)
    )
    assert ((onset > 0.3) == (exact[0] > 0.3)).mean() >= 0.9998
    assert np.abs(velocity - exact[1]).max() < 1 / 126
    # A decoded microtiming of 1 is half a tick.
    assert np.abs(microtiming - 0.5 * exact[2]).max() < 0.01


def test_it_is_as_small_as_int8_makes_it(full_size):
    content = full_size[2]
    weights = 3 * 512 * 512 + 3 * 512 * 864
    assert weights < len(content) < weights + 40_000
    assert len(content) < MAX_BYTES / 10
    assert read_info(content).ticks_per_beat == 12


def test_only_operators_that_old_runtimes_know(full_size):
    model = tflite.Model.GetRootAsModel(full_size[2], 0)
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    known = tflite.BuiltinOperator
    assert {(code.BuiltinCode(), code.Version()) for code in codes} == {
        (known.FULLY_CONNECTED, 1),
        (known.LEAKY_RELU, 1),
        (known.DEQUANTIZE, 2),
        (known.LOGISTIC, 1),
        (known.TANH, 1),
    }


def test_the_slope_of_the_leaky_relu_is_the_models(small, tmp_path):
    config = copy.deepcopy(small[0])
    for layer in config["layers"]:
        if layer["class_name"] == "LeakyReLU":
            layer["config"]["alpha"] = 0.1
    converted = convert(tfjs_models.write(tmp_path, config, small[1]))
    exact = tfjs_models.evaluate(config, small[1], small[2], Z)
    content, _ = model_bytes(converted.decoder, converted.info, in_float=True)
    onset = Decoder(content, 20).decode_many(Z)[0].reshape(len(Z), -1)
    assert np.abs(onset - exact[0]).max() < 1e-5


def test_where_int8_plays_differently_the_weights_stay_float(tmp_path):
    net, outputs = tfjs_models.decoder(width=8, branch=8)
    # One weight so large that all others would round to nothing.
    net.weights[f"{outputs[0]}/kernel"][0, 0] = 3000
    converted = convert(tfjs_models.write(tmp_path, net.config(outputs), net.weights))
    content, agreement, in_float = smallest_good(converted.decoder, converted.info)
    assert in_float
    assert agreement.good
    assert compare(content, converted.decoder).good


def test_weights_too_large_to_play_are_not_written(tmp_path):
    net, outputs = tfjs_models.decoder(width=8, branch=8)
    net.weights[f"{outputs[0]}/kernel"][:] = 3e38
    path = tfjs_models.write(tmp_path, net.config(outputs), net.weights)
    out = tmp_path / "out.tflite"
    with pytest.raises(ExportError), np.errstate(all="ignore"):
        command([path, "-o", out])
    assert not out.exists()


def command(arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    run(parser.parse_args([str(argument) for argument in arguments]))


def test_the_command_writes_a_model_file(small, tmp_path, capsys):
    path = tfjs_models.write(tmp_path / "trap.model", *small[:2])
    out = tmp_path / "trap.tflite"
    command([path, "-o", out, "--tempo", "140", "--licence", "CC0", "--cymbals"])
    info = Decoder(out.read_bytes()).info
    assert (info.name, info.tempo, info.licence) == ("trap", 140, "CC0")
    assert info.drum_notes[-1] == 51
    assert "kB" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["-o", "."], "is a folder"),
        (["-o", "nowhere/x.tflite"], "no folder nowhere"),
        (["-o", "x.tflite", "--tempo", "0"], "tempo"),
    ],
)
def test_the_command_says_what_to_put_right(small, options, reason, tmp_path, monkeypatch):
    path = tfjs_models.write(tmp_path, *small[:2])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConvertError, match=reason):
        command([path, *options])
    assert not (tmp_path / "x.tflite").exists()
