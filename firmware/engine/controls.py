"""The box's controls as one reading, and the commands that set them and move the transport."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from firmware.engine.parameters import PARAMETERS, threshold_of_drum
from firmware.rhythm.drums import DRUMS
from firmware.rhythm.pattern import FloatArray

__all__ = [
    "CONTROL_NAMES",
    "MUTES",
    "MUTE_GROUPS",
    "Adjust",
    "Command",
    "Continue",
    "Controls",
    "Cycle",
    "EndMute",
    "Mute",
    "Nudge",
    "Play",
    "Set",
    "Stop",
]

MUTE_GROUPS: dict[str, frozenset[str]] = {
    "kick": frozenset({"kick"}),
    "snare": frozenset({"snare"}),
    "hat": frozenset(drum.key for drum in DRUMS if drum.key.endswith("hat")),
}
"""What each mute button silences: keys of DRUMS."""

MUTES: dict[str, frozenset[str]] = {
    **{drum.key: frozenset({drum.key}) for drum in DRUMS},
    **MUTE_GROUPS,
}
"""Everything that can be muted by a name: each drum, and the buttons' groups."""

CONTROL_NAMES = frozenset(PARAMETERS.keys() | MUTES.keys())
"""Everything that a MIDI controller can be given to."""


class Set(NamedTuple):
    """Set a parameter to a value; it is clamped to the parameter's range."""

    name: str
    value: float


class Adjust(NamedTuple):
    """Turn a parameter by so many encoder steps (a fraction is a fine step)."""

    name: str
    steps: float


class Cycle(NamedTuple):
    """Go to the next of a parameter's choices, and from the last to the first."""

    name: str


class Mute(NamedTuple):
    """Mute or unmute one of MUTES; ``on`` None toggles it."""

    name: str
    on: bool | None = None


class EndMute(NamedTuple):
    """Take back the last Mute of this name: its drums are as they were before."""

    name: str


class Play(NamedTuple):
    """Start from the top of the loop; while playing, nothing."""


class Continue(NamedTuple):
    """Go on from where it stopped, or from where a song position put it."""


class Nudge(NamedTuple):
    """Move the box's own music later by ``delay_ns`` (earlier, below zero) against the others."""

    delay_ns: int


class Stop(NamedTuple):
    """Stop and silence everything; while stopped, silence again (panic)."""


Command = Set | Adjust | Cycle | Mute | EndMute | Play | Continue | Stop | Nudge


@dataclass(frozen=True)
class Controls:
    """One immutable reading of every control."""

    values: dict[str, float]
    muted: frozenset[str] = frozenset()
    """keys of DRUMS"""
    muted_before: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False)
    """Which drums of one of MUTES were muted before the last Mute of that name."""

    @classmethod
    def defaults(cls) -> Controls:
        return cls({parameter.name: parameter.default for parameter in PARAMETERS.values()})

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    @cached_property
    def thresholds(self) -> FloatArray:
        """The onset probability above which each drum sounds, (9,)."""
        limit = PARAMETERS["threshold"].clamp
        own = (self.values[threshold_of_drum(drum.key)] for drum in DRUMS)
        return np.array([limit(self.values["threshold"] + part) for part in own], np.float32)

    @cached_property
    def muted_drums(self) -> frozenset[int]:
        """Indices of the drums that are muted."""
        return frozenset(i for i, drum in enumerate(DRUMS) if drum.key in self.muted)

    def is_muted(self, name: str) -> bool:
        """Whether all of one of MUTES is silent."""
        return MUTES[name] <= self.muted

    def apply(self, command: Set | Adjust | Cycle | Mute | EndMute) -> Controls:
        """The controls after a command. Raises KeyError for a name that does not exist."""
        match command:
            case Set(name, value):
                return self._with(name, value)
            case Adjust(name, steps):
                # Rounded to 1e-9, so that a hundred small steps end where one large step does.
                return self._with(name, round(self.values[name] + steps * PARAMETERS[name].step, 9))
            case Cycle(name):
                parameter = PARAMETERS[name]
                place = round(self.values[name] - parameter.minimum) + 1
                return self._with(name, parameter.minimum + place % len(parameter.choices))
            case Mute(name, on):
                turn_on = not self.is_muted(name) if on is None else on
                muted = self.muted | MUTES[name] if turn_on else self.muted - MUTES[name]
                before = {**self.muted_before, name: self.muted & MUTES[name]}
                return replace(self, muted=muted, muted_before=before)
            case EndMute(name):
                before_it = self.muted_before.get(name, self.muted & MUTES[name])
                return replace(self, muted=self.muted - MUTES[name] | before_it)

    def apply_all(self, commands: Iterable[Set]) -> Controls:
        """The controls after some commands."""
        values = {name: PARAMETERS[name].clamp(value) for name, value in commands}
        return replace(self, values=self.values | values)

    def _with(self, name: str, value: float) -> Controls:
        return replace(self, values={**self.values, name: PARAMETERS[name].clamp(value)})
