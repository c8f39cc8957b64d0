from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from firmware.devices.oled import Oled
from firmware.panel.rgb565 import unpack
from firmware.panel.screen import HEIGHT, WIDTH, Screen
from firmware.panel.status import Grid, MenuView, Status, Value
from firmware.rhythm.pattern import Pattern
from hardware.virtual.virtual_board import VirtualBoard
from tests.panel.maps import regions_map

STATUS = Status(playing=True, tick=12, bpm_hundredths=17_400, model="Footwork")
MAP, LINE, GAUGES, MUTES, LOOP, BOTTOM = (
    (0, 16, 96, 96),
    (0, 0, 128, 15),
    (98, 16, 30, 47),
    (98, 65, 30, 48),
    (0, 113, 96, 2),
    (0, 115, 128, 13),
)
MIDDLE = (0, 16, 128, 97)
MENU = MenuView("MIDI", tuple((f"Row {n}", str(n)) for n in range(7)), 2, False)
PATTERN = Pattern(*np.random.default_rng(1).uniform(0, 1, (3, 9, 96)).astype(np.float32))
LONG = "The model's microtiming reaches past the neighbouring ticks."


class FakeDisplay:
    """Keeps the picture and the windows it came in; starts full of noise, as the chip does."""

    def __init__(self) -> None:
        self.pixels = np.random.default_rng(0).integers(1, 65536, (HEIGHT, WIDTH)).astype(np.uint16)
        self.windows: list[tuple[int, int, int, int]] = []

    def show_window(self, x: int, y: int, width: int, height: int, pixels: memoryview) -> None:
        assert x >= 0
        assert y >= 0
        assert x + width <= WIDTH
        assert y + height <= HEIGHT
        window = np.frombuffer(pixels, np.uint16).reshape(height, width)
        self.pixels[y : y + height, x : x + width] = window
        self.windows.append((x, y, width, height))

    def set_up(self) -> None:
        self.set_ups = getattr(self, "set_ups", 0) + 1

    def set_brightness(self, brightness: float) -> None:
        self.brightness = brightness

    def part(self, window: tuple[int, int, int, int]) -> np.ndarray:
        x, y, width, height = window
        return unpack(self.pixels[y : y + height, x : x + width].copy()).astype(int)


@pytest.fixture
def display() -> FakeDisplay:
    return FakeDisplay()


@pytest.fixture
def screen(display: FakeDisplay) -> Screen:
    screen = Screen(display, regions_map())
    screen.draw(STATUS, 0)
    return screen


