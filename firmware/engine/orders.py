"""What the engine is told to do, besides the player's commands."""

from __future__ import annotations

from dataclasses import dataclass

from firmware.engine.controls import Command
from firmware.engine.route import Route
from firmware.rhythm.decoder import Decoder

__all__ = ["AddRoute", "Announce", "Order", "Received", "RemoveRoute", "UseModel"]


@dataclass(frozen=True)
class UseModel:
    """Command: play this decoder from the next tick on. The engine thread owns it from then on."""

    decoder: Decoder


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


Order = Command | UseModel | Received | Announce | AddRoute | RemoveRoute
