"""What a circuit is made of: pins, parts, and nets that join them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = [
    "Netlist",
    "Node",
    "Part",
    "Pin",
    "PinKind",
    "Place",
    "numbered_pins",
    "ohms",
    "pins_of",
]

PinKind: TypeAlias = Literal["power_in", "power_out", "input", "output", "open_drain", "passive"]
Place: TypeAlias = Literal["pi", "panel", "board"]
"""Where a part sits: the computer, the front panel, or the interface board behind the sockets."""

Node: TypeAlias = tuple[str, str]
"""A part's reference and the number of one of its pins."""

_KINDS: dict[str, PinKind] = {
    "power_in": "power_in",
    "power_out": "power_out",
    "input": "input",
    "output": "output",
    "open_drain": "open_drain",
}
_PREFIXES = {"": 1.0, "k": 1e3, "M": 1e6}


@dataclass(frozen=True)
class Pin:
    """One pin of a part.

    ``volts`` is, for a supply's output, what it gives; for a supply's input, the least and the most
    it may be fed with; for an output, its two levels; for an input, what it withstands. ``None``
    means not stated: such an output swings up to its part's supply.
    """

    number: str
    name: str
    kind: PinKind = "passive"
    volts: tuple[float, float] | None = None


@dataclass(frozen=True)
class Part:
    """One thing to be bought and soldered. ``address`` is its 7-bit I2C address, if it has one."""

    ref: str
    kind: str
    value: str
    pins: tuple[Pin, ...] = ()
    place: Place = "board"
    address: int | None = None

    def pin(self, number: str) -> Pin:
        for pin in self.pins:
            if pin.number == number:
                return pin
        raise KeyError(f"{self.ref} has no pin {number}")


@dataclass
class Netlist:
    """The whole circuit. ``unconnected`` says of each pin left open why it may be."""

    parts: dict[str, Part] = field(default_factory=dict)
    nets: dict[str, list[Node]] = field(default_factory=dict)
    unconnected: dict[Node, str] = field(default_factory=dict)

    def add(self, part: Part) -> None:
        if part.ref in self.parts:
            raise ValueError(f"{part.ref} is there already")
        self.parts[part.ref] = part

    def join(self, net: str, *nodes: str) -> None:
        """Put pins, each written as ``"R1.2"``, on a net."""
        self.nets.setdefault(net, []).extend(_node(node) for node in nodes)

    def join_all(self, nodes: dict[str, str]) -> None:
        """Put one pin on each of several nets."""
        for net, node in nodes.items():
            self.join(net, node)

    def two(
        self, ref: str, kind: str, value: str, first: str, second: str, place: Place = "board"
    ) -> None:
        """Add a part with two legs that may be put in either way round, and join it to two nets."""
        self.add(Part(ref, kind, value, pins_of("1 1, 2 2"), place))
        self.join(first, f"{ref}.1")
        self.join(second, f"{ref}.2")

    def leave(self, reason: str, *nodes: str) -> None:
        """Mark pins as left open on purpose."""
        self.unconnected.update((_node(node), reason) for node in nodes)

    def pin(self, node: Node) -> Pin:
        return self.parts[node[0]].pin(node[1])

    def net_of(self, node: Node) -> str | None:
        """The name of the net a pin is on; ``None`` for a pin on no net."""
        return next((net for net, nodes in self.nets.items() if node in nodes), None)


def pins_of(text: str, volts: dict[str, tuple[float, float]] | None = None) -> tuple[Pin, ...]:
    """Pins from ``"number name kind, ..."``; a pin without a kind is passive."""
    pins = []
    for item in text.split(", "):
        number, name, *kind = item.split()
        limits = (volts or {}).get(number)
        pins.append(Pin(number, name, _KINDS[kind[0]] if kind else "passive", limits))
    return tuple(pins)


def numbered_pins(names: tuple[str, ...]) -> tuple[Pin, ...]:
    """Passive pins 1, 2, ... with these names."""
    return tuple(Pin(str(number), name) for number, name in enumerate(names, 1))


def ohms(value: str) -> float:
    """The resistance that a value such as ``"4.7 kΩ"`` names, in ohms."""
    match = re.match(r"([0-9.]+) ([kM]?)Ω", value)
    if match is None:
        raise ValueError(f"{value!r} is no resistance")
    return float(match[1]) * _PREFIXES[match[2]]


def _node(text: str) -> Node:
    ref, _, number = text.partition(".")
    return ref, number
