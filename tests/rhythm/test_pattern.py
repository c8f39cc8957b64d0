import numpy as np
import pytest

from firmware.rhythm.drums import DRUMS
from firmware.rhythm.pattern import Pattern, midi_velocity, unit_velocity


def pattern() -> Pattern:
    return Pattern(*(np.zeros((9, 96), np.float32) for _ in range(3)))


def test_drums_are_in_the_order_and_on_the_notes_of_the_contract():
    assert [drum.note for drum in DRUMS] == [36, 38, 42, 46, 45, 48, 50, 39, 37]
    assert [drum.key for drum in DRUMS[:4]] == ["kick", "snare", "closed_hat", "open_hat"]


def test_velocity_is_never_0_or_128_and_comes_back():
    assert midi_velocity(0) == 1
    assert midi_velocity(1) == 127
    assert midi_velocity(-0.2) == 1
    assert midi_velocity(1.5) == 127
    assert [midi_velocity(unit_velocity(v)) for v in range(1, 128)] == list(range(1, 128))


def test_a_drum_sounds_above_its_threshold_and_not_at_it():
    loop = pattern()
    loop.onset[0, 5] = 0.5
    loop.onset[1, 5] = 0.75
    loop.velocity[1, 5] = 1.0
    loop.microtiming[1, 5] = -0.25
    assert [hit.drum for hit in loop.hits(5, 0.4)] == [0, 1]
    (hit,) = loop.hits(5, 0.5)
    assert hit == (1, 127, -0.25)
    assert loop.hits(6, 0.4) == []


def test_each_drum_can_have_its_own_threshold():
    loop = pattern()
    loop.onset[:, 0] = 0.5
    thresholds = np.full(9, 0.6, np.float32)
    thresholds[2] = 0.4
    assert [hit.drum for hit in loop.hits(0, thresholds)] == [2]
    assert loop.sounding(thresholds).sum() == 1


def test_wrong_shapes_are_refused():
    ticks_first = np.zeros((96, 9), np.float32)
    with pytest.raises(ValueError, match="onset has shape"):
        Pattern(ticks_first, ticks_first, ticks_first)
