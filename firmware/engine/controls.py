"""The box's controls: what the player can set, and the commands that set it.

To add a knob: add a Parameter here, read ``controls[name]`` where it acts (engine.py), and give
it an encoder in firmware/panel/gestures.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from firmware.clock.swing import STRAIGHT
from firmware.clock.tempo import MAX_TEMPO, MIN_TEMPO
from firmware.rhythm.drums import DRUMS

__all__ = [
    "CONTROL_NAMES",
    "MUTE_GROUPS",
    "PARAMETERS",
    "Adjust",
    "Command",
    "Continue",
    "Controls",
    "Mute",
    "Nudge",
    "Parameter",
    "Play",
    "Set",
    "Stop",
    "muted_drums",
]


@dataclass(frozen=True)
class Parameter:
    """A continuous control. ``step`` is one detent of an encoder."""

    name: str
    minimum: float
    maximum: float
    default: float
    step: float

    def clamp(self, value: float) -> float:
        return min(max(value, self.minimum), self.maximum)


PARAMETERS: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("x", 0.0, 1.0, 0.5, 0.01),
        Parameter("y", 0.0, 1.0, 0.5, 0.01),
        # Onset probability above which a drum sounds.
        Parameter("threshold", 0.02, 0.98, 0.3, 0.02),
        # Standard deviation, in units of z, of the head's stray; drawn anew at each loop.
        Parameter("noise", 0.0, 2.0, 0.0, 0.05),
        # Hundredths of a beat a minute.
        Parameter("tempo", MIN_TEMPO, MAX_TEMPO, 12_000, 100),
        # Half time, normal, double time: powers of two.
        Parameter("octave", -1, 1, 0, 1),
        # Percent of a pair of 16ths at which the second one falls.
        Parameter("swing", STRAIGHT, 75, STRAIGHT, 1),
    )
}

MUTE_GROUPS: dict[str, frozenset[int]] = {
    "kick": frozenset(i for i, drum in enumerate(DRUMS) if drum.key == "kick"),
    "snare": frozenset(i for i, drum in enumerate(DRUMS) if drum.key == "snare"),
    "hat": frozenset(i for i, drum in enumerate(DRUMS) if drum.key.endswith("hat")),
}
"""What each mute button silences, as indices into DRUMS."""


CONTROL_NAMES = frozenset(PARAMETERS.keys() | MUTE_GROUPS.keys())
"""Everything that a MIDI controller can be given to."""


def muted_drums(groups: frozenset[str]) -> frozenset[int]:
    """Indices of the drums that a set of mute groups silences."""
    return frozenset().union(*(MUTE_GROUPS[group] for group in groups))


class Set(NamedTuple):
    """Set a parameter to a value; it is clamped to the parameter's range."""

    name: str
    value: float


class Adjust(NamedTuple):
    """Turn a parameter by so many encoder steps (a fraction is a fine step)."""

    name: str
    steps: float


class Mute(NamedTuple):
    """Mute or unmute a group; ``on`` None toggles it."""

    group: str
    on: bool | None = None


class Play(NamedTuple):
    """Start from the top of the loop; while playing, nothing."""


class Continue(NamedTuple):
    """Go on from where it stopped, or from where a song position put it."""


class Nudge(NamedTuple):
    """Move the box's own music later by ``delay_ns`` (earlier, below zero) against the others."""

    delay_ns: int


class Stop(NamedTuple):
    """Stop and silence everything; while stopped, silence again (panic)."""


Command = Set | Adjust | Mute | Play | Continue | Stop | Nudge


@dataclass(frozen=True)
class Controls:
    """One immutable reading of every control."""

    values: dict[str, float]
    muted: frozenset[str] = frozenset()

    @classmethod
    def defaults(cls) -> Controls:
        return cls({parameter.name: parameter.default for parameter in PARAMETERS.values()})

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def apply(self, command: Set | Adjust | Mute) -> Controls:
        """The controls after a command. Raises KeyError for a name that does not exist."""
        match command:
            case Set(name, value):
                return self._with(name, value)
            case Adjust(name, steps):
                # Rounded to 1e-9, so that a hundred small steps end where one large step does.
                return self._with(name, round(self.values[name] + steps * PARAMETERS[name].step, 9))
            case Mute(group, on):
                if group not in MUTE_GROUPS:
                    raise KeyError(group)
                turn_on = group not in self.muted if on is None else on
                return Controls(
                    self.values, self.muted | {group} if turn_on else self.muted - {group}
                )

    def _with(self, name: str, value: float) -> Controls:
        return Controls({**self.values, name: PARAMETERS[name].clamp(value)}, self.muted)
