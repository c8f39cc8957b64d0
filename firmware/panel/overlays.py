"""What is drawn in place of the map, or over a part of it, for as long as the hands need it."""

from __future__ import annotations

import numpy as np

from firmware.panel.drum_maps import COLUMNS, DRUM_COLOURS
from firmware.panel.rgb565 import Pixels, pack, ramp
from firmware.panel.status import Grid, MenuView, Status, Value
from firmware.panel.text import Font, font
from firmware.rhythm.drums import DRUMS

__all__ = ["MENU_ROWS", "Overlays"]

BLACK, WHITE, GREY, DARK = (0, 0, 0), (255, 255, 255), (130, 130, 130), (50, 50, 50)
AMBER = (255, 190, 40)
MENU_ROWS = 5
"""Rows of the menu below its title."""
NOTE_LINES = 6
"""Most lines of a long message: with their margins, the height of the map."""
VALUE_HEIGHT = 46

_LIGHT, _DIM = ramp(WHITE, BLACK), ramp(GREY, BLACK)
_ON_AMBER, _AMBER = ramp(BLACK, AMBER), ramp(AMBER, BLACK)
_ON_GREY = ramp(WHITE, (70, 70, 70))
_LINE, _BAR, _GROOVE = pack(DARK), pack(WHITE), pack((70, 70, 70))


class Overlays:
    """Draws into pixels of the display; each method fills what it is given, or its lower part."""

    def __init__(self, small: Font) -> None:
        self._small = small
        self._value, self._tiny = font(26, bold=True), font(9)

    def write_note(self, pixels: Pixels, note: str) -> None:
        """A message too long for a line, over the lower part."""
        font, width = self._small, pixels.shape[1]
        lines = font.wrap(note, width - 4, NOTE_LINES)
        coverage = np.zeros((len(lines) * (font.height + 1) + 4, width), np.uint8)
        for row, line in enumerate(lines):
            font.paste(coverage, line, 2, 2 + row * (font.height + 1))
        pixels[-len(coverage) :] = _ON_AMBER[coverage]

    def write_value(self, pixels: Pixels, value: Value) -> None:
        """A control that is being turned, large, over the lower part."""
        width = pixels.shape[1]
        coverage = np.zeros((VALUE_HEIGHT, width), np.uint8)
        self._small.paste(coverage, self._small.fit(value.label, width - 4), 2, 2)
        large = self._value.width(value.text) <= width - 4
        face = self._value if large else self._small
        face.paste(coverage, face.fit(value.text, width - 4), 2, 16)
        area = pixels[-VALUE_HEIGHT:]
        area[:] = _LIGHT[coverage]
        area[0] = _BAR
        if value.share is not None:
            area[-5:-2, 2:-2] = _GROOVE
            area[-5:-2, 2 : 2 + round(value.share * (width - 4))] = _BAR

    def draw_menu(self, pixels: Pixels, menu: MenuView) -> None:
        """A title and the rows about the chosen one."""
        height, width = pixels.shape
        pitch = height // (MENU_ROWS + 1)
        rows = pixels[:, : width - 3]  # beside them how far down the shown ones are
        pixels[:] = 0
        self._row(rows[:pitch], menu.title, "", _AMBER)
        pixels[pitch - 1] = _LINE
        first = menu.first_of(MENU_ROWS)
        for place, (label, text) in enumerate(menu.rows[first : first + MENU_ROWS]):
            chosen = first + place == menu.chosen
            top = (place + 1) * pitch
            colours = (_ON_AMBER if menu.editing else _ON_GREY) if chosen else _LIGHT
            self._row(rows[top : top + pitch], label, text, colours)
        if len(menu.rows) > MENU_ROWS:
            shown = pixels[pitch:, width - 2 :]
            top = first * len(shown) // len(menu.rows)
            shown[top : top + len(shown) * MENU_ROWS // len(menu.rows)] = pack(GREY)

    def _row(self, pixels: Pixels, label: str, text: str, colours: Pixels) -> None:
        font, width = self._small, pixels.shape[1]
        coverage = np.zeros(pixels.shape, np.uint8)
        text_width = font.width(text)
        top = (len(pixels) - font.height) // 2
        font.paste(coverage, font.fit(label, width - text_width - 10), 2, top)
        if text:
            font.paste(coverage, text, max(width - text_width - 4, 2), top)
        pixels[:] = colours[coverage]

    def draw_grid(self, pixels: Pixels, status: Status) -> None:
        """The pad's nine fields, as the finger will find them."""
        pixels[:] = 0
        tile = pixels.shape[0] // COLUMNS
        for place in range(COLUMNS * COLUMNS):
            top, left = place // COLUMNS * tile, place % COLUMNS * tile
            field = pixels[top + 1 : top + tile - 1, left + 1 : left + tile - 1]
            if status.grid is Grid.MUTES:
                drum = DRUMS[place]
                self._field(field, drum.label, DRUM_COLOURS[place], drum.key not in status.muted)
            else:
                self._field(field, str(place + 1), AMBER, status.snapshots[place])

    def _field(self, pixels: Pixels, label: str, colour: tuple[int, int, int], is_on: bool) -> None:
        words = label.split()
        font = self._tiny if len(label) > 1 else self._value
        coverage = np.zeros(pixels.shape, np.uint8)
        height, width = pixels.shape
        top = (height - len(words) * (font.height + 1)) // 2
        if len(label) == 1:
            top += 2  # a digit has no descender
        for row, word in enumerate(words):
            left = max((width - font.width(word)) // 2, 0)
            font.paste(coverage, word, left, top + row * (font.height + 1))
        if is_on:
            pixels[:] = ramp(BLACK, colour)[coverage]
        else:
            pixels[:] = _DIM[coverage]
            pixels[:: height - 1] = pixels[:, :: width - 1] = _LINE
