"""Training: it repeats, it learns, it stops when asked, and every clip ends up on the pad."""

import numpy as np
import pytest

from train_host import training
from train_host.network import DecoderWeights
from train_host.quality import measure
from train_host.training import (
    Adam,
    Recipe,
    default_epochs,
    first_bias,
    fit,
    fit_plane,
    loud_last,
    split,
)

SMALL = Recipe(epochs=40, hidden=32)


def weights(trained):
    decoder = trained.decoder
    parts = [*decoder.first, *(part for head in decoder.heads for part in head), trained.z]
    return b"".join(part.tobytes() for part in parts)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(three_loops):
    first = weights(fit(*three_loops, SMALL))
    assert weights(fit(*three_loops, SMALL)) == first
    other = Recipe(epochs=40, hidden=32, seed=1)
    assert weights(fit(*three_loops, other)) != first


def test_twelve_clips_of_one_style_are_held_and_leave_room_between(footwork):
    loops, trained = footwork
    quality = measure(trained.decoder, trained.z, loops.onset, loops.velocity, loops.microtiming)
    assert quality.f1 >= 0.97
    assert quality.distinct >= 300
    assert quality.velocity_error < 5
    assert quality.microtiming_error < 0.02


def test_every_loop_lies_on_the_pad(footwork):
    z = footwork.trained.z
    assert z.shape == (len(footwork.loops), 2)
    assert np.abs(z).max() == pytest.approx(training.REACH, abs=1e-4)


def test_cells_that_no_clip_uses_are_silent_everywhere(three_loops):
    trained = fit(*three_loops, SMALL)
    used = three_loops[0].any(axis=0).ravel()
    z = np.random.default_rng(0).uniform(-4, 4, (200, 2))
    onset, velocity, microtiming = trained.decoder.decode(z)
    assert onset.shape == velocity.shape == microtiming.shape == (200, 864)
    assert onset[:, ~used].max() < 1e-4
    assert onset[:, used].max() > 0.5


def test_progress_is_reported_each_epoch_and_the_loss_falls(three_loops):
    seen = []
    trained = fit(*three_loops, SMALL, seen.append)
    assert [progress.epoch for progress in seen] == list(range(1, 41))
    assert seen[-1].validation.total < 0.7 * seen[0].validation.total
    assert trained.last == seen[-1]
    assert not trained.interrupted


def test_an_interrupt_keeps_the_best_so_far(three_loops):
    seen = []

    def stop(progress):
        seen.append(progress)
        if progress.epoch == 25:
            raise KeyboardInterrupt

    trained = fit(*three_loops, SMALL, stop)
    assert trained.interrupted
    assert trained.last == min(seen, key=lambda progress: progress.validation.total)
    assert np.isfinite(trained.decoder.decode(trained.z)[0]).all()


def test_an_interrupt_before_the_first_epoch_is_passed_on(three_loops, monkeypatch):
    def stop(self, rate):
        raise KeyboardInterrupt

    monkeypatch.setattr(Adam, "step", stop)
    with pytest.raises(KeyboardInterrupt):
        fit(*three_loops, SMALL)


@pytest.mark.parametrize("count", [0, 2])
def test_nothing_to_learn_is_an_error(count):
    with pytest.raises(ValueError, match="to learn from"):
        fit(*np.zeros((3, count, 9, 96), np.float32))


def test_one_loop_alone_is_learnt(three_loops):
    one = [part[:1] for part in three_loops]
    trained = fit(*one, Recipe(epochs=80, hidden=32))
    onset, velocity, _ = trained.decoder.decode(trained.z)
    hits = one[0].ravel() > 0
    assert ((onset[0] > 0.5) == hits).all()
    assert np.abs(velocity[0] - one[1].ravel())[hits].max() < 0.05


def test_the_first_biases_answer_with_the_mean_loop():
    onset = np.array([[1, 0], [1, 1], [1, 0], [1, 0]], np.float32)
    velocity = onset * [[0.2, 0], [0.4, 0.9], [0.2, 0], [0.4, 0]]
    microtiming = onset * [[0.1, 0], [0.3, -0.5], [0.1, 0], [0.3, 0]]
    bias = first_bias(np.concatenate([onset, velocity, microtiming], axis=1))
    odds, level, shift = np.split(bias, 3)
    assert odds == pytest.approx(np.log([4.5 / 0.5, 1.5 / 3.5]))
    assert 1 / (1 + np.exp(-level)) == pytest.approx([0.3, 0.9])
    assert np.tanh(shift) == pytest.approx([0.2, -0.5])


