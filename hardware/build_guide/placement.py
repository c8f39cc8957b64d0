"""Where each part of the interface board goes, its wires, and what would be wrong with that.

The DIN sockets are turned with their mouths to the rear: seen from above their pins are, from the
left, 1 4 2 5 3. Pins 1, 2 and 3 are 15.0 mm behind the mouth, 4 and 5 17.5 mm, 7.5, 0 and 5 mm from
the middle, which is three, none and two rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from hardware.build_guide.protoboard import Hole
from hardware.drawings.model import Netlist, Node

__all__ = ["CUT", "PARTS", "WIRES", "Link", "links", "place", "placement_faults"]

PARTS: dict[str, dict[str, str]] = {
    "U1": {"1": "f10", "2": "f9", "3": "f8", "4": "e8", "5": "e9", "6": "e10"},
    "U2": {"1": "e18", "2": "e19", "3": "e20", "4": "f20", "5": "f18"},
    "U3": {
        **{str(pin): f"e{21 + pin}" for pin in range(1, 8)},
        **{str(pin): f"f{36 - pin}" for pin in range(8, 15)},
    },
    "R1": {"1": "h3", "2": "h6"},
    "R2": {"1": "+8", "2": "a8"},
    "R3": {"1": "g20", "2": "g17"},
    "R4": {"1": "d11", "2": "g13"},
    "R5": {"1": "+19", "2": "a19"},
    "R6": {"1": "b24", "2": "b21"},
    "R7": {"1": "c27", "2": "c30"},
    "R8": {"1": "d16", "2": "d13"},
    "R9": {"1": "e17", "2": "e13"},
    "D1": {"A": "g7", "K": "g10"},
    "C1": {"1": "b10", "2": "b9"},
    "C2": {"1": "f14", "2": "f15"},
    "C3": {"1": "g22", "2": "g23"},
    "C4": {"1": "i22", "2": "i23"},
    "C5": {"1": "+24", "2": "-24"},
    "P1": {str(pin): f"b{10 + pin}" for pin in range(1, 8)},
    "P2": {"1": "+5", "2": "-5"},
    "J2": {"4": "i3", "2": "j5", "5": "i7"},
    "J3": {"4": "i13", "2": "j15", "5": "i17"},
    "J4": {"T": "i21", "S": "j24", "R": "d30"},
}
"""The hole of each pin. U2's are those of its adapter, whose pin 6 is the chip's pin 5. J4's
contacts do not fall on holes: it is glued on, and wires lead from it to these holes."""

CUT: dict[Node, str] = {
    (socket, pin): "MIDI does not use it, and its row is needed"
    for socket in ("J2", "J3")
    for pin in ("1", "3")
}
"""Pins that are cut off before soldering."""

WIRES = (
    "h7-h9 f6-h10 "  # MIDI in, the sender's side
    "a9--9 a10-+10 a11-+11 a13--13 a20--20 a22--22 a25--25 a28--28 "
    "c8-d15 e14-d19 c16-c23 d17-b26 "
    "e11-g14 h14-h18 c13-g15 "
    "e12-f16 g16-h22 "
    "d28-d29 e29-f29 g27-g29 h26-h27 i24-i26 h23-h24 "
    "e21-f21"
)
"""The board's own wires, from hole to hole."""

_REST_ROWS = (1, 2, 29, 30)  # their rails lie on the tray's standoffs
_SCREW_HOLES = ("e1", "f1", "e30", "f30")  # beside the heads of the two screws
_UNDER_DIN = 19  # in rows below this one, i and j are under the DIN sockets


@dataclass(frozen=True)
class Link:
    """One of the board's own wires."""

    start: Hole
    end: Hole
    net: str


def place(ref: str, pin: str) -> Hole:
    """The hole of a part's pin; ``KeyError`` for one that is cut off or not on the board."""
    return Hole.named(PARTS[ref][pin])


def links(netlist: Netlist, wires: str = WIRES) -> list[Link]:
    """The board's own wires with their nets."""
    nets = _nets(netlist, wires)
    return [Link(a, b, "+".join(sorted(nets[a.strip]))) for a, b in _wires(wires)]


