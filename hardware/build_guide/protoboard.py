"""The board with copper as on a breadboard (Adafruit 1609): its holes, what joins them, its size.

It is seen from above, its component side, with column j at the rear (at the sockets) and row 1 at
the left. Sizes are those of the maker's board file. Lengths are in mm, from the board's middle, x
to the right and y to the rear.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BOARD", "DRILL", "LETTERS", "MOUNTS", "PITCH", "RAILS", "ROWS", "Hole"]

ROWS = 30
PITCH = 2.54
BOARD = (81.28, 50.8)
DRILL = 1.2
MOUNTS = (-36.83, 36.83)
"""Where the two mounting holes of 3.2 mm are, on the middle line: just where rows 1 and 30 are."""

LETTERS = dict(
    zip(
        "abcdefghij",
        (-13.97, -11.43, -8.89, -6.35, -3.81, 3.81, 6.35, 8.89, 11.43, 13.97),
        strict=True,
    )
)
RAILS = {"front+": -21.59, "front-": -19.05, "rear+": 19.05, "rear-": 21.59}


@dataclass(frozen=True)
class Hole:
    """One hole: ``column`` is a letter or a rail's name, ``row`` 1 to 30."""

    column: str
    row: int

    @classmethod
    def named(cls, name: str) -> Hole:
        """``"c13"``, or ``"+13"`` and ``"-13"`` of the rails at the front.

        Raises ``ValueError`` for a hole that the board has not.
        """
        column = {"+": "front+", "-": "front-"}.get(name[:1], name[:1])
        row = int(name[1:])
        if column not in {*LETTERS, *RAILS} or not 1 <= row <= ROWS:
            raise ValueError(f"{name!r} is no hole.")
        return cls(column, row)

    @property
    def name(self) -> str:
        """As on the board: a letter or the rail's sign, and the row."""
        return f"{self.column[-1]}{self.row}"

    @property
    def strip(self) -> tuple[str, int]:
        """The copper it is on: half a row, or a rail along all of the board."""
        if self.column in RAILS:
            return self.column, 0
        return ("a-e" if self.column <= "e" else "f-j"), self.row

    @property
    def at(self) -> tuple[float, float]:
        return (self.row - (ROWS + 1) / 2) * PITCH, (LETTERS | RAILS)[self.column]
