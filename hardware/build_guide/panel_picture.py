"""The panel's underside with its parts named, as it lies on its face on the bench."""

from __future__ import annotations

from hardware.build_guide.svg import Svg
from hardware.drawings.model import Netlist
from hardware.enclosure.model import Layout

__all__ = ["panel_underside"]

_FILLS = {"A2": "#b8c9ee", "A3": "#b8c9ee", "A4": "#b8c9ee", "carrier": "#f6c58a", "D2": "#a8e0a8"}


def panel_underside(netlist: Netlist, layout: Layout) -> str:
    """The panel turned over about its long axis: left stays left, its rear edge comes to the front
    and so to the foot of the picture."""
    case = layout.case
    svg = Svg(-4, -9, case.width + 4, case.panel_length + 7, "The panel from below")
    long = case.panel_length
    svg.rectangle((0, 0), (case.width, long), "#ececec", "#555555", case.corner_radius)
    svg.text((case.width / 2, long + 3.5), "front edge (knobs, buttons)", 4)
    svg.text((case.width / 2, -5), "rear edge", 4)
    for cut in layout.cut_outs:
        if cut.face != "panel" or cut.kind == "recess":
            continue
        low = (cut.x - cut.width / 2, long - cut.y - cut.height / 2)
        high = (cut.x + cut.width / 2, long - cut.y + cut.height / 2)
        svg.rectangle(low, high, "#ffffff", "#999999", cut.radius)
    shown: dict[str, tuple[float, float, float, float]] = {}
    for body in layout.bodies:
        if body.frame == "panel" and not body.part.startswith("post"):
            box = (body.x[0], long - body.y[1], body.x[1], long - body.y[0])
            if body.name == body.part or body.part == "carrier" or body.part.startswith("EN"):
                shown[body.part] = box
            if body.name == "A2's plugs":
                svg.rectangle(box[:2], box[2:], "#9a9a9a", "#555555", 0.5)
                svg.text(((box[0] + box[2]) / 2, box[1] + 3), "plugs", 3)
    order = sorted(shown, key=lambda ref: ref.startswith(("EN", "SW")))
    for ref in order:
        x0, y0, x1, y1 = shown[ref]
        svg.rectangle((x0, y0), (x1, y1), _FILLS.get(ref, "#d5d5d5"), "#444444", 0.6)
        part = netlist.parts.get(ref)
        middle = (x0 + x1) / 2
        if part is None:
            svg.text((middle, y1 - 4), "button carrier", 3.4)
        elif ref.startswith(("EN", "SW")):
            svg.text((middle, (y0 + y1) / 2 + 1.6), ref, 3)
            svg.text((middle, (y0 + y1) / 2 - 2.2), part.value, 1.9 if len(part.value) > 6 else 2.4)
        elif ref == "D2":
            svg.text((middle, y1 + 3), "D2", 3)
        else:
            svg.text((middle, y1 - 3.2), f"{ref}", 3.6)
    for number, post in enumerate(layout.posts, 1):
        svg.circle((post.x, long - post.y), 2.1, "#d8b04a", "#6a5310")
        svg.text((post.x + (4.2 if post.x < 150 else -4.2), long - post.y), str(number), 3)
    return svg.written()
