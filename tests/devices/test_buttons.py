"""Buttons and LEDs by gpiozero on the emulated pins."""

import pytest

from firmware.devices.buttons import Buttons
from firmware.devices.events import Press


def test_presses_by_name_in_order(board):
    calls = []
    buttons = Buttons(board, lambda: calls.append(1))
    assert buttons.poll() == []
    board.press("shift", True)
    board.press("kick", True)
    board.press("kick", True)
    board.press("kick", False)
    assert buttons.poll() == [Press("shift", True), Press("kick", True), Press("kick", False)]
    assert buttons.poll() == []
    assert len(calls) == 3


@pytest.mark.parametrize("name", ["play", "stop", "shift", "kick", "snare", "hat"])
def test_every_button_of_the_board(board, name):
    buttons = Buttons(board)
    board.press(name, True)
    assert buttons.poll() == [Press(name, True)]


def test_the_led(board):
    buttons = Buttons(board)
    assert board.led("play") == 0
    for wanted, seen in ((1, 1), (0.25, 0.25), (7, 1), (-1, 0)):
        buttons.set_led("play", wanted)
        assert board.led("play") == seen
    with pytest.raises(KeyError):
        buttons.set_led("stop", 1)


def test_unknown_buttons_are_key_errors(board):
    with pytest.raises(KeyError):
        board.press("bass", True)


def test_close_frees_the_pins(board):
    Buttons(board).close()
    Buttons(board).close()
