"""The wiring as a Markdown table, part by part, for whoever holds the soldering iron."""

from __future__ import annotations

from hardware.drawings.model import Netlist, Node
from hardware.drawings.nets import board_netlist
from hardware.drawings.wires import COLOURS, Wire, wires

__all__ = ["wiring_table"]


def wiring_table(netlist: Netlist | None = None) -> str:
    """Every wire, grouped by the part it leads to."""
    netlist = netlist or board_netlist()
    lines = [
        "| Part | Pin | Colour | From | Header pin | GPIO | Net |",
        "|---|---|---|---|---:|---:|---|",
    ]
    before = ""
    for wire in sorted(wires(netlist), key=lambda wire: _order(netlist, wire)):
        ref = wire.end[0]
        part = netlist.parts[ref]
        name = f"**{ref}** {part.value}" if ref != before else ""
        before = ref
        colour = COLOURS.get(wire.colour, "legs soldered together")
        if wire.bundle == "W5":
            colour = "flat tail"  # the panel's own, which has no colours
        start = "Pi" if wire.header else _pin(netlist, wire.start)
        gpio = _gpio(netlist, wire.start)
        cells = [name, part.pin(wire.end[1]).name, colour, start, wire.header, gpio, wire.net]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _order(netlist: Netlist, wire: Wire) -> tuple[str, int]:
    return wire.bundle, list(netlist.parts).index(wire.end[0])


def _pin(netlist: Netlist, node: Node) -> str:
    return f"{node[0]} {netlist.pin(node).name}"


def _gpio(netlist: Netlist, node: Node) -> str:
    """The BCM number of a header pin; empty for a supply or another part's pin."""
    name = netlist.pin(node).name
    return name.removeprefix("GPIO") if node[0] == "A1" and name.startswith("GPIO") else ""
