"""The latent map as a picture that pulses with the music: kick red, snare green, hats blue.

One picture takes a dozen passes over small integer arrays and allocates nothing that grows:

1. the tick's onset probabilities through a table (gamma, threshold and mutes) to brightness;
2. the brightness of earlier ticks, faded, where it is greater;
3. the three brightnesses of a cell through one table of 32 x 32 x 32 mixtures to a pixel;
4. each cell's pixel repeated to a square, and the head drawn on top.
"""

from __future__ import annotations

from collections.abc import Set

import numpy as np
import numpy.typing as npt

from firmware.engine.controls import MUTE_GROUPS
from firmware.panel.rgb565 import Pixels, pack
from firmware.rhythm.latent_map import LatentMap
from firmware.rhythm.pattern import TICKS

__all__ = ["LANES", "LANE_COLOURS", "SIZE", "Visualizer"]

SIZE = 96
"""Side of the picture in pixels."""

LANES: dict[str, tuple[int, ...]] = {
    group: tuple(sorted(MUTE_GROUPS[group])) for group in ("kick", "snare", "hat")
}
"""What is drawn, each with the drums (indices into DRUMS) whose greatest probability it shows."""

LANE_COLOURS: tuple[tuple[int, int, int], ...] = ((255, 24, 0), (0, 235, 40), (30, 70, 255))
"""Red, green and blue, each with a little of its neighbours: a display's pure blue is too dark
beside its green. Mixtures add up: all three together are white."""

GAMMA = 0.8
"""Brightness is probability ** GAMMA: below 1, which lifts the faint parts of the map."""
BELOW_THRESHOLD = 0.3
"""What will not sound keeps this share of its brightness, so that the edge can be seen."""
MUTED = 0.22
"""A muted drum keeps this share: the player sees what comes back with it."""
DECAY = 0.55
"""What remains of a brightness a tick later: a hit is gone, to the eye, after four pictures."""

FADES = tuple(round(256 * DECAY**steps) for steps in range(TICKS))
"""DECAY over any number of ticks, in 256ths."""

MIX_BITS = 5
"""Bits of brightness that a mixture keeps: what the display has of red and blue."""

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
"""Marks drawn over the map: # white, o black, . the map itself."""


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


