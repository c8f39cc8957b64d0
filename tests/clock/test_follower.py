"""The follower on simulated clocks; the comparison with other followers is in the benchmarks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.clock.follower import Follower
from tests.benchmarks import clocks
from tests.benchmarks.followers import DelayLockedLoop, Ours

MS = 1_000_000
START = 5_000_000_000_000
BEAT = 24


def fed(arrivals, beat_ns=500 * MS):
    """A follower that has heard ``arrivals`` (ms)."""
    follower = Follower(beat_ns)
    for time in arrivals:
        follower.pulse(START + round(time * MS))
    return follower


def arriving(jitter, ideal, seed=0):
    return clocks.JITTERS[jitter](ideal, np.random.default_rng(seed))


def errors(follower, ideal, arrivals):
    """By pulse, when it was expected less when it was due (ms), the mean lateness taken off."""
    expected = np.full(len(arrivals), np.nan)
    for n, time in enumerate(arrivals):
        if n >= 2:
            expected[n] = follower.next()
        follower.pulse(time)
    return expected - ideal - np.mean(arrivals[:900] - ideal[:900])


def numbers(arrivals):
    """The number the follower gives to each arrival."""
    follower, result = Follower(500 * MS), []
    for time in arrivals:
        follower.pulse(START + round(time * MS))
        result.append(follower.pulses - 1)
    return np.array(result)


def handed_over(arrivals, per_beat):
    """What an engine gets that asks after every pulse for the ticks up to one pulse ahead."""
    follower, ticks = Follower(500 * MS), []
    for time in arrivals:
        follower.pulse(START + round(time * MS))
        while len(ticks) * BEAT <= follower.pulses * per_beat:
            ticks.append(follower.time_of(len(ticks), per_beat))
    return ticks


# Quiet when steady, quick when not


@pytest.mark.parametrize("jitter", clocks.JITTERS)
def test_as_quiet_as_the_quietest_loop_on_a_steady_clock(jitter):
    ours, loop = [], []
    for seed in range(3):
        ideal = clocks.steady(120, 40)
        arrivals = arriving(jitter, ideal, seed)
        ours.append(np.std(errors(Ours(), ideal, arrivals)[480:]))
        loop.append(np.std(errors(DelayLockedLoop(0.3), ideal, arrivals)[480:]))
    assert np.mean(ours) < np.mean(loop)


@pytest.mark.parametrize("percent", [5, -5, 20, -20, 100])
def test_as_quick_as_the_quickest_loop_after_a_step(percent):
    ours, loop = [], []
    for seed in range(3):
        ideal = clocks.step(120, 1 + percent / 100, 40, 4)
        arrivals = arriving("usb", ideal, seed)
        after = np.abs(errors(Ours(), ideal, arrivals)[962:])
        ours.append(after.max())
        loop.append(np.abs(errors(DelayLockedLoop(2.0), ideal, arrivals)[962:]).max())
        assert (after[5:] < 1.5).all(), "not settled within 0.2 beat"
    assert np.mean(ours) < np.mean(loop)


@pytest.mark.parametrize("percent", [1, -1])
def test_a_small_step_is_never_off_by_a_millisecond_and_a_half(percent):
    for seed in range(4):
        ideal = clocks.step(120, 1 + percent / 100, 40, 4)
        assert np.abs(errors(Ours(), ideal, arriving("usb", ideal, seed))[962:]).max() < 1.5


@pytest.mark.parametrize("bars", [4, 16])
@pytest.mark.parametrize(("jitter", "rms"), [("usb", 0.25), ("gauss 1", 0.6), ("clean", 0.03)])
def test_a_ramp_is_followed_without_lag(bars, jitter, rms):
    ideal = clocks.ramp(120, 140, bars, 40, 4)
    during = errors(Ours(), ideal, arriving(jitter, ideal))[960 : 960 + bars * 96 + 96]
    assert np.sqrt(np.mean(during**2)) < rms
    assert abs(np.mean(during)) < 0.2


def test_a_hand_played_drift_is_followed():
    ideal = clocks.drift(120, 60, 0.002, 1)
    assert np.std(errors(Ours(), ideal, arriving("usb", ideal))[480:]) < 0.25


@pytest.mark.parametrize(("jitter", "bandwidth"), [("usb", 2.0), ("gauss 1", 1.0)])
def test_a_hand_played_drift_is_followed_as_by_the_loop_that_suits_it(jitter, bandwidth):
    ours, loop = [], []
    for seed in range(3):
        ideal = clocks.drift(120, 60, 0.005, seed)
        arrivals = arriving(jitter, ideal, seed)
        ours.append(np.std(errors(Ours(), ideal, arrivals)[480:]))
        loop.append(np.std(errors(DelayLockedLoop(bandwidth), ideal, arrivals)[480:]))
    assert np.mean(ours) < 1.02 * np.mean(loop)


def test_a_sender_s_own_jitter_is_told_from_that_of_the_frames():
    ideal = clocks.steady(120, 60)
    random = np.random.default_rng(0)
    arrivals = np.maximum.accumulate(np.ceil(ideal + random.normal(5, 0.3, len(ideal))))
    loop = np.std(errors(DelayLockedLoop(0.3), ideal, arrivals)[480:])
    assert np.std(errors(Ours(), ideal, arrivals)[480:]) < loop


def test_a_tempo_that_slowly_beats_with_the_frames_is_no_wandering_tempo():
    ideal = clocks.steady(125.1, 60)
    arrivals = arriving("usb", ideal) + np.random.default_rng(0).uniform(0, 0.05, len(ideal))
    assert np.std(errors(Ours(), ideal, arrivals)[480:]) < 0.06


def test_a_tempo_that_keeps_step_with_the_frames_is_told_exactly():
    slow = clocks.steady(120, 40)
    ideal = np.concatenate([slow, slow[-1] + clocks.steady(125, 300)[1:]])
    assert fed(np.ceil(ideal + 0.3)).bpm_hundredths() == pytest.approx(12_500, abs=1)


def test_bunches_that_begin_while_playing_from_usb_are_all_counted():
    ideal = clocks.steady(120, 60)
    arrivals = np.ceil(ideal + 0.3)
    arrivals[720:] = np.ceil(ideal[720:] / 25) * 25
    follower = fed(np.maximum.accumulate(arrivals))
    assert follower.pulses == 1441
    assert follower.bpm_hundredths() == pytest.approx(12_000, abs=30)


def test_jitter_that_begins_while_playing_is_learned():
    ideal = clocks.steady(120, 80)
    arrivals = ideal.copy()
    arrivals[960:] = arriving("gauss 1", ideal)[960:]
    assert np.std(errors(Ours(), ideal, arrivals)[1440:]) < 0.5


@pytest.mark.parametrize("bpm", [20, 47.11, 90, 240, 300])
def test_every_tempo_is_found_whatever_was_assumed(bpm):
    follower = fed(arriving("usb", clocks.steady(bpm, 10)))
    assert follower.beat_ns == pytest.approx(60e9 / bpm, rel=2e-4)
    assert follower.pulses == 241


def test_two_pulses_give_the_tempo():
    follower = Follower(500 * MS)
    follower.pulse(START)
    assert (follower.beat_ns, follower.bpm_hundredths()) == (None, None)
    assert follower.time_of(24, 24) == pytest.approx(START + 500 * MS, abs=1)
    follower.pulse(START + 25 * MS)
    assert follower.beat_ns == pytest.approx(600 * MS, rel=0.01)
    assert follower.time_of(2, 24) == pytest.approx(START + 50 * MS, abs=MS)


# Which pulse it is

USUAL = ["usb", "gauss 1", "clean"]


@pytest.mark.parametrize("jitter", USUAL)
@pytest.mark.parametrize("lost", [1, 3, 14])
def test_lost_pulses_are_counted(jitter, lost):
    ideal = clocks.steady(120, 20)
    kept = np.delete(np.arange(len(ideal)), slice(300, 300 + lost))
    assert (numbers(arriving(jitter, ideal)[kept]) == kept).all()


@pytest.mark.parametrize("jitter", USUAL)
def test_two_losses_in_a_row_are_put_right_by_the_next_pulse(jitter):
    kept = np.delete(np.arange(481), [300, 302])
    given_numbers = numbers(arriving(jitter, clocks.steady(120, 20))[kept])
    assert (given_numbers != kept).sum() <= 1
    assert given_numbers[-1] == 480


@pytest.mark.parametrize("jitter", USUAL)
def test_half_the_tempo_is_told_from_lost_pulses_at_the_second_gap(jitter):
    given_numbers = numbers(arriving(jitter, clocks.step(120, 0.5, 20, 10)))
    assert (np.flatnonzero(given_numbers != np.arange(len(given_numbers))) == [481]).all()


@pytest.mark.parametrize("jitter", USUAL)
@pytest.mark.parametrize("distance", [0.0, 0.7])
def test_duplicates_are_not_counted(jitter, distance):
    arrivals = arriving(jitter, clocks.steady(120, 20))
    doubled = np.sort(np.concatenate([arrivals, arrivals[200:] + distance]))
    assert numbers(doubled)[-1] == 480


@pytest.mark.parametrize("jitter", USUAL)
@pytest.mark.parametrize("hold", [30, 50, 100, 306])
def test_pulses_that_are_held_up_and_come_at_once_are_all_counted(jitter, hold):
    ideal = clocks.steady(120, 20)
    arrivals = arriving(jitter, ideal)
    held = (ideal >= ideal[300]) & (ideal < ideal[300] + hold)
    arrivals[held] = ideal[300] + hold
    follower = fed(np.maximum.accumulate(arrivals))
    assert follower.pulses == 481
    assert abs(follower.time_of(481, 24) - START - 481 * 500 * MS / 24) < 1.5 * MS


@pytest.mark.parametrize("frame", [15, 25, 50])
def test_pulses_that_always_come_in_bunches_are_all_counted(frame):
    ideal = clocks.steady(120, 20)
    follower = fed(np.ceil(ideal / frame) * frame)
    assert follower.pulses == 481
    assert follower.bpm_hundredths() == pytest.approx(12_000, abs=30)


@pytest.mark.parametrize("jitter", USUAL)
def test_a_clock_that_pauses_goes_on_with_its_next_pulse(jitter):
    ideal = clocks.steady(120, 20)
    ideal[300:] += 302
    arrivals = arriving(jitter, ideal)
    assert (numbers(arrivals) == np.arange(481)).all()
    after = errors(Ours(), ideal, arrivals)[301:]
    assert np.abs(after - np.median(after)).max() < 3.5


def test_time_stamps_that_stand_still_or_go_back_a_little_are_harmless():
    arrivals = clocks.steady(120, 20)
    arrivals[100] = arrivals[99]
    arrivals[200] = arrivals[199] - 2
    follower = fed(arrivals)
    assert abs(follower.time_of(follower.pulses, 24) - START - 481 * 500 * MS / 24) < 0.1 * MS


def test_another_clock_s_time_stamps_begin_anew():
    follower = fed(clocks.steady(120, 4))
    for time in clocks.steady(120, 4):
        follower.pulse(1_000 + round(time * MS))
    assert follower.time_of(194, 24) == pytest.approx(1_000 + 97 * 500 * MS / 24, abs=0.1 * MS)


# Start, continue, loss


def test_start_makes_the_next_pulse_the_first_and_keeps_the_tempo():
    follower = fed(clocks.steady(100, 4))
    follower.restart()
    assert follower.pulses == 0
    assert follower.time_of(0, 24) == pytest.approx(START + 97 * 25 * MS, abs=0.1 * MS)
    follower.pulse(START + 97 * 25 * MS + 11 * MS)
    assert follower.pulses == 1
    assert follower.time_of(1, 24) == pytest.approx(START + 98 * 25 * MS + 11 * MS, abs=0.1 * MS)
    assert follower.bpm_hundredths() == 10_000


def test_continue_gives_the_next_pulse_its_number():
    follower = fed(clocks.steady(125, 4))
    follower.continue_from(960)
    follower.pulse(START + 97 * 20 * MS)
    assert follower.pulses == 961
    assert follower.time_of(40 * 12 + 6, 12) == pytest.approx(START + 109 * 20 * MS, abs=0.1 * MS)
    assert follower.position_at(START + 109 * 20 * MS, 24) == pytest.approx(972, abs=0.01)


def test_lost_only_after_a_while():
    follower = Follower(500 * MS)
    assert follower.is_lost(START)
    last = clocks.steady(120, 4)
    follower = fed(last)
    stopped = START + round(last[-1] * MS)
    assert not follower.is_lost(stopped + 400 * MS)
    assert follower.is_lost(stopped + 600 * MS)
    slow = clocks.steady(20, 2)
    assert not fed(slow).is_lost(START + round(slow[-1] * MS) + 490 * MS)


def test_a_clock_that_comes_back_at_another_tempo():
    first, second = clocks.steady(120, 4), clocks.steady(70, 8)
    follower = fed(np.concatenate([first, first[-1] + 2_000 + second]))
    assert follower.pulses == len(first) + len(second)
    assert follower.bpm_hundredths() == pytest.approx(7_000, abs=2)


def test_nothing_to_tell_before_the_first_pulse():
    for ask in (Follower(500 * MS).time_of, Follower(500 * MS).position_at):
        with pytest.raises(ValueError, match="No clock pulse"):
            ask(0, 24)


# The display


@pytest.mark.parametrize("jitter", clocks.JITTERS)
def test_the_display_does_not_flicker(jitter):
    follower, shown = Follower(500 * MS), []
    for time in arriving(jitter, clocks.steady(120, 60)):
        follower.pulse(START + round(time * MS))
        shown.append(follower.bpm_hundredths())
    late = shown[8 * BEAT :]
    assert np.abs(np.array(late) - 12_000).max() <= 10
    assert np.count_nonzero(np.diff(late)) <= 3


@pytest.mark.parametrize("jitter", USUAL)
def test_the_display_follows_a_change_within_a_beat(jitter):
    arrivals = arriving(jitter, clocks.step(120, 1.05, 40, 16))
    assert fed(arrivals[: 41 * BEAT]).bpm_hundredths() == pytest.approx(12_600, abs=200)
    assert fed(arrivals).bpm_hundredths() == pytest.approx(12_600, abs=10)


# What the engine sees


@pytest.mark.parametrize("per_beat", [12, 24, 48])
def test_ticks_fall_between_the_pulses(per_beat):
    ticks = handed_over(clocks.steady(120, 8), per_beat)
    assert len(ticks) == 193 * per_beat // 24 + 1
    assert np.allclose(np.diff(ticks[per_beat:]), 500 * MS / per_beat, atol=0.01 * MS)


GAPS = st.one_of(
    st.sampled_from([0.0, 20.0, 20.0, 20.0, 40.0, 60.0]),
    st.floats(0, 60),
    st.floats(-3, 3),
    st.floats(0, 900),
)


@settings(deadline=None, max_examples=150)
@given(
    gaps=st.lists(st.tuples(GAPS, st.integers(1, 20)), min_size=1, max_size=25),
    per_beat=st.sampled_from([12, 24, 32]),
)
def test_time_never_runs_backwards_whatever_comes(gaps, per_beat):
    arrivals = np.cumsum([gap for gap, times in gaps for _ in range(times)])
    ticks = handed_over(arrivals, per_beat)
    assert ticks == sorted(ticks)
    follower = fed(arrivals)
    now = follower.pulses * per_beat // 24
    ahead = [follower.time_of(now + n, per_beat) for n in range(-30, 30)]
    assert ahead == sorted(ahead)
    assert follower.beat_ns is None or 179 * MS < follower.beat_ns < 3_400 * MS


@settings(deadline=None, max_examples=40)
@given(gaps=st.lists(st.floats(0, 600), min_size=1, max_size=100), bpm=st.floats(20, 300))
def test_a_steady_clock_is_found_again_after_any_nonsense(gaps, bpm):
    nonsense = np.cumsum(gaps)
    follower = fed(np.concatenate([nonsense, nonsense[-1] + clocks.steady(bpm, 15)[1:]]))
    due = START + (nonsense[-1] + 361 * 60e3 / bpm / BEAT) * MS
    assert abs(follower.time_of(follower.pulses, 24) - due) < 2 * MS
