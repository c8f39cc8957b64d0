"""What each part on the panel needs: cut-outs, bodies below, handles above, its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from hardware.enclosure.model import Layout
from hardware.enclosure.shapes import Body, CutOut, Handle, Letters, Span

__all__ = ["PANEL_PARTS", "Maker", "about", "square"]

Maker: TypeAlias = Callable[[Layout, dict[str, Any], dict[str, Any]], None]
"""Adds one part, placed as the first mapping says and as large as the second says."""


def about(middle: float, width: float) -> Span:
    """What is ``width`` wide about a middle."""
    return (middle - width / 2, middle + width / 2)


def square(x: float, y: float, spacing: tuple[float, float]) -> list[tuple[float, float]]:
    """The corners of a rectangle about (x, y)."""
    half_x, half_y = spacing[0] / 2, spacing[1] / 2
    return [(x + i * half_x, y + j * half_y) for i in (-1, 1) for j in (-1, 1)]


def _oled(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    ref, x, y = place["reference"], place["x"], place["y"]
    width, height = size["board"]
    below = size["spacer"] + size["thickness"]
    offset_x, offset_y = size["window_offset"]
    window_x, window_y = x + offset_x, y + offset_y
    wide, high = size["window"]
    bevel = size["bevel"]
    layout.cut_outs.append(
        CutOut("panel", f"{ref}'s window", ref, window_x, window_y, wide, high, 1.0, bevel=bevel)
    )
    wide, high = size["lit"]
    lit = Handle(ref, ref, window_x, window_y, wide, high, (-0.1, 0.1), "#19b5c8", touched=False)
    layout.handles.append(lit)
    _screws(layout, ref, x, y, size["holes"])
    plugs_x, plugs_y = size["plugs"]
    edge = y + height / 2

    def body(name: str, span_x: Span, span_y: Span, span_z: Span, colour: str) -> None:
        layout.bodies.append(Body(name, ref, "panel", span_x, span_y, span_z, colour))

    across, along = about(x, width), about(y, height)
    body(ref, across, along, (-below, -size["spacer"]), "royalblue")
    glass = (about(window_x, size["glass"][0]), about(window_y, size["glass"][1]))
    body(f"{ref}'s glass", *glass, (-size["spacer"], 0.0), "black")
    body(f"{ref}'s back", across, along, (-below - size["back"], -below), "silver")
    plugs = (edge - 3.0, edge - 3.0 + plugs_y)
    body(f"{ref}'s plugs", about(x, plugs_x), plugs, (-below - size["back"], -below), "dimgray")


def _pad(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    ref, x, y = place["reference"], place["x"], place["y"]
    width, height = (layout.through(length) for length in size["panel"])
    depth, top = size["thickness"], layout.case.panel_thickness
    recess = CutOut(
        "panel", f"{ref}'s recess", ref, x, y, width, height, 1.5, kind="recess", depth=depth
    )
    tail_x, tail_y = size["tail_offset"]
    wide, high = size["tail"]
    slit = CutOut("panel", f"{ref}'s slit", ref, x + tail_x, y + tail_y, wide, high, 1.0)
    layout.cut_outs += [recess, slit]
    level = (top - depth, top)
    rim_x, rim_y = size["panel"]
    rim = Handle(f"{ref}'s rim", ref, x, y, rim_x, rim_y, level, "#3a3a3a")
    active_x, active_y = size["active"]
    lit = (top - depth, top + 0.05)  # above the rim in the picture
    layout.handles += [rim, Handle(ref, ref, x, y, active_x, active_y, lit, "#151515")]


def _touch(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    height, width = size["board"]  # stands on end, its tail's contacts towards the pad
    across, along = about(place["x"], width), about(place["y"], height)
    deep = size["tape"] + size["thickness"]
    span_z = (-deep - size["back"], -size["tape"])
    ref = place["reference"]
    layout.bodies.append(Body(ref, ref, "panel", across, along, span_z, "royalblue"))


def _encoders(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    ref, x, y = place["reference"], place["x"], place["y"]
    top = layout.case.panel_thickness
    across, along = (about(m, w) for m, w in zip((x, y), size["board"], strict=True))
    board = -size["body_height"] - size["thickness"]
    knobs = place["references"]
    below = (board, -size["body_height"])
    layout.bodies.append(Body(ref, ref, "panel", across, along, below, "royalblue"))
    back = (board - size["back"], board)
    layout.bodies.append(Body(f"{ref}'s back", ref, "panel", across, along, back, "silver"))
    for number, (knob, name) in enumerate(zip(knobs, place["names"], strict=True)):
        at = x + (number - (len(knobs) - 1) / 2) * size["pitch"]
        layout.hole("panel", f"{knob}'s bushing", knob, at, y, size["bushing_hole"])
        nut = size["nut_recess"]
        layout.cut_outs.append(
            CutOut.circle(
                "panel", f"{knob}'s nut", knob, at, y, nut, "recess", size["nut_recess_depth"]
            )
        )
        wide, high = size["body"]
        spans = (about(at, wide), about(y, high), (-size["body_height"], 0.0))
        layout.bodies.append(Body(knob, knob, "panel", *spans, mounts=(ref,)))
        foot = top + 1.2  # above the nut
        reach = (foot, foot + size["knob_height"])
        layout.handles.append(
            Handle(
                f"{knob}'s knob", knob, at, y, size["knob"], size["knob"], reach, "#303030", True
            )
        )
        _label(layout, place, name, at)


def _button(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    ref, x, y = place["reference"], place["x"], place["y"]
    width, height = (length + 2 * size["cap_margin"] for length in size["cap"])
    layout.cut_outs.append(CutOut("panel", f"{ref}'s cap", ref, x, y, width, height, 1.0))
    foot = -layout.fasteners.spacer
    across, along = (about(m, w) for m, w in zip((x, y), size["body"], strict=True))
    span_z = (foot, foot + size["body_height"])
    body = Body(ref, ref, "panel", across, along, span_z, "#222222")
    layout.bodies.append(body)
    cap = (foot + size["body_height"], foot + size["cap_top"])
    wide, high = size["cap"]
    layout.handles.append(Handle(f"{ref}'s cap", ref, x, y, wide, high, cap, "gainsboro"))
    _label(layout, place, place["name"], x)


def _carrier(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    ref, x, y = place["reference"], place["x"], place["y"]
    _screws(layout, ref, x, y, size["holes"])
    top = -layout.fasteners.spacer
    legs = layout.parts["button"]["legs"]
    span_z = (min(top - size["thickness"], top - legs), top)
    across, along = (about(m, w) for m, w in zip((x, y), size["size"], strict=True))
    switches = tuple(f"SW{number}" for number in range(1, 7))
    layout.bodies.append(
        Body("the carrier", ref, "panel", across, along, span_z, "darkorange", mounts=switches)
    )


def _led(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    ref, x, y = place["reference"], place["x"], place["y"]
    layout.hole("panel", f"{ref}'s lamp", ref, x, y, size["window"])
    width, length = size["body"]
    span_z = (-length, 0.0)
    layout.bodies.append(
        Body(ref, ref, "panel", about(x, width), about(y, width), span_z, "limegreen")
    )
    top = layout.case.panel_thickness
    lamp = (top - 1.0, top + 1.5)
    wide = size["hole"]
    layout.handles.append(
        Handle(f"{ref}'s lamp", ref, x, y, wide, wide, lamp, "limegreen", True, touched=False)
    )


def _screws(layout: Layout, ref: str, x: float, y: float, spacing: tuple[float, float]) -> None:
    """Four M2.5 screws through the panel, seen from above."""
    top = layout.case.panel_thickness
    for number, (at_x, at_y) in enumerate(square(x, y, spacing), 1):
        name = f"{ref}'s screw {number}"
        layout.hole("panel", name, ref, at_x, at_y, layout.fasteners.m25_hole)
        head = (top, top + 1.5)
        layout.handles.append(
            Handle(name, ref, at_x, at_y, 4.7, 4.7, head, "silver", True, touched=False)
        )


def _label(layout: Layout, place: dict[str, Any], name: str, x: float) -> None:
    layout.letters.append(Letters("panel", name.upper(), x, place["label_y"], place["label_size"]))


PANEL_PARTS: dict[str, Maker] = {
    "oled": _oled,
    "pad": _pad,
    "touch": _touch,
    "encoders": _encoders,
    "button": _button,
    "carrier": _carrier,
    "led": _led,
}
