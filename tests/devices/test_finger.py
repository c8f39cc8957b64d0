"""From readings to touches, in simulated time."""

import math
import random
from itertools import pairwise

import pytest

from firmware.devices.events import Lift, TouchAt
from firmware.devices.finger import Finger
from firmware.devices.touch_pad import Touch

MS = 1_000_000
EDGE = 0.025


class Pad:
    """Readings every so often, and all that the finger says to them."""

    def __init__(self, finger=None, period_ms=5.0):
        self.finger = finger or Finger()
        self.period_ns = round(period_ms * MS)
        self.now = 3_000 * MS

    def read(self, *readings):
        events = []
        for reading in readings:
            self.now += self.period_ns
            events += self.finger.read(reading, self.now)
        return events


@pytest.fixture
def pad():
    return Pad()


def at(x, y=0.5, pressure=0.5):
    return Touch(x, y, pressure)


def shown(place):
    """Where a place is shown: the outer 2.5 % on either side belong to the edge."""
    return min(max((place - EDGE) / (1 - 2 * EDGE), 0.0), 1.0)


def test_a_touch_and_a_lift(pad):
    assert pad.read(at(0.5)) == []
    assert pad.finger.landing
    assert not pad.finger.down
    assert pad.read(at(0.5)) == [TouchAt(0.5, 0.5, 0.5)]
    assert pad.finger.down
    assert pad.read(None, None) == []
    assert pad.read(None) == [Lift()]
    assert not pad.finger.down
    assert pad.read(None, None, None, None) == []


def test_one_stray_reading_does_not_begin_a_touch(pad):
    assert pad.read(at(0.5), None, at(0.5), None, at(0.3), at(0.8), None) == []


def test_the_first_readings_of_a_landing_finger_are_passed_over(pad):
    assert pad.read(at(0.9), at(0.62), at(0.51)) == []
    assert pad.read(at(0.5), at(0.5)) == [TouchAt(0.5, 0.5, 0.5)]


def test_one_stray_reading_does_not_end_a_touch_nor_move_it(pad):
    pad.read(at(0.5), at(0.5))
    assert pad.read(None, at(0.5), at(0.95), at(0.5), at(0.5, 0.5, 0.0), at(0.5)) == []
    assert pad.finger.down


def test_a_late_reading_alone_does_not_end_a_touch(pad):
    pad.read(at(0.5), at(0.5))
    pad.now += 50 * MS
    assert pad.read(None) == []
    assert pad.read(None) == [Lift()]


def test_the_pressure_has_hysteresis(pad):
    pad.finger.press = 0.5
    assert pad.read(*[at(0.5, 0.5, 0.45)] * 9) == []
    assert pad.read(*[at(0.5, 0.5, 0.55)] * 2) == [TouchAt(0.5, 0.5, 0.55)]
    held = pad.read(*[at(0.5, 0.5, 0.35)] * 40)
    assert held
    assert Lift() not in held
    assert pad.read(*[at(0.5, 0.5, 0.25)] * 3) == [Lift()]


def test_any_reading_counts_when_no_pressure_is_asked_for(pad):
    pad.finger.press = 0.0
    assert pad.read(at(0.5, 0.5, 0.0), at(0.5, 0.5, 0.0)) == [TouchAt(0.5, 0.5, 0.0)]
    assert pad.read(*[at(0.5, 0.5, 0.0)] * 9) == []


def test_a_tap_elsewhere_jumps_and_does_not_glide(pad):
    pad.read(at(0.1), at(0.1), None, None, None)
    events = pad.read(at(0.9), at(0.9), at(0.9))
    assert events == [TouchAt(shown(0.9), 0.5, 0.5)]


def test_two_fingers_in_turn_jump_though_the_pad_was_never_free(pad):
    pad.read(at(0.1), at(0.1))
    assert pad.read(at(0.9), at(0.9), at(0.9)) == [TouchAt(shown(0.9), 0.5, 0.5)]


def test_both_axes_and_the_corners(pad):
    for x, y in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)):
        assert pad.read(at(x, y), at(x, y)) == [TouchAt(x, y, 0.5)]
        pad.read(None, None, None)


@pytest.mark.parametrize(("start", "end", "edge"), [(0.3, 0.02, 0.0), (0.7, 0.98, 1.0)])
def test_a_drag_to_the_soft_edge_arrives_at_the_very_edge(pad, start, end, edge):
    pad.read(at(start), at(start))
    drag = [at(start + (end - start) * step / 20) for step in range(21)]
    events = pad.read(*drag, *[at(end)] * 20)
    assert events[-1].x == edge


