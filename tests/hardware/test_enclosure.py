"""The case: it has a place for every part, its faults are found, and it comes out as it should."""

import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from hardware.drawings.parts import load_parts
from hardware.enclosure.__main__ import make
from hardware.enclosure.build import PICTURES, scad_layout
from hardware.enclosure.layout import faults, layout_of, load_layout, read_dimensions
from hardware.enclosure.meshes import closed_cut_outs, dxf_size, mesh_faults, mesh_size, read_stl
from hardware.enclosure.shapes import Body, Case, CutOut, gap, outline, web

BOARD_TOML = Path(__file__).parents[2] / "hardware" / "board.toml"
ON_THE_CASE = [
    *(f"SW{number}" for number in range(1, 8)),
    *(f"EN{number}" for number in range(1, 5)),
    *("A1", "A2", "A3", "A4", "TP1", "D2", "J2", "J3", "J4"),
]
CASE = Case(204.0, 138.0, 26.0, 6.0, 4.0, 4.0, 2.4, 2.4, 220.0)


def placed(dimensions: dict, reference: str) -> dict:
    """The entry of a part on the panel or the rear wall."""
    entries = [*dimensions["panel"], *dimensions["rear"]]
    return next(entry for entry in entries if entry["reference"] == reference)


def changed(path: str, value: object) -> list[str]:
    """The faults of the case with one number changed: ``"SW1.x"`` or ``"parts.led.window"``."""
    dimensions = read_dimensions()
    *way, last = path.split(".")
    if way[0] in dimensions:
        at = dimensions
        for step in way:
            at = at[int(step) if step.isdigit() else step]
    else:
        at = placed(dimensions, way[0])
    assert last in at
    at[last] = value
    return faults(layout_of(dimensions))


def test_the_case_has_no_faults():
    assert faults(load_layout()) == []


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("D2.x", 181.0, "SW1's cap and D2's lamp overlap."),
        ("post.3.y", 126.0, "TP1's recess and post 4's insert leave 0.1 mm."),
        ("foot.3.x", 178.0, "Vent 7 and foot 4 overlap."),
        ("J3.x", 50.0, "J2 and J3 leave 1.1 mm."),
        ("post.0.x", 3.0, "Post 1's insert is 0.9 mm from the panel face's edge."),
        ("SW7.z", 40.0, "SW7 reaches 3.3 mm over the rear face's edge."),
        ("SW1.x", 202.0, "SW1's cap reaches 3.0 mm over the panel face's edge."),
        ("SW6.label_y", 37.0, "HAT is cut or covered by SW6's cap."),
        ("text.0.x", 10.0, "Groovebox runs over the panel face's edge."),
        ("J3.label", "MIDI OUT AND THRU", "MIDI IN and MIDI OUT AND THRU overlap."),
        ("A4.x", 83.7, "A2 and A4 have 0.2 mm of air between them."),
        ("A4.x", 83.3, "A2 meets A4."),
        ("D2.x", 188.8, "D2 meets the carrier."),
        ("post.1.x", 187.0, "The carrier meets post 2."),
        ("SW7.x", 98.0, "SW7 meets the interface board's parts."),
        ("parts.power_button.body", [26.0, 24.0], "A standoff of interface meets SW7."),
        ("post.3.x", 113.0, "SW7 meets post 4."),
        ("post.4.y", 100.0, "A1 meets post 5."),
        ("tray.pi.move", [0.0, 3.0], "A1's USB socket meets the rear wall."),
        ("tray.pi.move", [3.0, 0.0], "A1 meets the right wall."),
        ("A3.x", 38.0, "A3 meets the left wall."),
        ("J2.x", 12.0, "J2 meets post 3."),
        ("case.front_height", 12.0, "too shallow for A3's back."),
        ("parts.pi.wires", 40.0, "too shallow for A1's wires."),
        ("parts.encoders.knob", 16.0, "A finger has 3.1 mm between EN1's knob and EN2's knob."),
        ("SW4.x", 136.0, "A finger has 3.0 mm between SW4's cap and SW5's cap."),
        ("SW5.y", 50.0, "A finger has 4.0 mm between TP1's rim and SW5's cap."),
        ("tray.pi.move", [-2.0, 0.0], "A1's supply does not face its opening in the rear wall."),
        ("tray.pi.move", [0.0, -3.0], "A1's card does not face its opening in the right wall."),
        ("tray.pi.move", [0.0, -1.0], "A1's USB is 1.3 mm behind the wall, out of a plug's reach."),
        ("parts.pi.setback_card", 2.0, "A1's card is 2.0 mm behind the wall"),
        ("parts.din.out", 0.0, "J2 is 2.4 mm behind the wall, out of a plug's reach."),
        ("parts.encoders.nut_recess_depth", 0.4, "The encoders' bushings are 5 mm long"),
        ("case.panel_thickness", 3.0, "Post 1's insert leaves -0.2 mm of the panel."),
        ("case.wall", 1.2, "The walls are 1.2 mm thick, less than 2."),
        ("case.floor", 1.5, "The floor is 1.5 mm thick, less than 2."),
        ("case.width", 230.0, "The case is 230.0 mm wide, the printer's bed 220."),
    ],
)
def test_a_moved_part_is_a_fault(path, value, sentence):
    found = changed(path, value)
    assert any(sentence in fault for fault in found), found


