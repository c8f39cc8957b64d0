"""Snapshots: where the player was, to go back to at once or by a glide."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from firmware.engine.controls import Controls, Set
from firmware.engine.parameters import threshold_of_drum
from firmware.rhythm.drums import DRUMS

__all__ = ["KEPT", "SLOTS", "Glide", "Recall", "Snapshot", "take"]

SLOTS = 9

KEPT = (
    "x",
    "y",
    "threshold",
    *(threshold_of_drum(drum.key) for drum in DRUMS),
    "noise",
    "velocity_amount",
    "microtiming_amount",
    "swing",
    "tempo",
)
"""Parameters that a snapshot holds, besides the mutes."""


@dataclass(frozen=True)
class Snapshot:
    """Values of KEPT, and the keys of the muted drums."""

    values: dict[str, float]
    muted: frozenset[str] = frozenset()


class Recall(NamedTuple):
    """Command: go to a snapshot in ``beats`` beats; the mutes change at once."""

    snapshot: Snapshot
    beats: float = 0


def take(controls: Controls) -> Snapshot:
    """A snapshot of the controls as they are."""
    return Snapshot({name: controls[name] for name in KEPT}, controls.muted)


class Glide:
    """The way from the controls to a snapshot, evenly over ``beats`` beats from ``start``."""

    def __init__(self, controls: Controls, recall: Recall, start: Fraction) -> None:
        self._from = {name: controls[name] for name in recall.snapshot.values}
        self._to = dict(recall.snapshot.values)
        self._start, self._beats = start, recall.beats

    @property
    def end(self) -> Fraction:
        """The beat at which it arrives."""
        return self._start + Fraction(self._beats)

    def let_go(self, name: str) -> None:
        """The player's hand took this control over."""
        self._to.pop(name, None)

    def at(self, beat: Fraction) -> list[Set]:
        """What the controls are to be at ``beat``."""
        share = self._share(beat)
        if share == 1:  # not but for a rounding
            return [Set(name, end) for name, end in self._to.items()]
        return [
            Set(name, self._from[name] + (end - self._from[name]) * share)
            for name, end in self._to.items()
        ]

    def is_over(self, beat: Fraction) -> bool:
        return self._share(beat) >= 1

    def _share(self, beat: Fraction) -> float:
        if self._beats <= 0:
            return 1.0
        return min(max(float((beat - self._start) / self._beats), 0.0), 1.0)
