"""What the player's hands do, as plain values: the one vocabulary of every input device."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

__all__ = ["Event", "Lift", "Press", "Push", "TouchAt", "Turn"]


class Turn(NamedTuple):
    """An encoder was turned; ``steps`` are detents, positive clockwise."""

    encoder: int
    steps: int


class Push(NamedTuple):
    """An encoder's own switch went down or up."""

    encoder: int
    down: bool


class Press(NamedTuple):
    """A button of the board, by its name in ``board.toml``, went down or up."""

    button: str
    down: bool


class TouchAt(NamedTuple):
    """The finger is on the pad at (x, y), both in [0, 1] from the bottom left corner.

    ``pressure`` is in [0, 1]: 0 is the lightest touch that counts, 1 the hardest.
    """

    x: float
    y: float
    pressure: float


class Lift(NamedTuple):
    """The finger left the pad."""


Event: TypeAlias = Turn | Push | Press | TouchAt | Lift