@pytest.mark.parametrize("count", [1, 2, 12, 40, 63, 64, 200, 383])
def test_every_loop_of_a_small_set_trains_and_a_sixth_of_its_copies_validates(count):
    train, held = split(count, np.random.default_rng(0))
    assert sorted(train) == list(range(count))
    copies = max(2, -(-64 // count))
    assert len(held) == copies * count // 6
    assert set(held) <= set(train)


@pytest.mark.parametrize("count", [384, 1000])
def test_a_sixth_of_a_large_set_is_never_trained_on(count):
    train, held = split(count, np.random.default_rng(0))
    assert sorted([*train, *held]) == list(range(count))
    assert len(held) == count // 6


def test_more_loops_are_given_more_steps():
    assert default_epochs(1) == default_epochs(12) == 500
    assert default_epochs(40) == 1200
    assert default_epochs(640) == 200
    assert default_epochs(100_000) == 50


def test_batches_hold_every_loop_equally_often():
    batches = training._batches(np.arange(10), np.random.default_rng(0))
    rows = np.concatenate([next(batches) for _ in range(5)])
    assert np.bincount(rows, minlength=10).tolist() == [32] * 10


def constant_decoder(logits):
    """A decoder that answers every z with these onset logits."""
    head = (np.zeros((2, 3)), np.array(logits))
    return DecoderWeights((np.zeros((2, 2)), np.zeros(2)), (head, head, head))


LOUD_AND_SOFT = np.array([[1, 1, 1, 0.9, 0.3, 0.6, 0, 0, 0]])
NOWHERE = np.zeros((1, 2))


def test_loud_cells_gain_what_soft_ones_lose():
    decoder = constant_decoder([5.0, 5.0, 5.0])
    changed = loud_last(decoder, LOUD_AND_SOFT, NOWHERE)
    assert changed.heads[0][1] == pytest.approx([5 + 6 * 0.3, 5 - 6 * 0.3, 5])
    assert changed.heads[1:] == decoder.heads[1:]


def test_loudness_stops_where_it_would_cost_an_onset():
    # The soft hit may sink to -2.94, the lowest threshold's logit: by 4 it does not, by 6 it does.
    decoder = constant_decoder([5.0, -1.5, 5.0])
    changed = loud_last(decoder, LOUD_AND_SOFT, NOWHERE)
    assert changed.heads[0][1] == pytest.approx([5 + 4 * 0.3, -1.5 - 4 * 0.3, 5])
    assert (
        loud_last(constant_decoder([5.0, -2.8, 5.0]), LOUD_AND_SOFT, NOWHERE).heads[0][1][1] == -2.8
    )


def test_moving_the_plane_moves_nothing_on_it(three_loops):
    rng = np.random.default_rng(0)
    decoder = DecoderWeights(
        (rng.standard_normal((2, 8)), rng.standard_normal(8)),
        ((rng.standard_normal((8, 4)), rng.standard_normal(4)),) * 3,
    )
    z = np.array([[-4.0, 0.5], [6.0, 1.5], [0.0, 1.0]])
    moved, places = fit_plane(decoder, z)
    for before, after in zip(decoder.decode(z), moved.decode(places), strict=True):
        assert after == pytest.approx(before)
    assert places[:, 0].tolist() == pytest.approx([-2.7, 2.7, -2.7 + 4 * 5.4 / 10])
    # One beat apart on an axis of six would be a stretch of five: two is the most.
    assert places[:, 1].tolist() == pytest.approx([-1.0, 1.0, 0.0])


def test_adam_takes_the_published_steps():
    target = np.array([1.0, -2.0])
    current = np.zeros(2)
    gradient = np.zeros(2)
    adam = Adam(current, gradient)
    mean, square, by_hand = np.zeros(2), np.zeros(2), np.zeros(2)
    for t in range(1, 6):
        gradient[:] = current - target
        adam.step(0.1)
        slope = by_hand - target
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope**2
        root = np.sqrt(square / (1 - 0.999**t))
        by_hand = by_hand - 0.1 * mean / (1 - 0.9**t) / (root + 1e-7)
        assert current == pytest.approx(by_hand)
