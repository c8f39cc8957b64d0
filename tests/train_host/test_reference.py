"""R-VAE's network: its gradients against finite differences, its losses against its own decoder."""

import numpy as np
import pytest

from train_host.export import model_bytes
from train_host.reference import ReferenceNetwork
from train_host.steps import ModelInfo
from train_host.training import Recipe, fit

CELLS, HIDDEN, ROWS = 4, 5, 3


@pytest.fixture
def network():
    network = ReferenceNetwork(CELLS, np.random.default_rng(3), HIDDEN, np.float64)
    network.flat += 0.3 * np.random.default_rng(6).standard_normal(network.flat.size)
    return network


@pytest.fixture
def rows():
    rng = np.random.default_rng(4)
    onset = rng.integers(0, 2, (ROWS, CELLS)).astype(float)
    level, shift = rng.uniform(0, 1, onset.shape), rng.uniform(-1, 1, onset.shape)
    return np.concatenate([onset, onset * level, onset * shift], axis=1)


@pytest.fixture
def noise():
    return np.random.default_rng(5).standard_normal((ROWS, 2))


@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_every_gradient_is_the_finite_difference_of_the_loss(network, rows, noise, beta):
    network.loss(rows, noise, beta, backward=True)
    gradient = network.gradient.copy()
    step = 1e-6
    for i in range(network.flat.size):
        kept = network.flat[i]
        network.flat[i] = kept + step
        above = network.loss(rows, noise, beta).total
        network.flat[i] = kept - step
        below = network.loss(rows, noise, beta).total
        network.flat[i] = kept
        assert gradient[i] == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-7)


def test_the_decoder_it_hands_out_has_its_scales_folded_in(network, rows, noise):
    loss = network.loss(rows, noise)
    mean, log_variance = network.encode(rows)
    z = mean + np.exp(log_variance / 2) * noise
    onset, velocity, microtiming = network.decoder().decode(z)
    wanted, level, shift = np.split(rows, 3, axis=1)
    likelihood = wanted * np.log(onset) + (1 - wanted) * np.log(1 - onset)
    assert loss.onset == pytest.approx(-likelihood.sum() / ROWS, rel=1e-4)
    assert loss.velocity == pytest.approx(2.5 * ((velocity - level) ** 2).sum() / ROWS, rel=1e-4)
    assert loss.microtiming == pytest.approx(
        5 * ((microtiming - shift) ** 2).sum() / ROWS, rel=1e-4
    )


def test_it_has_as_many_weights_as_the_published_one():
    network = ReferenceNetwork(864, np.random.default_rng(0))
    dense = 3 * 865 * 512 + 1537 * 512 + 513 * 4 + 3 * 512 + 3 * 513 * 512 + 3 * 513 * 864
    scales = 8 * 2 * 512
    assert network.flat.size == dense + scales
    assert network.flat.size == pytest.approx(4.245e6, rel=1e-3)


@pytest.mark.slow
def test_a_map_of_it_becomes_a_model_file(three_loops):
    trained = fit(*three_loops, Recipe.as_reference(30))
    content, agreement = model_bytes(trained.decoder, ModelInfo())
    assert agreement.onsets > 0.9999
    assert len(content) < 3_000_000
