"""The layout: ``dimensions.toml`` as cut-outs, bodies, handles, letters and pillars."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hardware.enclosure.checks import faults
from hardware.enclosure.model import Fasteners, Layout, Lettering, Limits
from hardware.enclosure.panel_parts import PANEL_PARTS
from hardware.enclosure.shapes import Body, Case, CutOut, Letters, Post
from hardware.enclosure.tray_parts import REAR_PARTS, TRAY_PARTS

__all__ = ["DIMENSIONS_TOML", "faults", "layout_of", "load_layout", "read_dimensions"]

DIMENSIONS_TOML = Path(__file__).with_name("dimensions.toml")


def read_dimensions(path: Path = DIMENSIONS_TOML) -> dict[str, Any]:
    """The file as it is."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def load_layout(path: Path = DIMENSIONS_TOML) -> Layout:
    """The layout of the case in the file."""
    return layout_of(read_dimensions(path))


def layout_of(dimensions: dict[str, Any]) -> Layout:
    """The layout of a case whose dimensions are these."""
    layout = Layout(
        Case(**dimensions["case"]),
        Limits(**dimensions["limits"]),
        Lettering(**dimensions["lettering"]),
        Fasteners(**dimensions["fasteners"]),
        dimensions["parts"],
    )
    for place in dimensions["panel"]:
        PANEL_PARTS[place["part"]](layout, place, dimensions["parts"][place["part"]])
    for place in dimensions["rear"]:
        REAR_PARTS[place["part"]](layout, place, dimensions["parts"][place["part"]])
        letters = Letters("rear", place["label"], place["x"], place["label_z"], place["label_size"])
        layout.letters.append(letters)
    for part, place in dimensions["tray"].items():
        TRAY_PARTS[part](layout, place, dimensions["parts"][part])
    for text in dimensions["text"]:
        layout.letters.append(Letters("panel", text["text"], text["x"], text["y"], text["size"]))
    for number, foot in enumerate(dimensions["foot"], 1):
        layout.cut_outs.append(
            CutOut.circle(
                "floor",
                f"foot {number}",
                f"foot {number}",
                foot["x"],
                foot["y"],
                layout.fasteners.foot,
                "recess",
                layout.fasteners.foot_depth,
            )
        )
    for number, post in enumerate(dimensions["post"], 1):
        _add_post(layout, f"post {number}", Post(post["x"], post["y"]))
    return layout


def _add_post(layout: Layout, name: str, post: Post) -> None:
    """A pillar, the insert above it in the panel, and the screw's way in through the floor."""
    case, fasteners = layout.case, layout.fasteners
    layout.posts.append(post)
    layout.cut_outs.append(
        CutOut.circle(
            "panel",
            f"{name}'s insert",
            name,
            post.x,
            post.y,
            fasteners.insert_hole,
            "blind",
            fasteners.insert_depth,
        )
    )
    foot_y, _ = case.to_case(post.y, -case.drop(post.y, 0.0))
    layout.hole("floor", f"{name}'s screw", name, post.x, foot_y, fasteners.m3_head)
    half = fasteners.post / 2
    length = case.drop(post.y, case.floor)
    span_x, span_y = (post.x - half, post.x + half), (post.y - half, post.y + half)
    layout.bodies.append(Body(name, name, "panel", span_x, span_y, (-length, 0.0), passes="walls"))
