"""How brightly each drum shines in each cell of a map, from tick to tick.

A hit lights up and fades over some ticks. What lies below a drum's threshold, or is muted, is dim,
so that the picture shows what would sound. A tick takes a few passes over small arrays of integers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from firmware.panel.status import Status
from firmware.rhythm.drums import DRUMS
from firmware.rhythm.latent_map import LatentMap
from firmware.rhythm.pattern import TICKS

__all__ = ["Brightness", "Glow"]

Brightness = npt.NDArray[np.uint16]
"""0..255, (drums, cells, cells), top row first."""

GAMMA = 0.8
"""Brightness is probability ** GAMMA: below 1, which lifts the faint parts of the map."""
BELOW_THRESHOLD = 0.3
"""What will not sound keeps this share of its brightness, so that the edge can be seen."""
MUTED = 56
"""A muted drum keeps so many 256ths: the player sees what comes back with it."""


class Glow:
    """The brightness of some drums (indices into DRUMS) of one model."""

    def __init__(self, latent_map: LatentMap, drums: Sequence[int]) -> None:
        self._drums = list(drums)
        shape = (len(self._drums), latent_map.cells, latent_map.cells)
        self._levels, self._bright, self._loss = np.empty((3, TICKS, *shape), np.uint8)
        """probability; brightness; what is taken off it below the threshold"""
        light = 255 * (np.arange(256) / 255) ** GAMMA
        bright = np.rint(light).astype(np.uint8)
        loss = np.rint((1 - BELOW_THRESHOLD) * light).astype(np.uint8)
        for tick in range(TICKS):  # by ticks, so that the music gets its turn in between
            self._levels[tick] = latent_map.onset[tick][..., self._drums].transpose(2, 0, 1)
            bright.take(self._levels[tick], out=self._bright[tick])
            loss.take(self._levels[tick], out=self._loss[tick])
        self._limits = np.zeros(shape, np.uint8)
        self._muted: list[int] = []
        self._gains: tuple[tuple[float, ...], frozenset[str]] | None = None
        self._fades = np.zeros(TICKS, np.uint16)
        self._decay: float | None = None
        self._silent = np.empty(shape, np.bool_)
        self._off = np.empty(shape, np.uint8)
        self._now = np.empty(shape, np.uint16)
        self._trail = np.zeros(shape, np.uint16)  # what is left of earlier ticks
        self.brightness: Brightness = np.zeros(shape, np.uint16)
        """as of the last update"""
        self._last_tick: int | None = None
        self._shows_loop = False

    def update(self, status: Status) -> None:
        """Bring ``brightness`` to the status's tick; ticks left out fade all the same.

        With the transport at rest it is the whole loop at once: how often a drum sounds.
        """
        self._set_gains(status.thresholds, status.muted)
        if status.decay != self._decay:
            self._decay = status.decay
            self._fades[:] = np.rint(256 * status.decay ** np.arange(TICKS))
        if status.playing:
            last = self._last_tick
            self._light(status.tick, TICKS - 1 if last is None else (status.tick - last) % TICKS)
        elif not self._shows_loop:
            self._show_loop()
        self._last_tick = status.tick if status.playing else None
        self._shows_loop = not status.playing

    def _set_gains(self, thresholds: tuple[float, ...], muted: frozenset[str]) -> None:
        if self._gains == (thresholds, muted):
            return
        self._gains = (thresholds, muted)
        self._shows_loop = False
        for limit, drum in zip(self._limits, self._drums, strict=True):
            limit[:] = int(255 * thresholds[drum])
        self._muted = [i for i, drum in enumerate(self._drums) if DRUMS[drum].key in muted]

    def _light(self, tick: int, steps: int) -> None:
        np.less_equal(self._levels[tick], self._limits, out=self._silent)
        np.multiply(self._loss[tick], self._silent.view(np.uint8), out=self._off)
        np.subtract(self._bright[tick], self._off, out=self._off)
        self._now[:] = self._off
        self._dim_muted(self._now)
        if steps:
            np.multiply(self.brightness, self._fades[steps], out=self._trail)
            np.right_shift(self._trail, 8, out=self._trail)
        np.maximum(self._trail, self._now, out=self.brightness)

    def _show_loop(self) -> None:
        """How many ticks of the loop sound in each cell, each drum's most frequent as 255."""
        sounding = self._levels > self._limits
        np.add.reduce(sounding, axis=0, dtype=np.uint16, out=self.brightness)
        most = self.brightness.max(axis=(1, 2), keepdims=True)
        self.brightness *= 255
        self.brightness //= np.maximum(most, 1)
        self._dim_muted(self.brightness)

    def _dim_muted(self, brightness: Brightness) -> None:
        for place in self._muted:
            dimmed = brightness[place]
            dimmed *= MUTED
            dimmed >>= 8
