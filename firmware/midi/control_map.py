"""Controllers: MIDI CC and program change to commands, and the player's hands to CC.

The pad has the numbers of KORG's Kaoss Pads, 12 and 13 (92 while it is touched), with the fine
halves that MIDI gives them (44 and 45, MIDI 1.0: controllers 32 to 63 are the low seven bits of 0
to 31); the knobs have the general purpose controllers. Any number can be learned instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from firmware.engine.controls import (
    CONTROL_NAMES,
    MUTES,
    Command,
    Controls,
    Mute,
    Set,
)
from firmware.engine.parameters import PARAMETERS
from firmware.midi.message import ECHO_NS

__all__ = ["DEFAULT_CONTROLLERS", "ControlMap", "SelectModel"]

DEFAULT_CONTROLLERS: dict[int, str] = {
    12: "x",
    13: "y",
    16: "threshold",
    17: "noise",
    18: "tempo",
    19: "swing",
    80: "kick",
    81: "snare",
    82: "hat",
    92: "touch",
}

FINE = 32
"""The low seven bits of controller n below 32 come as controller n + 32."""
FINE_CONTROLS = frozenset({"x", "y"})
AWAITED_NS = 200_000_000
"""How long the controls may take to show what came in."""
_CONTROL_CHANGE, _PROGRAM_CHANGE = 0xB0, 0xC0
_ON = 64
"""A switch is on from here up (MIDI 1.0)."""


class SelectModel(NamedTuple):
    """Choose a model by its place in the list, from 0."""

    place: int


@dataclass(frozen=True)
class _Sent:
    time_ns: int
    value: int


class ControlMap:
    """Knows which controller is which control. Not to be shared between threads.

    ``channel`` 0..15 is the one listened and sent on; None listens on all and sends on the first.
    """

    def __init__(
        self,
        controllers: Mapping[int, str] = DEFAULT_CONTROLLERS,
        channel: int | None = None,
    ) -> None:
        unknown = set(controllers.values()) - CONTROL_NAMES
        if unknown:
            raise ValueError(f"There is no control named {', '.join(sorted(unknown))}.")
        self.controllers = dict(controllers)
        self.channel = channel
        self._learning: str | None = None
        self._coarse: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._sent: dict[int, _Sent] = {}
        self._awaited: dict[str, int] = {}

    # In

    def learn(self, control: str | None) -> None:
        """Give ``control`` the number of the next controller that comes; None gives up."""
        if control is not None and control not in CONTROL_NAMES:
            raise ValueError(f"There is no control named {control}.")
        self._learning = control

    @property
    def learning(self) -> str | None:
        return self._learning

    def receive(self, data: bytes, now_ns: int) -> list[Command | SelectModel]:
        """What a channel message asks for; nothing for notes, other channels, or our own echo."""
        if len(data) < 2 or (self.channel is not None and data[0] & 0x0F != self.channel):
            return []
        kind = data[0] & 0xF0
        if kind == _PROGRAM_CHANGE:
            return [SelectModel(data[1])]
        if kind != _CONTROL_CHANGE or len(data) != 3 or self._is_echo(data, now_ns):
            return []
        number, value = data[1], data[2]
        if self._learning is not None:
            self._assign(number, self._learning)
            self._learning = None
        name = self.controllers.get(number)
        if name is not None:
            self._coarse[name] = value
            return self._set(name, value / 127, now_ns)
        name = self.controllers.get(number - FINE)
        if name in FINE_CONTROLS and name in self._coarse:
            return self._set(name, (self._coarse[name] << 7 | value) / 0x3FFF, now_ns)
        return []

    def _assign(self, number: int, control: str) -> None:
        for other in [n for n, name in self.controllers.items() if name == control]:
            del self.controllers[other]
        self.controllers[number] = control

    def _is_echo(self, data: bytes, now_ns: int) -> bool:
        sent = self._sent.get(data[1])
        return sent is not None and sent.value == data[2] and 0 <= now_ns - sent.time_ns < ECHO_NS

    def _set(self, name: str, share: float, now_ns: int) -> list[Command | SelectModel]:
        # What comes in must not go back where it came from, so it counts as sent; and until the
        # controls show it, what they show is old.
        if name in MUTES:
            on = share * 127 >= _ON
            self._last[name] = 127 * on
            self._awaited[name] = now_ns
            return [Mute(name, on)]
        parameter = PARAMETERS[name]
        value = parameter.minimum + share * (parameter.maximum - parameter.minimum)
        self._last[name] = self._scaled(name, value)
        self._awaited[name] = now_ns
        return [Set(name, value)]

    # Out

    def send(self, controls: Controls, now_ns: int) -> list[bytes]:
        """Controllers for what has changed by hand since the last call."""
        messages = []
        for number, name in self.controllers.items():
            if name in MUTES:
                scaled = 127 * controls.is_muted(name)
            else:
                scaled = self._scaled(name, controls[name])
            if self._last.setdefault(name, scaled) == scaled:
                self._awaited.pop(name, None)
                continue
            if now_ns - self._awaited.get(name, now_ns - AWAITED_NS) < AWAITED_NS:
                continue
            self._last[name] = scaled
            fine = name in FINE_CONTROLS and number < FINE
            messages.append(self._message(number, scaled >> 7 if fine else scaled, now_ns))
            if fine:
                messages.append(self._message(number + FINE, scaled & 0x7F, now_ns))
        return messages

    def _scaled(self, name: str, value: float) -> int:
        """A control's value as a controller's: 14 bits for the pad, 7 for the others."""
        parameter = PARAMETERS[name]
        share = (value - parameter.minimum) / (parameter.maximum - parameter.minimum)
        full = 0x3FFF if name in FINE_CONTROLS and self._has_fine(name) else 127
        return round(share * full)

    def _has_fine(self, name: str) -> bool:
        return any(n < FINE for n, control in self.controllers.items() if control == name)

    def _message(self, number: int, value: int, now_ns: int) -> bytes:
        self._sent[number] = _Sent(now_ns, value)
        return bytes([_CONTROL_CHANGE | (self.channel or 0), number, value])
