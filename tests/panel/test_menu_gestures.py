"""Gestures about the menu: opening it, editing, learning, calibrating."""

import pytest

from firmware.devices.events import Lift, Press
from firmware.engine.controls import Adjust, Cycle, Mute, Play, Set
from firmware.panel.actions import CalibratePad, EndCalibration, Learn, StopLearning
from firmware.panel.gestures import FINE, GRID_NS
from tests.panel.hands import FIELD_CENTRES, MODEL, MS, NOISE, SECOND, THRESHOLD, Hands


@pytest.fixture
def hands():
    return Hands()


def test_the_menu_opens_and_closes_with_shift_and_model(hands):
    for is_open in (True, False, True):
        hands.hold("shift").click(MODEL)
        assert hands.release("shift") == []
        assert hands.gestures.menu.is_open is is_open


def test_a_slow_hand_opens_it_too_and_clicks_in_it(hands):
    hands.hold("shift").hold(MODEL).wait(2 * SECOND)
    hands.release(MODEL)
    hands.release("shift")
    assert hands.gestures.menu.is_open
    hands.hold(MODEL).wait(2 * SECOND)
    hands.release(MODEL)
    hands.turn(MODEL, 0 + 1)
    assert hands.gestures.menu._place == (0, 1, True, False)


def test_in_the_menu_the_model_encoder_edits_and_all_else_plays_on(hands):
    hands.open_menu("MIDI", 0).click(MODEL)
    assert hands.turn(MODEL, 2) == [Adjust("channel", 2)]
    assert hands.turn(THRESHOLD, 1) == [Adjust("threshold", 1)]
    assert hands.touch(0.5, 0.5) == [Set("touch", 1), Set("x", 0.5), Set("y", 0.5)]
    assert hands.do(Press("kick", True)) == [Mute("kick")]


def test_in_the_menu_pressed_and_turned_goes_in_tenths(hands):
    hands.open_menu("Drums", 0).click(MODEL)
    hands.hold(MODEL)
    assert hands.turn(MODEL, 1) == [Adjust("velocity_amount", FINE)]
    assert hands.release(MODEL) == [], "it was turned: the value stays in hand"
    assert hands.turn(MODEL, 1) == [Adjust("velocity_amount", 1)]


def test_in_the_menu_a_held_model_encoder_has_no_fields(hands):
    hands.open_menu("MIDI", 0).hold(MODEL)
    assert hands.gestures.grid(hands.now_ns + GRID_NS) is None
    assert hands.touch(0.5, 0.5)[0] == Set("touch", 1)


# Learning


def test_learning_takes_the_control_that_moves_and_does_not_move_it(hands):
    assert hands.choose("MIDI", "Learn a control") == [Learn(None)]
    assert not hands.gestures.menu.is_open
    assert hands.do(Press("play", True)) == [Play()]
    assert hands.turn(THRESHOLD, 1) == [Learn("threshold")]
    assert hands.turn(THRESHOLD, 1) == [Adjust("threshold", 1)]


def test_the_pad_learns_across_and_then_up(hands):
    for axis in ("x", "y", "x"):
        hands.choose("MIDI", "Learn a control")
        assert hands.touch(0.5, 0.5) == [Learn(axis)]
        assert hands.touch(0.6, 0.5) == [], "this touch moves nothing"
        assert hands.do(Lift()) == [Set("touch", 0)]
    assert hands.touch(0.6, 0.5) == [Set("touch", 1), Set("x", 0.6), Set("y", 0.5)]


def test_an_encoder_is_learnt_with_a_finger_on_the_pad(hands):
    hands.touch(0.5, 0.5)
    hands.choose("MIDI", "Learn a control")
    assert hands.turn(NOISE, 1) == [Learn("noise")]
    assert hands.touch(0.6, 0.5) == [Set("x", 0.6), Set("y", 0.5)]


@pytest.mark.parametrize("waits", [True, False])
def test_opening_the_menu_gives_learning_up(hands, waits):
    hands.choose("MIDI", "Learn a control")
    if not waits:
        hands.turn(NOISE, 1)
    hands.hold("shift")
    assert hands.click(MODEL) == [StopLearning(waiting=waits)]
    assert hands.click(MODEL) == []
    hands.release("shift")
    assert hands.turn(NOISE, 1) == [Adjust("noise", 1)]


def test_a_mute_that_is_learnt_does_not_come_back_when_it_is_let_go(hands):
    hands.choose("MIDI", "Learn a control")
    assert hands.do(Press("kick", True)) == [Learn("kick")]
    assert hands.wait(SECOND).do(Press("kick", False)) == []


def test_a_drum_is_learnt_by_its_field_and_a_choice_by_its_click(hands):
    hands.choose("MIDI", "Learn a control")
    hands.hold("shift")
    assert hands.touch(*FIELD_CENTRES[4]) == [Learn("low_tom")]
    assert hands.do(Lift()) == []
    hands.release("shift")
    hands.choose("MIDI", "Learn a control")
    hands.hold("shift")
    assert hands.click(NOISE) == [Learn("noise_lock")]


# Calibration


@pytest.mark.parametrize("held_ns", [50 * MS, 2 * SECOND])
def test_a_click_however_slow_ends_a_calibration(hands, held_ns):
    assert hands.choose("Pad", "Calibrate") == [CalibratePad()]
    hands.hold(MODEL).wait(held_ns)
    assert hands.gestures.grid(hands.now_ns) is None
    assert hands.release(MODEL) == [EndCalibration(keep=True)]
    assert hands.click(MODEL) == [Cycle("page")]


def test_with_shift_a_calibration_is_given_up(hands):
    hands.choose("Pad", "Calibrate")
    hands.hold("shift")
    assert hands.click(MODEL) == [EndCalibration(keep=False)]
    assert not hands.gestures.menu.is_open
