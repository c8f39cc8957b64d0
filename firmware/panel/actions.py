"""What hands ask for: commands to the engine, and what the panel does itself."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from firmware.engine.controls import Command

__all__ = [
    "Action",
    "BrowseClips",
    "BrowseModels",
    "CalibratePad",
    "EndCalibration",
    "ForgetLearnt",
    "Learn",
    "RecallSnapshot",
    "StopLearning",
    "StoreSnapshot",
]


class BrowseModels(NamedTuple):
    """Choose the model so many places further in the list."""

    steps: int


class BrowseClips(NamedTuple):
    """Move the head to the training clip so many places further in the list."""

    steps: int


class Learn(NamedTuple):
    """Give a control the next MIDI controller that comes; None asks for a control first."""

    control: str | None


class StopLearning(NamedTuple):
    """Learn nothing after all. ``waiting``: a control was still awaited."""

    waiting: bool


class ForgetLearnt(NamedTuple):
    """Give every control its usual MIDI controller back."""


class StoreSnapshot(NamedTuple):
    """Keep the controls as they are in a place from 0."""

    place: int


class RecallSnapshot(NamedTuple):
    """Go to what is kept in a place from 0."""

    place: int


class CalibratePad(NamedTuple):
    """From now on the finger draws round the pad's edge."""


class EndCalibration(NamedTuple):
    """It has done so; or the player has thought better of it."""

    keep: bool


Action: TypeAlias = (
    Command
    | BrowseClips
    | BrowseModels
    | Learn
    | StopLearning
    | ForgetLearnt
    | StoreSnapshot
    | RecallSnapshot
    | CalibratePad
    | EndCalibration
)
