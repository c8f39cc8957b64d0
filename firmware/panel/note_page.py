"""The present pattern as notes: 96 ticks across, nine drums down, playing.

As in figures 6 and 7 of Vigliensoni, McCallum and Fiebrink, "Creating Latent Spaces of Modern Music
Genre Rhythms Using Minimal Training Data" (2020): a hit is a whisker whose height is its velocity.
It leans towards where it really sounds: its foot stands on the grid, its top LEAN times as far off
as the microtiming. What lies below the threshold is a dim foot.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from firmware.panel.drum_maps import DRUM_COLOURS
from firmware.panel.rgb565 import Pixels, pack
from firmware.panel.status import Status
from firmware.panel.visualizer import SIZE
from firmware.rhythm.drums import DRUM_COUNT, DRUMS
from firmware.rhythm.pattern import TICKS, Hit, Pattern, midi_velocity, shaped

__all__ = ["FLASH_TICKS", "GHOST", "ROW", "NotePage", "notes_key"]

ROW = 10
"""Pixels of height a drum."""
TOP = (SIZE - DRUM_COUNT * ROW) // 2
TALLEST = ROW - 2
LEAN = 6
"""Pixels that the top is moved for a tick of microtiming; half a tick is the usual most."""
GHOST = 0.08
"""Onset probability from which a foot is drawn for what does not sound."""

_BEAT, _BAR, _CURSOR = pack((60, 60, 60)), pack((110, 110, 110)), pack((110, 170, 110))
_BRIGHT = tuple(pack(colour) for colour in DRUM_COLOURS)
_DIM = tuple(pack(tuple(part // 4 for part in colour)) for colour in DRUM_COLOURS)
_WHITE = pack((255, 255, 255))
FLASH_TICKS = 4
"""A hit stands out for so many ticks after it sounds."""


def notes_key(status: Status) -> Hashable:
    """What a picture of notes depends on, but for the tick."""
    return (
        id(status.pattern),  # it holds arrays, and is replaced whole
        status.thresholds,
        status.muted,
        status.ticks_per_beat,
        status.velocity_amount,
        status.microtiming_amount,
    )


class NotePage:
    """Draws patterns, 96 x 96 pixels."""

    def __init__(self) -> None:
        self.canvas: Pixels = np.zeros((SIZE, SIZE), np.uint16)
        self._still: Pixels = np.zeros_like(self.canvas)
        self._key: object = None
        self._whiskers: list[tuple[int, np.ndarray, np.ndarray]] = []

    def draw(self, status: Status) -> None:
        """Bring ``canvas`` up to ``status``."""
        key = notes_key(status)
        if key != self._key:
            self._key, self._pattern = key, status.pattern
            self._draw_still(status)
        self.canvas[:] = self._still
        if status.playing:
            column = self.canvas[:, status.tick]
            column[column == 0] = _CURSOR
            for tick, rows, columns in self._whiskers:
                if (status.tick - tick) % TICKS < FLASH_TICKS:
                    self.canvas[rows, columns] = _WHITE

    def _draw_still(self, status: Status) -> None:
        still = self._still
        still[:] = 0
        still[:, :: status.ticks_per_beat] = _BEAT
        still[:, 0] = _BAR
        self._whiskers = []
        if status.pattern is None:
            return
        limits = np.array(status.thresholds, np.float32)[:, None]
        sounding = status.pattern.onset > limits
        for drum, tick in zip(*np.nonzero(~sounding & (status.pattern.onset > GHOST)), strict=True):
            still[TOP + drum * ROW + TALLEST, tick] = _DIM[drum]
        for drum, tick in zip(*np.nonzero(sounding), strict=True):
            rows, columns = _whisker(status, status.pattern, int(drum), int(tick))
            muted = DRUMS[drum].key in status.muted
            still[rows, columns] = (_DIM if muted else _BRIGHT)[drum]
            if not muted:
                self._whiskers.append((int(tick), rows, columns))


def _whisker(
    status: Status, pattern: Pattern, drum: int, tick: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of a hit's pixels: two wide, to be seen from a distance."""
    decoded = Hit(
        drum,
        midi_velocity(pattern.velocity[drum, tick]),
        float(pattern.microtiming[drum, tick]),
    )
    hit = shaped(decoded, status.velocity_amount, status.microtiming_amount)
    height = max(round(hit.velocity / 127 * TALLEST), 1)
    steps = np.arange(height + 1)
    columns = np.rint(tick + LEAN * hit.microtiming * steps / height).astype(np.intp)
    rows = TOP + drum * ROW + TALLEST - steps
    wide = np.concatenate([columns, columns + 1])
    return np.concatenate([rows, rows]), np.clip(wide, 0, TICKS - 1)