def test_every_fault_is_a_sentence():
    found = changed("case.front_height", 12.0) + changed("A4.x", 60.0)
    assert found
    assert all(fault.endswith(".") and "\n" not in fault for fault in found)


@pytest.mark.parametrize("reference", ON_THE_CASE)
def test_every_part_has_a_place(reference):
    assert reference in {ref for part in load_parts() for ref in part.references}
    assert reference in load_layout().places()


def test_every_control_of_the_board_has_its_name_beside_it():
    board = tomllib.loads(BOARD_TOML.read_text("utf-8"))
    dimensions, layout = read_dimensions(), load_layout()
    entries = dimensions["panel"]
    buttons = {entry["name"]: entry for entry in entries if entry["part"] == "button"}
    assert set(buttons) == set(board["buttons"])
    encoders = next(entry for entry in entries if entry["part"] == "encoders")
    assert encoders["names"] == board["encoders"]["roles"]
    assert {e["name"] for e in entries if e["part"] == "led"} == set(board["led"])
    handles = {handle.name: handle for handle in layout.handles}
    controls = {name: handles[f"{e['reference']}'s cap"] for name, e in buttons.items()}
    for reference, name in zip(encoders["references"], encoders["names"], strict=True):
        controls[name] = handles[f"{reference}'s knob"]
    letters = {word.text: word for word in layout.letters if word.face == "panel"}
    for name, handle in controls.items():
        word = letters[name.upper()]
        assert word.x == handle.x
        assert 0 < handle.y - word.y < 15
    play = controls["play"]
    lamp = handles["D2's lamp"]
    assert 0 < lamp.x - play.x < 20
    assert abs(lamp.y - play.y) < 5


def test_the_panel_is_arranged_as_the_virtual_board_is():
    at = {handle.part: (handle.x, handle.y) for handle in load_layout().handles}
    assert at["A2"][0] < at["TP1"][0]
    assert [at[f"EN{n}"][0] for n in range(1, 5)] == sorted(at[f"EN{n}"][0] for n in range(1, 5))
    kick, snare, hat, shift, stop, play = (at[f"SW{n}"] for n in (4, 5, 6, 3, 2, 1))
    assert kick[0] < snare[0] < hat[0]
    assert (kick[0], snare[0], hat[0]) == (shift[0], stop[0], play[0])
    assert play[1] < hat[1] < at["TP1"][1]


def test_the_rear_wall_is_lettered():
    words = {word.text for word in load_layout().letters if word.face == "rear"}
    assert words == {"MIDI IN", "MIDI OUT", "SYNC", "USB", "5 V", "POWER"}


