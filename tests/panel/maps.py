"""Latent maps made for tests and benches: no model needed."""

from __future__ import annotations

import numpy as np

from firmware.panel.status import Status
from firmware.panel.visualizer import Visualizer
from firmware.rhythm.drums import DRUM_COUNT
from firmware.rhythm.latent_map import LatentMap
from firmware.rhythm.pattern import TICKS


def empty_map(cells: int = 32) -> LatentMap:
    return LatentMap(np.zeros((TICKS, cells, cells, DRUM_COUNT), np.uint8))


def regions_map(seed: int = 0, cells: int = 32) -> LatentMap:
    """Soft-edged regions like a model's, on the sixteenths: about a third of the map is lit."""
    random = np.random.default_rng(seed)
    across = np.linspace(-3, 3, cells)
    z1, z2 = np.meshgrid(across, -across)
    onset = empty_map(cells).onset
    for tick in range(0, TICKS, 6):
        for drum in range(DRUM_COUNT):
            angle, offset = random.uniform(0, 2 * np.pi), random.uniform(-1, 3)
            edge = 4 * (z1 * np.cos(angle) + z2 * np.sin(angle) - offset)
            onset[tick, :, :, drum] = np.rint(255 / (1 + np.exp(-edge)))
    return LatentMap(onset)


def draw(
    visualizer: Visualizer,
    tick: int | None,
    head: tuple[float, float],
    threshold: float,
    muted: frozenset[str] = frozenset(),
    target: tuple[float, float] | None = None,
) -> memoryview:
    """Draw ``tick`` (None: at rest) with one threshold for all drums."""
    status = Status(
        playing=tick is not None,
        tick=tick or 0,
        head=head,
        target=target or head,
        threshold=threshold,
        thresholds=(threshold,) * DRUM_COUNT,
        muted=muted,
    )
    return visualizer.draw(status)
