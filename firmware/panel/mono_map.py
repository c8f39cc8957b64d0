"""The latent map for a mono display: 64 x 64 dots that pulse with the music.

Without colours the lanes are told apart by what they are made of:

    kick    an even screen, solid at its brightest       kick and snare   solid, with black lines
    snare   bars, two rows of four                       kick and hat     solid, with black dots
    hat     single dots, one of eight                    snare and hat    bars with notches

Brightness is an ordered dither by Bayer's 4 x 4 matrix (B. E. Bayer, "An optimum method for
two-level rendition of continuous-tone pictures", IEEE ICC 1973): a dot is lit where the brightness
of its cell is above its own threshold.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firmware.panel.glow import Brightness, Glow
from firmware.panel.marks import SMALL_HEAD, Dots, Mark, Trail, cloud, grown, pixel_at
from firmware.panel.rgb565 import Pixels
from firmware.panel.status import Status
from firmware.panel.visualizer import LANES, lane_brightness
from firmware.rhythm.drums import DRUM_COUNT
from firmware.rhythm.latent_map import LatentMap

__all__ = ["COLUMNS", "INK", "PITCH", "SIDE", "TILE", "MonoDrumMaps", "MonoMap"]

SIDE = 64
"""Width and height of the picture in dots."""
INK = 0xFFFF
"""A lit dot of a canvas; a dark one is 0. All canvases of a mono display are of these two."""

COLUMNS = 3
TILE, PITCH = 20, 22
"""Side of one of nine small pictures, and the distance from one to the next."""

HEAD_ROWS = (
    "...ooooo...",
    ".ooo###ooo.",
    ".o#######o.",
    "oo##ooo##oo",
    "o##ooooo##o",
    "o##oo#oo##o",
    "o##ooooo##o",
    "oo##ooo##oo",
    ".o#######o.",
    ".ooo###ooo.",
    "...ooooo...",
)
TARGET_ROWS = (
    "ooooo",
    "oo#oo",
    "o###o",
    "oo#oo",
    "ooooo",
)
"""# lit, o dark, . the map itself. Dark all about the lit, to stand out from screens and bars."""

BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
LANE_DRUMS = tuple(drum for drums in LANES.values() for drum in drums)
NEVER = 255
FAINTEST_HAT, FULL_HAT = 40, 220
"""Single dots are too few for sixteen shades: between these they come one after the other."""


_HEAD, _TARGET = Mark(HEAD_ROWS), Mark(TARGET_ROWS)


class MonoMap:
    """Draws the map of one model.

    A map of n x n cells is drawn with cells of 64 // n dots, in the middle of the picture. Raises
    ValueError for a map of more than 64 cells a side.
    """

    def __init__(self, latent_map: LatentMap, clips: Sequence[tuple[float, float]] = ()) -> None:
        cells = latent_map.cells
        if not 1 <= cells <= SIDE:
            raise ValueError(f"a map of {cells} cells a side does not fit {SIDE} dots")
        self.canvas: Pixels = np.zeros((SIDE, SIDE), np.uint16)
        """the last picture, (64, 64); overwritten by the next"""
        self._glow = Glow(latent_map, LANE_DRUMS)
        self._trail = Trail()
        cell = SIDE // cells
        self._side = cells * cell
        self._margin = (SIDE - self._side) // 2
        inside = slice(self._margin, self._margin + self._side)
        self._inside = self.canvas[inside, inside]
        self._cell = cell
        self._thresholds = _thresholds(self._side).reshape(4, cells, cell, self._side)
        self._over: Pixels = np.zeros_like(self.canvas)
        self._clips = Dots(self.canvas, [self.place(point) for point in clips])

    @property
    def fades(self) -> bool:
        """Whether the next picture differs though the status is the same."""
        return self._trail.fades

    def draw(self, status: Status) -> None:
        """Bring ``canvas`` up to ``status``."""
        self._glow.update(status)
        lanes = np.stack(lane_brightness(self._glow.brightness))
        if not status.playing:
            lanes = _regions(lanes)
        wide = lanes.astype(np.uint8).repeat(self._cell, axis=2)
        screens = wide[[0, 1, 1, 2], :, None] > self._thresholds
        kick, lines, bars, dots = screens.reshape(4, self._side, self._side)
        self._inside[:] = ((kick & ~lines | bars) ^ dots) * np.uint16(INK)
        self._draw_marks(status)

    def _draw_marks(self, status: Status) -> None:
        over = self._over
        head, target = self.place(status.head), self.place(status.target)
        if status.noise:
            over[:] = 0
            cloud(over, *target, status.noise / (2 * status.z_extent) * self._side)
            self.canvas[over != 0] ^= INK
        if status.show_clips:
            self._clips.draw(self.canvas)
        over[:] = 0
        self._trail.draw(over, *head)
        path = over != 0
        if path.any():
            self.canvas[grown(path)] = 0
            self.canvas[path] = INK
        if target != head:
            _TARGET.stamp(self.canvas, *target)
        _HEAD.stamp(self.canvas, *head)

    def place(self, point: tuple[float, float]) -> tuple[int, int]:
        """Column and row of the dot at a pad position; positions outside lie on the edge."""
        column, row = pixel_at(point, self._side)
        return self._margin + column, self._margin + row


