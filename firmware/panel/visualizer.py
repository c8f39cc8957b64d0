"""The latent map as a picture that pulses with the music: kick red, snare green, hats blue.

One picture takes some dozen passes over small integer arrays and allocates nothing that grows:
the glow of the drums (glow.py), the brightest drum of each lane, the three lanes of a cell through
one table of 32 x 32 x 32 mixtures to a pixel, the pixel repeated to a square, the marks on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from firmware.engine.controls import MUTE_GROUPS
from firmware.panel.glow import Brightness, Glow
from firmware.panel.marks import HEAD, TARGET, Dots, Trail, cloud, pixel_at
from firmware.panel.rgb565 import Pixels, pack
from firmware.panel.status import Status
from firmware.rhythm.drums import DRUMS
from firmware.rhythm.latent_map import LatentMap

__all__ = ["LANES", "LANE_COLOURS", "SIZE", "Visualizer", "lane_brightness"]

SIZE = 96
"""Side of the picture in pixels."""

LANES: dict[str, tuple[int, ...]] = {
    group: tuple(i for i, drum in enumerate(DRUMS) if drum.key in MUTE_GROUPS[group])
    for group in ("kick", "snare", "hat")
}
"""What is drawn, each with the drums (indices into DRUMS) of which the brightest shows."""

LANE_COLOURS: tuple[tuple[int, int, int], ...] = ((255, 24, 0), (0, 235, 40), (30, 70, 255))
"""Red, green and blue, each with a little of its neighbours: a display's pure blue is too dark
beside its green. Mixtures add up: all three together are white."""

MIX_BITS = 5
"""Bits of brightness that a mixture keeps: what the display has of red and blue."""
UPPER = 256 - (1 << 8 - MIX_BITS)

_SHOWN = tuple(drum for drums in LANES.values() for drum in drums)
_PLACES = [[_SHOWN.index(drum) for drum in drums] for drums in LANES.values()]


def lane_brightness(glow: Brightness) -> list[Brightness]:
    """The brightest drum of each lane, (cells, cells) each, of a glow of all lanes' drums."""
    return [reduce(np.maximum, [glow[place] for place in places]) for places in _PLACES]


class Visualizer:
    """Draws the map of one model, one picture a tick.

    A map of n x n cells is drawn with cells of 96 // n pixels, in the middle of the picture.
    ``clips`` are pad positions, 0..1 from the bottom left, that are marked by dots.
    Raises ValueError for a map of more than 96 cells a side.
    """

    def __init__(self, latent_map: LatentMap, clips: Sequence[tuple[float, float]] = ()) -> None:
        cells = latent_map.cells
        if not 1 <= cells <= SIZE:
            raise ValueError(f"a map of {cells} cells a side does not fit {SIZE} pixels")
        self.canvas: Pixels = np.zeros((SIZE, SIZE), np.uint16)
        """the last picture, (96, 96); overwritten by the next"""
        self._glow = Glow(latent_map, _SHOWN)
        self._trail = Trail()
        self._mixture = _mixtures()
        cell = SIZE // cells
        self._margin = (SIZE - cells * cell) // 2
        self._pixel = np.empty((cells, cells), np.uint16)
        self._part = np.empty_like(self._pixel)
        self._wide = np.empty((cells, cells, cell), np.uint16)
        end = self._margin + cells * cell
        self._inside = self.canvas[self._margin : end].reshape(cells, cell, SIZE)[
            :, :, self._margin : end
        ]
        self._clips = Dots(self.canvas, [self.place(point) for point in clips])

    @property
    def fades(self) -> bool:
        """Whether the next picture differs even if the status does not."""
        return self._trail.fades

    def draw(self, status: Status) -> memoryview:
        """The picture of ``status``: 96 x 96 big-endian RGB565 pixels, top row first.

        The view is of ``canvas`` and holds until the next call.
        """
        self._glow.update(status)
        self._show_glow()
        side = SIZE - 2 * self._margin
        head, target = self.place(status.head), self.place(status.target)
        if status.noise:
            cloud(self.canvas, *target, status.noise / (2 * status.z_extent) * side)
        if status.show_clips:
            self._clips.draw(self.canvas)
        self._trail.draw(self.canvas, *head)
        if target != head:
            TARGET.stamp(self.canvas, *target)
        HEAD.stamp(self.canvas, *head)
        return self.canvas.data.cast("B")

    def _show_glow(self) -> None:
        red, green, blue = lane_brightness(self._glow.brightness)
        # The upper bits of each, side by side. NumPy multiplies faster than it shifts.
        pixel, part = self._pixel, self._part
        np.bitwise_and(red, UPPER, out=pixel)
        np.multiply(pixel, 1 << 3 * MIX_BITS - 8, out=pixel)
        np.bitwise_and(green, UPPER, out=part)
        np.multiply(part, 1 << 2 * MIX_BITS - 8, out=part)
        np.bitwise_or(pixel, part, out=pixel)
        np.floor_divide(blue, 1 << 8 - MIX_BITS, out=part)
        np.bitwise_or(pixel, part, out=pixel)
        self._mixture.take(pixel, out=pixel, mode="clip")
        for column in range(self._wide.shape[2]):
            self._wide[:, :, column] = pixel
        self._inside[:] = self._wide.reshape(len(self._wide), 1, -1)

    def place(self, point: tuple[float, float]) -> tuple[int, int]:
        """Column and row of the pixel at a pad position; positions outside lie on the edge."""
        column, row = pixel_at(point, SIZE - 2 * self._margin)
        return self._margin + column, self._margin + row


def _mixtures() -> Pixels:
    """The pixel of every mixture of three brightnesses of MIX_BITS bits, (32768,)."""
    levels = np.arange(1 << MIX_BITS) / ((1 << MIX_BITS) - 1)
    shares = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    return pack(np.minimum(np.rint(shares @ np.array(LANE_COLOURS)), 255))
