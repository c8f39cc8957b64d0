"""The pictures of the interface board: its wires, and its parts on top of them."""

from __future__ import annotations

import math

from hardware.build_guide.placement import PARTS, links, place
from hardware.build_guide.protoboard import BOARD, LETTERS, MOUNTS, PITCH, RAILS, ROWS, Hole
from hardware.build_guide.svg import COLOURS, Point, Svg
from hardware.drawings.model import Netlist

__all__ = ["board_bottom", "board_parts", "board_wires", "wire_colour"]

_NETS = {
    "3V3": "red",
    "5V": "orange",
    "GND": "black",
    "TXD": "green",
    "RXD": "white",
    "CLOCK": "violet",
    "RUN": "grey",
    "MIDI_IN_5": "yellow",
    "MIDI_IN_A": "blue",
    "SYNC_CLOCK": "brown",
}
_HALF_X, _HALF_Y = BOARD[0] / 2, BOARD[1] / 2
_BODIES = {"resistor": (6.3, 2.3, "#e9d8a6"), "diode": (4.0, 2.0, "#d98a5a")}
_BIG = (9.0, 3.2, "#e9d8a6")  # half a watt
_CHIPS = {"U1": (8.9, 6.4), "U2": (7.6, 10.2), "U3": (19.3, 6.4)}
_DIN = (20.0, 19.0, 3.55)  # width, depth, and how far its mouth stands over the board's edge
_JACK_X = 23.0  # of its middle: 78 in the case, whose middle of the board is 55
_JACK = (12.0, 11.0)


def wire_colour(net: str) -> str:
    """The name of the colour in which the wires of a net are drawn."""
    return _NETS[net]


def board_wires(netlist: Netlist) -> str:
    """The board with its own wires alone, seen from above."""
    svg = _board("The interface board's wires, seen from above", 27.6)
    for link in links(netlist):
        _wire(svg, link.start.at, link.end.at, COLOURS[wire_colour(link.net)])
    svg.text((0, _HALF_Y + 1.5), "rear: the sockets come here", 2.0)
    return svg.written()


def board_parts(netlist: Netlist) -> str:
    """The board with its parts; the wires below them are faint."""
    svg = _board("The interface board's parts, seen from above", 32.5)
    svg.text((-4, _HALF_Y + 6), "rear: the sockets come through the wall", 2.0)
    for link in links(netlist):
        svg.line((link.start.at, link.end.at), "#b9c2bb", 0.5)
    for ref in ("J2", "J3"):
        _din(svg, netlist, ref)
    _jack(svg)
    for ref in PARTS:
        kind = netlist.parts[ref].kind
        if ref in _CHIPS:
            _chip(svg, netlist, ref)
        elif kind in _BODIES:
            _axial(svg, netlist, ref)
        elif kind in ("capacitor", "electrolytic"):
            _capacitor(svg, netlist, ref)
        elif kind == "plug":
            _plug(svg, netlist, ref)
    return svg.written()


def board_bottom(netlist: Netlist) -> str:
    """The solder side: the board turned over about its long axis, so that row 1 stays at the left
    and column a comes to the rear. Every joint, with the part that it is of."""
    svg = _board("The interface board from below, turned over its long edge", 27.6, below=True)
    for ref, pins in PARTS.items():
        for pin in pins:
            x, y = place(ref, pin).at
            svg.circle((x, -y), 0.95, "#c9a227", "#5c4a10")
            svg.text((x, -y + (0.42 if len(ref + pin) > 2 else 0.0)), ref, 0.85)
            svg.text((x, -y - 0.42), pin, 0.8)
    for link in links(netlist):
        for hole in (link.start, link.end):
            x, y = hole.at
            svg.circle((x, -y), 0.75, COLOURS[wire_colour(link.net)], "#444444")
    return svg.written()


