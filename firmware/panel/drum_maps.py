"""The map nine times, small: one picture for each drum, all pulsing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firmware.panel.glow import Glow
from firmware.panel.marks import SMALL_HEAD, grown, pixel_at
from firmware.panel.rgb565 import Pixels, pack, ramp
from firmware.panel.status import Status
from firmware.panel.text import font
from firmware.panel.visualizer import SIZE
from firmware.rhythm.drums import DRUM_COUNT, DRUMS
from firmware.rhythm.latent_map import LatentMap

__all__ = ["COLUMNS", "DRUM_COLOURS", "DrumMaps"]

COLUMNS = 3
TILE = SIZE // COLUMNS

DRUM_COLOURS: tuple[tuple[int, int, int], ...] = (
    (255, 40, 10),
    (0, 235, 40),
    (50, 100, 255),
    (90, 190, 255),
    (255, 120, 0),
    (255, 170, 0),
    (255, 220, 60),
    (120, 255, 150),
    (220, 120, 255),
)
"""Kick red, snare and clap green, hats blue, toms amber, rim violet."""

_LINE = pack((70, 70, 70))


class DrumMaps:
    """Draws the nine maps of one model, 96 x 96 pixels, in DRUMS' order from the top left."""

    def __init__(self, latent_map: LatentMap) -> None:
        self.canvas: Pixels = np.zeros((SIZE, SIZE), np.uint16)
        self._glow = Glow(latent_map, range(DRUM_COUNT))
        # The cell that each pixel of a tile shows, whatever the map's size.
        self._cell = np.arange(TILE) * latent_map.cells // TILE
        black = (0, 0, 0)
        self._colours = np.concatenate([ramp(colour, black) for colour in DRUM_COLOURS])
        self._first = (np.arange(DRUM_COUNT, dtype=np.uint16) * 256)[:, None, None]
        self._labels = _labels()
        self._edges = grown(self._labels)

    def draw(self, status: Status) -> None:
        """Bring ``canvas`` up to ``status``."""
        self._glow.update(status)
        small = self._glow.brightness[:, self._cell[:, None], self._cell]
        tiles = np.take(self._colours, small + self._first, mode="clip")
        rows = tiles.reshape(COLUMNS, COLUMNS, TILE, TILE).transpose(0, 2, 1, 3)
        self.canvas.reshape(COLUMNS, TILE, COLUMNS, TILE)[:] = rows
        self.canvas[self._edges] = 0
        self.canvas[self._labels] = _WHITE
        self.canvas[TILE::TILE] = self.canvas[:, TILE::TILE] = _LINE
        column, row = pixel_at(status.head, TILE)
        for drum in range(DRUM_COUNT):
            top, left = drum // COLUMNS * TILE, drum % COLUMNS * TILE
            SMALL_HEAD.stamp(self.canvas[top : top + TILE, left : left + TILE], column, row)


_WHITE = pack((200, 200, 200))


def _labels() -> npt.NDArray[np.bool_]:
    """Where the drums' initials are on the canvas, (96, 96) booleans."""
    face = font(10)
    coverage = np.zeros((SIZE, SIZE), np.uint8)
    for drum, (top, left) in enumerate(
        (row * TILE, column * TILE) for row in range(COLUMNS) for column in range(COLUMNS)
    ):
        face.paste(coverage, DRUMS[drum].initials, left + 2, top + 2)
    return coverage > 100
