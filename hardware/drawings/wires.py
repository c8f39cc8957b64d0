"""Every wire between the Pi, the front panel and the interface board: its ends and its colour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hardware.drawings.model import Netlist, Node
from hardware.drawings.nets import GROUND, RAILS, header_node

__all__ = ["BUNDLES", "COLOURS", "Wire", "header_wires", "wire_faults", "wires"]

COLOURS = {
    "BK": "black",
    "BN": "brown",
    "RD": "red",
    "OG": "orange",
    "YE": "yellow",
    "GN": "green",
    "BU": "blue",
    "VT": "violet",
    "GY": "grey",
    "WH": "white",
}
"""Two-letter codes of IEC 60757."""

_FIXED = {"3V3": "RD", "5V": "OG", GROUND: "BK", "SDA": "BU", "SCL": "YE"}
"""As in STEMMA QT cables, whose red is 3.3 V here; 5 V is orange so as not to be mixed up."""
_OTHERS = ("GN", "WH", "VT", "GY", "BN", "YE", "BU")

BUNDLES = {
    "W1": "interface board",
    "W2": "display",
    "W3": "encoders",
    "W4": "touch board",
    "W5": "touch panel's own tail",
    "W6": "buttons",
    "W7": "LED",
    "W8": "power button",
}

_SUPPLIES = {
    "W1": {"3V3": "17", "5V": "2", GROUND: "6"},
    "W3": {"3V3": "1", GROUND: "9"},
    "W6": {GROUND: "34"},
    "W7": {GROUND: "30"},
    "W8": {GROUND: "25"},
}
"""Which of the header's several supply pins each bundle takes: those nearest to its signals."""


@dataclass(frozen=True)
class Wire:
    """One wire. ``colour`` is a code of ``COLOURS``; empty for two legs soldered together."""

    bundle: str
    net: str
    start: Node
    end: Node
    colour: str

    @property
    def header(self) -> str:
        """The position on the Pi's header where the wire starts; empty if it starts elsewhere."""
        return self.start[1] if self.start[0] == "A1" else ""


def wires(netlist: Netlist) -> list[Wire]:
    """Every wire, in order of bundles."""
    found: list[Wire] = []
    for bundle, net, start, end in _runs(netlist):
        used = {wire.colour for wire in found if wire.bundle == bundle}
        free = [colour for colour in _OTHERS if colour not in used]
        colour = _FIXED.get(net) or (free or _OTHERS)[0]
        soldered = start[0].startswith("R") and end[0].startswith("D")
        found.append(Wire(bundle, net, start, end, "" if soldered else colour))
    return found


def header_wires(netlist: Netlist) -> list[Wire]:
    """The wires that start at the Pi's header."""
    return [wire for wire in wires(netlist) if wire.header]


def _runs(netlist: Netlist) -> Iterator[tuple[str, str, Node, Node]]:
    """Bundle, net and both ends of every wire."""
    for pin in netlist.parts["P1"].pins:
        yield _from_pi(netlist, "W1", ("P1", pin.number))
    for number in ("CL", "SI", "OC", "DC", "R"):
        yield _from_pi(netlist, "W2", ("A2", number))
    for number, end in (("1", "+"), ("2", "G")):
        yield "W2", _net(netlist, ("P2", number)), ("P2", number), ("A2", end)
    for number in ("VIN", "GND", "SDA", "SCL", "INT"):
        yield _from_pi(netlist, "W3", ("A3", number))
    for number in ("VIN", "GND", "SDA", "SCL"):  # one cable with a plug at both ends
        yield "W4", _net(netlist, ("A3", number)), ("A3", number), ("A4", number)
    yield _from_pi(netlist, "W4", ("A4", "IRQ"))
    for pin in netlist.parts["TP1"].pins:
        node = ("TP1", pin.number)
        yield "W5", _net(netlist, node), ("A4", pin.number), node
    yield from _button_runs(netlist)
    for part in netlist.parts.values():
        if part.kind == "led":
            middle = _net(netlist, (part.ref, "A"))
            resistor = next(ref for ref, _ in netlist.nets[middle] if ref != part.ref)
            yield _from_pi(netlist, "W7", (resistor, "1"))
            yield "W7", middle, (resistor, "2"), (part.ref, "A")
            yield _from_pi(netlist, "W7", (part.ref, "K"))


def _button_runs(netlist: Netlist) -> Iterator[tuple[str, str, Node, Node]]:
    """A wire of its own for every button; one ground that goes on from button to button."""
    before: Node = ("A1", _SUPPLIES["W6"][GROUND])
    for part in netlist.parts.values():
        if part.kind != "switch":
            continue
        if _net(netlist, (part.ref, "1")) == "POWER_BUTTON":
            yield _from_pi(netlist, "W8", (part.ref, "1"))
            yield _from_pi(netlist, "W8", (part.ref, "2"))
            continue
        yield _from_pi(netlist, "W6", (part.ref, "1"))
        yield "W6", GROUND, before, (part.ref, "2")
        before = (part.ref, "2")


def _from_pi(netlist: Netlist, bundle: str, end: Node) -> tuple[str, str, Node, Node]:
    net = _net(netlist, end)
    if net in RAILS:
        return bundle, net, ("A1", _SUPPLIES[bundle][net]), end
    start = header_node(netlist, net)
    if start is None:
        raise ValueError(f"{net} does not reach the Pi")
    return bundle, net, start, end


def _net(netlist: Netlist, node: Node) -> str:
    net = netlist.net_of(node)
    if net is None:
        raise ValueError(f"{node[0]} pin {node[1]} is on no net")
    return net


def wire_faults(netlist: Netlist) -> list[str]:
    """Wires that join different nets, pins with two wires, pins that no wire reaches."""
    every = wires(netlist)
    found = [
        f"The wire from {wire.start[0]} {wire.start[1]} leaves {wire.net} for {wire.end[0]}."
        for wire in every
        if {netlist.net_of(wire.start), netlist.net_of(wire.end)} != {wire.net}
    ]
    positions = [wire.header for wire in every if wire.header]
    found += [
        f"Header pin {position} has more than one wire."
        for position in sorted(set(positions), key=int)
        if positions.count(position) > 1
    ]
    reached = {node for wire in every for node in (wire.start, wire.end)}
    for net, nodes in netlist.nets.items():
        for node in nodes:
            part = netlist.parts[node[0]]
            outside = part.place == "panel" or part.kind == "plug" or node[0] == "A1"
            if outside and not node[1].startswith("USB") and node not in reached:
                found.append(f"No wire reaches {node[0]} pin {node[1]} on {net}.")
    return found
