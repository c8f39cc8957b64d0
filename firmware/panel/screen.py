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

The notes' page has the drums' names in place of gauges and mutes; the menu takes all of the middle.
Each part is drawn and sent only when what it shows has changed. A value that is being turned, and a
momentary message too long for the bottom line, are written over the lower part of the map.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Concatenate, ParamSpec, Protocol

import numpy as np

from firmware.engine.parameters import PAGES
from firmware.panel.drum_maps import DrumMaps
from firmware.panel.note_page import NotePage
from firmware.panel.overlays import Overlays
from firmware.panel.rgb565 import Pixels
from firmware.panel.status import Status
from firmware.panel.surround import MUTE_PITCH, Surround
from firmware.panel.text import font
from firmware.panel.visualizer import LANES, SIZE, Visualizer
from firmware.rhythm.latent_map import LatentMap

__all__ = ["HEIGHT", "WIDTH", "Display", "Screen"]

WIDTH = HEIGHT = 128

P = ParamSpec("P")

MAP_TOP = 16
SIDE = SIZE + 2
"""Left edge of the gauges and mutes."""
SIDE_WIDTH = WIDTH - SIDE
MUTES_TOP = MAP_TOP + SIZE - len(LANES) * MUTE_PITCH + 1
GAUGES_HEIGHT = MUTES_TOP - MAP_TOP - 2
LOOP_TOP = MAP_TOP + SIZE + 1
LINE_TOP = LOOP_TOP + 2
LINE_HEIGHT = HEIGHT - LINE_TOP


class Display(Protocol):
    """What the screen needs of a display."""

    def show_window(
        self, x: int, y: int, width: int, height: int, pixels: bytes | memoryview
    ) -> None:
        """Show big-endian RGB565 pixels, row by row, in a window whose left top is (x, y)."""

    def set_brightness(self, brightness: float) -> None:
        """Dim or brighten all of it, 0..1."""

    def set_up(self) -> None:
        """Set the chip up anew, dark."""


class _Part:
    """A rectangle of the display, sent when its key changes: what is different of it."""

    def __init__(self, x: int, y: int, width: int, height: int) -> None:
        self._x, self._y = x, y
        self.pixels: Pixels = np.zeros((height, width), np.uint16)
        self._shown: Pixels | None = None
        self._key: Hashable = None

    def forget(self) -> None:
        """The display shows something else here."""
        self._key = self._shown = None

    def changes_to(self, key: Hashable) -> bool:
        """Whether ``key`` is another than that of the last call."""
        changed, self._key = key != self._key or self._shown is None, key
        return changed

    def send(self, oled: Display, shift: tuple[int, int]) -> None:
        """``shift`` moves the part right and down; what leaves the display is cut off."""
        left, top, right, bottom = self._difference()
        x, y = self._x + shift[0], self._y + shift[1]
        left, top = max(left, -x), max(top, -y)
        right, bottom = min(right, WIDTH - x), min(bottom, HEIGHT - y)
        if left < right and top < bottom:
            window = np.ascontiguousarray(self.pixels[top:bottom, left:right])
            shown = window.data.cast("B")
            oled.show_window(x + left, y + top, right - left, bottom - top, shown)
        self._shown = self.pixels.copy()

    def _difference(self) -> tuple[int, int, int, int]:
        """The smallest rectangle (left, top, right, bottom) about what the display lacks."""
        height, width = self.pixels.shape
        if self._shown is None:
            return 0, 0, width, height
        different = self.pixels != self._shown
        rows, columns = np.flatnonzero(different.any(axis=1)), np.flatnonzero(different.any(axis=0))
        if not len(rows):
            return 0, 0, 0, 0
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


