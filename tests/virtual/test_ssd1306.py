"""The emulated mono chips, against luma's own drivers and against a byte-by-byte model."""

import itertools
import tomllib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from luma.core.render import canvas
from luma.oled.device import sh1106, ssd1306
from PIL import Image

from hardware.pin_map import BOARD_TOML, PinMapError, load_pin_map, parse_pin_map
from hardware.virtual.ssd1306 import SH1106, SSD1306
from hardware.virtual.ssd1351 import SSD1351
from hardware.virtual.virtual_board import VirtualBoard

# luma itself still calls Pillow's getdata.
pytestmark = pytest.mark.filterwarnings("ignore:.*getdata:DeprecationWarning")

HEIGHT, WIDTH = 64, 128
CHIPS = {SSD1306: ssd1306, SH1106: sh1106}


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


@pytest.fixture(params=CHIPS, ids=lambda kind: kind.__name__)
def chip(request):
    return request.param()


@pytest.fixture
def wire(chip):
    return Wire(chip)


@pytest.fixture
def luma_display(chip, wire):
    return CHIPS[type(chip)](wire)


def noise(seed=1):
    return np.random.default_rng(seed).random((HEIGHT, WIDTH)) < 0.5


def image(dots):
    return Image.fromarray(dots.astype(np.uint8) * 255).convert("1")


def test_a_picture_by_luma_is_what_the_eye_sees(chip, luma_display):
    dots = noise()
    luma_display.display(image(dots))
    np.testing.assert_array_equal(chip.dots(), dots)


def test_lumas_canvas_draws_upright(chip, luma_display):
    with canvas(luma_display) as draw:
        draw.rectangle((3, 5, 10, 7), fill="white")
    assert chip.dots()[5:8, 3:11].all()
    assert chip.dots().sum() == 3 * 8


def test_the_memory_holds_noise_until_it_is_written(chip, wire):
    wire.command(0x8D, 0x14, 0xAF)
    assert 0.4 < chip.dots().mean() < 0.6


def test_it_is_dark_until_it_is_switched_on(chip, wire, luma_display):
    luma_display.display(image(np.ones((HEIGHT, WIDTH), bool)))
    assert chip.dots().all()
    wire.command(0xAE)
    assert not chip.awake
    assert not chip.dots().any()
    wire.command(0xAF)
    assert chip.dots().all()


def test_an_ssd1306_without_its_charge_pump_stays_dark():
    chip = SSD1306()
    wire = Wire(chip)
    wire.command(0xA5, 0xAF)
    assert not chip.dots().any()
    wire.command(0x8D, 0x14)
    assert chip.dots().all()


def test_an_sh1106_has_its_converter_from_reset_and_can_stop_it():
    chip = SH1106()
    wire = Wire(chip)
    wire.command(0xA5, 0xAF)
    assert chip.dots().all()
    wire.command(0xAD, 0x8A)
    assert not chip.dots().any()


@pytest.mark.parametrize(
    ("codes", "view"),
    [
        ((0x45,), lambda dots: np.roll(dots, -5, 0)),
        ((0xD3, 3), lambda dots: np.roll(dots, -3, 0)),
        ((0xC0,), lambda dots: dots[::-1]),
        ((0xA0,), lambda dots: dots),  # turns only what is written from now on
        ((0xA7,), lambda dots: ~dots),
        ((0xA7, 0xA6), lambda dots: dots),
        ((0xA5,), np.ones_like),
        ((0xA5, 0xA4), lambda dots: dots),
        ((0xAE,), np.zeros_like),
    ],
)
def test_what_the_eye_sees_of_the_memory(chip, wire, luma_display, codes, view):
    dots = noise()
    luma_display.display(image(dots))
    version, _ = chip.snapshot()
    wire.command(*codes)
    assert chip.version > version
    np.testing.assert_array_equal(chip.dots(), view(dots))


