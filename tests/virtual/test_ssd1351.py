"""The emulated SSD1351 against luma's own driver, and against a pixel-by-pixel model."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from luma.core.interface.serial import noop, spi
from luma.core.render import canvas
from luma.oled.device import ssd1351
from PIL import Image

from hardware.virtual.ssd1351 import SIZE, SSD1351

# luma itself still calls Pillow's getdata.
pytestmark = pytest.mark.filterwarnings("ignore:.*getdata:DeprecationWarning")


class Wire:
    """luma's serial interface, straight to the chip."""

    def __init__(self, chip):
        self.chip = chip

    def command(self, *codes):
        self.chip.command(memoryview(bytes(codes)))

    def data(self, payload):
        self.chip.data(memoryview(bytes(payload)))

    def cleanup(self):
        pass


@pytest.fixture
def chip():
    return SSD1351()


@pytest.fixture
def wire(chip):
    return Wire(chip)


@pytest.fixture
def luma_display(wire):
    return ssd1351(wire, bgr=True)


def noise(seed=1):
    return np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)


def send(wire, code, *parameters):
    wire.command(code)
    wire.data(parameters)


def seen(chip):
    return np.frombuffer(chip.snapshot()[1], ">u2").reshape(SIZE, SIZE)


def test_a_picture_by_luma_is_what_the_eye_sees(chip, luma_display):
    picture = noise()
    luma_display.display(Image.fromarray(picture))
    truncated = picture & np.array([0xF8, 0xFC, 0xF8], np.uint8)
    assert np.abs(chip.rgb().astype(int) - truncated).max() <= 7  # the low bits repeat the high
    np.testing.assert_array_equal(chip.rgb() & np.array([0xF8, 0xFC, 0xF8], np.uint8), truncated)


def test_lumas_canvas_draws_upright(chip, luma_display):
    with canvas(luma_display) as draw:
        draw.rectangle((3, 5, 10, 7), fill="red")
    picture = chip.rgb()
    assert (picture[5:8, 3:11] == [255, 0, 0]).all()
    assert picture.sum() == 3 * 8 * 255


def test_without_the_colour_swap_red_lights_blue(chip, wire):
    display = ssd1351(wire, bgr=False)
    display.display(Image.new("RGB", (SIZE, SIZE), (255, 0, 0)))
    assert (chip.rgb() == [0, 0, 255]).all()


@settings(max_examples=60, deadline=None)
@given(
    corners=st.tuples(*[st.integers(0, SIZE - 1)] * 4),
    vertical=st.booleans(),
    count=st.integers(0, 3000),
    cuts=st.lists(st.integers(0, 6000), max_size=6),
    seed=st.integers(0, 9),
)
def test_any_window_in_any_pieces_fills_like_pixel_by_pixel(corners, vertical, count, cuts, seed):
    left, right = sorted(corners[:2])
    top, bottom = sorted(corners[2:])
    payload = np.random.default_rng(seed).bytes(2 * count)
    chip = SSD1351()
    wire = Wire(chip)
    send(wire, 0xA0, 0x74 | vertical)
    send(wire, 0x15, left, right)
    send(wire, 0x75, top, bottom)
    wire.command(0x5C)
    edges = [0, *sorted(min(cut, 2 * count) for cut in cuts), 2 * count]
    for start, stop in itertools.pairwise(edges):
        wire.data(payload[start:stop])

    expected = np.zeros((SIZE, SIZE), np.uint16)
    row, column = top, left
    for pixel in np.frombuffer(payload, ">u2"):
        expected[row, column] = pixel
        if vertical:
            row += 1
            if row > bottom:
                row, column = top, column + 1 if column < right else left
        else:
            column += 1
            if column > right:
                column, row = left, row + 1 if row < bottom else top
    np.testing.assert_array_equal(chip.gram, expected)
    assert chip.windows == count // ((right - left + 1) * (bottom - top + 1))


def test_a_write_goes_on_where_the_last_one_stopped(chip, wire):
    send(wire, 0x15, 0, 3)
    send(wire, 0x75, 0, 1)
    send(wire, 0x5C, 0, 1, 0, 2)
    send(wire, 0x5C, 0, 3)
    assert chip.gram[0, :4].tolist() == [1, 2, 3, 0]


def test_half_a_pixel_is_dropped_by_the_next_command(chip, wire):
    send(wire, 0x15, 0, 3)
    send(wire, 0x75, 0, 0)
    send(wire, 0x5C, 0x12)
    send(wire, 0x5C, 0x34, 0x56)
    assert chip.gram[0, 0] == 0x3456