def test_the_panels_frame_and_the_cases_agree():
    y, z = CASE.to_case(100.0, -12.0)
    assert CASE.to_panel(y, z) == pytest.approx((100.0, -12.0))
    assert CASE.to_case(CASE.panel_length, 0.0) == pytest.approx((138.0, CASE.rear_height))
    _, foot = CASE.to_case(50.0, -CASE.drop(50.0, 2.4))
    assert foot == pytest.approx(2.4)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (CutOut("panel", "b", "b", 10.0, 0.0, 4.0, 4.0), 6.0),
        (CutOut("panel", "b", "b", 7.0, 8.0, 4.0, 4.0), 5.0),
        (CutOut.circle("panel", "b", "b", 6.0, 0.0, 4.0), 2.0),
        (CutOut("panel", "b", "b", 1.0, 1.0, 4.0, 4.0), -3.0),
        (CutOut("panel", "b", "b", 10.0, 0.0, 4.0, 4.0, bevel=2.0), 4.0),
    ],
)
def test_the_web_between_two_cut_outs(second, expected):
    first = CutOut("panel", "a", "a", 0.0, 0.0, 4.0, 4.0)
    assert web(first, second) == pytest.approx(expected)
    assert web(second, first) == pytest.approx(expected)


def test_the_gap_between_a_leaning_body_and_an_upright_one():
    below = Body("a", "a", "panel", (0.0, 10.0), (60.0, 70.0), (-10.0, 0.0))
    lowest = min(z for _, z in outline(below, CASE))
    board = Body("b", "b", "case", (0.0, 10.0), (55.0, 75.0), (5.0, lowest - 2.0))
    assert gap(below, board, CASE) == pytest.approx(2.0)
    beside = Body("c", "c", "case", (13.0, 20.0), (55.0, 75.0), (5.0, 30.0))
    assert gap(below, beside, CASE) == pytest.approx(3.0)


def cube() -> np.ndarray:
    """Twelve facets of a cube of 1 mm."""
    corners = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], np.float32)
    sides = ["0231", "4576", "0154", "2673", "0462", "1375"]
    facets = [[side[0], *pair] for side in sides for pair in (side[1:3], side[2:4])]
    return corners[np.array(facets, int)]


def test_a_closed_mesh_has_no_faults_and_its_size():
    assert mesh_faults(cube()) == []
    assert mesh_size(cube()) == (1.0, 1.0, 1.0)


def test_an_open_a_doubled_and_a_turned_mesh_are_faults():
    assert "open" in mesh_faults(cube()[1:])[0]
    assert "more than two" in mesh_faults(np.concatenate([cube(), cube()[:1]]))[0]
    turned = cube()
    turned[0] = turned[0][::-1]
    assert mesh_faults(turned)
    assert mesh_faults(cube()[:0]) == ["The mesh is empty."]


def test_the_scad_file_has_every_shape_and_no_other_names():
    layout = load_layout()
    text = scad_layout(layout)
    for word in layout.letters:
        assert f'"{word.text}"' in text
    assert text.count("\n") == len({line.split(" = ")[0] for line in text.splitlines()})


def test_without_openscad_one_sentence_and_status_2(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert make(tmp_path) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert "openscad" in errors[0]


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("openscad") is None or shutil.which("xvfb-run") is None,
    reason="openscad and xvfb are not installed",
)
def test_the_case_is_made_closed_and_of_its_size(tmp_path, capsys):
    assert make(tmp_path) == 0, capsys.readouterr().err
    layout = load_layout()
    body = read_stl(tmp_path / "body.stl")
    assert mesh_faults(body) == []
    assert mesh_size(body) == pytest.approx((204.0, 138.0, layout.case.rear_height), abs=0.02)
    assert closed_cut_outs(layout, body, "body") == []
    whole = dxf_size(tmp_path / "panel.dxf")
    assert whole == pytest.approx((204.0, layout.case.panel_length), abs=0.02)
    for name in PICTURES:
        picture = tmp_path / f"{name}.png"
        assert 3_000 < picture.stat().st_size < 150_000