def part_of(window: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The part that a window lies in."""
    x, y, width, height = window
    for part in (MAP, LINE, GAUGES, MUTES, LOOP, BOTTOM, MIDDLE):
        left, top, across, down = part
        inside = left <= x and top <= y and x + width <= left + across
        if inside and y + height <= top + down:
            return part
    raise AssertionError(window)


def sent(screen: Screen, display: FakeDisplay, status: Status, now_ns: int = 0) -> set:
    """The parts that drawing ``status`` sends something of."""
    display.windows.clear()
    screen.draw(status, now_ns)
    parts = [part_of(window) for window in display.windows]
    assert len(parts) == len(set(parts))
    return set(parts)


def test_the_first_picture_covers_the_display(screen: Screen, display: FakeDisplay) -> None:
    assert display.windows[0] == (0, 0, WIDTH, HEIGHT)
    assert set(display.windows[1:]) == {MAP, LINE, GAUGES, MUTES, LOOP, BOTTOM}
    assert not display.pixels[:, 96:98][16:112].any()


def test_parts_do_not_overlap() -> None:
    covered = np.zeros((HEIGHT, WIDTH), int)
    for x, y, width, height in (MAP, LINE, GAUGES, MUTES, LOOP, BOTTOM):
        covered[y : y + height, x : x + width] += 1
    assert covered.max() == 1


def test_nothing_is_sent_when_nothing_has_changed(screen: Screen, display: FakeDisplay) -> None:
    assert sent(screen, display, STATUS) == set()
    assert sent(screen, display, replace(STATUS), 5) == set()


@pytest.mark.parametrize(
    ("change", "windows"),
    [
        ({"tick": 13}, {MAP, LOOP}),
        ({"head": (0.1, 0.9)}, {MAP}),
        ({"target": (0.1, 0.9)}, {MAP}),
        ({"bpm_hundredths": 17_401}, {LINE}),
        ({"external_clock": True}, {LINE}),
        ({"playing": False}, {MAP, LINE, LOOP}),
        ({"threshold": 0.6}, {GAUGES}),
        ({"thresholds": (0.6,) * 9}, {MAP}),
        ({"noise": 1.0}, {MAP, GAUGES}),
        ({"muted": frozenset({"kick"})}, {MAP, MUTES}),
        ({"model": "Gqom"}, {BOTTOM}),
        ({"message": "No MIDI"}, {BOTTOM}),
        ({"ticks_per_beat": 12}, {LOOP}),
    ],
)
def test_only_what_changed_is_sent_and_looks_different(
    screen: Screen, display: FakeDisplay, change: dict, windows: set
) -> None:
    before = {window: display.part(window) for window in windows}
    assert sent(screen, display, replace(STATUS, **change)) == windows
    for window in windows:
        assert (display.part(window) != before[window]).any(), window


def test_a_message_takes_the_place_of_the_model_for_its_time(
    screen: Screen, display: FakeDisplay
) -> None:
    model = display.part(BOTTOM)
    screen.show_message("Threshold 0.46", until_ns=100)
    assert sent(screen, display, STATUS, 99) == {BOTTOM}
    assert (display.part(BOTTOM) != model).any()
    assert sent(screen, display, STATUS, 100) == {BOTTOM}
    assert (display.part(BOTTOM) == model).all()


def test_a_momentary_message_goes_before_a_standing_one(
    screen: Screen, display: FakeDisplay
) -> None:
    standing = replace(STATUS, message="No MIDI")
    screen.draw(standing, 0)
    shown = display.part(BOTTOM)
    screen.show_message("Noise 0.40", until_ns=10)
    screen.draw(standing, 1)
    assert (display.part(BOTTOM) != shown).any()
    screen.draw(standing, 11)
    assert (display.part(BOTTOM) == shown).all()


def test_a_sentence_is_written_over_the_map_and_leaves_no_trace(
    screen: Screen, display: FakeDisplay
) -> None:
    model, picture = display.part(BOTTOM), display.part(MAP)
    screen.show_message(LONG, until_ns=10)
    assert sent(screen, display, STATUS, 1) == {MAP}
    assert (display.part(BOTTOM) == model).all()
    assert (display.part(MAP)[:8] == picture[:8]).all()
    assert (display.part(MAP)[-30:] != picture[-30:]).any()
    assert sent(screen, display, STATUS, 10) == {MAP}
    assert (display.part(MAP) == picture).all()


def test_a_standing_message_never_covers_the_map(screen: Screen, display: FakeDisplay) -> None:
    assert sent(screen, display, replace(STATUS, message=LONG)) == {BOTTOM}


def test_in_the_menu_a_sentence_is_shortened_and_seen(screen: Screen, display: FakeDisplay) -> None:
    menu = replace(STATUS, menu=MENU)
    screen.draw(menu, 0)
    before = display.part(BOTTOM)
    screen.show_message(LONG, until_ns=10)
    assert sent(screen, display, menu, 1) == {BOTTOM}
    assert (display.part(BOTTOM) != before).any()


def test_a_trail_fades_though_nothing_moves_any_more(screen: Screen, display: FakeDisplay) -> None:
    still = replace(STATUS, playing=False, head=(0.2, 0.2), target=(0.2, 0.2))
    for place in (0.9, 0.6, 0.2):
        screen.draw(replace(still, head=(place, 0.2), target=(place, 0.2)), 0)
    changes = [sent(screen, display, still) for _ in range(200)]
    assert changes.count({MAP}) == 3
    assert not any(changes[-50:])
    other = FakeDisplay()
    Screen(other, regions_map()).draw(still, 0)
    assert (display.part(MAP) == other.part(MAP)).all()


def test_the_menu_comes_and_goes_without_a_trace(screen: Screen, display: FakeDisplay) -> None:
    before = display.pixels.copy()
    assert MIDDLE in sent(screen, display, replace(STATUS, menu=MENU))
    assert (display.pixels[16:112] != before[16:112]).any()
    screen.draw(STATUS, 0)
    assert (display.pixels == before).all()


@pytest.mark.parametrize("page", ["notes", "drums"])
def test_a_page_comes_and_goes_without_a_trace(
    screen: Screen, display: FakeDisplay, page: str
) -> None:
    before = display.pixels.copy()
    screen.draw(replace(STATUS, page=page, pattern=PATTERN), 0)
    assert (display.pixels[16:112] != before[16:112]).any()
    screen.draw(STATUS, 0)
    assert (display.pixels == before).all()


def test_the_notes_page_shows_a_new_pattern_at_rest(screen: Screen, display: FakeDisplay) -> None:
    notes = replace(STATUS, playing=False, page="notes", pattern=PATTERN)
    screen.draw(notes, 0)
    assert sent(screen, display, notes) == set()
    onset = np.zeros((9, 96), np.float32)
    other = Pattern(onset, PATTERN.velocity, PATTERN.microtiming)
    assert sent(screen, display, replace(notes, pattern=other)) == {MAP}


@pytest.mark.parametrize(
    "shown",
    [
        {"value": Value("Noise", "0.40", 0.2)},
        {"grid": Grid.MUTES},
        {"grid": Grid.SNAPSHOTS},
        {"page": "drums"},
    ],
)
def test_what_is_laid_over_the_map_goes_without_a_trace(
    screen: Screen, display: FakeDisplay, shown: dict
) -> None:
    before = display.part(MAP)
    assert sent(screen, display, replace(STATUS, **shown)) == {MAP}
    assert (display.part(MAP) != before).any()
    assert sent(screen, display, STATUS) == {MAP}
    assert (display.part(MAP) == before).all()


@pytest.mark.parametrize("shift", [(1, 1), (-1, -1), (2, 0), (0, -2)])
def test_a_shifted_picture_is_the_same_picture_elsewhere(
    screen: Screen, display: FakeDisplay, shift: tuple[int, int]
) -> None:
    before = display.pixels.copy()
    screen.draw(replace(STATUS, shift=shift), 0)
    moved = np.roll(before, shift[::-1], (0, 1))
    inside = np.s_[2:-2, 2:-2]
    assert (display.pixels[inside] == moved[inside]).all()
    for edge in (display.pixels[: max(shift[1], 0)], display.pixels[:, : max(shift[0], 0)]):
        assert not edge.any()
    screen.draw(STATUS, 0)
    assert (display.pixels == before).all()


def test_brightness_is_told_to_the_display_when_it_changes(
    screen: Screen, display: FakeDisplay
) -> None:
    assert display.brightness == 1.0
    display.brightness = None
    screen.draw(replace(STATUS, tick=13), 0)
    assert display.brightness is None
    screen.draw(replace(STATUS, brightness=0.3), 0)
    assert display.brightness == 0.3
    display.brightness = None
    screen.redraw()
    screen.draw(replace(STATUS, brightness=0.3), 0)
    assert display.brightness == 0.3, "the chip may have lost its power"


def test_the_longest_sentence_keeps_within_the_map(screen: Screen, display: FakeDisplay) -> None:
    screen.show_message(LONG * 9, until_ns=10)
    assert sent(screen, display, STATUS, 1) == {MAP}


def test_gauges_rise_with_their_values_and_stop_at_their_ends(
    screen: Screen, display: FakeDisplay
) -> None:
    def white(**values: float) -> int:
        screen.draw(replace(STATUS, **values), 0)
        return int((display.part(GAUGES)[:30].sum(axis=-1) > 700).sum())

    heights = [white(threshold=value) for value in (0.02, 0.3, 0.6, 0.98, 7.0)]
    assert heights[:4] == sorted(set(heights[:4]))
    assert heights[4] == heights[3]
    assert white(noise=0.0) < white(noise=1.0) < white(noise=2.0) == white(noise=9.0)
    assert white(noise=-1.0) == white(noise=0.0)


def test_a_muted_letter_loses_its_colour(screen: Screen, display: FakeDisplay) -> None:
    screen.draw(replace(STATUS, muted=frozenset({"snare"})), 0)
    boxes = display.part(MUTES)
    kick, snare, hat = boxes[:15], boxes[16:31], boxes[32:47]
    assert np.median(kick[..., 0]) > 200
    assert np.median(snare) == 0
    assert np.median(hat[..., 2]) > 200


def test_without_a_model_the_map_is_dark() -> None:
    display = FakeDisplay()
    screen = Screen(display)
    screen.draw(Status(message="No model"), 0)
    assert not display.part(MAP).any()
    screen.set_map(regions_map())
    assert sent(screen, display, Status(message="No model")) == {MAP}
    assert display.part(MAP).any()
    screen.set_map(None)
    assert sent(screen, display, Status(message="No model")) == {MAP}
    assert not display.part(MAP).any()


def test_redraw_sends_everything_again(screen: Screen, display: FakeDisplay) -> None:
    before = display.pixels.copy()
    display.pixels[:] = 0x1234
    screen.redraw()
    screen.draw(STATUS, 0)
    assert (display.pixels == before).all()


def test_the_chip_shows_the_same_picture() -> None:
    board, display = VirtualBoard(), FakeDisplay()
    oled = Oled(board)
    try:
        real, fake = Screen(oled, regions_map()), Screen(display, regions_map())
        for tick in range(4):
            for screen in (real, fake):
                screen.draw(replace(STATUS, tick=tick, head=(tick / 4, 0.3)), 0)
        shown = np.frombuffer(board.oled.snapshot()[1], np.uint16).reshape(HEIGHT, WIDTH)
        assert (shown == display.pixels).all()
    finally:
        oled.close()
        board.close()
