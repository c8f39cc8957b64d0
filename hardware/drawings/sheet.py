"""A sheet of a schematic that knows what it joins, so that it can be held against the netlist.

Parts, pins and values come from the netlist. Lengths are schemdraw's units, 36 points each.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import schemdraw
import schemdraw.elements as elm
from schemdraw.segments import Segment, SegmentCircle, SegmentPoly, SegmentText

from hardware.drawings.model import Netlist, Node, Part
from hardware.drawings.nets import GROUND, RAILS, header_node

__all__ = ["Point", "Sheet"]

Point = tuple[float, float]

_SYMBOLS: dict[str, Callable[[], elm.Element2Term]] = {
    "resistor": elm.ResistorIEC,
    "capacitor": elm.Capacitor,
    "electrolytic": partial(elm.Capacitor, polar=True),
    "diode": elm.Diode,
    "led": elm.LED,
    "switch": elm.Button,
}
_ABOVE = {"switch": 0.9, "led": 1.05}  # how far up a taller symbol puts its label
_SMALL, _TEXT, _TITLE = 9, 11, 15  # points
_STUB = 0.8  # a pin's line outside its box
_DIN_FACE = (("3", 180), ("5", 135), ("2", 90), ("4", 45), ("1", 0))  # seen into the socket


class Sheet:
    """Draws, and remembers every pin, wire and net name with its place."""

    def __init__(self, netlist: Netlist, title: str, at: Point) -> None:
        self.netlist = netlist
        self.title = title
        self.pins: dict[Node, Point] = {}
        self._wires: list[tuple[Point, Point]] = []
        self._names: list[tuple[str, Point]] = []
        self._symbols: list[Point] = []
        self._drawing = schemdraw.Drawing(canvas="svg", show=False)
        self._drawing.config(fontsize=_TEXT, lw=1.3, bgcolor="white", margin=0.4)
        self.text(title, at, size=_TITLE)

    def box(
        self, ref: str, at: Point, left: str = "", right: str = "", width: float = 3.6
    ) -> dict[str, Point]:
        """A part as a box with its pins on both sides, from ``at`` (its left edge, first row) down.

        ``left`` and ``right`` list pin numbers; ``_`` leaves a row free. Returns where wires join.
        """
        part = self.netlist.parts[ref]
        sides = (left.split(), right.split())
        rows = max(map(len, sides))
        x, y = at
        top, bottom = y + 0.8, y - rows + 0.2
        element = elm.Element()
        corners = [(x, top), (x + width, top), (x + width, bottom), (x, bottom)]
        element.segments.append(SegmentPoly(corners, closed=True))
        points: dict[str, Point] = {}
        for numbers, edge, outward in zip(sides, (x, x + width), (-1, 1), strict=True):
            for row, number in enumerate(numbers):
                if number != "_":
                    points[number] = (edge + outward * _STUB, y - row)
                    self._pin(element, part, number, (edge, y - row), outward)
        self._place(element)
        self.text(f"{ref}  {part.value}", (x + width / 2, top + 0.3), align="center")
        return points

    def _pin(self, element: elm.Element, part: Part, number: str, edge: Point, way: int) -> None:
        pin, end = part.pin(number), (edge[0] + way * _STUB, edge[1])
        element.segments.append(Segment([edge, end]))
        inward = "left" if way < 0 else "right"
        name = (edge[0] - way * 0.15, edge[1])
        element.segments.append(
            SegmentText(name, pin.name, align=(inward, "center"), fontsize=_TEXT)  # type: ignore[arg-type]
        )
        if number != pin.name:
            middle = (edge[0] + way * _STUB / 2, edge[1] + 0.08)
            element.segments.append(
                SegmentText(middle, number, align=("center", "bottom"), fontsize=_SMALL)
            )
        node = (part.ref, number)
        self.pins[node] = end
        if node in self.netlist.unconnected:
            for slope in (-1, 1):
                cross = [
                    (end[0] - 0.13, end[1] - slope * 0.13),
                    (end[0] + 0.13, end[1] + slope * 0.13),
                ]
                element.segments.append(Segment(cross))

    def two(self, ref: str, start: Point, end: Point, first: str = "") -> Point:
        """A two-legged part from ``start``, where its pin ``first`` is, to ``end``."""
        part = self.netlist.parts[ref]
        numbers = [pin.number for pin in part.pins]
        if first and numbers[0] != first:
            numbers.reverse()
        ends = (start, end) if numbers[0] == part.pins[0].number else (end, start)
        self._drawing.add(_SYMBOLS[part.kind]().at(ends[0]).to(ends[1]))
        self.pins[ref, numbers[0]] = start
        self.pins[ref, numbers[1]] = end
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        label = f"{ref}  {part.value}"
        if start[1] == end[1]:
            above = _ABOVE.get(part.kind, 0.55)
            self.text(label, (middle[0], middle[1] + above), align="center")
        else:
            self.text(label.replace("  ", "\n", 1), (middle[0] + 0.5, middle[1]))
        return end

    def wire(self, *points: Point) -> None:
        """A line through points; lines join where one ends, not where they cross."""
        for start, end in itertools.pairwise(points):
            self._drawing.add(elm.Line().at(start).to(end))
            self._wires.append((start, end))

    def rail(self, net: str, at: Point) -> None:
        """A supply's arrow, or ground."""
        if net == GROUND:
            self._drawing.add(elm.Ground().at(at).theta(0))
        else:
            self._drawing.add(elm.Vdd().at(at).theta(0))
            self.text(net, (at[0], at[1] + 0.75), align="center")
        self._names.append((net, at))
        self._symbols.append(at)

    def tag(self, net: str, at: Point, way: int) -> None:
        """A net's name, and where it is on the header; to the left of ``at`` for ``way`` -1."""
        self.text(self.net_label(net), (at[0] + way * 0.2, at[1]), "right" if way < 0 else "left")
        self._names.append((net, at))

    def label(self, net: str, at: Point) -> None:
        """A net's bare name on a wire that goes on to the right of ``at``."""
        self.text(net, (at[0] + 0.15, at[1] + 0.22), size=_SMALL)
        self._names.append((net, at))

    def net_label(self, net: str) -> str:
        """A net's name; with its GPIO and its position on the header if it reaches the Pi."""
        node = header_node(self.netlist, net)
        if node is None or net in RAILS:
            return net
        return f"{net} ({self.netlist.pin(node).name}, header {node[1]})"

    def text(self, text: str, at: Point, align: str = "left", size: float = _TEXT) -> None:
        element = elm.Element()
        element.segments.append(
            SegmentText((0, 0), text, align=(align, "center"), fontsize=size)  # type: ignore[arg-type]
        )
        self._place(element, at)

    def din_face(self, at: Point, caption: str) -> None:
        """The five contacts of a DIN socket as one sees them from outside the box."""
        element = elm.Element()
        element.segments.append(SegmentCircle((0, 0), 1.15))
        for number, degrees in _DIN_FACE:
            angle = math.radians(degrees)
            place = (0.75 * math.cos(angle), 0.75 * math.sin(angle) - 0.2)
            element.segments.append(SegmentCircle(place, 0.1, fill="black"))
            inner = (0.42 * math.cos(angle), 0.42 * math.sin(angle) - 0.25)
            element.segments.append(
                SegmentText(inner, number, ("center", "center"), fontsize=_SMALL)
            )
        self._place(element, at)
        self.text(caption, (at[0], at[1] - 1.5), align="center", size=_SMALL)

    def save(self, path: Path) -> None:
        """Write the sheet as SVG."""
        for point in self._joints():
            self._drawing.add(elm.Dot(radius=0.09).at(point))
        self._drawing.save(str(path), transparent=False)

    def faults(self) -> list[str]:
        """Where the sheet and the netlist differ, a sentence each."""
        groups = self._groups()
        nets: dict[int, set[str]] = {}
        of_net: dict[str, set[int]] = {}
        for node, point in self.pins.items():
            net = self.netlist.net_of(node) or f"the open pin {node[0]}.{node[1]}"
            nets.setdefault(groups[_key(point)], set()).add(net)
            of_net.setdefault(net, set()).add(groups[_key(point)])
        for net, point in self._names:
            nets.setdefault(groups[_key(point)], set()).add(net)
        joined = [
            f"{self.title} joins {' and '.join(sorted(names))}."
            for names in nets.values()
            if len(names) > 1
        ]
        return joined + [
            f"{self.title} does not join all of {net}."
            for net, parts in of_net.items()
            if len(parts) > 1
        ]

    def _groups(self) -> dict[Point, int]:
        """For every point, the number of the group of points that it is joined with."""
        ends = [point for wire in self._wires for point in wire]
        named = [point for _, point in self._names]
        points = {_key(point) for point in [*ends, *named, *self.pins.values()]}
        group = {point: number for number, point in enumerate(sorted(points))}

        def merge(a: Point, b: Point) -> None:
            old, new = group[_key(a)], group[_key(b)]
            for point, number in group.items():
                if number == old:
                    group[point] = new

        for start, end in self._wires:
            for point in points:
                if _on(point, start, end):
                    merge(point, start)
        first: dict[str, Point] = {}
        for net, point in self._names:
            merge(point, first.setdefault(net, point))
        return group

    def _joints(self) -> list[Point]:
        """Where three or more lines meet: these get a dot."""
        ends = [_key(point) for wire in self._wires for point in wire]
        lone = [_key(point) for point in [*self.pins.values(), *self._symbols]]
        joints = []
        for point in sorted({*ends, *lone}):
            through = sum(
                _on(point, start, end) and point not in (_key(start), _key(end))
                for start, end in self._wires
            )
            if ends.count(point) + lone.count(point) + 2 * through >= 3:
                joints.append(point)
        return joints

    def _place(self, element: elm.Element, at: Point = (0, 0)) -> None:
        self._drawing.add(element.at(at).theta(0))


def _key(point: Point) -> Point:
    return round(point[0], 3), round(point[1], 3)


def _on(point: Point, start: Point, end: Point) -> bool:
    """Whether a point lies on a line that runs straight across or straight down."""
    (x, y), (x1, y1), (x2, y2) = _key(point), _key(start), _key(end)
    return min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2)
