"""The whole box while its display fails: the music goes on, and the picture comes back."""

import time

import numpy as np
import pytest

from firmware.box import Box
from hardware.pin_map import load_pin_map
from hardware.virtual.virtual_board import VirtualBoard
from tests.small_models import small_model
from tests.test_box import Ears, ons, until

KICK = 36


def lit(board):
    """How many of the display's pixels are on, as an eye sees them."""
    return int((np.asarray(board.oled.rgb()).sum(axis=-1) > 0).sum())


@pytest.mark.parametrize("kind", ["ssd1351", "ssd1306", "sh1106"])
def test_the_music_goes_on_and_the_picture_comes_back(tmp_path, kind):
    (tmp_path / "a.tflite").write_bytes(small_model("Alpha"))
    board, ears = VirtualBoard(load_pin_map().with_display(kind)), Ears()
    box = Box(board, [ears], [tmp_path / "a.tflite"])
    box.start(play=True)
    try:
        until(lambda: lit(board) > 100)
        board.fail_display(True)
        until(lambda: "The display did not answer" in box.panel._message)
        ears.wait_for(lambda new: len(ons(new, KICK)) > 2)
        assert lit(board) == 0
        board.fail_display(False)
        shown = box.panel.pictures
        until(lambda: lit(board) > 100)
        until(lambda: box.panel.pictures > shown + 5)
        time.sleep(0.05)
        assert lit(board) > 100
        ears.wait_for(lambda new: len(ons(new, KICK)) > 2)
    finally:
        box.close()
        board.close()


def test_without_a_display_the_box_starts_and_shows_it_when_it_is_there(tmp_path):
    (tmp_path / "a.tflite").write_bytes(small_model("Alpha"))
    board, ears = VirtualBoard(), Ears()
    board.fail_display(True)
    box = Box(board, [ears], [tmp_path / "a.tflite"])
    box.start(play=True)
    try:
        ears.wait_for(lambda new: len(ons(new, KICK)) > 2)
        board.fail_display(False)
        until(lambda: lit(board) > 100)
    finally:
        box.close()
        board.close()
