"""The mono display's driver on the emulated chips, against luma's own way of drawing."""

import numpy as np
import pytest
from PIL import Image

from firmware.devices.mono_oled import HEIGHT, WIDTH, MonoOled
from hardware.pin_map import load_pin_map
from hardware.virtual.virtual_board import VirtualBoard

# luma itself still calls Pillow's getdata.
pytestmark = pytest.mark.filterwarnings("ignore:.*getdata:DeprecationWarning")

SPEEDS_HZ = {"ssd1306": 10_000_000, "sh1106": 4_000_000}


@pytest.fixture(params=SPEEDS_HZ)
def board(request):
    board = VirtualBoard(load_pin_map().with_display(request.param))
    yield board
    board.close()


@pytest.fixture
def oled(board):
    return MonoOled(board)


def noise(seed=3):
    return np.random.default_rng(seed).random((HEIGHT, WIDTH)) < 0.5


def sent(board, send):
    """Transfers and bytes that ``send()`` takes."""
    writes, size = board.spi.writes, board.spi.bytes_written
    send()
    return board.spi.writes - writes, board.spi.bytes_written - size


def test_it_starts_black_and_lit_at_the_chips_own_speed(board, oled):
    assert board.oled.awake
    assert not board.oled.dots().any()
    assert board.spi.max_speed_hz == SPEEDS_HZ[board.pin_map.oled.kind]


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64])
def test_a_picture_arrives_dot_by_dot(board, oled, kind):
    for seed in range(3):
        oled.show_frame(noise(seed).astype(kind))
        np.testing.assert_array_equal(board.oled.dots(), noise(seed))


def test_a_single_dot_anywhere_arrives_alone(board, oled):
    random = np.random.default_rng(4)
    for row, column in [(0, 0), (63, 127), (0, 127), (63, 0), *random.integers(0, 64, (20, 2))]:
        dots = np.zeros((HEIGHT, WIDTH), bool)
        dots[row, column] = True
        oled.show_frame(dots)
        np.testing.assert_array_equal(board.oled.dots(), dots)


def test_it_leaves_the_same_memory_as_lumas_own_display(board, oled):
    dots = noise()
    oled.show_frame(dots)
    other = VirtualBoard(board.pin_map)
    stock = MonoOled(other)
    stock.luma.display(Image.fromarray(dots.astype(np.uint8) * 255).convert("1"))
    shown = board.oled.dots()
    np.testing.assert_array_equal(shown, other.oled.dots())
    assert shown.any()
    other.close()


def test_only_the_bytes_that_changed_are_sent(board, oled):
    dots = noise()
    oled.show_frame(dots)
    assert sent(board, lambda: oled.show_frame(dots)) == (0, 0)
    dots[17:30, 40:104] ^= True  # pages 2 and 3, 64 columns
    writes, size = sent(board, lambda: oled.show_frame(dots))
    if board.pin_map.oled.kind == "ssd1306":
        assert (writes, size) == (2, 6 + 2 * 64)
    else:
        assert (writes, size) == (4, 2 * (3 + 64))
    np.testing.assert_array_equal(board.oled.dots(), dots)


def test_a_picture_may_be_changed_after_it_was_shown(board, oled):
    dots = noise()
    oled.show_frame(dots)
    dots[5, 5] ^= True
    oled.show_frame(dots)
    np.testing.assert_array_equal(board.oled.dots(), dots)


def test_everything_is_sent_when_asked_for(board, oled):
    dots = noise()
    oled.show_frame(dots)
    board.oled.ram[:] = 0
    oled.show_frame(dots, everything=True)
    np.testing.assert_array_equal(board.oled.dots(), dots)


def test_after_a_failed_transfer_the_next_picture_is_sent_whole(board, oled, monkeypatch):
    oled.show_frame(noise(1))
    monkeypatch.setattr(board.spi, "writebytes2", fail)
    with pytest.raises(OSError, match="gone"):
        oled.show_frame(noise(2))
    monkeypatch.undo()
    board.oled.ram[:] = 0
    oled.show_frame(noise(1))
    np.testing.assert_array_equal(board.oled.dots(), noise(1))


def fail(values):
    raise OSError("gone")


def test_nothing_is_sent_by_the_call_that_holds_the_interpreter(board, monkeypatch):
    monkeypatch.setattr(board.spi, "writebytes", fail)
    oled = MonoOled(board)
    oled.show_frame(noise())
    oled.set_brightness(0.5)
    oled.close()


@pytest.mark.parametrize("shape", [(32, 128), (64, 64), (128, 64), (64, 128, 1)])
def test_a_picture_of_another_shape_is_refused(board, oled, shape):
    with pytest.raises(ValueError, match="must be of shape"):
        oled.show_frame(np.ones(shape, bool))
    assert not board.oled.dots().any()


@pytest.mark.parametrize(("brightness", "contrast"), [(1, 255), (0.5, 128), (0, 0), (-3, 0)])
def test_brightness(board, oled, brightness, contrast):
    oled.set_brightness(brightness)
    assert board.oled.light == pytest.approx(((contrast + 1) / 256,) * 3)


def test_close_darkens_it_and_frees_the_pins(board, oled):
    oled.show_frame(noise())
    oled.close()
    assert not board.oled.awake
    with pytest.raises(OSError, match="Bad file descriptor"):
        board.spi.writebytes2(b"\0")
    again = MonoOled(board)
    assert not board.oled.dots().any()
    again.close()
