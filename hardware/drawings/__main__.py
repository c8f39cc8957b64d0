"""``python -m hardware.drawings``: check the board, then draw and list everything."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hardware.drawings.checks import faults
from hardware.drawings.currents import figures, figures_table
from hardware.drawings.harness import GraphvizMissing, draw_harness
from hardware.drawings.model import Netlist
from hardware.drawings.nets import board_netlist
from hardware.drawings.parts import parts_faults, parts_table
from hardware.drawings.schematic import draw_sheets, sheet_faults
from hardware.drawings.wires import wire_faults
from hardware.drawings.wiring import wiring_table

OUT = Path(__file__).with_name("out")


def all_faults(netlist: Netlist) -> list[str]:
    """Everything wrong with the circuit, its drawings, its wires, its figures or its parts list."""
    return [
        *faults(netlist),
        *sheet_faults(netlist),
        *wire_faults(netlist),
        *(f"{figure.what} is out of its limits." for figure in figures(netlist) if not figure.fits),
        *parts_faults(netlist),
    ]


def make(folder: Path) -> int:
    """Make everything in a folder; returns the exit status."""
    netlist = board_netlist()
    wrong = all_faults(netlist)
    for fault in wrong:
        print(fault, file=sys.stderr)
    if wrong:
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    made = draw_sheets(netlist, folder)
    tables = {
        "wiring": wiring_table(netlist),
        "parts": parts_table(),
        "figures": figures_table(netlist),
    }
    for name, table in tables.items():
        path = folder / f"{name}.md"
        path.write_text(table + "\n", encoding="utf-8")
        made.append(path)
    status = 0
    try:
        made += draw_harness(netlist, folder)
    except GraphvizMissing as error:
        print(error, file=sys.stderr)
        status = 1
    for path in made:
        print(path)
    return status


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hardware.drawings", description=__doc__)
    parser.add_argument(
        "-o", "--out", type=Path, default=OUT, help="the folder (default: %(default)s)"
    )
    return make(parser.parse_args(arguments).out)


if __name__ == "__main__":
    sys.exit(main())