def _board(title: str, top: float, below: bool = False) -> Svg:
    svg = Svg(-_HALF_X - 5, -_HALF_Y - 3, _HALF_X + 5, top + 1, title)
    svg.rectangle((-_HALF_X, -_HALF_Y), (_HALF_X, _HALF_Y), "#f4f4f0", "#777777", 2.5)
    side = -1 if below else 1
    for row in range(1, ROWS + 1):
        x = Hole("a", row).at[0]
        for low, high in (("a", "e"), ("f", "j")):
            ends = ((x, side * LETTERS[low]), (x, side * LETTERS[high]))
            svg.line(ends, "#e3d9b0", 1.5)
        for y in (*LETTERS.values(), *RAILS.values()):
            svg.circle((x, y), 0.6, "#ffffff", "#a09050")
        for y in (-15.9, 15.9):
            svg.text((x, y), str(row), 1.2, colour="#555555")
    for name, y in RAILS.items():
        colour = "#d62828" if name.endswith("+") else "#2667d6"
        line_y = side * (y + math.copysign(1.3, y) * (1 if abs(y) > 20 else -1))
        svg.line(((-_HALF_X + 3, line_y), (_HALF_X - 3, line_y)), colour, 0.25)
        for x in (-_HALF_X + 1.4, _HALF_X - 1.4):
            svg.text((x, side * y), name[-1].replace("-", "−"), 2.2, colour=colour)
    for letter, y in LETTERS.items():
        for x in (-_HALF_X + 1.4, _HALF_X - 1.4):
            svg.text((x, side * y), letter, 1.5, colour="#555555")
    for x in MOUNTS:
        svg.circle((x, 0), 1.6, "#ffffff", "#777777")
    return svg


def _wire(svg: Svg, start: Point, end: Point, colour: str) -> None:
    svg.line((start, end), "#444444", 1.15)
    svg.line((start, end), colour, 0.8)
    for at in (start, end):
        svg.circle(at, 0.65, colour, "#444444")


def _axial(svg: Svg, netlist: Netlist, ref: str) -> None:
    part = netlist.parts[ref]
    start, end = (place(ref, pin.number).at for pin in part.pins)
    length, width, fill = _BIG if "0.5 W" in part.value else _BODIES[part.kind]
    svg.line((start, end), "#666666", 0.6)
    for at in (start, end):
        svg.circle(at, 0.6, "#666666")
    far = math.dist(start, end)
    along = ((end[0] - start[0]) / far, (end[1] - start[1]) / far)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)

    def ends(offset: float) -> tuple[Point, Point]:
        return (
            (middle[0] - along[0] * offset, middle[1] - along[1] * offset),
            (middle[0] + along[0] * offset, middle[1] + along[1] * offset),
        )

    svg.line(ends((length - width) / 2), "#555555", width)
    svg.line(ends((length - width) / 2), fill, width - 0.3)
    if part.kind == "diode":  # the ring is at the cathode, the second of its pins
        ring = ends(length / 2 - 0.8)[1]
        svg.rectangle((ring[0] - 0.3, ring[1] - 0.95), (ring[0] + 0.3, ring[1] + 0.95), "#111111")
    upright = abs(along[1]) > abs(along[0])
    svg.text(middle, ref, 1.5, turned=upright)


def _chip(svg: Svg, netlist: Netlist, ref: str) -> None:
    pins = {pin.number: place(ref, pin.number) for pin in netlist.parts[ref].pins}
    left = min(hole.at[0] for hole in pins.values())
    right = max(hole.at[0] for hole in pins.values())
    middle, (length, width) = (left + right) / 2, _CHIPS[ref]
    low, high = (middle - length / 2, -width / 2), (middle + length / 2, width / 2)
    svg.rectangle(low, high, "#3c3f44" if ref != "U2" else "#2f6b3a", "#111111", 0.3)
    way = -1 if pins["1"].column == "e" else 1  # the notch is on the left if pin 1 is in column e
    svg.circle((middle + way * (length / 2 - 0.2), 0), 0.9, "#f4f4f0", "#111111")
    for number, hole in pins.items():
        svg.circle(hole.at, 0.6, "#c0c0c0", "#333333")
        inward = -1.25 if hole.column == "f" else 1.25
        svg.text((hole.at[0], hole.at[1] + inward), number, 1.2, colour="#ffffff")
    svg.text((middle, 0), ref, 1.9, colour="#ffffff")


