"""The network: its gradients against finite differences, its losses against plain formulas."""

import numpy as np
import pytest

from train_host.network import DecoderWeights, Network, sigmoid

CELLS, HIDDEN, ROWS = 5, 7, 4


@pytest.fixture
def network():
    return Network(CELLS, np.random.default_rng(3), HIDDEN, np.float64)


@pytest.fixture
def rows():
    rng = np.random.default_rng(4)
    onset = rng.integers(0, 2, (ROWS, CELLS)).astype(float)
    return np.concatenate(
        [
            onset,
            onset * rng.uniform(0, 1, (ROWS, CELLS)),
            onset * rng.uniform(-1, 1, (ROWS, CELLS)),
        ],
        axis=1,
    )


@pytest.fixture
def noise():
    return np.random.default_rng(5).standard_normal((ROWS, 2))


@pytest.mark.parametrize("beta", [0.0, 1.0, 3.0])
def test_every_gradient_is_the_finite_difference_of_the_loss(network, rows, noise, beta):
    # Weights far from their small first values, so that no part of the loss is nearly flat.
    network.flat += 0.3 * np.random.default_rng(6).standard_normal(network.flat.size)
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


def test_asking_for_the_gradient_does_not_change_the_loss(network, rows, noise):
    assert network.loss(rows, noise) == network.loss(rows, noise, backward=True)


def test_the_losses_are_the_textbook_s(network, rows, noise):
    loss = network.loss(rows, noise, beta=2.0)
    mean, log_variance = network.encode(rows)
    z = mean + np.sqrt(np.exp(log_variance)) * noise
    onset, velocity, microtiming = network.decoder().decode(z)
    wanted, level, shift = np.split(rows, 3, axis=1)
    likelihood = wanted * np.log(onset) + (1 - wanted) * np.log(1 - onset)
    audible = np.maximum(wanted, 0.02)
    divergence = -0.5 * (1 + log_variance - mean**2 - np.exp(log_variance))
    assert loss.onset == pytest.approx(-likelihood.sum() / ROWS)
    assert loss.velocity == pytest.approx(2.5 * (audible * (velocity - level) ** 2).sum() / ROWS)
    assert loss.microtiming == pytest.approx(
        5 * (audible * (microtiming - shift) ** 2).sum() / ROWS
    )
    assert loss.kl == pytest.approx(divergence.sum() / ROWS)
    assert loss.total == pytest.approx(loss.onset + loss.velocity + loss.microtiming + 2 * loss.kl)


def test_huge_logits_give_a_finite_loss(network, rows, noise):
    network.head_bias[:] = 800
    with np.errstate(all="raise", under="ignore"):
        loss = network.loss(rows, noise, backward=True)
    assert np.isfinite(loss.total)
    assert np.isfinite(network.gradient).all()


def test_sigmoid_neither_warns_nor_leaves_its_range():
    with np.errstate(all="raise"):
        values = sigmoid(np.array([-1e4, -1, 0, 1, 1e4], np.float32))
    assert values.dtype == np.float32
    assert values.tolist() == pytest.approx([0, 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1])


def test_float32_stays_float32_throughout():
    network = Network(CELLS, np.random.default_rng(0), HIDDEN)
    rows = np.ones((2, 3 * CELLS), np.float32)
    network.loss(rows, np.zeros((2, 2), np.float32), backward=True)
    assert network.gradient.dtype == np.float32
    decoder = network.decoder()
    assert all(part.dtype == np.float32 for part in decoder.decode([[0.5, 1.0]]))


def test_the_decoder_is_a_copy(network):
    decoder = network.decoder()
    before = [part.copy() for part in decoder.decode([[1.0, -1.0]])]
    network.flat += 1
    for kept, now in zip(before, decoder.decode([[1.0, -1.0]]), strict=True):
        assert np.array_equal(kept, now)


def test_decoding_is_the_written_out_formula():
    first = (np.array([[1.0, -1.0], [0.5, 0.5]]), np.array([0.0, 0.1]))
    heads = tuple((np.array([[k], [2.0]]), np.array([0.5])) for k in (1.0, 2.0, 3.0))
    onset, velocity, microtiming = DecoderWeights(first, heads).decode([[2.0, 1.0]])
    hidden = np.array([2.5, 0.3 * (-2 + 0.5 + 0.1)])
    logits = [k * hidden[0] + 2 * hidden[1] + 0.5 for k in (1, 2, 3)]
    assert onset[0, 0] == pytest.approx(1 / (1 + np.exp(-logits[0])))
    assert velocity[0, 0] == pytest.approx(1 / (1 + np.exp(-logits[1])))
    assert microtiming[0, 0] == pytest.approx(np.tanh(logits[2]))
