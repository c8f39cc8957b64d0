"""What the player's hands mean: device events to commands. Pure; knows no device and no thread.

Turning an encoder sets its control, a click on it (pressed and released without turning) sets the
control back. Pressed and turned it goes in tenths; the tempo is nudged. With shift:

    turn THRESHOLD, TEMPO   in tenths          PLAY          go on where it stopped
    turn NOISE              swing              click TEMPO   tap the tempo
    turn MODEL              half, double time  click MODEL   learn: move a control here, then
                                                             the controller it shall have
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from firmware.clock.tap_tempo import TapTempo
from firmware.devices.events import Event, Lift, Press, Push, TouchAt, Turn
from firmware.engine.controls import (
    MUTE_GROUPS,
    PARAMETERS,
    Adjust,
    Command,
    Continue,
    Controls,
    Mute,
    Nudge,
    Play,
    Set,
    Stop,
)

__all__ = ["FINE", "BrowseModels", "Gestures", "Learn", "describe"]

FINE = 0.1
"""Part of a step that a fine turn makes."""


NUDGE_NS = 2_000_000
"""How far a detent nudges: a hand needs a few of them to hear a flam close."""


class Learn(NamedTuple):
    """Give a control the next MIDI controller that comes; None asks for a control first."""

    control: str | None


class BrowseModels(NamedTuple):
    """Choose the model so many places further in the list."""

    steps: int


Action = Command | BrowseModels | Learn


@dataclass
class Gestures:
    """Keeps what is held down; ``encoders`` names each encoder's control."""

    encoders: Sequence[str]

    def __post_init__(self) -> None:
        self._pressed: set[int] = set()
        self._turned: set[int] = set()
        self._shift = False
        self._learning = False
        self._learnt_last = ""
        self._taps = TapTempo()

    def actions(self, event: Event, now_ns: int, usual_tempo: float = 120.0) -> list[Action]:
        """What ``event`` asks for. ``usual_tempo`` (bpm) is where a click sets the tempo."""
        actions = self._meaning(event, now_ns, usual_tempo)
        return self._learnt(actions) if self._learning else actions

    def _meaning(self, event: Event, now_ns: int, usual_tempo: float) -> list[Action]:
        match event:
            case TouchAt(x, y, _):
                return [Set("x", x), Set("y", y)]
            case Turn(encoder, steps):
                return self._turn(encoder, steps)
            case Push(encoder, down):
                return self._push(encoder, down, now_ns, usual_tempo)
            case Press(button, down):
                return self._press(button, down)
            case Lift():
                return []

    def _turn(self, encoder: int, steps: int) -> list[Action]:
        self._turned.add(encoder)
        name, pressed = self.encoders[encoder], encoder in self._pressed
        if name == "model":
            return [Adjust("octave", steps)] if self._shift else [BrowseModels(steps)]
        if name == "noise" and self._shift:
            return [Adjust("swing", steps)]
        if name == "tempo" and pressed:
            return [Nudge(steps * NUDGE_NS)]
        return [Adjust(name, steps * FINE if self._shift or pressed else steps)]

    def _push(self, encoder: int, down: bool, now_ns: int, usual_tempo: float) -> list[Action]:
        name = self.encoders[encoder]
        if down:
            self._pressed.add(encoder)
            self._turned.discard(encoder)
            if name == "tempo" and self._shift:  # a tap counts when the finger comes down
                self._turned.add(encoder)
                tempo = self._taps.tap(now_ns)
                return [] if tempo is None else [Set("tempo", tempo)]
            return []
        clicked = encoder in self._pressed and encoder not in self._turned
        self._pressed.discard(encoder)
        if not clicked:
            return []
        if name == "model":
            return self._begin_learning() if self._shift else []
        if name == "tempo":
            return [Set("tempo", round(usual_tempo * 100))]
        return [Set(name, PARAMETERS[name].default)]

    def _press(self, button: str, down: bool) -> list[Action]:
        if button == "shift":
            self._shift = down
        elif down and button == "play":
            return [Continue() if self._shift else Play()]
        elif down and button == "stop":
            return [Stop()]
        elif down and button in MUTE_GROUPS:
            return [Mute(button)]
        return []

    def _begin_learning(self) -> list[Action]:
        self._learning = not self._learning
        return [Learn(None)]

    def _learnt(self, actions: list[Action]) -> list[Action]:
        """The control that moves is the one to learn; it does not move meanwhile."""
        for action in actions:
            if isinstance(action, Set | Adjust | Mute):
                self._learning = False
                name = action.group if isinstance(action, Mute) else action.name
                if name == "x" and self._learnt_last == "x":
                    name = "y"  # a finger moves both: the second time it is the other one
                self._learnt_last = name
                return [Learn(name)]
        return actions


def describe(name: str, controls: Controls) -> str:
    """A control's name and value as the display shows them while it is turned."""
    value = controls[name]
    if name == "tempo":
        return f"Tempo {value / 100:.2f}"
    if name == "swing":
        return f"Swing {value:.1f} %"
    if name == "octave":
        return ("Half time", "Normal time", "Double time")[round(value) + 1]
    return f"{name.capitalize()} {value:.3f}"
