"""Makes the printable parts, the panel's drawing and the pictures with OpenSCAD."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardware.enclosure.model import Layout
from hardware.enclosure.panel_parts import square
from hardware.enclosure.shapes import Case

__all__ = ["PARTS", "PICTURES", "OpenScadFailed", "OpenScadMissing", "build", "scad_layout"]

SCAD = Path(__file__).with_name("enclosure.scad")
PARTS = ("panel", "body", "carrier")
"""What is printed, a file each."""


@dataclass(frozen=True)
class Picture:
    """One view: what it shows, from which angles (degrees about x, y and z), from how far (mm),
    how large (pixels), and how far behind and above the case's middle it looks (mm).
    """

    view: str
    angles: tuple[int, int, int]
    distance: int
    size: tuple[int, int]
    aim: tuple[int, int] = (0, 0)
    projection: str = "perspective"


PICTURES = {
    "panel": Picture("panel_picture", (0, 0, 0), 400, (1000, 700), projection="ortho"),
    "assembled": Picture("assembled", (48, 0, 18), 480, (1000, 640)),
    "exploded": Picture("exploded", (72, 0, 24), 620, (1000, 800), (0, 45)),
    "inside": Picture("inside", (40, 0, 12), 760, (1000, 860), (75, 0)),
    "rear": Picture("assembled", (72, 0, 196), 400, (1000, 460)),
}


class OpenScadMissing(Exception):
    """OpenSCAD, or the X server without a screen that its pictures need, is not installed."""


class OpenScadFailed(Exception):
    """OpenSCAD did not make what it was told to; the message is its own."""


def scad_layout(layout: Layout) -> str:
    """The layout as assignments in OpenSCAD's language, lengths in mm."""
    case, fasteners = layout.case, layout.fasteners
    carrier, button = layout.parts["carrier"], layout.parts["button"]
    plate = next(body for body in layout.bodies if body.part == "carrier")
    middle = ((plate.x[0] + plate.x[1]) / 2, (plate.y[0] + plate.y[1]) / 2)
    levels = {0.0, case.panel_thickness, case.panel_thickness - layout.lettering.depth}
    for cut in layout.cut_outs:
        if cut.face == "panel" and cut.kind != "through":
            levels.add(cut.depth if cut.kind == "blind" else case.panel_thickness - cut.depth)
    values: dict[str, Any] = {
        "width": case.width,
        "depth": case.depth,
        "front_height": case.front_height,
        "rear_height": case.rear_height,
        "slope": case.slope,
        "panel_length": case.panel_length,
        "panel_thickness": case.panel_thickness,
        "panel_levels": sorted({round(level, 6) for level in levels}),
        "corner_radius": case.corner_radius,
        "wall": case.wall,
        "floor_thickness": case.floor,
        "font": layout.lettering.font,
        "letter_depth": layout.lettering.depth,
        "m3_hole": fasteners.m3_hole,
        "m3_tap": fasteners.m3_tap,
        "m3_head": fasteners.m3_head,
        "m3_grip": fasteners.m3_grip,
        "m25_hole": fasteners.m25_hole,
        "m25_pilot": fasteners.m25_pilot,
        "post": fasteners.post,
        "standoff": fasteners.standoff,
        "posts": [(post.x, post.y) for post in layout.posts],
        "standoffs": [(s.x, s.y, s.height, s.screw) for s in layout.standoffs],
        "carrier_at": middle,
        "carrier_size": (*carrier["size"], carrier["thickness"]),
        "carrier_rim": carrier["rim"],
        "carrier_holes": square(*middle, carrier["holes"]),
        "switches": [(h.x, h.y) for h in layout.handles if h.part.startswith("SW")],
        "switch_size": layout.through(button["body"][0]),
        "leg_pitch": button["leg_pitch"],
        "din_sockets": [(s.x, s.y) for s in layout.sockets if s.name in ("J2", "J3")],
        "rear_rounds": _rear_rounds(layout),
        # A post's own way for its screw leans with it: no straight hole through the floor.
        "cut_outs": [
            (c.face, c.kind, c.x, c.y, c.width, c.height, c.radius, c.depth, c.bevel)
            for c in layout.cut_outs
            if c.face != "floor" or not c.part.startswith("post")
        ],
        "letters": [(s.face, s.text, s.x, s.y, s.size) for s in layout.letters],
        "bodies": [
            (b.frame, *b.x, *b.y, *b.z, b.colour) for b in layout.bodies if b.passes != "walls"
        ],
        "handles": [(h.x, h.y, h.width, h.height, *h.z, h.colour, h.round) for h in layout.handles],
    }
    lines = ["// Made out of dimensions.toml: change that file, not this one."]
    lines += [f"{name} = {json.dumps(value)};" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def build(layout: Layout, folder: Path, pictures: bool = True) -> list[Path]:
    """Make every file in the folder; returns them in the order they were made."""
    programs = ["openscad", "xvfb-run"] if pictures else ["openscad"]
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise OpenScadMissing(
            f"Not installed: {' and '.join(missing)}; on Debian: apt-get install openscad xvfb."
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "layout.scad").write_text(scad_layout(layout), encoding="utf-8")
    commands = {
        folder / f"{part}.stl": ["--export-format", "binstl", *_defines(part, folder)]
        for part in PARTS
    }
    commands[folder / "panel.dxf"] = _defines("panel_outline", folder)
    _run_all(folder, commands, [])
    if pictures:
        shots = {
            folder / f"{name}.png": _shot(p, layout.case, folder) for name, p in PICTURES.items()
        }
        _run_all(folder, shots, ["xvfb-run", "-a"])
        commands |= shots
    return list(commands)


def _rear_rounds(layout: Layout) -> list[tuple[float, float, float, float, str]]:
    """What stands out of the rear wall, for pictures: x, z, diameter, how far, colour."""
    button, jack = layout.parts["power_button"], layout.parts["jack"]
    holes = {cut.part: cut for cut in layout.cut_outs if cut.face == "rear"}
    power, sync = holes["SW7"], holes["J4"]
    out = jack["bushing"] - layout.case.wall
    return [
        (power.x, power.y, button["hole"] + 4, 2.0, "silver"),
        (power.x, power.y, button["cap"], button["reach"], "#303030"),
        (sync.x, sync.y, jack["hole"], out, "silver"),
        (sync.x, sync.y, 3.5, out + 0.1, "black"),
    ]


def _defines(view: str, folder: Path) -> list[str]:
    return ["-D", f"view={json.dumps(view)}", "-D", f"folder={json.dumps(str(folder.resolve()))}"]


def _shot(picture: Picture, case: Case, folder: Path) -> list[str]:
    behind, above = picture.aim
    middle = (case.width / 2, case.depth / 2 + behind, case.front_height / 2 + above)
    camera = ",".join(f"{number:g}" for number in (*middle, *picture.angles, picture.distance))
    return [
        *_defines(picture.view, folder),
        f"--camera={camera}",
        f"--imgsize={picture.size[0]},{picture.size[1]}",
        f"--projection={picture.projection}",
        "--colorscheme=Tomorrow",
    ]


def _run_all(folder: Path, commands: dict[Path, list[str]], before: list[str]) -> None:
    """Run OpenSCAD once for each file, all side by side, as one run uses one core."""
    environment = {**os.environ, "OPENSCADPATH": str(folder.resolve())}
    runs = {
        path: subprocess.Popen(
            [*before, "openscad", "-o", str(path), *arguments, str(SCAD)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for path, arguments in commands.items()
    }
    failed = []
    for path, run in runs.items():
        _, errors = run.communicate()
        if run.returncode or not path.exists() or "WARNING" in errors:
            failed.append(f"{path.name}: {errors.strip()}")
    if failed:
        raise OpenScadFailed("\n".join(failed))