def placement_faults(netlist: Netlist, wires: str = WIRES) -> list[str]:
    """What is wrong with the placement, a sentence each; empty for a board to be soldered."""
    return [
        *_missing(netlist),
        *_holes_used_twice(wires),
        *_shorts(netlist, wires),
        *_nets_apart(netlist, wires),
        *_in_the_way(wires),
    ]


def _pins() -> list[tuple[Node, Hole]]:
    return [((ref, pin), place(ref, pin)) for ref, pins in PARTS.items() for pin in pins]


def _wires(wires: str) -> list[tuple[Hole, Hole]]:
    pairs = [wire.split("-", 1) for wire in wires.split()]
    return [(Hole.named(start), Hole.named(end)) for start, end in pairs]


def _groups(wires: str) -> dict[tuple[str, int], int]:
    """A number for each strip; strips that wires join have the same."""
    strips = [hole.strip for _, hole in _pins()]
    strips += [hole.strip for wire in _wires(wires) for hole in wire]
    groups = {strip: number for number, strip in enumerate(dict.fromkeys(strips))}
    for start, end in _wires(wires):
        old, new = groups[end.strip], groups[start.strip]
        groups = {strip: new if group == old else group for strip, group in groups.items()}
    return groups


def _nets(netlist: Netlist, wires: str) -> dict[tuple[str, int], set[str]]:
    """The nets of every strip, by the pins on it and on those it is joined with; more than one is
    a short. A pin that is left open counts as a net of its own."""
    groups = _groups(wires)
    found: dict[int, set[str]] = {group: set() for group in groups.values()}
    for node, hole in _pins():
        net = netlist.net_of(node) or f"the open pin {node[0]}.{node[1]}"
        found[groups[hole.strip]].add(net)
    return {strip: found[group] for strip, group in groups.items()}


def _missing(netlist: Netlist) -> list[str]:
    found = []
    for part in netlist.parts.values():
        for pin in part.pins if part.place == "board" else ():
            if pin.number not in PARTS.get(part.ref, {}) and (part.ref, pin.number) not in CUT:
                found.append(f"{part.ref}.{pin.number} has no hole.")
    found += [f"{ref} is not in the netlist." for ref in PARTS if ref not in netlist.parts]
    return found + [
        f"{ref}.{pin} is cut but wired." for ref, pin in CUT if netlist.net_of((ref, pin))
    ]


def _holes_used_twice(wires: str) -> list[str]:
    uses: dict[Hole, list[str]] = {}
    for node, hole in _pins():
        uses.setdefault(hole, []).append(".".join(node))
    for start, end in _wires(wires):
        for hole in (start, end):
            uses.setdefault(hole, []).append(f"the wire {start.name}-{end.name}")
    return [
        f"{hole.name} is used by {' and '.join(users)}."
        for hole, users in uses.items()
        if len(users) > 1
    ]


def _shorts(netlist: Netlist, wires: str) -> list[str]:
    shorts = {tuple(sorted(names)) for names in _nets(netlist, wires).values() if len(names) > 1}
    return [f"{' and '.join(names)} touch." for names in sorted(shorts)]


def _nets_apart(netlist: Netlist, wires: str) -> list[str]:
    groups = _groups(wires)
    found = []
    for net, nodes in netlist.nets.items():
        pieces = {groups[place(ref, pin).strip] for ref, pin in nodes if pin in PARTS.get(ref, {})}
        if len(pieces) > 1:
            found.append(f"{net} is in {len(pieces)} pieces.")
    return found


def _in_the_way(wires: str) -> list[str]:
    """Holes that the case or a socket's body covers."""
    sockets = {place(ref, pin) for ref in ("J2", "J3") for pin in PARTS[ref]}
    holes = [hole for _, hole in _pins()] + [hole for wire in _wires(wires) for hole in wire]
    found = []
    for hole in holes:
        if hole.column.startswith("front") and hole.row in _REST_ROWS:
            found.append(f"{hole.name} lies on a standoff.")
        if hole.name in _SCREW_HOLES:
            found.append(f"{hole.name} is beside a screw.")
        covered = hole.column in "ij" and hole.row < _UNDER_DIN and hole not in sockets
        if hole.column.startswith("rear") or covered:
            found.append(f"{hole.name} is under a socket.")
    return found
