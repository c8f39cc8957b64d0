"""A whole case: its size, what it must keep to, and all shapes in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hardware.enclosure.shapes import (
    Body,
    Case,
    CutOut,
    Face,
    Handle,
    Letters,
    Post,
    Socket,
    Standoff,
)

__all__ = ["Fasteners", "Layout", "Lettering", "Limits"]


@dataclass(frozen=True)
class Limits:
    """What a layout must keep to, in mm; ``dimensions.toml`` says what each is."""

    tolerance: float
    min_wall: float
    min_web: float
    min_gap: float
    min_reach: float
    max_setback: float


@dataclass(frozen=True)
class Lettering:
    """How letters are engraved, in mm."""

    font: str
    depth: float
    character_width: float


@dataclass(frozen=True)
class Fasteners:
    """Holes and pillars for screws, inserts, spacers and feet, in mm."""

    insert_hole: float
    insert_depth: float
    m3_hole: float
    m3_tap: float
    m3_head: float
    m3_grip: float
    post: float
    m25_hole: float
    m25_pilot: float
    standoff: float
    spacer: float
    foot: float
    foot_depth: float


@dataclass
class Layout:
    """Everything of one case, in mm. ``parts`` are the sizes of each part, as in the file."""

    case: Case
    limits: Limits
    lettering: Lettering
    fasteners: Fasteners
    parts: dict[str, dict[str, Any]]
    cut_outs: list[CutOut] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    handles: list[Handle] = field(default_factory=list)
    letters: list[Letters] = field(default_factory=list)
    sockets: list[Socket] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    standoffs: list[Standoff] = field(default_factory=list)

    @property
    def inside_right(self) -> float:
        """The right wall's inside."""
        return self.case.width - self.case.wall

    @property
    def inside_rear(self) -> float:
        """The rear wall's inside."""
        return self.case.depth - self.case.wall

    def places(self) -> set[str]:
        """The references of all parts that have a place on the panel, the walls or the floor."""
        bodies = {body.part for body in self.bodies}
        return bodies | {cut.part for cut in self.cut_outs} | {h.part for h in self.handles}

    def through(self, hole: float) -> float:
        """The diameter to print for what is ``hole`` wide."""
        return hole + 2 * self.limits.tolerance

    def opening(
        self,
        face: Face,
        name: str,
        part: str,
        middle: tuple[float, float],
        size: tuple[float, float],
        radius: float = 1.0,
    ) -> CutOut:
        """Cut an opening for what is ``size`` wide and high, with the printing tolerance."""
        width, height = (self.through(length) for length in size)
        cut_out = CutOut(face, name, part, *middle, width, height, min(radius, height / 2))
        self.cut_outs.append(cut_out)
        return cut_out

    def hole(self, face: Face, name: str, part: str, x: float, y: float, diameter: float) -> None:
        """Cut a round hole of just this diameter."""
        self.cut_outs.append(CutOut.circle(face, name, part, x, y, diameter))
