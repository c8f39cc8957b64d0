"""The display driver on the emulated chip, against luma's own way of drawing."""

import numpy as np
import pytest
from luma.core.render import canvas
from luma.oled.device import ssd1351
from PIL import Image

from firmware.devices.oled import HEIGHT, WIDTH, Oled
from hardware.virtual.virtual_board import VirtualBoard

# luma itself still calls Pillow's getdata.
pytestmark = pytest.mark.filterwarnings("ignore:.*getdata:DeprecationWarning")


@pytest.fixture
def oled(board):
    return Oled(board)


def rgb565(picture):
    red, green, blue = (picture[..., i].astype(np.uint16) for i in range(3))
    return (red >> 3 << 11 | green >> 2 << 5 | blue >> 3).astype(">u2")


def noise(height=HEIGHT, width=WIDTH):
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_it_starts_black_lit_and_at_full_brightness(board, oled):
    assert board.oled.awake
    assert board.oled.light == (1.0, 1.0, 1.0)
    assert not board.oled.rgb().any()
    assert board.spi.max_speed_hz == board.pin_map.oled.speed_hz


def test_one_window_and_lumas_whole_frame_leave_the_same_memory(board, oled):
    picture = noise()
    oled.show_window(0, 0, WIDTH, HEIGHT, rgb565(picture))
    other = VirtualBoard()
    stock = Oled(other)
    ssd1351.display(stock, Image.fromarray(picture))
    np.testing.assert_array_equal(board.oled.gram, other.oled.gram)
    oled.clear()
    oled.display(Image.fromarray(picture))
    np.testing.assert_array_equal(board.oled.gram, other.oled.gram)


@pytest.mark.parametrize("kind", [lambda a: a, lambda a: a.tobytes(), bytearray, memoryview])
def test_a_window_lands_where_it_should_and_nowhere_else(board, oled, kind):
    pixels = rgb565(noise(height=5, width=96))
    oled.show_window(16, 120, 96, 5, kind(pixels))
    expected = np.zeros((HEIGHT, WIDTH), np.uint16)
    expected[120:125, 16:112] = pixels
    np.testing.assert_array_equal(board.oled.gram, expected)


def test_the_pixels_of_a_window_are_one_write(board, oled):
    before = board.spi.writes
    oled.show_window(16, 16, 96, 96, bytes(96 * 96 * 2))
    assert board.spi.writes - before == 6  # three commands, two with parameters, and the pixels


def test_red_is_red(board, oled):
    oled.display(Image.new("RGB", (WIDTH, HEIGHT), (255, 0, 0)))
    assert (board.oled.rgb() == [255, 0, 0]).all()


def test_lumas_canvas_works_on_top_of_a_window(board, oled):
    oled.show_window(0, 0, 1, 1, b"\xff\xff")
    with canvas(oled) as draw:
        draw.point((1, 0), fill="lime")
    assert board.oled.rgb()[0, :2].tolist() == [[0, 0, 0], [0, 255, 0]]


@pytest.mark.parametrize(
    ("x", "y", "width", "height"),
    [(-1, 0, 4, 4), (125, 0, 4, 4), (0, 125, 4, 4), (0, 0, 0, 4), (0, 0, 129, 1)],
)
def test_a_window_beyond_the_edge_is_refused(oled, x, y, width, height):
    with pytest.raises(ValueError, match="leaves the display"):
        oled.show_window(x, y, width, height, bytes(width * height * 2))


def test_pixels_of_another_size_are_refused(board, oled):
    with pytest.raises(ValueError, match="needs 32 bytes: 31"):
        oled.show_window(0, 0, 4, 4, bytes(31))
    assert not board.oled.gram.any()


@pytest.mark.parametrize(("brightness", "light"), [(1, 1), (0.5, 9 / 16), (-3, 1 / 16)])
def test_brightness(board, oled, brightness, light):
    oled.set_brightness(brightness)
    assert board.oled.light == pytest.approx((light,) * 3)


def test_close_darkens_it_and_frees_the_pins(board, oled):
    oled.show_window(0, 0, 1, 1, b"\xff\xff")
    oled.close()
    assert not board.oled.awake
    assert not board.oled.gram.any()
    with pytest.raises(OSError, match="Bad file descriptor"):
        board.spi.writebytes2(b"\0")
    Oled(board).close()
