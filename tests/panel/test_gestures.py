import pytest

from firmware.devices.events import Lift, Press, Push, TouchAt, Turn
from firmware.engine.controls import Adjust, Controls, Mute, Play, Set, Stop
from firmware.panel.gestures import BrowseModels, Gestures, describe

ROLES = ("threshold", "noise", "tempo", "model")


@pytest.fixture
def gestures():
    return Gestures(ROLES)


def test_a_finger_moves_the_head_and_leaves_it_there(gestures):
    assert gestures.actions(TouchAt(0.25, 0.75, 0.5)) == [Set("x", 0.25), Set("y", 0.75)]
    assert gestures.actions(Lift()) == []


def test_each_encoder_turns_its_control(gestures):
    assert gestures.actions(Turn(0, 2)) == [Adjust("threshold", 2)]
    assert gestures.actions(Turn(1, -1)) == [Adjust("noise", -1)]
    assert gestures.actions(Turn(2, 3)) == [Adjust("tempo", 3)]
    assert gestures.actions(Turn(3, -1)) == [BrowseModels(-1)]


def test_pressed_or_with_shift_an_encoder_goes_in_tenths(gestures):
    gestures.actions(Push(2, True))
    assert gestures.actions(Turn(2, 1)) == [Adjust("tempo", 0.1)]
    assert gestures.actions(Push(2, False)) == [], "it was turned: no click"
    gestures.actions(Press("shift", True))
    assert gestures.actions(Turn(0, 1)) == [Adjust("threshold", 0.1)]
    gestures.actions(Press("shift", False))
    assert gestures.actions(Turn(0, 1)) == [Adjust("threshold", 1)]


def test_a_click_sets_a_control_back(gestures):
    for encoder, expected in ((0, Set("threshold", 0.3)), (1, Set("noise", 0.0))):
        assert gestures.actions(Push(encoder, True)) == []
        assert gestures.actions(Push(encoder, False)) == [expected]
    gestures.actions(Push(2, True))
    assert gestures.actions(Push(2, False), usual_tempo=160.0) == [Set("tempo", 16_000)]


def test_a_release_without_a_press_is_no_click(gestures):
    assert gestures.actions(Push(0, False)) == []


def test_buttons(gestures):
    assert gestures.actions(Press("play", True)) == [Play()]
    assert gestures.actions(Press("stop", True)) == [Stop()]
    assert gestures.actions(Press("hat", True)) == [Mute("hat")]
    assert gestures.actions(Press("hat", False)) == []


def test_values_are_written_for_a_player():
    controls = Controls.defaults().apply(Set("tempo", 17_405))
    assert describe("tempo", controls) == "Tempo 174.05"
    assert describe("threshold", controls) == "Threshold 0.300"
