"""``python -m hardware.build_guide``: check the placement, draw the pictures, fill the tables."""

from __future__ import annotations

import sys
from pathlib import Path

from hardware.build_guide.board_pictures import board_bottom, board_parts, board_wires
from hardware.build_guide.header_picture import header_picture
from hardware.build_guide.panel_picture import panel_underside
from hardware.build_guide.placement import placement_faults
from hardware.build_guide.tables import GUIDE, filled
from hardware.drawings.nets import board_netlist
from hardware.enclosure.layout import load_layout

__all__ = ["OUT", "made", "main"]

OUT = Path(__file__).with_name("out")


def made() -> dict[Path, str]:
    """Every file and what it should hold."""
    netlist = board_netlist()
    pictures = {
        "board_wires": board_wires(netlist),
        "board_parts": board_parts(netlist),
        "board_bottom": board_bottom(netlist),
        "header": header_picture(netlist),
        "panel_underside": panel_underside(netlist, load_layout()),
    }
    files = {OUT / f"{name}.svg": text for name, text in pictures.items()}
    files[GUIDE] = filled(GUIDE.read_text(encoding="utf-8"), netlist)
    return files


def main() -> int:
    """Write everything; returns the exit status."""
    wrong = placement_faults(board_netlist())
    if wrong:
        print(*wrong, sep="\n", file=sys.stderr)
        return 1
    OUT.mkdir(exist_ok=True)
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
