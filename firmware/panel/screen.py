"""The 128 x 128 display: the pulsing map and, around it, what the player needs to know.

    +--------------------------------+
    | > 174.00 BPM                   |   transport and tempo
    +------------------------+-------+
    |                        | |  |  |   threshold and noise
    |                        | T  N  |
    |      map, 96 x 96      | [K]   |   mutes
    |                        | [S]   |
    |                        | [H]   |
    +------------------------+-------+
    | loop position                  |
    | model, or a message            |
    +--------------------------------+

Each part is drawn and sent only when what it shows has changed. A momentary message too long for
the bottom line is written over the lower part of the map.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from typing import Protocol

import numpy as np

from firmware.engine.controls import PARAMETERS
from firmware.panel.rgb565 import Pixels, pack, ramp
from firmware.panel.status import Status
from firmware.panel.text import Font
from firmware.panel.visualizer import LANE_COLOURS, LANES, SIZE, Visualizer
from firmware.rhythm.latent_map import LatentMap
from firmware.rhythm.pattern import TICKS

__all__ = ["HEIGHT", "WIDTH", "Display", "Screen"]

WIDTH = HEIGHT = 128

BLACK, WHITE, GREY, DARK = (0, 0, 0), (255, 255, 255), (130, 130, 130), (50, 50, 50)
GREEN, AMBER = (40, 230, 60), (255, 190, 40)
MUTE_LETTERS = (BLACK, BLACK, WHITE)
"""Letters on LANE_COLOURS: black on blue is hard to read."""

MAP_TOP = 16
SIDE = SIZE + 2
"""Left edge of the gauges and mutes."""
SIDE_WIDTH = WIDTH - SIDE
MUTE_HEIGHT, MUTE_PITCH = 15, 16
MUTES_TOP = MAP_TOP + SIZE - len(LANES) * MUTE_PITCH + 1
GAUGES_HEIGHT = MUTES_TOP - MAP_TOP - 2
GAUGE_WIDTH = 12
LOOP_TOP = MAP_TOP + SIZE + 1
LINE_TOP = LOOP_TOP + 2
LINE_HEIGHT = HEIGHT - LINE_TOP
NOTE_LINES = 6
"""Most lines of a long message: with their margins, the height of the map."""


class Display(Protocol):
    """What the screen needs of a display."""

    def show_window(
        self, x: int, y: int, width: int, height: int, pixels: bytes | memoryview
    ) -> None:
        """Show big-endian RGB565 pixels, row by row, in a window whose left top is (x, y)."""


class _Part:
    """A rectangle of the display, sent when its key changes."""

    def __init__(self, x: int, y: int, width: int, height: int) -> None:
        self._place = (x, y, width, height)
        self.pixels: Pixels = np.zeros((height, width), np.uint16)
        self._key: Hashable = None

    def forget(self) -> None:
        self._key = None

    def show(self, oled: Display, key: Hashable, draw: Callable[[], None]) -> None:
        """``draw`` fills ``pixels``; it and the sending are left out where ``key`` is the last."""
        if key != self._key:
            draw()
            oled.show_window(*self._place, self.pixels.data.cast("B"))
            self._key = key


class Screen:
    """Draws the display from readings of the box. Not to be shared between threads."""

    def __init__(self, oled: Display, latent_map: LatentMap | None = None) -> None:
        self._oled = oled
        self._large, self._small = Font(18, bold=True), Font(13)
        self._letters = Font(14, bold=True)
        self._line = _Part(0, 0, WIDTH, MAP_TOP - 1)
        self._map = _Part(0, MAP_TOP, SIZE, SIZE)
        self._gauges = _Part(SIDE, MAP_TOP, SIDE_WIDTH, GAUGES_HEIGHT)
        self._mutes = _Part(SIDE, MUTES_TOP, SIDE_WIDTH, len(LANES) * MUTE_PITCH)
        self._loop = _Part(0, LOOP_TOP, SIZE, 2)
        self._bottom = _Part(0, LINE_TOP, WIDTH, LINE_HEIGHT)
        self._parts = (
            self._map,
            self._line,
            self._gauges,
            self._mutes,
            self._loop,
            self._bottom,
        )
        self._visualizer: Visualizer | None = None
        self._message, self._until_ns = "", 0
        self._fresh = True
        self.set_map(latent_map)

    def set_map(self, latent_map: LatentMap | None) -> None:
        """Show another model's map, or none."""
        if latent_map is None:
            self._visualizer = None
        elif self._visualizer is None:
            self._visualizer = Visualizer(latent_map)
        else:
            self._visualizer.set_map(latent_map)
        self._map.forget()

    def show_message(self, text: str, until_ns: int) -> None:
        """Show ``text`` until a moment (monotonic nanoseconds), in place of any earlier message."""
        self._message, self._until_ns = text, until_ns

    def redraw(self) -> None:
        """Send everything at the next draw: the display was switched on or set up again."""
        self._fresh = True

    def draw(self, status: Status, now_ns: int) -> None:
        """Bring the display up to date with ``status`` at ``now_ns`` (monotonic nanoseconds)."""
        if self._fresh:
            self._oled.show_window(0, 0, WIDTH, HEIGHT, bytes(WIDTH * HEIGHT * 2))
            for part in self._parts:
                part.forget()
            self._fresh = False
        momentary = self._message if now_ns < self._until_ns else ""
        # A standing message must not cover the map for good: it is shortened instead.
        note = momentary if self._small.width(momentary) > WIDTH - 2 else ""
        line = status.message if note else momentary or status.message
        self._show_map(status, note)
        self._show_line(status)
        self._show_gauges(status)
        self._show_mutes(status)
        self._show_loop(status)
        self._show_bottom(line or status.model, bool(line))

    def _show_map(self, status: Status, note: str) -> None:
        tick = status.tick if status.playing else None
        key = (tick, status.head, status.target, status.threshold, status.muted, note)
        pixels = self._map.pixels

        def draw() -> None:
            if self._visualizer is None:
                pixels[:] = 0
            else:
                self._visualizer.draw(
                    tick, status.head, status.threshold, status.muted, status.target
                )
                pixels[:] = self._visualizer.canvas
            if note:
                self._write_note(pixels, note)

        self._map.show(self._oled, key, draw)

    def _write_note(self, pixels: Pixels, note: str) -> None:
        font = self._small
        lines = font.wrap(note, SIZE - 4, NOTE_LINES)
        coverage = np.zeros((len(lines) * (font.height + 1) + 4, SIZE), np.uint8)
        for row, line in enumerate(lines):
            font.paste(coverage, line, 2, 2 + row * (font.height + 1))
        pixels[-len(coverage) :] = _ON_AMBER[coverage]

    def _show_line(self, status: Status) -> None:
        part = self._line

        def draw() -> None:
            coverage = np.zeros(part.pixels.shape, np.uint8)
            beats, hundredths = divmod(status.bpm_hundredths, 100)
            tempo, unit = f"{beats}.{hundredths:02}", "EXT" if status.external_clock else "BPM"
            self._large.paste(coverage, tempo, 18, 0)
            part.pixels[:] = _LIGHT[coverage]
            unit_at = 18 + self._large.width(tempo) + 5
            coverage[:] = 0
            self._small.paste(coverage, unit, unit_at, 4)
            part.pixels[:, unit_at:] = (_AMBER if status.external_clock else _DIM)[
                coverage[:, unit_at:]
            ]
            symbol = part.pixels[1:14, 2:15]
            symbol[_PLAY if status.playing else _STOP] = _pixel(GREEN if status.playing else GREY)

        key = (status.playing, status.bpm_hundredths, status.external_clock)
        part.show(self._oled, key, draw)

    def _show_gauges(self, status: Status) -> None:
        part = self._gauges
        inside = GAUGES_HEIGHT - self._small.height - 2
        fills = [
            round(inside * min(max(value / PARAMETERS[name].maximum, 0.0), 1.0))
            for name, value in (("threshold", status.threshold), ("noise", status.noise))
        ]

        def draw() -> None:
            coverage = np.zeros(part.pixels.shape, np.uint8)
            for column, letter in ((2, "T"), (17, "N")):
                offset = (GAUGE_WIDTH - self._small.width(letter)) // 2
                self._small.paste(coverage, letter, column + offset, inside + 2)
            part.pixels[:] = _LIGHT[coverage]
            for column, fill in zip((2, 17), fills, strict=True):
                gauge = part.pixels[: inside + 2, column : column + GAUGE_WIDTH]
                gauge[:] = _pixel(GREY)
                gauge[1:-1, 1:-1] = _pixel(BLACK)
                gauge[1 + inside - fill : 1 + inside, 1:-1] = _pixel(WHITE)

        part.show(self._oled, tuple(fills), draw)

    def _show_mutes(self, status: Status) -> None:
        part = self._mutes

        def draw() -> None:
            lanes = zip(LANES, LANE_COLOURS, MUTE_LETTERS, strict=True)
            for row, (lane, colour, ink) in enumerate(lanes):
                top = row * MUTE_PITCH
                box = part.pixels[top : top + MUTE_HEIGHT, 2 : SIDE_WIDTH - 1]
                coverage = np.zeros(box.shape, np.uint8)
                letter = lane[0].upper()
                centre = (box.shape[1] - self._letters.width(letter)) // 2
                self._letters.paste(coverage, letter, centre, 1)
                if lane in status.muted:
                    box[:] = _DIM[coverage]
                    box[:: MUTE_HEIGHT - 1] = box[:, :: box.shape[1] - 1] = _pixel(DARK)
                    box[MUTE_HEIGHT // 2, 3:-3] = _pixel(GREY)
                else:
                    box[:] = ramp(ink, colour)[coverage]

        part.show(self._oled, status.muted, draw)

    def _show_loop(self, status: Status) -> None:
        part = self._loop

        def draw() -> None:
            part.pixels[:] = _pixel(DARK)
            if status.playing:
                part.pixels[:, : status.tick] = _pixel(GREY)
            part.pixels[:, :: status.ticks_per_beat] = _pixel(WHITE)
            if status.playing:
                part.pixels[:, status.tick] = _pixel(GREEN)

        tick = status.tick % TICKS if status.playing else None
        part.show(self._oled, (tick, status.ticks_per_beat), draw)

    def _show_bottom(self, text: str, is_message: bool) -> None:
        part = self._bottom

        def draw() -> None:
            coverage = np.zeros(part.pixels.shape, np.uint8)
            self._small.paste(coverage, self._small.fit(text, WIDTH - 2), 1, 0)
            part.pixels[:] = (_ON_AMBER if is_message else _LIGHT)[coverage]

        part.show(self._oled, (text, is_message), draw)


@cache
def _pixel(colour: tuple[int, int, int]) -> Pixels:
    return pack(colour)


_LIGHT, _DIM = ramp(WHITE, BLACK), ramp(GREY, BLACK)
_AMBER, _ON_AMBER = ramp(AMBER, BLACK), ramp(BLACK, AMBER)

_ACROSS = np.arange(13)
_PLAY = _ACROSS[None, :] <= 12 - 2 * abs(_ACROSS[:, None] - 6)
_STOP = (abs(_ACROSS[:, None] - 6) <= 5) & (abs(_ACROSS[None, :] - 6) <= 5)
