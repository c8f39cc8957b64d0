"""The flatbuffer: what the schema reads in it, and what a runtime makes of it."""

import numpy as np
import pytest
import tflite

from firmware.rhythm.decoder import Decoder
from firmware.rhythm.model_file import ModelInfo, with_info
from train_host.network import DecoderWeights
from train_host.rounding import round_decoder
from train_host.tflite_writer import write_decoder

Z = np.random.default_rng(2).uniform(-3, 3, (50, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def decoder():
    rng = np.random.default_rng(0)
    first = (rng.standard_normal((2, 16)).astype(np.float32), np.ones(16, np.float32))
    heads = tuple(
        (
            0.3 * rng.standard_normal((16, 864)).astype(np.float32),
            rng.standard_normal(864).astype(np.float32),
        )
        for _ in range(3)
    )
    return DecoderWeights(first, heads)


def operators(model):
    graph = model.Subgraphs(0)
    for i in range(graph.OperatorsLength()):
        code = model.OperatorCodes(graph.Operators(i).OpcodeIndex())
        yield code.BuiltinCode(), code.Version()


@pytest.mark.parametrize("batch", [1, 7, 50])
@pytest.mark.parametrize("as_int8", [True, False])
def test_the_runtime_computes_what_the_weights_say(decoder, as_int8, batch):
    rounded = round_decoder(decoder)
    content = write_decoder(rounded if as_int8 else decoder)
    exact = (rounded.dequantised() if as_int8 else decoder).decode(Z)
    for part, wanted in zip(Decoder(content, batch).decode_many(Z), exact, strict=True):
        assert np.abs(part.reshape(len(Z), -1) - wanted).max() < 1e-5


def test_weights_are_stored_in_a_quarter_of_the_size(decoder):
    sizes = [len(write_decoder(kind)) for kind in (decoder, round_decoder(decoder))]
    heads = 3 * 16 * 864
    assert sizes[0] - sizes[1] == pytest.approx(3 * heads, abs=2000)


def test_only_operators_that_old_runtimes_know(decoder):
    model = tflite.Model.GetRootAsModel(write_decoder(round_decoder(decoder)), 0)
    known = {
        (tflite.BuiltinOperator.FULLY_CONNECTED, 1),
        (tflite.BuiltinOperator.LEAKY_RELU, 1),
        (tflite.BuiltinOperator.DEQUANTIZE, 2),
        (tflite.BuiltinOperator.LOGISTIC, 1),
        (tflite.BuiltinOperator.TANH, 1),
    }
    assert set(operators(model)) == known
    assert model.Version() == 3


def test_input_and_outputs_have_their_names_and_shapes(decoder):
    content = write_decoder(round_decoder(decoder))
    assert content[4:8] == b"TFL3"
    graph = tflite.Model.GetRootAsModel(content, 0).Subgraphs(0)
    z = graph.Tensors(graph.Inputs(0))
    assert (z.Name(), z.Type()) == (b"z", tflite.TensorType.FLOAT32)
    assert z.ShapeSignatureAsNumpy().tolist() == [-1, 2]
    outputs = [graph.Tensors(graph.Outputs(i)) for i in range(graph.OutputsLength())]
    assert [tensor.Name() for tensor in outputs] == [b"onset", b"velocity", b"microtiming"]
    assert {tensor.Type() for tensor in outputs} == {tflite.TensorType.FLOAT32}
    assert {tuple(tensor.ShapeSignatureAsNumpy()) for tensor in outputs} == {(-1, 864)}


def test_weights_are_aligned_for_the_runtime(decoder):
    content = write_decoder(round_decoder(decoder))
    model = tflite.Model.GetRootAsModel(content, 0)
    for i in range(model.BuffersLength()):
        data = model.Buffers(i).DataAsNumpy()
        if not isinstance(data, int):
            start = data.__array_interface__["data"][0]
            origin = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
            assert (start - origin) % 16 == 0


def test_metadata_behind_it_do_not_disturb_it(decoder):
    content = write_decoder(decoder)
    with_metadata = Decoder(with_info(content, ModelInfo(name="Test")), 50)
    assert with_metadata.info.name == "Test"
    for a, b in zip(with_metadata.decode_many(Z), Decoder(content, 50).decode_many(Z), strict=True):
        assert np.array_equal(a, b)


def test_the_same_decoder_gives_the_same_bytes(decoder):
    assert write_decoder(decoder) == write_decoder(decoder)
