"""The parts list: ``hardware/parts.toml`` as data, as a table, and held against the schematic."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardware.drawings.model import Netlist
from hardware.drawings.nets import board_netlist

__all__ = ["PARTS_TOML", "Alternative", "BoughtPart", "load_parts", "parts_faults", "parts_table"]

PARTS_TOML = Path(__file__).parents[1] / "parts.toml"


@dataclass(frozen=True)
class Alternative:
    """Something else that may be bought; ``checked`` as in :class:`BoughtPart`."""

    manufacturer: str
    mpn: str
    note: str
    checked: bool


@dataclass(frozen=True)
class BoughtPart:
    """One line of the list. ``price`` is in US dollars a piece, approximate.

    ``mpn`` is the manufacturer's part number; ``checked`` says that it was found in use elsewhere.
    """

    references: tuple[str, ...]
    quantity: int
    description: str
    manufacturer: str
    mpn: str
    price: float
    used: str
    checked: bool
    alternatives: tuple[Alternative, ...]

    @property
    def cost(self) -> float:
        return self.quantity * self.price


def load_parts(path: Path = PARTS_TOML) -> list[BoughtPart]:
    """Every line of the parts list."""
    return [
        BoughtPart(
            **{
                **part,
                "references": tuple(part["references"]),
                "alternatives": tuple(Alternative(**other) for other in part["alternatives"]),
            }
        )
        for part in _read(path)["part"]
    ]


def _read(path: Path = PARTS_TOML) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def parts_faults(
    netlist: Netlist | None = None, parts: list[BoughtPart] | None = None
) -> list[str]:
    """Where the parts list and the schematic differ, a sentence each."""
    netlist = netlist or board_netlist()
    parts = load_parts() if parts is None else parts
    listed = Counter(ref for part in parts for ref in part.references)
    found = [
        f"{ref} is in the schematic but not in parts.toml."
        for ref in netlist.parts
        if ref not in listed
    ]
    found += [
        f"{ref} is in parts.toml but not in the schematic."
        for ref in listed
        if ref not in netlist.parts
    ]
    found += [
        f"{ref} is in parts.toml {times} times." for ref, times in listed.items() if times > 1
    ]
    for part in parts:
        plugs = all(
            netlist.parts[ref].kind == "plug" for ref in part.references if ref in netlist.parts
        )
        if part.references and not plugs and part.quantity != len(part.references):
            found.append(
                f"{part.description}: {part.quantity} for {len(part.references)} references."
            )
        values = {netlist.parts[ref].value for ref in part.references if ref in netlist.parts}
        number = {v for v in values if v[:1].isdigit() and v.endswith(("Ω", "F", "W"))}
        if any(not all(word in part.description for word in value.split()) for value in number):
            found.append(f"{part.description} is listed for {' and '.join(sorted(number))}.")
    return found


def parts_table(parts: list[BoughtPart] | None = None) -> str:
    """The list as a Markdown table, with the total; a part number in question has a mark."""
    parts = load_parts() if parts is None else parts
    lines = [
        "| Reference | Pieces | What | Part number | USD | Used for | Or |",
        "|---|---:|---|---|---:|---|---|",
    ]
    for part in parts:
        cells = (
            ", ".join(part.references),
            str(part.quantity),
            part.description,
            _named(part.manufacturer, part.mpn, part.checked),
            f"{part.cost:.2f}",
            part.used,
            "; ".join(_other(other) for other in part.alternatives),
        )
        lines.append(f"| {' | '.join(cells)} |")
    year = _read()["year"]
    total = sum(part.cost for part in parts)
    lines.append(f"| | | **Total, approximate, {year}** | | **{total:.2f}** | | |")
    lines += ["", "(?) The part number could not be confirmed: look it up before ordering."]
    return "\n".join(lines)


def _named(manufacturer: str, mpn: str, checked: bool) -> str:
    if not mpn:
        return "any"
    return f"{manufacturer} {mpn}" + ("" if checked else " (?)")


def _other(other: Alternative) -> str:
    if not other.mpn:
        return other.note
    return f"{_named(other.manufacturer, other.mpn, other.checked)}: {other.note}"
