"""What stands beside the map on a mono display: transport, tempo, gauges, mutes, loop, a line.

Each function and method fills the canvas it is given. What is on is inverted, what is muted is an
outline, struck out.
"""

from __future__ import annotations

import numpy as np

from firmware.engine.controls import MUTE_GROUPS
from firmware.engine.parameters import PARAMETERS
from firmware.panel.marks import transport_symbols
from firmware.panel.mono_map import COLUMNS, INK
from firmware.panel.rgb565 import Pixels
from firmware.panel.status import Status, Value
from firmware.panel.text import Font, font
from firmware.panel.visualizer import LANES
from firmware.rhythm.drums import DRUMS
from firmware.rhythm.pattern import TICKS

__all__ = [
    "SYMBOL",
    "MonoSide",
    "draw_field",
    "draw_gauge",
    "draw_symbol",
    "write",
]

COVERED = 100
"""A dot is lit where a glyph covers more than this of 255: half would break thin strokes."""
SYMBOL = 11
"""Side of the transport symbol."""
GAUGE_LEFT, GAUGE_HEIGHT, GAUGE_PITCH = 9, 7, 8
FIELD_GAP, NAME_GAP = 2, 1

_PLAY, _STOP = transport_symbols(SYMBOL)


def write(canvas: Pixels, font: Font, text: str, column: int, row: int, ink: int = INK) -> None:
    """Write one line, its left top at (column, row); ``ink`` 0 writes dark on lit.

    Row -1 puts the capitals against the upper edge.
    """
    coverage = np.zeros((canvas.shape[0] + 1, canvas.shape[1]), np.uint8)
    font.paste(coverage, text, column, row + 1)
    canvas[coverage[1:] > COVERED] = ink


def draw_symbol(canvas: Pixels, playing: bool) -> None:
    """The transport symbol, at the left top."""
    canvas[:SYMBOL, :SYMBOL][_PLAY if playing else _STOP] = INK


def draw_field(canvas: Pixels, font: Font, text: str, is_on: bool, is_struck: bool = False) -> None:
    """A box with a word in its middle: inverted, or an outline, perhaps struck out."""
    height, width = canvas.shape
    canvas[:] = INK
    if not is_on:
        canvas[1:-1, 1:-1] = 0
    left, top = (width - font.width(text) + 1) // 2, (height - font.height) // 2
    # Capitals stand at the top of a line; without descenders they belong a little lower.
    write(canvas, font, text, left, top + (font.height + 6) // 12, 0 if is_on else INK)
    if is_struck:
        canvas[height // 2, 2:-2] = INK


def draw_gauge(canvas: Pixels, share: float) -> None:
    """A frame, filled from the left."""
    height, width = canvas.shape
    canvas[:] = 0
    canvas[:: height - 1] = canvas[:, :: width - 1] = INK
    canvas[2:-2, 2 : 2 + round(min(max(share, 0.0), 1.0) * (width - 4))] = INK


class MonoSide:
    """Draws the parts; the fonts are for its neighbours too."""

    def __init__(self) -> None:
        self.large, self.letters = font(18, bold=True), font(12, bold=True)
        self.small, self.narrow, self.tiny = font(10), font(9), font(8)

    def draw_tempo(self, canvas: Pixels, status: Status) -> None:
        """Transport symbol and tempo; where a clock leads, it says so."""
        canvas[:] = 0
        draw_symbol(canvas[3:], status.playing)
        beats, hundredths = divmod(status.bpm_hundredths, 100)
        write(canvas, self.large, str(beats), SYMBOL + 3, 0)
        left = SYMBOL + 3 + self.large.width(str(beats))
        write(canvas, self.small, f".{hundredths:02}", left, 6)
        if status.external_clock:
            write(canvas, self.tiny, "EXT", left, -1)

    def draw_gauges(self, canvas: Pixels, status: Status) -> None:
        """Threshold and noise."""
        canvas[:] = 0
        for row, name in enumerate(("threshold", "noise")):
            band = canvas[row * GAUGE_PITCH : row * GAUGE_PITCH + GAUGE_HEIGHT]
            write(band, self.narrow, name[0].upper(), 0, -1)
            draw_gauge(band[:, GAUGE_LEFT:], getattr(status, name) / PARAMETERS[name].maximum)

    def draw_mutes(self, canvas: Pixels, muted: frozenset[str]) -> None:
        """The three buttons' drums, side by side."""
        canvas[:] = 0
        pitch = (canvas.shape[1] + FIELD_GAP) // len(LANES)
        for place, lane in enumerate(LANES):
            is_muted = MUTE_GROUPS[lane] <= muted
            field = canvas[:, place * pitch : (place + 1) * pitch - FIELD_GAP]
            draw_field(field, self.letters, lane[0].upper(), not is_muted, is_muted)

    def draw_names(self, canvas: Pixels, muted: frozenset[str]) -> None:
        """The nine drums, as their small maps stand."""
        canvas[:] = 0
        height, width = ((side + NAME_GAP) // COLUMNS for side in canvas.shape)
        for place, drum in enumerate(DRUMS):
            top, left = place // COLUMNS * height, place % COLUMNS * width
            field = canvas[top : top + height - NAME_GAP, left : left + width - NAME_GAP]
            draw_field(field, self.tiny, drum.initials, drum.key not in muted)

    def draw_loop(self, canvas: Pixels, status: Status) -> None:
        """Where in the loop the music is, and its beats."""
        width = canvas.shape[1]
        canvas[:] = 0
        canvas[1, ::2] = INK
        if status.playing:
            canvas[:, : 1 + status.tick * (width - 1) // TICKS] = INK
        for beat in range(0, TICKS + 1, status.ticks_per_beat):
            canvas[:, beat * (width - 1) // TICKS] ^= INK

    def draw_line(self, canvas: Pixels, text: str, is_message: bool) -> None:
        """The model's name, or a message, inverted."""
        canvas[:] = INK if is_message else 0
        fitting = self.small.fit(text, canvas.shape[1] - 2)
        write(canvas, self.small, fitting, 1, 1, 0 if is_message else INK)

    def draw_standing(self, canvas: Pixels, text: str) -> None:
        """A message that stays and needs two lines."""
        canvas[:] = INK
        font = self.narrow
        for row, line in enumerate(font.wrap(text, canvas.shape[1] - 2, 2)):
            write(canvas, font, line, 1, row * font.height, 0)

    def write_note(self, canvas: Pixels, text: str) -> None:
        """A message too long for the line, over the lower part."""
        font, width = self.small, canvas.shape[1]
        lines = font.wrap(text, width - 4, 4)
        area = canvas[-(len(lines) * font.height + 3) :]
        area[:] = INK
        area[0] = 0
        for row, line in enumerate(lines):
            write(area, font, line, 2, 2 + row * font.height, 0)

    def write_value(self, canvas: Pixels, value: Value) -> None:
        """A control that is being turned, large."""
        height, width = canvas.shape
        canvas[:] = 0
        write(canvas, self.small, self.small.fit(value.label, width), 0, 0)
        font = self.large if self.large.width(value.text) <= width else self.small
        write(canvas, font, font.fit(value.text, width), 0, self.small.height - 1)
        if value.share is not None:
            draw_gauge(canvas[height - GAUGE_HEIGHT :], value.share)