def _capacitor(svg: Svg, netlist: Netlist, ref: str) -> None:
    part = netlist.parts[ref]
    start, end = (place(ref, pin.number).at for pin in part.pins)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    if part.kind == "electrolytic":
        svg.circle(middle, 2.5, "#cfe0f5", "#335577")
        flat = start[1] == end[1]
        svg.text((middle[0], middle[1] - (1.5 if flat else 0)), ref, 1.4)
        plus = (start[0], start[1] + 1.4) if flat else (start[0] + 1.5, start[1] + 0.3)
        svg.text(plus, "+", 2.0, colour="#d62828")
    else:
        svg.rectangle(
            (middle[0] - 2, middle[1] - 1.2), (middle[0] + 2, middle[1] + 1.2), "#f2c879", "#8a6a20"
        )
        svg.text(middle, ref, 1.4)
    for at in (start, end):
        svg.circle(at, 0.5, "#666666")


def _plug(svg: Svg, netlist: Netlist, ref: str) -> None:
    """A strip of pins, bent: P1's to the front, P2's to the left."""
    part = netlist.parts[ref]
    holes = [place(ref, pin.number) for pin in part.pins]
    (x0, y0), (x1, y1) = holes[0].at, holes[-1].at
    to_front = y0 == y1
    for pin, hole in zip(part.pins, holes, strict=True):
        x, y = hole.at
        tip = (x, -_HALF_Y - 1.2) if to_front else (x - 8.6, y)
        svg.line(((x, y), tip), "#b08d2e", 0.9)
        if to_front:
            svg.text((x + 0.95, -18.4), pin.name, 1.3, turned=True, halo=True)
        else:
            svg.text((x - 4.5, y), pin.name, 1.2, halo=True)
    low = (min(x0, x1) - PITCH / 2, min(y0, y1) - PITCH / 2)
    svg.rectangle(low, (max(x0, x1) + PITCH / 2, max(y0, y1) + PITCH / 2), "#222222", radius=0.3)
    for pin, hole in zip(part.pins, holes, strict=True):
        svg.text(hole.at, pin.number, 1.3, colour="#ffffff")
    at = (max(x0, x1) + 2.9, y0) if to_front else (x0 + 3.0, (y0 + y1) / 2)
    svg.text(at, ref, 1.7)


def _din(svg: Svg, netlist: Netlist, ref: str) -> None:
    width, depth, out = _DIN
    x = place(ref, "2").at[0]
    front = _HALF_Y + out
    svg.rectangle((x - width / 2, front - depth), (x + width / 2, front), "#55585e", "#111111", 0.5)
    svg.text((x, front - 3), f"{ref}  {netlist.parts[ref].value}", 2.2, colour="#ffffff")
    svg.text((x, front - 6), "mouth to the rear", 1.4, colour="#ffffff")
    for pin in PARTS[ref]:
        at = place(ref, pin).at
        svg.circle(at, 0.6, "#c0c0c0", "#111111")
        svg.text((at[0] + 1.3, at[1]), pin, 1.3, colour="#ffffff")
    svg.text((x, 16.4), "1, 3, shield: cut off", 1.3, colour="#ffffff")
    for peg in (-3, 3):
        svg.circle((x + peg * PITCH, RAILS["rear+"]), 1.2, "#888888", "#111111")


def _jack(svg: Svg) -> None:
    width, depth = _JACK
    front = _HALF_Y + 0.5
    low = (_JACK_X - width / 2, front - depth)
    svg.rectangle(low, (_JACK_X + width / 2, front), "#55585e", "#111111", 0.5)
    svg.rectangle((_JACK_X - 3, front), (_JACK_X + 3, front + 3), "#c0c0c0", "#111111")
    svg.text((_JACK_X, front - 3.2), "J4  SYNC", 1.7, colour="#ffffff")
    svg.text((_JACK_X, front - 5.4), "glued, on tape", 1.2, colour="#ffffff")
    contacts = {"T": (-5.0, -8.3), "S": (0.0, -8.3), "R": (5.0, -8.3)}
    bends = {"T": [], "S": [], "R": [(41.4, 16.5), (41.4, -5.0)]}
    for name, (x, y) in contacts.items():
        start, hole = (_JACK_X + x, front + y), place("J4", name)
        colour = {"T": "brown", "S": "black", "R": "blue"}[name]
        _wire_by(svg, [start, *bends[name], hole.at], COLOURS[colour])
        svg.text((start[0], start[1] + 1.5), name, 1.4, colour="#ffffff")


def _wire_by(svg: Svg, points: list[Point], colour: str) -> None:
    svg.line(points, colour, 0.7)
    svg.circle(points[0], 0.6, "#c0c0c0", "#111111")
    svg.circle(points[-1], 0.6, colour, "#444444")
