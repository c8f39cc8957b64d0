"""What hands ask for: commands to the engine, and what the panel does itself."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from firmware.engine.controls import Command

__all__ = [
    "Action",
    "BrowseClips",
    "BrowseModels",
    "CalibratePad",
    "ChooseModel",
    "CopyFromStick",
    "CopyToStick",
    "EndCalibration",
    "FavourModel",
    "ForgetLearnt",
    "Learn",
    "LibraryAction",
    "MoveModel",
    "RecallSnapshot",
    "RemoveModel",
    "RenameModel",
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


class ChooseModel(NamedTuple):
    """Play the model of this key."""

    key: str


class FavourModel(NamedTuple):
    """Put a model before all others, or no more."""

    key: str
    favourite: bool


class MoveModel(NamedTuple):
    """Move a model so many places further in the list."""

    key: str
    steps: int


class RenameModel(NamedTuple):
    """Give a model another name, or by an empty one its own again."""

    key: str
    name: str


class RemoveModel(NamedTuple):
    """Remove a model for good."""

    key: str


class CopyToStick(NamedTuple):
    """Copy the player's models and the state to the USB stick."""


class CopyFromStick(NamedTuple):
    """Take in all models of the USB stick."""


LibraryAction: TypeAlias = (
    ChooseModel | FavourModel | MoveModel | RenameModel | RemoveModel | CopyToStick | CopyFromStick
)

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
    | LibraryAction
)
