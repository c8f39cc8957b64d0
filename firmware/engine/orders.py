"""What the engine is told to do, besides the player's commands."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from firmware.engine.controls import Command
from firmware.engine.route import Route
from firmware.engine.snapshots import Recall
from firmware.rhythm.decoder import Decoder

__all__ = ["AddRoute", "Announce", "Order", "PlayAhead", "Received", "RemoveRoute", "UseModel"]


@dataclass(frozen=True)
class UseModel:
    """Command: play this decoder from the next tick on. The engine thread owns it from then on."""

    decoder: Decoder


@dataclass(frozen=True)
class PlayAhead:
    """Command: hand over the music of the next ``ahead_ns`` now, then set ``done``.

    For what will hold the interpreter for longer than a tick.
    """

    ahead_ns: int
    done: threading.Event


@dataclass(frozen=True)
class Received:
    """Command: a system message for the transport, or a note, arrived from ``source``."""

    time_ns: int
    source: str
    data: bytes


@dataclass(frozen=True)
class Announce:
    """Command: send these messages now, to every route that wants controllers."""

    messages: tuple[bytes, ...]


@dataclass(frozen=True)
class AddRoute:
    """Command: play to this output too, from the next tick on."""

    route: Route


@dataclass(frozen=True)
class RemoveRoute:
    """Command: play to the output of this name no more; it is silenced first."""

    name: str


Order = Command | Recall | UseModel | PlayAhead | Received | Announce | AddRoute | RemoveRoute