class MonoDrumMaps:
    """Draws the nine maps of one model, 64 x 64 dots, in DRUMS' order from the top left."""

    def __init__(self, latent_map: LatentMap) -> None:
        self.canvas: Pixels = np.zeros((SIDE, SIDE), np.uint16)
        self._glow = Glow(latent_map, range(DRUM_COUNT))
        self.canvas[TILE::PITCH, ::4] = self.canvas[::4, TILE::PITCH] = INK
        # The cell that each dot of a tile shows, whatever the map's size.
        self._cell = np.arange(TILE) * latent_map.cells // TILE
        self._thresholds = _screen(*np.indices((TILE, TILE)))

    def draw(self, status: Status) -> None:
        """Bring ``canvas`` up to ``status``."""
        self._glow.update(status)
        small = self._glow.brightness[:, self._cell[:, None], self._cell] > self._thresholds
        column, row = pixel_at(status.head, TILE)
        for drum, dots in enumerate(small * np.uint16(INK)):
            SMALL_HEAD.stamp(dots, column, row)
            top, left = drum // COLUMNS * PITCH, drum % COLUMNS * PITCH
            self.canvas[top : top + TILE, left : left + TILE] = dots


def _screen(row: npt.NDArray[np.intp], column: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
    """Bayer's thresholds for a brightness of 0..255 at dots of a picture."""
    return ((BAYER[row % 4, column % 4] + 0.5) * 255 / 16).astype(np.uint8)


def _thresholds(side: int) -> npt.NDArray[np.uint8]:
    """What a lane's brightness must exceed at each dot, (4, side, side).

    The kick's screen, the lines that a snare cuts out of it, the snare's bars, the hat's dots.
    """
    row, column = np.indices((side, side))
    even = _screen(row, column)
    lines = np.where(row % 4 == 3, even, NEVER)
    bars = np.where(row % 4 < 2, even, NEVER)
    # Bayer's order over 8 x 8 dots: over 4 x 4 they would know but two shades. Every other place
    # of the matrix, those with its lower half.
    order = BAYER[row // 2 % 4, column // 2 % 4]
    sparse = FAINTEST_HAT + (order + 0.5) / 8 * (FULL_HAT - FAINTEST_HAT)
    is_dot = (row % 2 == 0) & (column % 2 == 1) & (order < 8)
    dots = np.where(is_dot, sparse, NEVER)
    return np.stack((even, lines, bars, dots)).astype(np.uint8)


def _regions(lanes: Brightness) -> Brightness:
    """Of the whole loop, each lane where it sounds at least half as often as anywhere.

    All shades of all lanes at once would be no more than grey.
    """
    most = lanes.max(axis=(1, 2), keepdims=True)
    return np.where(2 * lanes > most, most, 0).astype(np.uint16)