def test_an_inverted_window_takes_nothing(chip, wire):
    send(wire, 0x15, 9, 3)
    send(wire, 0x5C, 1, 2, 3, 4)
    assert not chip.gram.any()


@pytest.mark.parametrize(
    ("code", "parameters", "view"),
    [
        (0xA1, (5,), lambda gram: np.roll(gram, -5, 0)),
        (0xA2, (3,), lambda gram: np.roll(gram, -3, 0)),
        (0xA0, (0x64,), lambda gram: gram[::-1]),
        (0xA0, (0x76,), lambda gram: gram[:, ::-1]),
        (0xA7, (), lambda gram: ~gram),
        (0xA4, (), np.zeros_like),
        (0xA5, (), lambda gram: np.full_like(gram, 0xFFFF)),
        (0xAE, (), np.zeros_like),
    ],
)
def test_what_the_eye_sees_of_the_memory(chip, wire, luma_display, code, parameters, view):
    luma_display.display(Image.fromarray(noise()))
    before = chip.version
    send(wire, code, *parameters)
    assert chip.version > before
    np.testing.assert_array_equal(seen(chip), view(chip.gram))


def test_normal_display_comes_back(chip, wire, luma_display):
    luma_display.display(Image.fromarray(noise()))
    for code in (0xA7, 0xA6, 0xAE, 0xAF):
        wire.command(code)
    np.testing.assert_array_equal(seen(chip), chip.gram)


def test_contrast_dims_each_colour(chip, wire, luma_display):
    luma_display.display(Image.new("RGB", (SIZE, SIZE), "white"))
    assert chip.light == (1.0, 1.0, 1.0)
    send(wire, 0xC1, 255, 51, 0)
    send(wire, 0xC7, 7)
    assert chip.light == pytest.approx((0.5, 0.1, 0.0))
    assert (chip.rgb() == [128, 26, 0]).all()


def test_a_locked_chip_obeys_nothing_but_the_key(chip, wire, luma_display):
    send(wire, 0xFD, 0x16)
    wire.command(0xAE)
    send(wire, 0x5C, 0xFF, 0xFF)
    assert chip.awake
    assert not chip.gram.any()
    send(wire, 0xFD, 0x12)
    wire.command(0xAE)
    assert not chip.awake


def test_contrast_needs_the_second_key(chip, wire):
    send(wire, 0xFD, 0x12)
    send(wire, 0xC1, 1, 1, 1)
    assert chip.light[0] == pytest.approx(0x8A / 255)
    send(wire, 0xFD, 0xB1)
    send(wire, 0xC1, 1, 1, 1)
    assert chip.light[0] == pytest.approx(1 / 255)


def test_reset_sleeps_and_keeps_the_memory(chip, luma_display):
    luma_display.display(Image.fromarray(noise()))
    chip.reset()
    assert not chip.awake
    assert chip.gram.any()
    assert not seen(chip).any()


def test_surplus_parameters_are_ignored(chip, wire):
    send(wire, 0xA1, 5, 6, 7)
    send(wire, 0x00, 1, 2)
    wire.data(b"\x01")
    send(wire, 0x15, 0, 127)
    assert chip.version == SSD1351().version + 1


def test_snapshot_is_the_same_object_until_something_changes(chip, wire, luma_display):
    version, picture = chip.snapshot()
    assert len(picture) == SIZE * SIZE * 2
    assert chip.snapshot()[1] is picture
    send(wire, 0x5C, 0xF8, 0x00)
    later, changed = chip.snapshot()
    assert later > version
    assert changed[:2] == b"\xf8\x00"


def test_the_spi_bus_is_checked_like_py_spidev(board):
    with pytest.raises(OSError, match="Bad file descriptor"):
        board.spi.writebytes2(b"\0")
    with pytest.raises(FileNotFoundError):
        board.spi.open(1, 0)
    board.spi.open(0, 0)
    with pytest.raises(OverflowError):
        board.spi.writebytes([0] * 4097)
    board.spi.close()


def test_lumas_own_spi_runs_on_the_bus(board):
    serial = spi(spi=board.spi, gpio=noop_pins(board), bus_speed_hz=16_000_000)
    picture = noise()
    ssd1351(serial, bgr=True).display(Image.fromarray(picture))
    np.testing.assert_array_equal(board.oled.rgb() >> 3, picture >> 3)
    assert board.spi.max_speed_hz == 16_000_000


def noop_pins(board):
    class Pins(noop):
        LOW, HIGH, OUT = 0, 1, 0

        def setup(self, pin, mode):
            board.pin_factory.pin(pin).function = "output"

        def output(self, pin, level):
            board.pin_factory.pin(pin).state = level

        def cleanup(self, pins):
            pass

    return Pins()
