"""What the parts in the rear wall and on the floor need: openings, bodies and standoffs."""

from __future__ import annotations

from typing import Any

from hardware.enclosure.model import Layout
from hardware.enclosure.panel_parts import Maker, about, square
from hardware.enclosure.shapes import Body, CutOut, Letters, Socket, Span, Standoff

__all__ = ["REAR_PARTS", "TRAY_PARTS"]


def _interface_top(layout: Layout) -> float:
    """The height of the interface board's upper side."""
    return layout.case.floor + layout.fasteners.spacer + layout.parts["interface"]["thickness"]


def _din(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    """A DIN socket through the wall: a plug's sleeve is too wide to follow it into a hole."""
    ref, x = place["reference"], place["x"]
    width, depth, height = size["size"]
    top = _interface_top(layout)
    front = layout.inside_rear + size["out"]
    body = _box(ref, about(x, width), (front - depth, front), (top, top + height), "#202020")
    layout.bodies.append(Body(**{**body, "mounts": ("interface",), "passes": "rear"}))
    middle = (x, top + size["centre"])
    layout.opening("rear", ref, ref, middle, (width, height))
    setback = layout.case.depth - front
    layout.sockets.append(Socket(ref, "rear", *middle, setback, (width, height)))


def _jack(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    """A jack socket behind the wall, its bushing in it."""
    ref, x = place["reference"], place["x"]
    width, depth, height = size["size"]
    top, front, hole = _interface_top(layout), layout.inside_rear, size["hole"]
    body = _box(ref, about(x, width), (front - depth, front), (top, top + height), "#202020")
    layout.bodies.append(Body(**{**body, "mounts": ("interface",), "passes": "rear"}))
    z = top + size["centre"]
    layout.hole("rear", ref, ref, x, z, layout.through(hole))
    setback = layout.case.wall - size["bushing"]
    layout.sockets.append(Socket(ref, "rear", x, z, setback, (hole, hole)))


def _power_button(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    ref, x, z = place["reference"], place["x"], place["z"]
    layout.hole("rear", ref, ref, x, z, layout.through(size["hole"]))
    width, depth = size["body"]
    rear = layout.inside_rear
    body = _box(ref, about(x, width), (rear - depth, rear), about(z, width), "#202020")
    layout.bodies.append(Body(**{**body, "passes": "rear"}))


def _interface(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    """The interface board against the rear wall, its sockets in their openings."""
    x, (width, depth) = place["x"], size["board"]
    rear = layout.inside_rear - size["setback"]
    y, top = rear - depth / 2, _interface_top(layout)
    across = about(x, width)
    board = _box("interface", across, (rear - depth, rear), (top - size["thickness"], top), "green")
    layout.bodies.append(Body(**{**board, "name": "the interface board"}))
    above = (top, top + size["parts_height"])
    span_y = (rear - depth, rear - size["clear_rear"])
    parts = _box("interface", across, span_y, above, "#7a6a4a")
    layout.bodies.append(Body(**{**parts, "name": "the interface board's parts"}))
    high = layout.fasteners.spacer
    for hole in (-size["holes"][0] / 2, size["holes"][0] / 2):
        layout.standoffs.append(Standoff("interface", x + hole, y, high, True))
    for at in square(x, y, size["rests"]):
        layout.standoffs.append(Standoff("interface", *at, high, False))


def _pi(layout: Layout, place: dict[str, Any], size: dict[str, Any]) -> None:
    """The Pi in the rear right corner, half a turn from how its drawing shows it."""
    case = layout.case
    width, depth = size["board"]
    at_rest = layout.inside_right - size["setback_card"]
    mouth = layout.inside_rear - size["setback_usb"]
    right = at_rest + place["move"][0]
    rear = mouth - size["socket_out"] + place["move"][1]
    middle_x, middle_y = right - width / 2, rear - depth / 2
    low = case.floor + size["standoff"]
    top = low + size["thickness"]

    def body(name: str, x: Span, y: Span, z: Span, colour: str) -> None:
        layout.bodies.append(Body(**{**_box("A1", x, y, z, colour), "name": name}))

    body("A1", (right - width, right), (rear - depth, rear), (low, top), "seagreen")
    wide, high = size["socket"]
    sockets = {"HDMI": size["hdmi"], "USB": size["usb"], "supply": size["supply"]}
    for name, from_card in sockets.items():
        at = about(right - from_card, wide + 3.2 if name == "HDMI" else wide)
        out = rear + (0.0 if name == "HDMI" else size["socket_out"])
        body(f"A1's {name} socket", at, (out - 5.5, out), (top, top + high), "silver")
    wires = (rear - depth, rear - depth + 7.0)
    body("A1's wires", about(middle_x, 51.0), wires, (top, top + size["wires"]), "#333333")
    card_y = rear - size["card"]
    out = (right - 5.0, right + size["card_out"])
    card = _box("A1", out, about(card_y, size["card_size"][0]), (top, top + 1.0), "#111111")
    layout.bodies.append(Body(**{**card, "name": "A1's card", "passes": "right"}))
    z = top + high / 2
    plug = tuple(size["plug"])
    between = (size["supply"] + size["usb"]) / 2
    apart = size["supply"] - size["usb"]
    # One opening for both: a wall between two plugs would be thinner than a line.
    layout.opening("rear", "USB", "A1", (at_rest - between, z), (plug[0] + apart, plug[1]), 1.5)
    for name in ("USB", "supply"):
        setback = layout.inside_rear - rear - size["socket_out"]
        at = right - sockets[name]
        layout.sockets.append(Socket(f"A1's {name}", "rear", at, z, setback, (plug[0], plug[1])))
    z, finger = top + size["card_size"][1] / 2, tuple(size["finger"])
    rest_y = mouth - size["socket_out"] - size["card"]
    layout.opening("right", "card", "A1", (rest_y, z), (finger[0], finger[1]), 3.0)
    setback = layout.inside_right - right
    layout.sockets.append(Socket("A1's card", "right", card_y, z, setback, (finger[0], finger[1])))
    for at in square(middle_x, middle_y, size["holes"]):
        layout.standoffs.append(Standoff("A1", *at, size["standoff"], True))
    _vents(layout, middle_x + size["vents_x"], middle_y, size["vents"])
    for label, from_card in (("usb_label", "usb"), ("supply_label", "supply")):
        at = at_rest - size[from_card]
        layout.letters.append(
            Letters("rear", place[label], at, place["label_z"], place["label_size"])
        )


def _vents(layout: Layout, x: float, y: float, vents: tuple[int, float, float, float]) -> None:
    number, pitch, width, length = vents
    for slot in range(number):
        at = x + (slot - (number - 1) / 2) * pitch
        name = f"vent {slot + 1}"
        layout.cut_outs.append(CutOut("floor", name, name, at, y, width, length, width / 2))


def _box(part: str, x: Span, y: Span, z: Span, colour: str) -> dict[str, Any]:
    return {"name": part, "part": part, "frame": "case", "x": x, "y": y, "z": z, "colour": colour}


REAR_PARTS: dict[str, Maker] = {"din": _din, "jack": _jack, "power_button": _power_button}
TRAY_PARTS: dict[str, Maker] = {"interface": _interface, "pi": _pi}