class Screen:
    """Draws the display from readings of the box. Not to be shared between threads."""

    def __init__(self, oled: Display, latent_map: LatentMap | None = None) -> None:
        self._oled = oled
        self._small = font(13)
        self._overlays, self._surround = Overlays(self._small), Surround(self._small)
        self._line = _Part(0, 0, WIDTH, MAP_TOP - 1)
        self._map = _Part(0, MAP_TOP, SIZE, SIZE)
        self._gauges = _Part(SIDE, MAP_TOP, SIDE_WIDTH, GAUGES_HEIGHT)
        self._mutes = _Part(SIDE, MUTES_TOP, SIDE_WIDTH, len(LANES) * MUTE_PITCH)
        self._names = _Part(SIDE, MAP_TOP, SIDE_WIDTH, SIZE + 1)
        self._middle = _Part(0, MAP_TOP, WIDTH, SIZE + 1)
        self._loop = _Part(0, LOOP_TOP, SIZE, 2)
        self._bottom = _Part(0, LINE_TOP, WIDTH, LINE_HEIGHT)
        self._parts = (
            self._map,
            self._line,
            self._gauges,
            self._mutes,
            self._names,
            self._middle,
            self._loop,
            self._bottom,
        )
        self._visualizer: Visualizer | None = None
        self._drum_maps: DrumMaps | None = None
        self._notes = NotePage()
        self._latent_map: LatentMap | None = None
        self._message, self._until_ns = "", 0
        self._fresh, self._lost = True, False
        self._shift = (0, 0)
        self._brightness: float | None = None
        self._layout = "map"
        self.set_map(latent_map)

    def set_map(
        self, latent_map: LatentMap | None, clips: Sequence[tuple[float, float]] = ()
    ) -> None:
        """Show another model's map, or none, with dots at ``clips`` (pad positions); nothing of
        the last one glows on."""
        self._latent_map = latent_map
        self._visualizer = None if latent_map is None else Visualizer(latent_map, clips)
        self._drum_maps = None
        self._map.forget()

    def show_message(self, text: str, until_ns: int) -> None:
        """Show ``text`` until a moment (monotonic nanoseconds), in place of any earlier message."""
        self._message, self._until_ns = text, until_ns

    def redraw(self) -> None:
        """Set the display up and send everything at the next draw: it may have been away."""
        self._fresh = self._lost = True

    def draw(self, status: Status, now_ns: int) -> None:
        """Bring the display up to date with ``status`` at ``now_ns`` (monotonic nanoseconds)."""
        if self._lost:
            self._oled.set_up()
            self._lost = False
        if self._fresh or status.shift != self._shift:
            self._oled.show_window(0, 0, WIDTH, HEIGHT, bytes(WIDTH * HEIGHT * 2))
            self._brightness = None
            self._forget(*self._parts)
            self._fresh, self._shift = False, status.shift
        if status.brightness != self._brightness:
            self._oled.set_brightness(status.brightness)
            self._brightness = status.brightness
        momentary = self._message if now_ns < self._until_ns else ""
        # A standing message must not cover the map for good, nor any message the menu: it is
        # shortened instead.
        too_long = self._small.width(momentary) > WIDTH - 2
        note = momentary if too_long and status.menu is None else ""
        line = status.message if note else momentary or status.message
        around, text = self._surround, line or status.model
        transport = (status.playing, status.bpm_hundredths, status.external_clock)
        self._show(self._line, transport, around.draw_line, status)
        self._show_middle(status, note)
        self._show(self._bottom, (text, bool(line)), around.draw_bottom, text, bool(line))

    def _show_middle(self, status: Status, note: str) -> None:
        around = self._surround
        tick = status.tick if status.playing else None
        self._show(self._loop, (tick, status.ticks_per_beat), around.draw_loop, status)
        layout = "menu" if status.menu else "notes" if status.page == "notes" else "map"
        if layout != self._layout:  # its parts overlap those of the last
            self._layout = layout
            self._forget(self._middle, self._map, self._gauges, self._mutes, self._names)
            if layout != "menu":  # which fills all of it
                self._show(self._middle, None, _fill_black)
        if status.menu is not None:
            self._show(self._middle, status.menu, self._overlays.draw_menu, status.menu)
            return
        self._show_map(status, note)
        if layout == "notes":
            self._show(self._names, status.muted, around.draw_names, status.muted)
        else:
            self._show(self._gauges, (status.threshold, status.noise), around.draw_gauges, status)
            self._show(self._mutes, status.muted, around.draw_mutes, status.muted)

    def _forget(self, *parts: _Part) -> None:
        for part in parts:
            part.forget()

    def _show(
        self,
        part: _Part,
        key: Hashable,
        draw: Callable[Concatenate[Pixels, P], None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Have ``draw`` fill the part, and send it, where ``key`` is not the last."""
        if part.changes_to(key):
            draw(part.pixels, *args, **kwargs)
            part.send(self._oled, self._shift)

    def _show_map(self, status: Status, note: str) -> None:
        key = (
            status.tick if status.playing else None,
            status.head,
            status.target,
            status.thresholds,
            status.noise,
            status.muted,
            status.decay,
            status.show_clips,
            status.page,
            id(status.pattern) if status.page == "notes" else None,
            (status.velocity_amount, status.microtiming_amount),
            status.value,
            status.grid,
            status.snapshots,
            note,
            object() if self._fades(status) else None,
        )
        self._show(self._map, key, self._draw_map, status, note)

    def _fades(self, status: Status) -> bool:
        return status.page == PAGES[0] and self._visualizer is not None and self._visualizer.fades

    def _draw_map(self, pixels: Pixels, status: Status, note: str) -> None:
        if status.grid is not None:
            self._overlays.draw_grid(pixels, status)
        else:
            pixels[:] = self._page(status)
        if note:
            self._overlays.write_note(pixels, note)
        elif status.value is not None:
            self._overlays.write_value(pixels, status.value)

    def _page(self, status: Status) -> Pixels:
        if status.page == "notes":
            self._notes.draw(status)
            return self._notes.canvas
        if self._latent_map is None or self._visualizer is None:
            return np.zeros((SIZE, SIZE), np.uint16)
        if status.page == "drums":
            if self._drum_maps is None:
                self._drum_maps = DrumMaps(self._latent_map)
            self._drum_maps.draw(status)
            return self._drum_maps.canvas
        self._visualizer.draw(status)
        return self._visualizer.canvas


def _fill_black(pixels: Pixels) -> None:
    pixels[:] = 0
