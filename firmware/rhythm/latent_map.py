"""The latent map: the pattern at every cell of the plane, for the eye and for the finger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firmware.rhythm.decoder import Decoder
from firmware.rhythm.drums import DRUM_COUNT
from firmware.rhythm.pattern import TICKS

__all__ = ["CELLS", "LatentMap", "cell_centres", "pad_to_z", "z_to_pad"]

CELLS = 32
"""Heads along each side of the map: three pixels a cell fill 96 of the display's 128."""
BATCH = 64
"""Rows decoded at a time: large enough for the runtime, small enough to yield to the player."""


def cell_centres(cells: int = CELLS, extent: float = 3.0) -> npt.NDArray[np.float32]:
    """z at the centres of a ``cells`` x ``cells`` map of [-extent, extent]^2, (cells, cells, 2).

    Row 0 is the top (largest z2), column 0 the left (smallest z1), as on the display.
    """
    steps = (np.arange(cells, dtype=np.float32) + 0.5) / cells * 2 * extent - extent
    z1, z2 = np.meshgrid(steps, steps[::-1])
    return np.stack([z1, z2], axis=-1).astype(np.float32)


def pad_to_z(x: float, y: float, extent: float = 3.0) -> tuple[float, float]:
    """Pad position (0..1 from the left, 0..1 from the bottom) to z."""
    return (2 * x - 1) * extent, (2 * y - 1) * extent


def z_to_pad(z1: float, z2: float, extent: float = 3.0) -> tuple[float, float]:
    """The inverse of :func:`pad_to_z`."""
    return (z1 / extent + 1) / 2, (z2 / extent + 1) / 2


@dataclass(frozen=True)
class LatentMap:
    """Onset probabilities of every cell: ``onset`` is uint8 (96, cells, cells, 9), 255 = 1.

    The tick comes first, so that one tick's picture is one contiguous block.
    """

    onset: npt.NDArray[np.uint8]

    @property
    def cells(self) -> int:
        return self.onset.shape[1]

    @classmethod
    def decode(
        cls,
        decoder: Decoder,
        cells: int = CELLS,
        on_progress: Callable[[float], None] = lambda share: None,
    ) -> LatentMap:
        """Decode the whole map. ``decoder`` should have a batch of some dozens of rows.

        ``on_progress`` is told how much is done, 0..1, before each batch.
        """
        points = cell_centres(cells, decoder.info.z_extent).reshape(-1, 2)
        onset = np.empty((TICKS, cells * cells, DRUM_COUNT), np.uint8)
        for start in range(0, len(points), BATCH):
            on_progress(start / len(points))
            rows = points[start : start + BATCH]
            probability = decoder.decode_many(rows)[0]
            levels = np.rint(probability * 255).astype(np.uint8)
            onset[:, start : start + len(rows)] = levels.transpose(2, 0, 1)
        return cls(onset.reshape(TICKS, cells, cells, DRUM_COUNT))
