"""The build guide: its placement joins what the netlist joins, and it says only what is so."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from firmware.__main__ import _parser
from hardware.build_guide import placement
from hardware.build_guide.__main__ import OUT, made
from hardware.build_guide.placement import CUT, PARTS, WIRES, place, placement_faults
from hardware.build_guide.protoboard import Hole
from hardware.build_guide.tables import GUIDE
from hardware.drawings.nets import board_netlist
from hardware.drawings.wires import header_wires
from hardware.enclosure.layout import load_layout, read_dimensions
from hardware.pin_map import HEADER, load_pin_map

ROOT = Path(__file__).parents[2]
TEXT = GUIDE.read_text(encoding="utf-8")
STEPS = re.split(r"^## (?=Step \d)", TEXT, flags=re.M)[1:]
NETLIST = board_netlist()
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`|^ {4,}(\S.*)$", re.M)


def anchors(path):
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("link", sorted(set(LINK.findall(TEXT))))
def test_every_link_leads_somewhere(link):
    file, _, anchor = link.partition("#")
    path = (GUIDE.parent / file).resolve() if file else GUIDE
    assert path.exists()
    assert path.is_relative_to(ROOT)
    assert not anchor or anchor in anchors(path)


def test_steps_are_numbered_and_each_ends_in_a_check():
    numbers = [int(re.match(r"Step (\d+): ", step)[1]) for step in STEPS]
    assert numbers == list(range(1, len(STEPS) + 1))
    for step in STEPS:
        assert step.count("**Check.**") == step.count("**If not:**") == 1, step[:40]
        assert step.index("**Check.**") < step.index("**If not:**")
        assert re.search(r"^1\. ", step, re.M), step[:40]


def test_every_part_of_the_circuit_is_in_a_step():
    text = "\n".join(STEPS[1:])  # the first is about buying
    for kind, first, last in re.findall(r"\b([A-Z]+)(\d+) to \1(\d+)\b", text):
        text += " ".join(f" {kind}{number}" for number in range(int(first), int(last) + 1))
    assert [ref for ref in NETLIST.parts if not re.search(rf"\b{ref}\b", text)] == []


def test_commands_exist():
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    commands = [a or b for a, b in CODE.findall(TEXT)]
    made_of = [command.split()[1] for command in commands if command.startswith("make ")]
    ours = [command for command in commands if command.startswith("groovebox ")]
    assert made_of
    assert set(made_of) <= set(targets)
    assert len(ours) >= 3
    for command in ours:
        assert _parser().parse_args(shlex.split(command)[1:]).command == "selftest"


def test_header_pins_named_are_those_of_the_board():
    names = {wire.header: {wire.net.removeprefix("BTN_")} for wire in header_wires(NETLIST)}
    for wire in header_wires(NETLIST):
        part = NETLIST.parts[wire.end[0]]
        found = {NETLIST.pin(wire.start).name, NETLIST.pin(wire.end).name, part.ref, part.value}
        names[wire.header] |= found | ({"ground"} if wire.net == "GND" else set())
    told = re.findall(r"header pin (\d+) \(([^)]+)\)", TEXT)
    assert len(told) > 30
    assert [(pin, name) for pin, name in told if name not in names[pin]] == []
    gpios = [(int(pin), int(name[4:])) for pin, name in told if name.startswith("GPIO")]
    assert {gpio for _, gpio in gpios} == {
        gpio for gpio, owner in load_pin_map().pins().items() if not owner.startswith("reserved.")
    }
    assert all(HEADER[gpio] == pin for pin, gpio in gpios)


def test_lines_quoted_are_those_of_the_self_test():
    source = "".join(path.read_text() for path in (ROOT / "firmware/selftest").glob("*.py"))
    quoted = re.findall(r"^ *(?:.*`)?(?:pass|FAIL|skip)  ([A-Z][^:`\n]*)", TEXT, re.M)
    quoted += re.findall(r"`(?:pass|FAIL|skip)  ([A-Z][^:`\n]*)", TEXT)
    assert len(quoted) > 20
    for name in quoted:
        assert f'"{name}"' in source or f'f"{name.split()[0]} {{' in source, name


def test_the_placement_joins_what_the_netlist_joins():
    assert placement_faults(NETLIST) == []


@pytest.mark.parametrize("socket", ["J2", "J3"])
def test_a_socket_in_its_holes_faces_its_opening(socket):
    rows = [Hole.named(hole).at[0] for hole in PARTS[socket].values()]
    board_x = read_dimensions()["tray"]["interface"]["x"]
    [opening] = [cut for cut in load_layout().cut_outs if cut.name == socket]
    assert board_x + (min(rows) + max(rows)) / 2 == pytest.approx(opening.x, abs=0.05)


@pytest.mark.parametrize("wire", WIRES.split())
def test_every_wire_is_needed(wire):
    rest = " ".join(other for other in WIRES.split() if other != wire)
    assert any("pieces" in fault for fault in placement_faults(NETLIST, rest))


@pytest.mark.parametrize(
    ("wire", "sentence"),
    [
        ("b1-c12", None),
        ("d12-c14", "5V and TXD touch."),
        ("g8-g3", "MIDI_IN_4 and the open pin U1.3 touch."),
        ("+30-+7", "+30 lies on a standoff."),
        ("a1-j12", "j12 is under a socket."),
        ("f30-a1", "f30 is beside a screw."),
        ("a9-a1", "a9 is used by the wire a9--9 and the wire a9-a1."),
    ],
)
def test_faults_of_a_placement_are_found(wire, sentence):
    found = placement_faults(NETLIST, f"{WIRES} {wire}")
    assert (sentence in found) if sentence else found == []


def test_a_part_left_out_or_moved_is_found(monkeypatch):
    monkeypatch.setattr(placement, "PARTS", PARTS | {"R3": {"1": "g19", "2": "g17"}})
    assert "MIDI_OUT_Y is in 2 pieces." in placement_faults(NETLIST)
    without = {ref: pins for ref, pins in PARTS.items() if ref != "R3"}
    monkeypatch.setattr(placement, "PARTS", without)
    assert "R3.1 has no hole." in placement_faults(NETLIST)


def test_a_cut_pin_that_is_wired_is_found():
    netlist = board_netlist()
    netlist.join("GND", "J3.3")
    assert "J3.3 is cut but wired." in placement_faults(netlist)


@pytest.mark.parametrize("name", ["k1", "a0", "a31", "x"])
def test_holes_that_are_not_there(name):
    with pytest.raises(ValueError, match=r"hole|invalid literal"):
        Hole.named(name)


def test_din_sockets_pins_are_as_they_are_seen_from_above():
    for ref in ("J2", "J3"):
        middle = place(ref, "2").row
        assert [place(ref, pin).row - middle for pin in ("4", "2", "5")] == [-2, 0, 2]
        assert [place(ref, pin).column for pin in ("4", "2", "5")] == ["i", "j", "i"]
        assert {pin for socket, pin in CUT if socket == ref} == {"1", "3"}


def test_chips_span_the_middle():
    for ref, pins in (("U1", 6), ("U3", 14)):
        holes = [place(ref, str(pin)) for pin in range(1, pins + 1)]
        half = pins // 2
        assert {hole.column for hole in holes[:half]} ^ {hole.column for hole in holes[half:]} == {
            "e",
            "f",
        }
        rows = [hole.row for hole in holes]
        assert rows[:half] == rows[half:][::-1]
        assert {abs(a - b) for a, b in pairwise(rows[:half])} == {1}
    assert len(PARTS["U2"]) == len(NETLIST.parts["U2"].pins)


def test_files_are_up_to_date_and_the_same_each_time():
    files = made()
    assert files == made()
    assert {path.name for path in files if path != GUIDE} == {p.name for p in OUT.iterdir()}
    for path, text in files.items():
        assert path.read_text(encoding="utf-8") == text, f"python -m hardware.build_guide: {path}"
