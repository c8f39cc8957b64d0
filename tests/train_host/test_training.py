"""Training: it repeats, it learns, it stops when asked, and every clip ends up on the pad."""

import numpy as np
import pytest

from train_host import recipe as recipes
from train_host.adam import Adam
from train_host.plane import REACH
from train_host.quality import measure
from train_host.recipe import Recipe, default_epochs, split
from train_host.training import Training, first_bias, fit

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
    assert quality.f1 >= 0.99
    assert quality.reach == 1
    assert quality.map.distinct >= 350
    assert quality.velocity_error < 5
    assert quality.microtiming_error < 0.02


def test_every_loop_lies_on_the_pad(footwork):
    z = footwork.trained.z
    assert z.shape == (len(footwork.loops), 2)
    assert np.abs(z).max() == pytest.approx(REACH, abs=1e-4)


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


def test_a_training_can_be_looked_at_between_epochs_and_goes_on_as_if_it_had_not(three_loops):
    undisturbed = weights(fit(*three_loops, SMALL))
    training = Training(*three_loops, SMALL)
    maps = [training.now() for progress in training if progress.epoch % 10 == 0]
    assert [one.last.epoch for one in maps] == [10, 20, 30, 40]
    assert len({weights(one) for one in maps}) == 4
    assert weights(training.now()) == undisturbed


def test_a_training_can_be_left_and_taken_up_again(three_loops):
    training = Training(*three_loops, SMALL)
    for progress in training:
        if progress.epoch == 15:
            break
    for _ in training:
        pass
    assert weights(training.now()) == weights(fit(*three_loops, SMALL))


def test_training_ends_when_every_onset_is_sure(three_loops):
    trained = fit(*three_loops, Recipe(epochs=5000, hidden=64))
    assert trained.complete
    assert not trained.interrupted
    assert trained.last.epoch == trained.last.epochs < 1500
    wanted = three_loops[0].reshape(3, -1) > 0
    onset = trained.decoder.decode(trained.z)[0]
    assert ((onset > 0.3) == wanted).all()
    assert len(trained.history) == trained.last.epoch


def test_training_ends_where_the_losses_fall_no_more(three_loops):
    # Two hidden units cannot hold three loops, however long they train.
    trained = fit(*three_loops, Recipe(epochs=20000, hidden=2))
    assert trained.complete
    assert trained.last.epoch < 10000


def test_steps_that_are_too_large_are_made_smaller(three_loops):
    training = Training(*three_loops, Recipe(epochs=60, hidden=32, learning_rate=1e5))
    losses = [progress.validation.total for progress in training]
    assert training._caution < 1
    assert np.isfinite(losses).all()
    trained = training.now()
    assert all(np.isfinite(part).all() for part in trained.decoder.decode(trained.z))


def test_the_reference_network_learns_the_same_loops(three_loops):
    trained = fit(*three_loops, Recipe.as_reference(25))
    assert trained.last.epoch == 25
    assert trained.history[-1].training.total < 0.6 * trained.history[0].training.total
    onset, velocity, microtiming = trained.decoder.decode(trained.z)
    assert onset.shape == velocity.shape == microtiming.shape == (3, 864)


@pytest.mark.parametrize("count", [0, 2])
def test_nothing_to_learn_is_an_error(count):
    with pytest.raises(ValueError, match="to learn from"):
        fit(*np.zeros((3, count, 9, 96), np.float32))


def test_one_loop_alone_is_learnt(three_loops):
    one = [part[:1] for part in three_loops]
    trained = fit(*one, Recipe(epochs=80, hidden=32))
    onset, velocity, _ = trained.decoder.decode(trained.z)
    hits = one[0].ravel() > 0
    assert ((onset[0] > 0.3) == hits).all()
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
    assert default_epochs(1) == default_epochs(12) == 720
    assert default_epochs(24) == 1440
    assert default_epochs(40) == 2000
    assert default_epochs(640) == 200
    assert default_epochs(100_000) == 50


def test_batches_hold_every_loop_equally_often():
    batches = recipes.batches(np.arange(10), np.random.default_rng(0))
    rows = np.concatenate([next(batches) for _ in range(5)])
    assert np.bincount(rows, minlength=10).tolist() == [32] * 10


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


def test_a_training_that_goes_on_from_another_leaves_the_clips_where_they_were(footwork):
    loops = footwork.loops
    before = Training(loops.onset, loops.velocity, loops.microtiming, Recipe(epochs=250))
    list(before)
    onset, velocity, microtiming = (
        part.copy() for part in (loops.onset, loops.velocity, loops.microtiming)
    )
    for part in (onset, velocity, microtiming):
        part[3] = np.roll(part[3], 12, axis=1)  # one clip is another now, with cells of its own
    after = Training(onset, velocity, microtiming, Recipe(epochs=100))
    after.go_on_from(before)
    anew = Training(onset, velocity, microtiming, Recipe(epochs=100, seed=1))
    list(after), list(anew)
    others = [row for row in range(len(loops)) if row != 3]

    def moved(training):
        away = training.now().z[others] - before.now().z[others]
        return np.hypot(*away.T).mean()

    assert moved(after) < 0.5 < moved(anew)
    assert after.history[-1].validation.total < anew.history[-1].validation.total


def test_nothing_is_taken_over_from_a_network_of_another_kind(three_loops):
    other = Training(*three_loops, Recipe.as_reference(1))
    list(other)
    training = Training(*three_loops, SMALL)
    training.go_on_from(other)
    list(training)
    assert weights(training.now()) == weights(fit(*three_loops, SMALL))
