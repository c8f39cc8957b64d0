"""The mono display of 128 x 64 dots: the pulsing map and, beside it, what the player needs to know.

    +----------------+---------------+
    |                | > 174.00      |   transport and tempo
    |                | T [=====    ] |   threshold and noise
    |  map, 64 x 64  | N [==       ] |
    |                | [K] [S] [H]   |   mutes
    |                | ====|...|...| |   loop position
    |                | model         |   or a message
    +----------------+---------------+

The page of nine maps names the drums in place of gauges and mutes; notes and menu take all of the
display. A value that is being turned covers gauges and mutes, a momentary message too long for its
line the lower edge. Parts are drawn only when what they show has changed; the display's driver
finds out what of the picture must be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Concatenate, ParamSpec, Protocol

import numpy as np
import numpy.typing as npt

from firmware.panel.mono_map import SIDE, MonoDrumMaps, MonoMap
from firmware.panel.mono_pages import MonoNotes, draw_grid, draw_menu
from firmware.panel.mono_side import MonoSide
from firmware.panel.rgb565 import Pixels
from firmware.panel.status import Status
from firmware.panel.text import font
from firmware.rhythm.latent_map import LatentMap

__all__ = ["HEIGHT", "WIDTH", "MonoDisplay", "MonoScreen"]

WIDTH, HEIGHT = 128, 64

P = ParamSpec("P")

LEFT = SIDE + 2
"""Left edge of what stands beside the map."""
GAUGES_TOP, MUTES_TOP, MUTES_END, LOOP_TOP, LINE_TOP = 17, 33, 45, 48, 52
STANDING_TOP = 46


class MonoDisplay(Protocol):
    """What the screen needs of a display."""

    def set_up(self) -> None:
        """Set the chip up anew, dark."""

    def show_frame(self, dots: npt.NDArray[np.bool_], everything: bool = False) -> None:
        """Show a picture, (64, 128), of which it sends what has changed, or ``everything``."""

    def set_brightness(self, brightness: float) -> None:
        """Dim or brighten all of it, 0..1."""


class _Part:
    """A rectangle of the picture, drawn when its key changes."""

    def __init__(self, canvas: Pixels) -> None:
        self.canvas = canvas
        self._key: Hashable = None

    def forget(self) -> None:
        self._key = None

    def show(
        self,
        key: Hashable,
        draw: Callable[Concatenate[Pixels, P], None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Have ``draw`` fill the canvas where ``key`` is not the last."""
        if key != self._key:
            draw(self.canvas, *args, **kwargs)
            self._key = key


