"""The picture of the Pi's header with the wire on each pin."""

from __future__ import annotations

from hardware.build_guide.svg import COLOURS, Svg
from hardware.drawings.model import Netlist
from hardware.drawings.wires import COLOURS as NAMES
from hardware.drawings.wires import Wire, header_wires

__all__ = ["header_label", "header_picture"]

_PITCH = 5.0
_COLUMNS = 20
_SUPPLIES = {"3V3": "#f4b6b6", "5V": "#f9d5a6", "GND": "#cfcfcf"}


def header_picture(netlist: Netlist) -> str:
    """The header from above, the card at the left: pins 1 and 2 are next to the card."""
    right = (_COLUMNS - 1) * _PITCH
    svg = Svg(-17, -49, right + 12, 45, "The Pi's header and its wires, seen from above")
    wires = {int(wire.header): wire for wire in header_wires(netlist)}
    svg.rectangle((-14, -46), (right + 9, 8), "#e4f1e6", "#6a8f70", 3)
    svg.rectangle((-16, -32), (-3.5, -14), "#c8ccd0", "#555555", 1)
    svg.text((-9.7, -21), "card", 2.2)
    svg.text((-9.7, -24.5), "(microSD)", 1.7)
    svg.text((right / 2 - 2, 41.5), "edge of the board, outer row: even numbers", 2.2)
    svg.text((right / 2 - 2, -43), "inside of the board, inner row: odd numbers", 2.2)
    svg.rectangle((-3.4, -_PITCH - 3.2), (right + 3.4, 3.2), "#2b2b2b", radius=1)
    for number in range(1, 2 * _COLUMNS + 1):
        column, outer = (number - 1) // 2, number % 2 == 0
        x, y = column * _PITCH, 0.0 if outer else -_PITCH
        wire = wires.get(number)
        name = netlist.parts["A1"].pin(str(number)).name
        if wire is None:
            fill = _SUPPLIES.get(name, "#5a5a5a")
            svg.circle((x, y), 1.5, "#2b2b2b", fill)
            svg.text((x, y), str(number), 1.4, colour="#9a9a9a")
            continue
        colour = NAMES[wire.colour]
        end = 9.5 if outer else -_PITCH - 9.5
        svg.line(((x, y), (x, end)), "#333333", 2.3)
        svg.line(((x, y), (x, end)), COLOURS[colour], 1.8)
        svg.circle((x, y), 1.9, COLOURS[colour], "#eeeeee")
        dark = colour in ("white", "yellow", "orange")
        svg.text((x, y), str(number), 1.8, colour="#111111" if dark else "#ffffff")
        text = f"{header_label(netlist, wire)}  ({colour})"
        align = "start" if outer else "end"
        svg.text((x, end + (1.5 if outer else -1.5)), text, 1.9, align, turned=True)
    return svg.written()


def header_label(netlist: Netlist, wire: Wire) -> str:
    """Where a wire of the header leads: part, pin, and the GPIO."""
    ref, number = wire.end
    part = netlist.parts[ref]
    if part.kind == "switch":
        end = f"{ref} {part.value if number == '1' else 'ground'}"
    elif part.kind == "resistor":
        end = f"{ref}, LED"
    else:
        end = f"{ref} {part.pin(number).name}"
    name = netlist.pin(wire.start).name
    return (
        f"{end}, {name}" if name.startswith("GPIO") else f"{end}, {name}".replace("GND, GND", "GND")
    )
