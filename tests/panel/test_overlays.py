from __future__ import annotations

import numpy as np
import pytest

from firmware.engine.controls import Controls
from firmware.engine.parameters import PARAMETERS
from firmware.panel.drum_maps import DRUM_COLOURS
from firmware.panel.menu import SECTIONS, TITLES, Menu
from firmware.panel.overlays import MENU_ROWS, VALUE_HEIGHT, Overlays
from firmware.panel.panel import CALIBRATING
from firmware.panel.rgb565 import pack, unpack
from firmware.panel.status import Grid, MenuView, Status, Value
from firmware.panel.text import ELLIPSIS, Font
from firmware.panel.visualizer import SIZE
from firmware.rhythm.drums import DRUMS

UNDER = int(pack((255, 0, 255)))
"""What was there before."""


@pytest.fixture(scope="module")
def overlays() -> Overlays:
    return Overlays(Font(13))


def canvas(height: int = SIZE, width: int = SIZE) -> np.ndarray:
    return np.full((height, width), UNDER, np.uint16)


# Values


def value_picture(overlays: Overlays, label: str, text: str, share: float) -> np.ndarray:
    pixels = canvas()
    overlays.write_value(pixels, Value(label, text, share))
    return pixels


def test_a_value_covers_the_lower_part_alone(overlays: Overlays) -> None:
    pixels = value_picture(overlays, "Noise", "0.40", 0.2)
    assert (pixels[:-VALUE_HEIGHT] == UNDER).all()
    assert (pixels[-VALUE_HEIGHT:] != UNDER).all()


def test_the_bar_is_as_long_as_the_share(overlays: Overlays) -> None:
    def length(share: float) -> int:
        return int((value_picture(overlays, "", "", share)[-4] == 0xFFFF).sum())

    assert [length(share) for share in (0.0, 0.5, 1.0)] == [0, 46, 92]


def test_label_and_text_are_both_seen(overlays: Overlays) -> None:
    pictures = [
        value_picture(overlays, label, text, 0.5).tobytes()
        for label, text in (("Noise", "0.40"), ("Swing", "0.40"), ("Noise", "0.45"))
    ]
    assert len(set(pictures)) == 3


def test_every_parameter_at_its_ends_can_be_shown_in_full() -> None:
    large, small = Font(26, bold=True), Font(13)
    for parameter in PARAMETERS.values():
        assert small.width(parameter.label) <= SIZE - 4
        for value in (parameter.minimum, parameter.default, parameter.maximum):
            text = parameter.text(value)
            assert min(large.width(text), small.width(text)) <= SIZE - 4


# Notes


def test_a_note_covers_as_much_as_it_needs(overlays: Overlays) -> None:
    def covered(note: str) -> int:
        pixels = canvas()
        overlays.write_note(pixels, note)
        rows = (pixels != UNDER).any(axis=1)
        assert (pixels[rows] != UNDER).all()
        assert rows[-1]
        return int(rows.sum())

    assert 0 < covered("Short") < covered("Rather longer than one line") <= SIZE
    assert covered("word " * 100) <= SIZE


def test_what_to_do_when_calibrating_is_told_in_full() -> None:
    lines = Font(13).wrap(CALIBRATING, SIZE - 4, 6)
    assert not lines[-1].endswith(ELLIPSIS)
    assert " ".join(lines) == CALIBRATING


# The menu

VIEW = MenuView("MIDI", tuple((f"Row {n}", str(n)) for n in range(8)), 0, False)


def menu_rows(overlays: Overlays, view: MenuView) -> list[np.ndarray]:
    pixels = canvas(97, 128)
    overlays.draw_menu(pixels, view)
    assert not (pixels == UNDER).any()
    pitch = 97 // (MENU_ROWS + 1)
    return [pixels[n * pitch : (n + 1) * pitch, :-4] for n in range(MENU_ROWS + 1)]