def test_places_are_monotone_continuous_and_reach_both_ends():
    places = []
    for step in range(1001):
        (touch,) = Pad().read(at(step / 1000), at(step / 1000))
        places.append(touch.x)
    steps = [after - before for before, after in pairwise(places)]
    assert min(steps) >= 0
    assert max(steps) < 0.0011
    assert places[24] == 0.0 < places[26]
    assert places[974] < 1.0 == places[976]
    assert places[500] == pytest.approx(0.5)


def test_a_finger_at_rest_holds_still():
    """Noise of two steps of the converter's 4096 (rms), whole steps, for 20 s."""
    noise, pad = random.Random(4), Pad()

    def reading():
        x, y = (round(0.4321 * 3700 + noise.gauss(0, 2)) / 3700 for _ in range(2))
        return at(x, y, 0.5 + noise.gauss(0, 0.01))

    pad.read(*(reading() for _ in range(20)))
    events = pad.read(*(reading() for _ in range(4000)))
    raw = [reading().x for _ in range(4000)]
    for axis in ("x", "y"):
        places = [getattr(event, axis) for event in events]
        assert max(places) - min(places) < 0.002
    assert max(raw) - min(raw) > 0.003
    assert len(events) < 150


@pytest.mark.parametrize("period_ms", [5, 10])
@pytest.mark.parametrize(
    ("seconds", "steps_of_noise"), [(0.1, 0), (0.1, 2), (0.3, 0), (0.3, 2), (1, 0), (1, 2), (3, 0)]
)
def test_a_drag_across_the_pad_lags_less_than_10_ms(period_ms, seconds, steps_of_noise):
    """At every reading: how long ago the finger was where it is shown to be."""
    noise, pad = random.Random(5), Pad(period_ms=period_ms)
    pad.read(at(0.03), at(0.03))
    last, worst = None, 0.0
    count = round(1000 * seconds / period_ms)
    for step in range(1, count + 1):
        place = 0.03 + 0.94 * step / count
        jitter = noise.gauss(0, steps_of_noise) / 3700
        for event in pad.read(at(place + jitter)):
            last = event
        behind = place - (EDGE + (1 - 2 * EDGE) * (last.x if last else shown(0.03)))
        worst = max(worst, behind / (0.94 / (1000 * seconds)))
    assert 0 < worst < 10


def test_a_turn_on_the_spot_is_followed_within_10_ms():
    """Half a circle and back again: the reversal is not rounded off."""
    pad = Pad()
    pad.read(at(0.5), at(0.5))
    worst = 0.0
    last = TouchAt(0.5, 0.5, 0.5)
    for step in range(1, 200):
        phase = 2 * math.pi * 3 * step * 0.005  # three times a second, 0.8 of the pad
        for event in pad.read(at(0.5 + 0.4 * math.sin(phase))):
            last = event
        true = shown(0.5 + 0.4 * math.sin(phase))
        worst = max(worst, abs(true - last.x))
    fastest = 0.4 * 2 * math.pi * 3 / (1 - 2 * EDGE)
    assert worst / fastest < 0.010


def test_a_drag_moves_through_all_that_lies_between(pad):
    pad.read(at(0.1), at(0.1))
    events = pad.read(*(at(0.1 + 0.8 * step / 60) for step in range(61)))
    places = [event.x for event in events]
    assert places == sorted(places)
    assert max(after - before for before, after in pairwise(places)) < 0.02


def test_a_flick_faster_than_any_finger_still_arrives(pad):
    pad.read(at(0.0), at(0.0))
    events = pad.read(*(at(0.2 * step) for step in range(6)), at(1.0))
    assert events[-1].x == 1.0


def test_release_ends_a_touch_and_a_landing(pad):
    assert pad.finger.release() == []
    pad.read(at(0.5))
    assert pad.finger.release() == []
    assert not pad.finger.landing
    pad.read(at(0.5), at(0.5))
    assert pad.finger.release() == [Lift()]
    assert pad.read(at(0.5)) == []


def test_two_readings_of_one_moment_do_no_harm(pad):
    pad.read(at(0.5), at(0.5))
    assert pad.finger.read(at(0.55), pad.now) == []
    assert pad.read(at(0.5)) == []