def test_without_segment_remap_what_is_written_stands_the_other_way_round(chip, wire, luma_display):
    wire.command(0xA0)
    dots = noise()
    luma_display.display(image(dots))
    np.testing.assert_array_equal(chip.dots(), dots[:, ::-1])


def test_contrast_dims(chip, wire, luma_display):
    wire.command(0x81, 255)
    luma_display.display(image(np.ones((HEIGHT, WIDTH), bool)))
    full = chip.rgb().astype(int)
    assert full.shape == (HEIGHT, WIDTH, 3)
    assert full.min() > 180
    assert chip.light == (1.0, 1.0, 1.0)
    wire.command(0x81, 63)
    assert chip.light == (0.25, 0.25, 0.25)
    assert np.abs(chip.rgb() - full / 4).max() <= 0.5


@pytest.mark.parametrize("codes", [(0xE3,), (0x9F, 0x70), (0x30, 0x60), (0x2F,)])
def test_what_a_chip_does_not_know_changes_nothing(codes):
    for kind, driver in CHIPS.items():
        chip, untouched = kind(), kind()
        for each in (chip, untouched):
            driver(Wire(each)).display(image(noise()))
        Wire(chip).command(*codes[:1])
        np.testing.assert_array_equal(chip.dots(), untouched.dots())
        for each in (chip, untouched):
            driver(Wire(each)).display(image(noise(2)))
        np.testing.assert_array_equal(chip.dots(), noise(2))


def test_the_sh1106_takes_the_ssd1306s_windows_for_nonsense():
    chip = SH1106()
    display = sh1106(Wire(chip))
    display.command(0x20, 0x00, 0x21, 0, 127, 0x22, 0, 7)
    display.command(0xB0, 0x02, 0x10)
    display.data(b"\x01" * 10)
    # Horizontal addressing would go on with the next page.
    display.data(b"\x01" * 200)
    assert (chip.ram[0, :130] == 1).all()
    assert not chip.ram[1:, 2:130].any()


def test_the_sh1106s_outer_columns_are_out_of_sight():
    chip = SH1106()
    display = sh1106(Wire(chip))
    for low, high in ((0x00, 0x10), (0x02, 0x18)):  # columns 0 and 130
        display.command(0xB3, low, high)
        display.data(b"\xff\xff")
    assert not chip.dots().any()
    assert (chip.ram[3] == 0xFF).sum() == 4
    display.command(0xB3, 0x02, 0x10)
    display.data(b"\x80")
    assert np.argwhere(chip.dots()).tolist() == [[31, 0]]


def test_in_page_mode_the_ssd1306_begins_its_page_again():
    chip = SSD1306()
    display = ssd1306(Wire(chip))
    display.command(0x20, 0x02, 0xB2, 0x0E, 0x17)  # page 2, column 126
    display.data(b"\x01\x02\x04")
    lit = np.argwhere(chip.dots()).tolist()
    assert lit == [[16, 126], [17, 127], [18, 0]]


def test_in_a_window_mode_the_page_commands_do_nothing():
    chip = SSD1306()
    display = ssd1306(Wire(chip))
    display.command(0x21, 5, 6, 0x22, 1, 1)
    display.command(0xB7, 0x0F, 0x17)
    display.data(b"\x01")
    assert np.argwhere(chip.dots()).tolist() == [[8, 5]]


@settings(max_examples=60, deadline=None)
@given(
    columns=st.tuples(*[st.integers(0, WIDTH - 1)] * 2),
    pages=st.tuples(*[st.integers(0, 7)] * 2),
    vertical=st.booleans(),
    count=st.integers(0, 2500),
    cuts=st.lists(st.integers(0, 2500), max_size=6),
    seed=st.integers(0, 9),
)
def test_any_window_in_any_pieces_fills_like_byte_by_byte(
    columns, pages, vertical, count, cuts, seed
):
    left, right = sorted(columns)
    top, bottom = sorted(pages)
    payload = np.random.default_rng(seed).bytes(count)
    chip = SSD1306()
    expected = chip.ram.copy()
    wire = Wire(chip)
    wire.command(0x20, int(vertical), 0x21, left, right, 0x22, top, bottom)
    edges = [0, *sorted(min(cut, count) for cut in cuts), count]
    for start, stop in itertools.pairwise(edges):
        wire.data(payload[start:stop])

    page, column = top, left
    for byte in payload:
        expected[page, column] = byte
        if vertical:
            page += 1
            if page > bottom:
                page, column = top, column + 1 if column < right else left
        else:
            column += 1
            if column > right:
                column, page = left, page + 1 if page < bottom else top
    np.testing.assert_array_equal(chip.ram, expected)