class MonoScreen:
    """Draws the display from readings of the box. Not to be shared between threads."""

    def __init__(self, oled: MonoDisplay, latent_map: LatentMap | None = None) -> None:
        self._oled = oled
        self._picture: Pixels = np.zeros((HEIGHT, WIDTH), np.uint16)
        self._frame = np.zeros_like(self._picture)
        picture, side = self._picture, self._picture[:, LEFT:]
        self._all, self._map = _Part(picture), _Part(picture[:, :SIDE])
        self._tempo, self._gauges = _Part(side[:16]), _Part(side[GAUGES_TOP : MUTES_TOP - 1])
        self._mutes, self._names = (
            _Part(side[MUTES_TOP:MUTES_END]),
            _Part(side[GAUGES_TOP : MUTES_END + 1]),
        )
        self._loop, self._line = _Part(side[LOOP_TOP : LOOP_TOP + 3]), _Part(side[LINE_TOP:])
        self._standing = _Part(side[STANDING_TOP:])
        self._parts = (
            self._all,
            self._map,
            self._tempo,
            self._gauges,
            self._mutes,
            self._names,
            self._loop,
            self._line,
            self._standing,
        )
        self._side = MonoSide()
        self._notes, self._menu_font = MonoNotes(self._side.tiny), font(11)
        self._latent_map: LatentMap | None = None
        self._mono_map: MonoMap | None = None
        self._drum_maps: MonoDrumMaps | None = None
        self._message, self._until_ns = "", 0
        self._fresh, self._lost = True, False
        self._brightness: float | None = None
        self._layout: Hashable = None
        self.set_map(latent_map)

    def set_map(
        self, latent_map: LatentMap | None, clips: Sequence[tuple[float, float]] = ()
    ) -> None:
        """Show another model's map, or none, with dots at ``clips`` (pad positions); nothing of
        the last one glows on."""
        self._latent_map = latent_map
        self._mono_map = None if latent_map is None else MonoMap(latent_map, clips)
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
        message = self._message if now_ns < self._until_ns else ""
        page = _page(status)
        whole_page = page in ("menu", "notes")
        fits = self._side.small.width(message) <= WIDTH - LEFT - 2
        beside = "" if whole_page or not fits else message
        self._draw_picture(status, page, beside)
        frame = self._frame
        frame[:] = self._picture
        if status.value is not None and page != "menu":
            frame[GAUGES_TOP - 1 : LINE_TOP, SIDE:] = 0
            self._side.write_value(frame[GAUGES_TOP : LINE_TOP - 1, LEFT:], status.value)
        if message != beside:
            self._side.write_note(frame, message)
        elif page == "notes" and status.message:
            self._side.write_note(frame, self._side.small.fit(status.message, WIDTH - 4))
        self._send(status)

    def _send(self, status: Status) -> None:
        if self._lost:
            self._oled.set_up()
            self._lost = False
        if self._fresh or status.brightness != self._brightness:
            self._oled.set_brightness(status.brightness)
            self._brightness = status.brightness
        self._oled.show_frame(_shifted(self._frame, status.shift) != 0, everything=self._fresh)
        self._fresh = False

    def _draw_picture(self, status: Status, page: str, message: str) -> None:
        is_long = self._side.small.width(status.message) > WIDTH - LEFT - 2 and not message
        # The parts of a layout overlap those of another.
        if (page, is_long) != self._layout:
            self._layout = page, is_long
            self._picture[:] = 0
            for part in self._parts:
                part.forget()
        if status.menu is not None:
            self._all.show(status.menu, draw_menu, status.menu, self._side.letters, self._menu_font)
        elif page == "notes":
            # Always: the notes keep what stands still, and the rest moves with every tick.
            self._notes.draw(self._picture, status)
        else:
            self._show_map(status)
            self._show_side(status, page)
            if is_long:
                self._standing.show(status.message, self._side.draw_standing, status.message)
            else:
                self._show_bottom(status, message)

    def _show_map(self, status: Status) -> None:
        key = (
            status.tick if status.playing else None,
            status.head,
            status.target,
            status.thresholds,
            status.noise,
            status.muted,
            status.decay,
            status.show_clips,
            status.grid,
            status.snapshots,
            object() if self._mono_map is not None and self._mono_map.fades else None,
        )
        self._map.show(key, self._draw_map, status)

    def _draw_map(self, canvas: Pixels, status: Status) -> None:
        if status.grid is not None:
            draw_grid(canvas, status, self._side.letters, self._side.small)
        elif self._latent_map is None or self._mono_map is None:
            canvas[:] = 0
        elif status.page == "drums":
            if self._drum_maps is None:
                self._drum_maps = MonoDrumMaps(self._latent_map)
            self._drum_maps.draw(status)
            canvas[:] = self._drum_maps.canvas
        else:
            self._mono_map.draw(status)
            canvas[:] = self._mono_map.canvas

    def _show_side(self, status: Status, page: str) -> None:
        side = self._side
        transport = (status.playing, status.bpm_hundredths, status.external_clock)
        self._tempo.show(transport, side.draw_tempo, status)
        if page == "drums":
            self._names.show(status.muted, side.draw_names, status.muted)
        else:
            self._gauges.show((status.threshold, status.noise), side.draw_gauges, status)
            self._mutes.show(status.muted, side.draw_mutes, status.muted)

    def _show_bottom(self, status: Status, message: str) -> None:
        tick = status.tick if status.playing else None
        self._loop.show((tick, status.ticks_per_beat), self._side.draw_loop, status)
        line = message or status.message
        text = line or status.model
        self._line.show((text, bool(line)), self._side.draw_line, text, bool(line))


def _page(status: Status) -> str:
    """What the picture is of: "menu" or one of PAGES. The pad's fields stand where the map does."""
    if status.menu is not None:
        return "menu"
    return "map" if status.grid is not None else status.page


def _shifted(frame: Pixels, shift: tuple[int, int]) -> Pixels:
    """``frame`` moved right and down; what leaves it is cut off."""
    right, down = shift
    if not (right or down):
        return frame
    moved = np.zeros_like(frame)
    height, width = frame.shape
    rows = slice(max(down, 0), height + min(down, 0))
    columns = slice(max(right, 0), width + min(right, 0))
    moved[rows, columns] = frame[max(-down, 0) :, max(-right, 0) :][
        : rows.stop - rows.start, : columns.stop - columns.start
    ]
    return moved
