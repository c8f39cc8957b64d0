"""int8 rounding: it keeps the map where plain rounding does not."""

import numpy as np
import pytest

from train_host.network import DecoderWeights
from train_host.rounding import RoundedDecoder, RoundedHead, round_decoder


def plain(decoder):
    """Each weight to its nearest step."""
    heads = []
    for weights, bias in decoder.heads:
        scale = np.float32(np.abs(weights).max() / 127)
        heads.append(RoundedHead(np.rint(weights / scale).astype(np.int8), scale, bias))
    return RoundedDecoder(decoder.first, tuple(heads))


def worst_logit(exact, other):
    z = np.random.default_rng(0).uniform(-3, 3, (2000, 2)).astype(np.float32)
    pairs = zip(exact.heads, other.heads, strict=True)
    return [
        np.abs(exact.hidden(z) @ w + b - other.hidden(z) @ v - c).max() for (w, b), (v, c) in pairs
    ]


@pytest.fixture(scope="module")
def rounded(footwork):
    return round_decoder(footwork.trained.decoder)


def test_weights_are_int8_with_one_scale_a_head(footwork, rounded):
    for (weights, bias), head in zip(footwork.trained.decoder.heads, rounded.heads, strict=True):
        assert head.weights.dtype == np.int8
        assert head.weights.shape == weights.shape
        assert head.weights.min() >= -127
        assert head.scale == np.float32(np.abs(weights).max() / 127)
        assert head.bias.dtype == np.float32
        assert head.bias.shape == bias.shape
    for kept, given in zip(rounded.first, footwork.trained.decoder.first, strict=True):
        assert np.array_equal(kept, given)


def test_it_is_ten_times_nearer_than_plain_rounding(footwork, rounded):
    decoder = footwork.trained.decoder
    ours = worst_logit(decoder, rounded.dequantised())
    nearest = worst_logit(decoder, plain(decoder).dequantised())
    assert all(a < b / 10 for a, b in zip(ours, nearest, strict=True))
    assert max(ours) < 0.02


def test_the_same_decoder_is_rounded_the_same(footwork, rounded):
    again = round_decoder(footwork.trained.decoder)
    for a, b in zip(rounded.heads, again.heads, strict=True):
        assert np.array_equal(a.weights, b.weights)
        assert np.array_equal(a.bias, b.bias)


def test_a_decoder_that_ignores_its_input_keeps_its_answer():
    rng = np.random.default_rng(1)
    first = (np.zeros((2, 8), np.float32), np.ones(8, np.float32))
    head = (rng.standard_normal((8, 4)).astype(np.float32), np.zeros(4, np.float32))
    decoder = DecoderWeights(first, (head, (np.zeros((8, 4), np.float32), head[1]), head))
    exact = decoder.decode([[1.0, 2.0]])
    for a, b in zip(exact, round_decoder(decoder).dequantised().decode([[1.0, 2.0]]), strict=True):
        assert b == pytest.approx(a, abs=1e-5)
