"""Pages of a mono display without a map: the pattern as notes, the menu, the pad's nine fields."""

from __future__ import annotations

import numpy as np

from firmware.engine.parameters import PARAMETERS
from firmware.panel.mono_map import COLUMNS, INK, PITCH, TILE
from firmware.panel.mono_side import SYMBOL, draw_field, draw_symbol, write
from firmware.panel.note_page import FLASH_TICKS, GHOST, notes_key
from firmware.panel.rgb565 import Pixels
from firmware.panel.status import Grid, MenuView, Status
from firmware.panel.text import Font
from firmware.rhythm.drums import DRUMS
from firmware.rhythm.pattern import TICKS, shaped

__all__ = ["MonoNotes", "draw_grid", "draw_menu"]

ROW = 7
"""Dots of height a drum: nine rows fill 63 of 64."""
LEFT = 15
"""Where the first tick is, beside the drums' initials."""
TALLEST = ROW - 2
LEAN = 4
"""Dots that a whisker's top is moved for a tick of microtiming."""
GAUGES_LEFT, GAUGE_WIDTH = LEFT + TICKS + 3, 5

MENU_ROWS = 4
TITLE_HEIGHT, MENU_PITCH = 12, 13


class MonoNotes:
    """Draws the present pattern on 128 x 64 dots: ticks across, drums down, as note_page.py does.

    A hit is a whisker: its height is the velocity, its broad foot stands on the grid, and it leans
    to where it really sounds. A single dot is what lies below the threshold, a dotted whisker
    without a foot what is muted. A line goes through the tick that sounds now.
    """

    def __init__(self, font: Font) -> None:
        self._font = font
        self._still: Pixels = np.zeros((len(DRUMS) * ROW, LEFT + TICKS), np.uint16)
        self._key: object = None
        self._whiskers: list[tuple[int, np.ndarray, np.ndarray]] = []

    def draw(self, canvas: Pixels, status: Status) -> None:
        """Fill ``canvas``, (64, 128)."""
        key = notes_key(status)
        if key != self._key:
            self._key, self._pattern = key, status.pattern
            self._draw_still(status)
        height, width = self._still.shape
        canvas[:] = 0
        canvas[:height, :width] = self._still
        if status.playing:
            for tick, rows, columns in self._whiskers:
                if (status.tick - tick) % TICKS < FLASH_TICKS:
                    canvas[rows, columns - 1] = canvas[rows, columns + 1] = INK
            canvas[:height, LEFT + status.tick] ^= INK
        draw_symbol(canvas[:, GAUGES_LEFT:], status.playing)
        for place, name in enumerate(("threshold", "noise")):
            left = GAUGES_LEFT + place * (GAUGE_WIDTH + 1)
            gauge = canvas[SYMBOL + 3 : height, left : left + GAUGE_WIDTH]
            gauge[:: len(gauge) - 1] = gauge[:, :: GAUGE_WIDTH - 1] = INK
            share = getattr(status, name) / PARAMETERS[name].maximum
            fill = round(min(max(share, 0.0), 1.0) * len(gauge))
            gauge[len(gauge) - fill :] = INK

    def _draw_still(self, status: Status) -> None:
        still = self._still
        still[:] = 0
        still[ROW // 2 :: ROW, LEFT :: status.ticks_per_beat] = INK
        self._whiskers = []
        for place, drum in enumerate(DRUMS):
            write(still[place * ROW : (place + 1) * ROW], self._font, drum.initials, 0, -1)
        if status.pattern is None:
            return
        for tick in range(TICKS):
            for hit in status.pattern.hits(tick, GHOST):
                foot = hit.drum * ROW + ROW - 1
                if status.pattern.onset[hit.drum, tick] <= status.thresholds[hit.drum]:
                    still[foot, LEFT + tick] = INK
                    continue
                hit = shaped(hit, status.velocity_amount, status.microtiming_amount)
                steps = np.arange(1 + max(round(hit.velocity / 127 * TALLEST), 1))
                lean = np.rint(LEAN * hit.microtiming * steps / steps[-1]).astype(np.intp)
                rows, columns = foot - steps, LEFT + np.clip(tick + lean, 0, TICKS - 1)
                muted = DRUMS[hit.drum].key in status.muted
                still[rows[:: 1 + muted], columns[:: 1 + muted]] = INK
                if not muted:
                    still[foot, LEFT + tick - 1 : LEFT + tick + 2] = INK
                    self._whiskers.append((tick, rows, columns))


def draw_menu(canvas: Pixels, menu: MenuView, title: Font, font: Font) -> None:
    """A title and the rows about the chosen one, inverted; while it is changed, only its value."""
    width = canvas.shape[1]
    canvas[:] = 0
    write(canvas, title, title.fit(menu.title, width), 0, 0)
    canvas[TITLE_HEIGHT - 2, ::2] = INK
    first = menu.first_of(MENU_ROWS)
    for place, (label, text) in enumerate(menu.rows[first : first + MENU_ROWS]):
        row = canvas[TITLE_HEIGHT + place * MENU_PITCH :][:MENU_PITCH, : width - 4]
        text_left = row.shape[1] - font.width(text) - 3
        write(row, font, font.fit(label, text_left - 6), 2, 1)
        write(row, font, text, text_left, 1)
        if first + place == menu.chosen:
            row[:, text_left - 3 if menu.editing else 0 :] ^= INK
    if len(menu.rows) > MENU_ROWS:
        track = canvas[TITLE_HEIGHT:, width - 2 :]
        top = first * len(track) // len(menu.rows)
        track[top : top + len(track) * MENU_ROWS // len(menu.rows)] = INK


def draw_grid(canvas: Pixels, status: Status, large: Font, small: Font) -> None:
    """The pad's nine fields, as the finger will find them, on 64 x 64 dots."""
    canvas[:] = 0
    for place, drum in enumerate(DRUMS):
        top, left = place // COLUMNS * PITCH, place % COLUMNS * PITCH
        field = canvas[top : top + TILE, left : left + TILE]
        if status.grid is Grid.MUTES:
            is_muted = drum.key in status.muted
            font = large if len(drum.initials) == 1 else small
            draw_field(field, font, drum.initials, not is_muted, is_muted)
        else:
            draw_field(field, large, str(place + 1), status.snapshots[place])