@pytest.mark.parametrize("chosen", range(8))
def test_the_chosen_row_is_always_in_sight_and_stands_out(overlays: Overlays, chosen: int) -> None:
    _, *rows = menu_rows(overlays, VIEW._replace(chosen=chosen))
    lit = [n for n, row in enumerate(rows) if (row != 0).mean() > 0.5]
    assert len(lit) == 1
    first = min(max(chosen - MENU_ROWS // 2, 0), 8 - MENU_ROWS)
    assert lit == [chosen - first]


def test_a_value_in_hand_looks_different(overlays: Overlays) -> None:
    assert not np.array_equal(
        menu_rows(overlays, VIEW)[1], menu_rows(overlays, VIEW._replace(editing=True))[1]
    )


def test_a_short_menu_is_drawn_whole_and_without_a_bar(overlays: Overlays) -> None:
    short = VIEW._replace(rows=VIEW.rows[:2])
    _, *rows = menu_rows(overlays, short)
    assert [bool(row.any()) for row in rows] == [True, True, False, False, False]
    pixels = canvas(97, 128)
    overlays.draw_menu(pixels, short)
    assert not pixels[40:, 126:].any()


def test_every_row_of_the_menu_is_readable_in_full() -> None:
    font, controls = Font(13), Controls.defaults()
    for section, rows in SECTIONS.items():
        menu = Menu()
        menu.open()
        menu.turn(TITLES.index(section))
        menu.click()
        view = menu.view(controls)
        assert view is not None
        for label, text in view.rows:
            assert font.width(label) + font.width(text) + 10 <= 128, label
        for row in rows:
            if isinstance(row, str):
                for choice in PARAMETERS[row].choices:
                    label = PARAMETERS[row].label
                    assert font.width(label) + font.width(choice) + 10 <= 128, (label, choice)


# The fields


def fields(overlays: Overlays, status: Status) -> list[np.ndarray]:
    pixels = canvas()
    overlays.draw_grid(pixels, status)
    assert not (pixels == UNDER).any()
    tiles = pixels.reshape(3, 32, 3, 32).transpose(0, 2, 1, 3).reshape(9, 32, 32)
    return [tile[1:-1, 1:-1] for tile in tiles]


@pytest.mark.parametrize("place", range(9))
def test_a_drum_that_plays_has_its_colour_and_a_muted_one_has_not(
    overlays: Overlays, place: int
) -> None:
    status = Status(grid=Grid.MUTES, muted=frozenset({DRUMS[place].key}))
    coloured = [
        (field == pack(colour)).mean() > 0.5
        for field, colour in zip(fields(overlays, status), DRUM_COLOURS, strict=True)
    ]
    assert coloured == [other != place for other in range(9)]


def test_every_field_has_its_name(overlays: Overlays) -> None:
    muted = Status(grid=Grid.MUTES, muted=frozenset(drum.key for drum in DRUMS))
    for shown in (muted, Status(grid=Grid.SNAPSHOTS)):
        pictures = fields(overlays, shown)
        assert len({field.tobytes() for field in pictures}) == 9
        assert all(unpack(field.copy())[4:-4, 4:-4].max() > 100 for field in pictures)


def test_the_places_that_hold_a_snapshot_are_lit(overlays: Overlays) -> None:
    held = tuple(n in (0, 4) for n in range(9))
    status = Status(grid=Grid.SNAPSHOTS, snapshots=held)
    assert tuple((field != 0).mean() > 0.5 for field in fields(overlays, status)) == held


def test_no_name_is_cut_off() -> None:
    tiny = Font(10)
    for drum in DRUMS:
        words = drum.label.split()
        for word in words:
            coverage = np.zeros((tiny.height, 60), np.uint8)
            tiny.paste(coverage, word, max((30 - tiny.width(word)) // 2, 0), 0)
            assert not coverage[:, 30:].any(), word
        assert len(words) * (tiny.height + 1) <= 30