def test_an_inverted_window_takes_nothing():
    chip = SSD1306()
    before = chip.ram.copy()
    wire = Wire(chip)
    wire.command(0x20, 0x00, 0x21, 9, 3)
    wire.data(b"\x01\x02")
    np.testing.assert_array_equal(chip.ram, before)


def test_reset_darkens_it_and_keeps_the_memory(chip, luma_display):
    luma_display.display(image(noise()))
    before = chip.ram.copy()
    chip.reset()
    assert not chip.awake
    assert not chip.dots().any()
    np.testing.assert_array_equal(chip.ram, before)


def test_snapshot_is_rgb565_and_the_same_object_until_something_changes(chip, wire, luma_display):
    dots = noise()
    luma_display.display(image(dots))
    version, picture = chip.snapshot()
    assert len(picture) == chip.WIDTH * chip.HEIGHT * 2
    np.testing.assert_array_equal(np.frombuffer(picture, ">u2").reshape(HEIGHT, WIDTH) != 0, dots)
    assert chip.snapshot()[1] is picture
    wire.command(0xA7)
    later, changed = chip.snapshot()
    assert later > version
    assert changed != picture


@pytest.mark.parametrize(
    ("kind", "chip"), [("ssd1351", SSD1351), ("ssd1306", SSD1306), ("sh1106", SH1106)]
)
def test_the_board_has_the_display_of_its_description(kind, chip):
    board = VirtualBoard(load_pin_map().with_display(kind))
    assert type(board.oled) is chip
    board.close()


@pytest.mark.parametrize(
    ("kind", "speed_hz", "sentence"),
    [
        ("st7920", 1_000_000, "oled.kind must be one of ssd1351, ssd1306, sh1106, not 'st7920'."),
        ("sh1106", 8_000_000, "oled.speed_hz must be 1 to 4000000 for the sh1106, not 8000000."),
        ("ssd1306", 0, "oled.speed_hz must be 1 to 10000000 for the ssd1306, not 0."),
    ],
)
def test_a_display_that_cannot_be_is_one_sentence(kind, speed_hz, sentence):
    tables = tomllib.loads(BOARD_TOML.read_text(encoding="utf-8"))
    tables["oled"] |= {"kind": kind, "speed_hz": speed_hz}
    with pytest.raises(PinMapError) as error:
        parse_pin_map(tables)
    assert str(error.value) == sentence


def test_a_page_is_told_the_displays_size_and_gets_its_picture(chip):
    pytest.importorskip("uvicorn", reason="the front panel needs the desk extra")
    from websockets.sync.client import connect

    from hardware.virtual.front_panel import FrontPanel
    from tests.virtual.recording import WAIT_S, Page

    board = VirtualBoard(load_pin_map().with_display(type(chip).__name__.lower()))
    Wire(board.oled).command(0x8D, 0x14, 0xA5, 0xAF)
    panel = FrontPanel(board, port=0)
    panel.start()
    try:
        address, origin = panel.url.replace("http", "ws") + "panel", panel.url.rstrip("/")
        with connect(address, origin=origin, compression=None, open_timeout=WAIT_S) as connection:
            page = Page(connection)
            assert page.hello["display"] == [WIDTH, HEIGHT]
            assert page.next_frame() == board.oled.snapshot()[1]
            assert len(set(board.oled.snapshot()[1])) == 2, "not lit all over"
    finally:
        panel.close()
        board.close()
