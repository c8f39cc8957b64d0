"""``python -m hardware.enclosure``: check the case, then make its parts, drawing and pictures."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from hardware.enclosure.build import OpenScadFailed, OpenScadMissing, build
from hardware.enclosure.layout import faults, load_layout
from hardware.enclosure.meshes import made_faults, made_sizes
from hardware.enclosure.model import Layout

OUT = Path(__file__).with_name("out")


def make(folder: Path) -> int:
    """Make everything in a folder; returns the exit status."""
    layout = load_layout()
    wrong = faults(layout)
    if wrong:
        print(*wrong, sep="\n", file=sys.stderr)
        return 1
    start = time.monotonic()
    try:
        made = build(layout, folder)
    except OpenScadMissing as error:
        print(error, file=sys.stderr)
        return 2
    except OpenScadFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(_table(layout, made))
    print(f"{time.monotonic() - start:.0f} s")
    wrong = made_faults(layout, folder)
    if wrong:
        print(*wrong, sep="\n", file=sys.stderr)
        return 1
    return 0


def _table(layout: Layout, made: list[Path]) -> str:
    """The files, how large their content is and how large they are."""
    sizes = made_sizes(layout)
    lines = [f"{'file':<16}{'mm':<24}{'kB':>6}"]
    for path in made:
        content = " x ".join(f"{length:.1f}" for length in sizes.get(path.name, ()))
        lines.append(f"{path.name:<16}{content:<24}{path.stat().st_size / 1000:>6.0f}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m hardware.enclosure", description=__doc__)
    parser.add_argument(
        "out", type=Path, nargs="?", default=OUT, help="the folder (default: %(default)s)"
    )
    return make(parser.parse_args(arguments).out)


if __name__ == "__main__":
    sys.exit(main())