class Visualizer:
    """Draws the map of one model, one picture a tick.

    A map of n x n cells is drawn with cells of 96 // n pixels, in the middle of the picture.
    Raises ValueError for a map of more than 96 cells a side.
    """

    def __init__(self, latent_map: LatentMap) -> None:
        self.canvas: Pixels = np.zeros((SIZE, SIZE), np.uint16)
        """the last picture, (96, 96); overwritten by the next"""
        self._mixture = _mixtures()
        self._gains: tuple[float, Set[str]] | None = None
        self._brightness = np.zeros(len(LANES) * 256, np.uint16)
        self.set_map(latent_map)

    def set_map(self, latent_map: LatentMap) -> None:
        """Show another model; nothing of the last one glows on."""
        cells = latent_map.cells
        if not 1 <= cells <= SIZE:
            raise ValueError(f"a map of {cells} cells a side does not fit {SIZE} pixels")
        self._cell = SIZE // cells
        self._margin = (SIZE - cells * self._cell) // 2
        # Each lane's probabilities are stored as indices into its own part of one table.
        self._levels = np.empty((TICKS, len(LANES), cells, cells), np.uint16)
        for lane, drums in enumerate(LANES.values()):
            greatest = latent_map.onset[..., list(drums)].max(axis=-1)
            self._levels[:, lane] = greatest
            self._levels[:, lane] += 256 * lane
        self._now = np.empty((len(LANES), cells, cells), np.uint16)
        self._trail = np.zeros_like(self._now)  # what is left of earlier ticks
        self._glow = np.zeros_like(self._now)
        self._pixel = np.empty((cells, cells), np.uint16)
        self._wide = np.empty((cells, cells, self._cell), np.uint16)
        self._last_tick: int | None = None
        self._glows_loop = False
        self.canvas[:] = 0
        end = self._margin + cells * self._cell
        self._inside = self.canvas[self._margin : end].reshape(cells, self._cell, SIZE)[
            :, :, self._margin : end
        ]

    def draw(
        self,
        tick: int | None,
        head: tuple[float, float],
        threshold: float,
        muted: Set[str] = frozenset(),
        target: tuple[float, float] | None = None,
    ) -> memoryview:
        """The picture at ``tick`` (0..95), 96 x 96 big-endian RGB565 pixels, top row first.

        With ``tick`` None, the transport at rest, it is the whole loop at once: brightness is how
        often a drum sounds. ``head`` and ``target``, where the head is being led, are pad
        positions in 0..1 from the bottom left. ``muted`` names LANES. Ticks that were not drawn
        fade all the same. The view is of ``canvas`` and holds until the next call.
        """
        if self._gains != (threshold, muted):
            self._gains = (threshold, muted)
            self._brightness[:] = _brightness(threshold, muted)
            self._glows_loop = False
        if tick is None:
            if not self._glows_loop:
                self._draw_loop(threshold)
        else:
            steps = TICKS - 1 if self._last_tick is None else (tick - self._last_tick) % TICKS
            self._draw_tick(tick, steps)
        self._last_tick, self._glows_loop = tick, tick is None
        self._show_glow()
        if target is not None and target != head:
            _TARGET.stamp(self.canvas, *self.place(target))
        _HEAD.stamp(self.canvas, *self.place(head))
        return self.canvas.data.cast("B")

    def _draw_tick(self, tick: int, steps: int) -> None:
        np.take(self._brightness, self._levels[tick], out=self._now, mode="clip")
        if steps:
            np.multiply(self._glow, FADES[steps], out=self._trail)
            np.right_shift(self._trail, 8, out=self._trail)
        np.maximum(self._trail, self._now, out=self._glow)

    def _draw_loop(self, threshold: float) -> None:
        """How many ticks of the loop sound in each cell, the most frequent of all as 255."""
        for lane in range(len(LANES)):
            limit = 256 * lane + int(255 * threshold)
            sounding = self._levels[:, lane] > limit
            np.add.reduce(sounding, axis=0, dtype=np.uint16, out=self._glow[lane])
            most = max(int(self._glow[lane].max()), 1)
            self._glow[lane] *= 255
            self._glow[lane] //= most
            # A drum that sounds is as bright as its table says of a certain onset.
            self._glow[lane] *= self._brightness[256 * lane + 255]
            self._glow[lane] >>= 8

    def _show_glow(self) -> None:
        red, green, blue = self._glow
        drop = 8 - MIX_BITS
        np.right_shift(red, drop, out=self._pixel)
        for lane in (green, blue):
            np.left_shift(self._pixel, MIX_BITS, out=self._pixel)
            np.bitwise_or(self._pixel, lane >> drop, out=self._pixel)
        np.take(self._mixture, self._pixel, out=self._pixel, mode="clip")
        for column in range(self._cell):
            self._wide[:, :, column] = self._pixel
        self._inside[:] = self._wide.reshape(len(self._wide), 1, -1)

    def place(self, point: tuple[float, float]) -> tuple[int, int]:
        """Column and row of the pixel at a pad position; positions outside lie on the edge."""
        side = SIZE - 2 * self._margin
        column, row = (min(max(int(part * side), 0), side - 1) for part in (point[0], 1 - point[1]))
        return self._margin + column, self._margin + row


_HEAD = Mark(HEAD_ROWS)
_TARGET = Mark(TARGET_ROWS)


def _brightness(threshold: float, muted: Set[str]) -> npt.NDArray[np.uint16]:
    """Brightness 0..255 of each level of each lane, (3 * 256,)."""
    probability = np.arange(256) / 255
    light = 255 * probability**GAMMA
    light[probability <= threshold] *= BELOW_THRESHOLD
    gains = [MUTED if lane in muted else 1.0 for lane in LANES]
    return np.rint(np.outer(gains, light)).astype(np.uint16).ravel()


def _mixtures() -> Pixels:
    """The pixel of every mixture of three brightnesses of MIX_BITS bits, (32768,)."""
    levels = np.arange(1 << MIX_BITS) / ((1 << MIX_BITS) - 1)
    shares = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    return pack(np.minimum(np.rint(shares @ np.array(LANE_COLOURS)), 255))
