"""What the player's hands mean: device events to commands. Pure; knows no device and no thread.

Turning an encoder sets its control; turning it while it is pressed, or with shift held, goes in
tenths; a click on it (pressed and released without turning) sets the control back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from firmware.devices.events import Event, Lift, Press, Push, TouchAt, Turn
from firmware.engine.controls import (
    MUTE_GROUPS,
    PARAMETERS,
    Adjust,
    Command,
    Controls,
    Mute,
    Play,
    Set,
    Stop,
)

__all__ = ["FINE", "BrowseModels", "Gestures", "describe"]

FINE = 0.1
"""Part of a step that a fine turn makes."""


class BrowseModels(NamedTuple):
    """Choose the model so many places further in the list."""

    steps: int


Action = Command | BrowseModels


@dataclass
class Gestures:
    """Keeps what is held down; ``encoders`` names each encoder's control."""

    encoders: Sequence[str]

    def __post_init__(self) -> None:
        self._pressed: set[int] = set()
        self._turned: set[int] = set()
        self._shift = False

    def actions(self, event: Event, usual_tempo: float = 120.0) -> list[Action]:
        """What ``event`` asks for. ``usual_tempo`` (bpm) is where a click sets the tempo."""
        match event:
            case TouchAt(x, y, _):
                return [Set("x", x), Set("y", y)]
            case Turn(encoder, steps):
                return self._turn(encoder, steps)
            case Push(encoder, down):
                return self._push(encoder, down, usual_tempo)
            case Press(button, down):
                return self._press(button, down)
            case Lift():
                return []

    def _turn(self, encoder: int, steps: int) -> list[Action]:
        self._turned.add(encoder)
        name = self.encoders[encoder]
        if name == "model":
            return [BrowseModels(steps)]
        fine = self._shift or encoder in self._pressed
        return [Adjust(name, steps * FINE if fine else steps)]

    def _push(self, encoder: int, down: bool, usual_tempo: float) -> list[Action]:
        if down:
            self._pressed.add(encoder)
            self._turned.discard(encoder)
            return []
        clicked = encoder in self._pressed and encoder not in self._turned
        self._pressed.discard(encoder)
        name = self.encoders[encoder]
        if not clicked or name == "model":
            return []
        if name == "tempo":
            return [Set("tempo", round(usual_tempo * 100))]
        return [Set(name, PARAMETERS[name].default)]

    def _press(self, button: str, down: bool) -> list[Action]:
        if button == "shift":
            self._shift = down
        elif down and button == "play":
            return [Play()]
        elif down and button == "stop":
            return [Stop()]
        elif down and button in MUTE_GROUPS:
            return [Mute(button)]
        return []


def describe(name: str, controls: Controls) -> str:
    """A control's name and value as the display shows them while it is turned."""
    value = controls[name]
    if name == "tempo":
        return f"Tempo {value / 100:.2f}"
    return f"{name.capitalize()} {value:.3f}"
