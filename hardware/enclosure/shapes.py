"""What a case is made of, told without drawing it: cut-outs, bodies, handles, letters.

All lengths are in millimetres. A *face* is the panel (x, y up the slope), the rear wall (x, z), the
right wall (y, z) or the floor (x, y). A *frame* is the panel's (z is 0 at its underside and points
out of the case) or the case's (z is 0 on the table).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = [
    "Body",
    "Case",
    "CutOut",
    "Face",
    "Handle",
    "Letters",
    "Point",
    "Post",
    "Socket",
    "Span",
    "Standoff",
    "gap",
    "outline",
    "web",
]

Face: TypeAlias = Literal["panel", "rear", "right", "floor"]
Span: TypeAlias = tuple[float, float]
Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Case:
    """The outer size; ``front_height`` is from the table to the panel's underside."""

    width: float
    depth: float
    front_height: float
    slope: float
    panel_thickness: float
    corner_radius: float
    wall: float
    floor: float
    bed: float

    @property
    def angle(self) -> float:
        """The panel's slope in radians."""
        return math.radians(self.slope)

    @property
    def panel_length(self) -> float:
        """Of the panel, along its slope."""
        return self.depth / math.cos(self.angle)

    @property
    def rear_height(self) -> float:
        """From the table to the panel's underside at the rear wall's outside."""
        return self.front_height + self.depth * math.tan(self.angle)

    def to_case(self, y: float, z: float) -> Point:
        """From the panel's y and z to the case's."""
        sine, cosine = math.sin(self.angle), math.cos(self.angle)
        return y * cosine - z * sine, self.front_height + y * sine + z * cosine

    def to_panel(self, y: float, z: float) -> Point:
        """From the case's y and z to the panel's."""
        sine, cosine = math.sin(self.angle), math.cos(self.angle)
        z -= self.front_height
        return y * cosine + z * sine, z * cosine - y * sine

    def drop(self, y: float, z: float) -> float:
        """How far it is, square to the panel, from its underside at y down to a height z."""
        return (self.front_height + y * math.sin(self.angle) - z) / math.cos(self.angle)


@dataclass(frozen=True)
class CutOut:
    """An opening about (x, y); a circle's ``radius`` is half of its width.

    A recess is ``depth`` deep from outside, a blind hole from inside.
    """

    face: Face
    name: str
    part: str
    x: float
    y: float
    width: float
    height: float
    radius: float = 0.0
    kind: Literal["through", "recess", "blind"] = "through"
    depth: float = 0.0
    bevel: float = 0.0

    @classmethod
    def circle(
        cls,
        face: Face,
        name: str,
        part: str,
        x: float,
        y: float,
        diameter: float,
        kind: Literal["through", "recess", "blind"] = "through",
        depth: float = 0.0,
    ) -> CutOut:
        return cls(face, name, part, x, y, diameter, diameter, diameter / 2, kind, depth)


@dataclass(frozen=True)
class Body:
    """A box a part takes up; it may touch the parts it ``mounts`` and the wall it ``passes``."""

    name: str
    part: str
    frame: Literal["panel", "case"]
    x: Span
    y: Span
    z: Span
    colour: str = "dimgray"
    mounts: tuple[str, ...] = ()
    passes: str = ""


@dataclass(frozen=True)
class Handle:
    """What a player sees or touches above the panel; z is in the panel's frame."""

    name: str
    part: str
    x: float
    y: float
    width: float
    height: float
    z: Span
    colour: str
    round: bool = False
    touched: bool = True


@dataclass(frozen=True)
class Letters:
    """Engraved capitals ``size`` high about (x, y)."""

    face: Face
    text: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Socket:
    """A plug's way in: its middle on a face, how far its mouth is behind the wall, its opening."""

    name: str
    face: Face
    x: float
    y: float
    setback: float
    opening: tuple[float, float]


@dataclass(frozen=True)
class Post:
    """A pillar for a screw from below, square to the panel, below (x, y) on it."""

    x: float
    y: float


@dataclass(frozen=True)
class Standoff:
    """A pillar on the floor under a board, with a hole for a screw or without."""

    part: str
    x: float
    y: float
    height: float
    screw: bool


def web(first: CutOut, second: CutOut) -> float:
    """The least plastic between two cut-outs of one face; negative where they overlap."""
    between_x = abs(first.x - second.x) - sum(
        c.width / 2 + c.bevel - c.radius for c in (first, second)
    )
    between_y = abs(first.y - second.y) - sum(
        c.height / 2 + c.bevel - c.radius for c in (first, second)
    )
    rounding = first.radius + second.radius
    if between_x > 0 and between_y > 0:
        return math.hypot(between_x, between_y) - rounding
    return max(between_x, between_y) - rounding


def outline(body: Body, case: Case) -> list[Point]:
    """The body's four corners seen from the side, in the case's y and z."""
    corners = [(y, z) for y, z in zip(body.y * 2, sorted(body.z * 2), strict=True)]
    corners = [corners[0], corners[1], corners[3], corners[2]]
    return [case.to_case(*c) for c in corners] if body.frame == "panel" else corners


def gap(first: Body, second: Body, case: Case) -> float:
    """The air between two bodies; negative where they meet, and never too large."""
    across = max(first.x[0] - second.x[1], second.x[0] - first.x[1])
    beside = _separation(outline(first, case), outline(second, case))
    if across > 0 and beside > 0:
        return math.hypot(across, beside)
    return max(across, beside)


def _separation(first: list[Point], second: list[Point]) -> float:
    """The widest gap between two convex outlines, over the directions square to their edges."""
    widest = -math.inf
    for corners in (first, second):
        for (y0, z0), (y1, z1) in zip(corners, corners[1:] + corners[:1], strict=True):
            length = math.hypot(y1 - y0, z1 - z0)
            normal = ((z1 - z0) / length, (y0 - y1) / length)
            reach = [[y * normal[0] + z * normal[1] for y, z in side] for side in (first, second)]
            widest = max(widest, min(reach[1]) - max(reach[0]), min(reach[0]) - max(reach[1]))
    return widest
