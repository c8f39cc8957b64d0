"""What is drawn over a map: the head, where it is led, where it has been, where it may stray."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firmware.panel.rgb565 import Pixels, pack

__all__ = [
    "HEAD",
    "SMALL_HEAD",
    "TARGET",
    "Dots",
    "Mark",
    "Trail",
    "cloud",
    "grown",
    "pixel_at",
    "transport_symbols",
]

HEAD_ROWS = (
    "...ooooo...",
    "..o#####o..",
    ".o##ooo##o.",
    "o##o...o##o",
    "o#o.....o#o",
    "o#o..#..o#o",
    "o#o.....o#o",
    "o##o...o##o",
    ".o##ooo##o.",
    "..o#####o..",
    "...ooooo...",
)
TARGET_ROWS = (
    "ooo",
    "o#o",
    "ooo",
)
SMALL_HEAD_ROWS = (
    ".ooo.",
    "o###o",
    "o#.#o",
    "o###o",
    ".ooo.",
)
"""# white, o black, . the map itself."""

CLOUD_POINTS = 48
TRAIL_PLACES = 16
TRAIL_TICKS = 6
"""A place of the trail fades a step in so many pictures."""
STRIDE = 3
"""Pixels the head moves before the trail has another place."""


class Mark:
    """A small picture stamped onto another, cut off at its edges."""

    def __init__(self, rows: tuple[str, ...]) -> None:
        drawing = np.array([list(row) for row in rows])
        self._keep = np.where(drawing == ".", 0xFFFF, 0).astype(np.uint16)
        self._ink = np.where(drawing == "#", 0xFFFF, 0).astype(np.uint16)
        self._half = len(rows) // 2

    def stamp(self, canvas: Pixels, column: int, row: int) -> None:
        """Centre the mark on a pixel of ``canvas``."""
        top, left = row - self._half, column - self._half
        height, width = canvas.shape
        side = len(self._ink)
        rows = slice(max(0, -top), min(side, height - top))
        columns = slice(max(0, -left), min(side, width - left))
        under = canvas[
            top + rows.start : top + rows.stop, left + columns.start : left + columns.stop
        ]
        np.bitwise_and(under, self._keep[rows, columns], out=under)
        np.bitwise_or(under, self._ink[rows, columns], out=under)


HEAD, TARGET, SMALL_HEAD = Mark(HEAD_ROWS), Mark(TARGET_ROWS), Mark(SMALL_HEAD_ROWS)

_STANDARD = np.random.default_rng(96).standard_normal((CLOUD_POINTS, 2))
_CLOUD_PIXEL = pack((220, 220, 220))


def pixel_at(point: tuple[float, float], side: int) -> tuple[int, int]:
    """Column and row of a pad position (0..1 from the bottom left) on a square of ``side`` pixels.

    Positions outside lie on the edge.
    """
    column, row = (min(max(int(part * side), 0), side - 1) for part in (point[0], 1 - point[1]))
    return column, row


def transport_symbols(side: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """A triangle for playing and a square for stopped, (side, side) each; ``side`` is odd."""
    away = abs(np.arange(side) - side // 2)
    playing = np.arange(side)[None, :] <= side - 1 - 2 * away[:, None]
    return playing, (away[:, None] < side // 2) & (away[None, :] < side // 2)


def cloud(canvas: Pixels, column: int, row: int, deviation: float) -> None:
    """Dots as a normal distribution throws them, ``deviation`` pixels about a place.

    Always the same points, so that the cloud grows with the noise and does not flicker.
    """
    height, width = canvas.shape
    columns = np.rint(_STANDARD[:, 0] * deviation).astype(np.intp) + column
    rows = np.rint(_STANDARD[:, 1] * deviation).astype(np.intp) + row
    inside = (columns >= 0) & (columns < width - 1) & (rows >= 0) & (rows < height)
    rows, columns = rows[inside], columns[inside]
    canvas[rows, columns + 1] = 0  # a dark edge, to be seen on bright colours
    canvas[rows, columns] = _CLOUD_PIXEL


_SHADES = np.repeat(
    [pack((shade, shade, shade)) for shade in range(230, 40, -190 // TRAIL_PLACES)], 4
)


def grown(dots: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """``dots`` and the eight neighbours of each, for an edge about them."""
    tall = dots.copy()
    tall[1:] |= dots[:-1]
    tall[:-1] |= dots[1:]
    wide = tall.copy()
    wide[:, 1:] |= tall[:, :-1]
    wide[:, :-1] |= tall[:, 1:]
    return wide


class Dots:
    """White dots, dark about, at fixed pixels (column, row) of a canvas."""

    def __init__(self, canvas: Pixels, pixels: Sequence[tuple[int, int]]) -> None:
        height, width = canvas.shape
        self._light = np.array(sorted({y * width + x for x, y in pixels}), np.intp)
        beside = {
            (y + down) * width + x + right
            for x, y in pixels
            for right, down in ((-1, 0), (1, 0), (0, -1), (0, 1))
            if 0 <= x + right < width and 0 <= y + down < height
        }
        self._dark = np.array(sorted(beside), np.intp)

    def draw(self, canvas: Pixels) -> None:
        flat = canvas.reshape(-1)
        flat[self._dark] = 0
        flat[self._light] = 0xFFFF


class Trail:
    """The last places of the head, two pixels square, paler the longer ago."""

    def __init__(self) -> None:
        self._places: deque[tuple[int, int]] = deque(maxlen=TRAIL_PLACES)
        self._pixels: npt.NDArray[np.intp] = np.empty(0, np.intp)
        self._head: tuple[int, int] | None = None
        self._pictures = 0

    @property
    def fades(self) -> bool:
        """Whether anything of it is left: the next pictures differ even if nothing moves."""
        return bool(self._places)

    def draw(self, canvas: Pixels, column: int, row: int) -> None:
        """Note where the head is now, and draw where it was; once a picture."""
        head, last = (column, row), self._head
        if last is None:
            self._head = head
        elif max(abs(column - last[0]), abs(row - last[1])) >= STRIDE:
            self._places.appendleft(last)
            self._head, self._pictures = head, 0
            self._pixels = self._indices(*canvas.shape)
        elif self._places:
            self._pictures += 1
            if self._pictures % TRAIL_TICKS == 0:
                self._places.pop()
                self._pixels = self._indices(*canvas.shape)
        if self._places:
            canvas.reshape(-1)[self._pixels] = _SHADES[: len(self._pixels)]

    def _indices(self, height: int, width: int) -> npt.NDArray[np.intp]:
        """Where the places' pixels are in a canvas of that size, as one row."""
        corner = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
        places = np.array(self._places, np.intp).reshape(-1, 1, 2) + corner
        columns = np.minimum(places[..., 0], width - 1)
        return (np.minimum(places[..., 1], height - 1) * width + columns).ravel()
