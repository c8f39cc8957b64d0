"""The wiring harness, drawn by wireviz from the list of wires."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any

from hardware.drawings.model import Netlist, Node, Part
from hardware.drawings.nets import GROUND
from hardware.drawings.wires import BUNDLES, Wire, wires

__all__ = ["GraphvizMissing", "draw_harness", "harness"]

_LENGTHS_M = {"W3": 0.15, "W4": 0.10, "W5": 0.06}  # metres; the others below
_LENGTH_M = 0.30
_BUTTONS = "SW"
_SUBTYPES = {_BUTTONS: "ground goes on from one to the next", "P1": "plugs P1 and P2"}
_LETTERS = ("", "b", "c", "d")
_GAUGE_MM2 = 0.14  # AWG 26: 7 strands, thin enough for a crimped 2.54 mm contact


class GraphvizMissing(RuntimeError):
    """Graphviz is not installed; the message says how to come by it."""


def harness(netlist: Netlist) -> dict[str, Any]:
    """wireviz's description: connectors, cables, and what is joined to what."""
    every = [wire for wire in wires(netlist) if wire.colour]
    nodes: dict[str, list[Node]] = {}
    for wire in every:
        for node in (wire.start, wire.end):
            pins = nodes.setdefault(_connector(netlist, node[0]), [])
            if node not in pins:
                pins.append(node)
    nodes["A1"].sort(key=lambda node: int(node[1]))
    connectors = {name: _description(netlist, name, pins) for name, pins in nodes.items()}
    cables: dict[str, Any] = {}
    connections: list[Any] = []
    for (bundle, first, second), group in _groups(netlist, every).items():
        starts = [_pin(first, wire.start, nodes[first]) for wire in group]
        ends = [_pin(second, wire.end, nodes[second]) for wire in group]
        if first == second:  # a ground that goes on from button to button
            connectors[first]["loops"] = [list(pair) for pair in zip(starts, ends, strict=True)]
            continue
        name = next(name for letter in _LETTERS if (name := bundle + letter) not in cables)
        cables[name] = {
            "category": "bundle",
            "type": BUNDLES[bundle],
            "gauge": f"{_GAUGE_MM2} mm2",
            "length": _LENGTHS_M.get(bundle, _LENGTH_M),
            "colors": [wire.colour for wire in group],
            "wirelabels": [wire.net for wire in group],
            "ignore_in_bom": bundle == "W5",
        }
        numbers = list(range(1, len(group) + 1))
        connections.append([{first: starts}, {name: numbers}, {second: ends}])
    return {"connectors": connectors, "cables": cables, "connections": connections}


def _groups(netlist: Netlist, every: list[Wire]) -> dict[tuple[str, str, str], list[Wire]]:
    """Wires of one bundle between the same two connectors."""
    groups: dict[tuple[str, str, str], list[Wire]] = {}
    for wire in every:
        ends = (_connector(netlist, wire.start[0]), _connector(netlist, wire.end[0]))
        groups.setdefault((wire.bundle, *ends), []).append(wire)
    return groups


def _connector(netlist: Netlist, ref: str) -> str:
    """What stands for a part: its reference; all buttons as one, both plugs as one; the LED for
    its resistor."""
    part = netlist.parts[ref]
    if part.kind == "plug":
        return next(ref for ref, other in netlist.parts.items() if other.kind == "plug")
    if part.kind == "resistor":
        net = netlist.net_of((ref, "2"))
        return next(other for other, _ in netlist.nets[net or ""] if other != ref)
    chained = part.kind == "switch" and netlist.net_of((ref, "1")) != "POWER_BUTTON"
    return _BUTTONS if chained else ref


def _description(netlist: Netlist, name: str, nodes: list[Node]) -> dict[str, Any]:
    part = netlist.parts.get(name)
    names = []
    for node in nodes:
        other, pin = netlist.parts[node[0]], netlist.pin(node)
        if node[0] == name:
            names.append(pin.name)
        elif other.kind == "resistor":
            names.append(f"A by {node[0]}, {other.value}")
        elif other.kind == "plug":
            names.append(f"{pin.name} {other.value}")
        else:
            names.append(f"{other.ref}-{pin.number} {other.value if pin.number == '1' else GROUND}")
    return {
        "type": _kind(part) if part else "Push buttons",
        "subtype": part.value if part and part.kind != "plug" else _SUBTYPES[name],
        "pins": [_pin(name, node, nodes) for node in nodes],
        "pinlabels": names,
        "show_pincount": False,
    }


def _kind(part: Part) -> str:
    return {"led": "LED", "plug": "Interface board"}.get(part.kind, part.kind.capitalize())


def _pin(connector: str, node: Node, nodes: list[Node]) -> str | int:
    """A pin as wireviz tells pins apart; the buttons' are numbered, as its loops ask for."""
    if connector == _BUTTONS:
        return nodes.index(node) + 1
    text = node[1] if node[0] == connector else f"{node[0]}-{node[1]}"
    return int(text) if text.isdigit() else text


def draw_harness(netlist: Netlist, folder: Path) -> list[Path]:
    """Write harness.yml and what wireviz makes of it into a folder; returns the files.

    Raises ``GraphvizMissing`` if there is no ``dot``.
    """
    yaml = importlib.import_module("yaml")  # both come without types
    source = folder / "harness.yml"
    text = yaml.safe_dump(harness(netlist), sort_keys=False, allow_unicode=True, width=100)
    source.write_text(text, encoding="utf-8")
    if shutil.which("dot") is None:
        raise GraphvizMissing("The harness needs Graphviz: apt-get install graphviz.")
    wireviz = importlib.import_module("wireviz.wireviz")
    wireviz.parse(
        source,
        output_formats=("svg", "tsv"),
        output_dir=folder,
        output_name="harness",
    )
    return [source, *(folder / f"harness.{ending}" for ending in ("svg", "bom.tsv"))]
