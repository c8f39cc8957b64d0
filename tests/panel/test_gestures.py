import pytest

from firmware.devices.events import Lift, Press, Push, TouchAt, Turn
from firmware.engine.controls import Adjust, Continue, Controls, Mute, Nudge, Play, Set, Stop
from firmware.panel.gestures import BrowseModels, Gestures, Learn, describe

ROLES = ("threshold", "noise", "tempo", "model")


@pytest.fixture
def gestures():
    return Gestures(ROLES)


def test_a_finger_moves_the_head_and_leaves_it_there(gestures):
    assert gestures.actions(TouchAt(0.25, 0.75, 0.5), 0) == [Set("x", 0.25), Set("y", 0.75)]
    assert gestures.actions(Lift(), 0) == []


def test_each_encoder_turns_its_control(gestures):
    assert gestures.actions(Turn(0, 2), 0) == [Adjust("threshold", 2)]
    assert gestures.actions(Turn(1, -1), 0) == [Adjust("noise", -1)]
    assert gestures.actions(Turn(2, 3), 0) == [Adjust("tempo", 3)]
    assert gestures.actions(Turn(3, -1), 0) == [BrowseModels(-1)]


def test_pressed_or_with_shift_an_encoder_goes_in_tenths(gestures):
    gestures.actions(Push(0, True), 0)
    assert gestures.actions(Turn(0, 1), 0) == [Adjust("threshold", 0.1)]
    assert gestures.actions(Push(0, False), 0) == [], "it was turned: no click"
    gestures.actions(Press("shift", True), 0)
    assert gestures.actions(Turn(0, 1), 0) == [Adjust("threshold", 0.1)]
    gestures.actions(Press("shift", False), 0)
    assert gestures.actions(Turn(0, 1), 0) == [Adjust("threshold", 1)]


def test_the_tempo_is_nudged_while_pressed_and_tapped_with_shift(gestures):
    gestures.actions(Push(2, True), 0)
    assert gestures.actions(Turn(2, -3), 0) == [Nudge(-6_000_000)]
    gestures.actions(Push(2, False), 0)
    gestures.actions(Press("shift", True), 0)
    assert gestures.actions(Push(2, True), 1_000_000_000) == []
    assert gestures.actions(Push(2, False), 1_100_000_000) == []
    assert gestures.actions(Push(2, True), 1_500_000_000) == [Set("tempo", 12_000)]


def test_shift_has_swing_time_and_continue(gestures):
    gestures.actions(Press("shift", True), 0)
    assert gestures.actions(Turn(1, 2), 0) == [Adjust("swing", 2)]
    assert gestures.actions(Turn(3, -1), 0) == [Adjust("octave", -1)]
    assert gestures.actions(Press("play", True), 0) == [Continue()]


def test_learning_takes_the_control_that_moves_and_does_not_move_it(gestures):
    gestures.actions(Press("shift", True), 0)
    gestures.actions(Push(3, True), 0)
    assert gestures.actions(Push(3, False), 0) == [Learn(None)]
    gestures.actions(Press("shift", False), 0)
    assert gestures.actions(Press("play", True), 0) == [Play()]
    assert gestures.actions(Turn(0, 1), 0) == [Learn("threshold")]
    assert gestures.actions(Turn(0, 1), 0) == [Adjust("threshold", 1)]


def test_the_pad_learns_across_and_then_up(gestures):
    for axis in ("x", "y"):
        gestures.actions(Press("shift", True), 0)
        gestures.actions(Push(3, True), 0)
        gestures.actions(Push(3, False), 0)
        assert gestures.actions(TouchAt(0.5, 0.5, 0.5), 0) == [Learn(axis)]


def test_a_click_sets_a_control_back(gestures):
    for encoder, expected in ((0, Set("threshold", 0.3)), (1, Set("noise", 0.0))):
        assert gestures.actions(Push(encoder, True), 0) == []
        assert gestures.actions(Push(encoder, False), 0) == [expected]
    gestures.actions(Push(2, True), 0)
    assert gestures.actions(Push(2, False), 0, usual_tempo=160.0) == [Set("tempo", 16_000)]


def test_a_release_without_a_press_is_no_click(gestures):
    assert gestures.actions(Push(0, False), 0) == []


def test_buttons(gestures):
    assert gestures.actions(Press("play", True), 0) == [Play()]
    assert gestures.actions(Press("stop", True), 0) == [Stop()]
    assert gestures.actions(Press("hat", True), 0) == [Mute("hat")]
    assert gestures.actions(Press("hat", False), 0) == []


def test_values_are_written_for_a_player():
    controls = Controls.defaults().apply(Set("tempo", 17_405))
    assert describe("tempo", controls) == "Tempo 174.05"
    assert describe("threshold", controls) == "Threshold 0.300"
