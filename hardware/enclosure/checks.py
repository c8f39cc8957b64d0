"""What can be wrong with a layout, told from its dimensions alone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from hardware.enclosure.model import Layout
from hardware.enclosure.shapes import Body, CutOut, Face, Letters, Span, gap, outline, web

__all__ = ["faults", "letters_span"]

_SLACK = 1e-6  # of rounding


def faults(layout: Layout) -> list[str]:
    """Everything wrong with the case, a sentence each; empty for one that may be printed."""
    found = [
        *_unprintable(layout),
        *_thin_webs(layout),
        *_outside(layout),
        *_cut_letters(layout),
        *_meeting_bodies(layout),
        *_bodies_in_walls(layout),
        *_too_shallow(layout),
        *_unreachable(layout),
        *_missed_openings(layout),
        *_short_bushings(layout),
    ]
    return [fault[:1].upper() + fault[1:] for fault in dict.fromkeys(found)]


def _unprintable(layout: Layout) -> list[str]:
    case, limits = layout.case, layout.limits
    found = []
    for what, size in (("wide", case.width), ("long", case.panel_length), ("deep", case.depth)):
        if size > case.bed:
            found.append(f"The case is {size:.1f} mm {what}, the printer's bed {case.bed:g}.")
    for what, thickness in (("walls are", case.wall), ("floor is", case.floor)):
        if thickness < limits.min_wall:
            found.append(f"The {what} {thickness:g} mm thick, less than {limits.min_wall:g}.")
    for cut in layout.cut_outs:
        left = case.panel_thickness - cut.depth
        if cut.face == "panel" and cut.kind != "through" and left < 0.8 - _SLACK:
            found.append(f"{cut.name} leaves {left:.1f} mm of the panel.")
    return found


def _thin_webs(layout: Layout) -> list[str]:
    found = []
    for first, second in combinations(layout.cut_outs, 2):
        if first.face != second.face:
            continue
        nested = first.part == second.part and "recess" in (first.kind, second.kind)
        if nested or web(first, second) >= layout.limits.min_web - _SLACK:
            continue
        if web(first, second) < 0:
            found.append(f"{first.name} and {second.name} overlap.")
        else:
            found.append(f"{first.name} and {second.name} leave {web(first, second):.1f} mm.")
    return found


def _face_spans(layout: Layout, face: Face, at: CutOut | Letters) -> tuple[Span, Span]:
    """How far a face reaches where a cut-out or lettering is."""
    case, wall = layout.case, layout.case.wall
    if face == "panel":
        return (0.0, case.width), (0.0, case.panel_length)
    if face == "floor":
        return (0.0, case.width), (0.0, case.depth)
    across = (wall, case.width - wall) if face == "rear" else (wall, case.depth - wall)
    y = case.depth if face == "rear" else at.x
    top = case.rear_height - (case.depth - y) * (case.rear_height - case.front_height) / case.depth
    return across, (case.floor, top)


def _outside(layout: Layout) -> list[str]:
    found = []
    for cut in layout.cut_outs:
        spans = _face_spans(layout, cut.face, cut)
        middles, sizes = (cut.x, cut.y), (cut.width, cut.height)
        edge = min(
            side
            for span, middle, size in zip(spans, middles, sizes, strict=True)
            for side in (middle - size / 2 - span[0], span[1] - middle - size / 2)
        )
        if edge < 0:
            found.append(f"{cut.name} reaches {-edge:.1f} mm over the {cut.face} face's edge.")
        elif edge < layout.limits.min_web - _SLACK:
            found.append(f"{cut.name} is {edge:.1f} mm from the {cut.face} face's edge.")
    return found


def letters_span(layout: Layout, letters: Letters) -> tuple[Span, Span]:
    """The room that lettering takes at most."""
    width = len(letters.text) * letters.size * layout.lettering.character_width
    half = letters.size / 2
    across = (letters.x - width / 2, letters.x + width / 2)
    return across, (letters.y - half, letters.y + half)


def _cut_letters(layout: Layout) -> list[str]:
    found = []
    for letters in layout.letters:
        spans = letters_span(layout, letters)
        room = _face_spans(layout, letters.face, letters)
        if any(s[0] < r[0] + 1 or s[1] > r[1] - 1 for s, r in zip(spans, room, strict=True)):
            found.append(f"{letters.text} runs over the {letters.face} face's edge.")
        covers = [
            (cut.name, cut.x, cut.y, cut.width, cut.height)
            for cut in layout.cut_outs
            if cut.face == letters.face and cut.kind != "blind"
        ]
        if letters.face == "panel":
            covers += [(h.name, h.x, h.y, h.width, h.height) for h in layout.handles]
        for name, x, y, width, height in covers:
            other = ((x - width / 2, x + width / 2), (y - height / 2, y + height / 2))
            if all(s[0] < o[1] and o[0] < s[1] for s, o in zip(spans, other, strict=True)):
                found.append(f"{letters.text} is cut or covered by {name}.")
        for second in layout.letters[layout.letters.index(letters) + 1 :]:
            others = letters_span(layout, second)
            if second.face == letters.face and all(
                s[0] < o[1] and o[0] < s[1] for s, o in zip(spans, others, strict=True)
            ):
                found.append(f"{letters.text} and {second.text} overlap.")
    return found


def _meeting_bodies(layout: Layout) -> list[str]:
    found = []
    for first, second in combinations(layout.bodies, 2):
        if first.part == second.part:
            continue
        if first.part in second.mounts or second.part in first.mounts:
            continue
        air = gap(first, second, layout.case)
        if air < 0:
            found.append(f"{first.name} meets {second.name}.")
        elif air < layout.limits.min_gap - _SLACK:
            found.append(f"{first.name} and {second.name} have {air:.1f} mm of air between them.")
    for stand in layout.standoffs:
        for body in layout.bodies:
            half, foot = layout.fasteners.standoff / 2, layout.case.floor
            pillar = Body(
                "",
                "",
                "case",
                (stand.x - half, stand.x + half),
                (stand.y - half, stand.y + half),
                (foot, foot + stand.height),
            )
            if body.part != stand.part and gap(pillar, body, layout.case) < 0:
                found.append(f"A standoff of {stand.part} meets {body.name}.")
    return found


def _bodies_in_walls(layout: Layout) -> list[str]:
    case = layout.case
    found = []
    for body in layout.bodies:
        if body.passes == "walls":
            continue
        corners = outline(body, case)
        beyond = {
            "left": case.wall - body.x[0],
            "right": body.x[1] - layout.inside_right,
            "front": case.wall - min(y for y, _ in corners),
            "rear": max(y for y, _ in corners) - layout.inside_rear,
        }
        for wall, depth in beyond.items():
            if depth <= _SLACK:
                continue
            if body.passes != wall or not _has_opening(layout, body):
                found.append(f"{body.name} meets the {wall} wall.")
    return found


def _has_opening(layout: Layout, body: Body) -> bool:
    across = body.x if body.passes == "rear" else body.y
    return any(
        cut.face == body.passes
        and cut.part == body.part
        and _inside((across, body.z), cut, slack=0.0)
        for cut in layout.cut_outs
    )


def _inside(spans: tuple[Span, Span], cut: CutOut, slack: float) -> bool:
    sides = zip(spans, (cut.x, cut.y), (cut.width, cut.height), strict=True)
    return all(
        middle - size / 2 - slack - _SLACK <= span[0]
        and span[1] <= middle + size / 2 + slack + _SLACK
        for span, middle, size in sides
    )


def _too_shallow(layout: Layout) -> list[str]:
    """Bodies on the floor that reach the panel, and bodies below the panel that reach the floor."""
    case, air = layout.case, layout.limits.min_gap
    found = []
    for body in layout.bodies:
        if body.passes == "walls":
            continue
        corners = outline(body, case)
        if body.frame == "panel":
            lacking = case.floor + air - min(z for _, z in corners)
        else:
            lacking = max(case.to_panel(y, z)[1] for y, z in corners) + air
        if lacking > _SLACK:
            found.append(f"The case is {lacking:.1f} mm too shallow for {body.name}.")
    return found


def _unreachable(layout: Layout) -> list[str]:
    touched = [handle for handle in layout.handles if handle.touched]
    found = []
    for first, second in combinations(touched, 2):
        if first.part == second.part:
            continue
        shapes = [
            CutOut("panel", h.name, h.part, h.x, h.y, h.width, h.height, h.width / 2 * h.round)
            for h in (first, second)
        ]
        room = web(*shapes)
        if room < layout.limits.min_reach - _SLACK:
            found.append(f"A finger has {room:.1f} mm between {first.name} and {second.name}.")
    return found


def _missed_openings(layout: Layout) -> list[str]:
    found = []
    for socket in layout.sockets:
        wanted = (
            (socket.x - socket.opening[0] / 2, socket.x + socket.opening[0] / 2),
            (socket.y - socket.opening[1] / 2, socket.y + socket.opening[1] / 2),
        )
        cuts: Iterable[CutOut] = (cut for cut in layout.cut_outs if cut.face == socket.face)
        if not any(_inside(wanted, cut, slack=0.0) for cut in cuts):
            found.append(f"{socket.name} does not face its opening in the {socket.face} wall.")
        elif socket.setback > layout.limits.max_setback + _SLACK:
            found.append(
                f"{socket.name} is {socket.setback:.1f} mm behind the wall, out of a plug's reach."
            )
    return found


def _short_bushings(layout: Layout) -> list[str]:
    size = layout.parts["encoders"]
    need = layout.case.panel_thickness - size["nut_recess_depth"] + size["nut"]
    if need <= size["bushing"] + _SLACK:
        return []
    return [f"The encoders' bushings are {size['bushing']:g} mm long, panel and nut {need:.1f}."]
