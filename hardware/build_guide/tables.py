"""The guide's tables, made from the netlist, the wires, the placement and the case's dimensions."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from hardware.build_guide.board_pictures import wire_colour
from hardware.build_guide.placement import PARTS, links, place
from hardware.drawings.model import Netlist
from hardware.drawings.nets import RAILS
from hardware.drawings.wires import COLOURS, Wire, wires
from hardware.enclosure.layout import DIMENSIONS_TOML

__all__ = ["GUIDE", "filled", "tables"]

GUIDE = Path(__file__).with_name("README.md")
_TABLE = re.compile(r"<!-- table ([\w -]+) -->\n.*?<!-- end of table -->", re.S)
_FORMS = {
    "optocoupler": "chip, notch to the right",
    "buffer": "chip, notch to the left",
    "electrolytic": "+ is pin 1",
    "diode": "the ring is K",
    "plug": "pin strip, bent over",
    "din": "the other pins cut off",
    "jack": "glued; by three wires",
}


def tables(netlist: Netlist) -> dict[str, str]:
    """Every table of the guide, by the name in its mark."""
    makers: dict[str, Callable[[], list[str]]] = {
        "board wires": lambda: _board_wires(netlist),
        "board parts": lambda: _board_parts(netlist),
        "estimates": _estimates,
        "wires interface": lambda: _wires(netlist, ("W1",)),
        "wires display": lambda: _wires(netlist, ("W2",)),
        "wires encoders": lambda: _wires(netlist, ("W3",)),
        "wires pad": lambda: _wires(netlist, ("W4",)),
        "wires buttons": lambda: _wires(netlist, ("W6", "W7")),
        "wires power": lambda: _wires(netlist, ("W8",)),
    }
    return {name: "\n".join(make()) for name, make in makers.items()}


def filled(text: str, netlist: Netlist) -> str:
    """The guide with its tables as they should be; ``KeyError`` for a table that is not known."""
    made = tables(netlist)
    return _TABLE.sub(
        lambda mark: f"<!-- table {mark[1]} -->\n\n{made[mark[1]]}\n\n<!-- end of table -->", text
    )


def _board_wires(netlist: Netlist) -> list[str]:
    lines = ["| from | to | net | colour in the picture |", "|---|---|---|---|"]
    return lines + [
        f"| {link.start.name} | {link.end.name} | {link.net} | {wire_colour(link.net)} |"
        for link in links(netlist)
    ]


def _board_parts(netlist: Netlist) -> list[str]:
    lines = ["| part | value | pin: hole | |", "|---|---|---|---|"]
    for ref, pins in PARTS.items():
        part = netlist.parts[ref]
        holes = ", ".join(f"{pin}: {place(ref, pin).name}" for pin in pins)
        if part.kind == "plug":
            holes = ", ".join(f"{pin.name}: {place(ref, pin.number).name}" for pin in part.pins)
        lines.append(f"| {ref} | {part.value} | {holes} | {_FORMS.get(part.kind, '')} |")
    return lines


def _wires(netlist: Netlist, bundles: tuple[str, ...]) -> list[str]:
    lines = ["| from | to | colour | net |", "|---|---|---|---|"]
    for wire in wires(netlist):
        if wire.bundle in bundles:
            colour = COLOURS.get(wire.colour, "legs soldered together")
            lines.append(
                f"| {_start(netlist, wire)} | {_end(netlist, wire)} | {colour} | {wire.net} |"
            )
    return lines


def _start(netlist: Netlist, wire: Wire) -> str:
    name = netlist.pin(wire.start).name
    if wire.header:
        gpio = "" if wire.net in RAILS else f" ({name})"
        return f"header pin {wire.header}{gpio}"
    leg = "leg " if netlist.parts[wire.start[0]].kind in ("switch", "resistor") else ""
    return f"{wire.start[0]} {leg}{name}"


def _end(netlist: Netlist, wire: Wire) -> str:
    part, pin = netlist.parts[wire.end[0]], netlist.pin(wire.end)
    if part.kind in ("switch", "resistor"):
        return f"{part.ref} {part.value}, leg {pin.number}"
    marked = f" (marked {pin.number})" if part.kind == "display" and pin.number != pin.name else ""
    return f"{part.ref} {pin.name}{marked}"


def _estimates() -> list[str]:
    """Every dimension that was not found in a drawing, with what is said of it."""
    lines = ["| part | dimension | mm | what it is |", "|---|---|---|---|"]
    section = ""
    for line in DIMENSIONS_TOML.read_text(encoding="utf-8").splitlines():
        if match := re.match(r"\[+([\w.]+)\]+ *(?:# *(.*))?", line):
            named = match[2] if match[1].startswith("parts.") else match[1]
            section = re.split(r";| with what", named)[0]
        elif "ESTIMATE" in line and (match := re.match(r"(\w+) = (.+?) +# *(.*)", line)):
            said = re.sub(r"[;,]? *\(?(?:is an )?ESTIMATE(?: for this one)?:? *", " ", match[3])
            said = re.sub(r"^[\s,;:]+|[\s,;:]+$", "", said).replace(" ,", ",")
            lines.append(f"| {section} | {match[1]} | {match[2].strip('[]')} | {said} |")
    return lines
