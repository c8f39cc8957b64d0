"""A map as a browser needs it: sampled on a grid, the cells in use alone, a byte a value.

The page plays and draws places between the grid's by bilinear interpolation.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firmware.rhythm.drums import DRUM_COUNT, DRUMS
from firmware.rhythm.pattern import TICKS
from train_host.network import DecoderWeights
from train_host.quality import Decodes

__all__ = ["MapData", "sample"]

USED = 0.05
"""A cell whose onset probability is nowhere above that is left out: no threshold shows it."""


@dataclass(frozen=True)
class MapData:
    """``values`` is uint8 (3, side, side, cells): onset and velocity of 0 to 1 as 0 to 255,
    microtiming of -1 to 1 tick as 1 to 255; the first row is the lowest z2, the first column the
    lowest z1. ``cells`` are indices of drum * 96 + tick."""

    side: int
    extent: float
    cells: npt.NDArray[np.intp]
    values: npt.NDArray[np.uint8]

    def header(
        self,
        ticks_per_beat: int,
        tempo: float,
        clips: Iterable[tuple[str, float, float]] = (),
    ) -> dict[str, object]:
        """All but the values, for JSON. ``clips`` are name, z1 and z2."""
        return {
            "side": self.side,
            "extent": self.extent,
            "cells": self.cells.tolist(),
            "drums": [drum.key for drum in DRUMS],
            "ticksPerBeat": ticks_per_beat,
            "tempo": tempo,
            "clips": [
                {"name": name, "z": [round(float(z1), 3), round(float(z2), 3)]}
                for name, z1, z2 in clips
            ],
        }

    def packed(self) -> str:
        """The values, deflated and in base64, to stand in a page."""
        return base64.b64encode(zlib.compress(self.values.tobytes(), 9)).decode()


def sample(decoder: Decodes, side: int, extent: float = 3.0) -> MapData:
    """Decode ``side`` x ``side`` places, the outermost on the pad's edge."""
    axis = np.linspace(-extent, extent, side)
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    some = np.arange(DRUM_COUNT * TICKS)
    if isinstance(decoder, DecoderWeights):  # four times faster than with the silent cells
        some = decoder.sounding(USED)
        decoder = decoder.of(some)
    onset, velocity, microtiming = (
        part.reshape(side, side, -1) for part in decoder.decode(z.astype(np.float32))
    )
    used = np.flatnonzero(onset.max(axis=(0, 1)) > USED)
    values = np.stack(
        [
            255 * onset[..., used],
            255 * velocity[..., used],
            128 + 127 * microtiming[..., used],
        ]
    )
    return MapData(side, extent, some[used], np.clip(np.rint(values), 0, 255).astype(np.uint8))
