"""The manual tells of everything the code has: tables, messages, pictures; and can be made anew."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firmware.engine.controls import MUTE_GROUPS
from firmware.engine.parameters import PARAMETERS
from firmware.midi.control_map import DEFAULT_CONTROLLERS
from firmware.panel.menu import SECTIONS
from hardware.manual.screenshots import CHAPTERS, PICTURES, draw_chapter
from hardware.manual.tables import MANUAL, TABLES, with_tables
from hardware.pin_map import load_pin_map

FIRMWARE = Path(__file__).parents[1] / "firmware"
TEXT = MANUAL.read_text("utf-8")

SPOKEN = {
    "devices/calibrator.py": {"ValueError"},
    "devices/inputs.py": {"ValueError"},
    "box.py": {"ModelError"},
    "library/check.py": {"ModelError"},
    "usb/stick.py": {"StickError"},
    "library/library.py": {"ModelError"},
    "library/check_process.py": {"ModelError"},
    "library/models.py": {"ModelError"},
    "rhythm/decoder.py": {"ModelError"},
    "rhythm/model_file.py": {"ModelError"},
    "midi/rtmidi_port.py": {"PortError"},
    "midi/settings.py": {"SettingsError"},
    "network/settings.py": {"NetworkError"},
    "update/bundle.py": {"UpdateError"},
    "update/install.py": {"UpdateError", "VolumeError"},
}
"""Errors whose sentences reach the display, by the files that raise them."""
TOLD_BY = ("usb/", "network/")
"""Folders whose functions are given what says a sentence."""
PANEL = {"panel/panel.py", "panel/reading.py"}
LETTERS = 5
"""Shorter ones between a sentence's names are no words of its own."""


def sentences(file: str) -> list[list[str]]:
    """What a file can have the panel say, each as the parts between its names and numbers."""
    errors = SPOKEN.get(file, set())
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse((FIRMWARE / file).read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr="say" | "_tell"), args=[text, *_]):
                found.append(text)
            case ast.Call(func=ast.Name(id="say"), args=[text]) if file.startswith(TOLD_BY):
                found.append(text)
            case ast.Call(func=ast.Name(id="tell"), args=[text]) if file.startswith("library/"):
                found.append(text)
            case ast.Call(func=ast.Name(id=name), args=[text]) if name in errors:
                found.append(text)
            case ast.Assign(targets=[ast.Attribute(attr="fault")], value=text) if errors:
                found.append(text)
            case ast.Return(value=ast.expr() as text) if file in PANEL:
                found.append(text)
            case ast.Assign(targets=[ast.Name()], value=text) if file in PANEL:
                found.append(text)
    return [said for said in map(parts, found) if any(len(part) > LETTERS for part in said)]


def parts(text: ast.expr) -> list[str]:
    """What stands in the code of a string."""
    match text:
        case ast.Constant(value=str(value)):
            return [value.strip()] if value.strip() else []
        case ast.JoinedStr(values=values):
            return [part for value in values for part in parts(value)]
        case ast.IfExp(body=one, orelse=other):
            return [*parts(one), *parts(other)]
    return []


FILES = [path.relative_to(FIRMWARE).as_posix() for path in sorted(FIRMWARE.rglob("*.py"))]
SENTENCES = [(file, said) for file in FILES for said in sentences(file)]


@pytest.mark.parametrize(
    ("file", "said"), SENTENCES, ids=[" ".join(said)[:60] for _, said in SENTENCES]
)
def test_every_message_is_explained(file: str, said: list[str]) -> None:
    for part in said:
        assert part.strip("'() ") in TEXT, file


def test_the_messages_are_found() -> None:
    """What the last test rests upon: sentences of every kind that the panel speaks."""
    found = {" ".join(said) for _, said in SENTENCES}
    for known in (
        "Waiting for clock",
        "Controllers are as usual",
        "Learn: move a control",
        "This is not a TFLite model file.",
        "The pad is not being calibrated.",
        "Learnt",
    ):
        assert known in found
    assert any(said.startswith("Draw round the pad's edge") for said in found)
    assert any(said.endswith("does not answer.") for said in found)
    assert "There is no Wi-Fi: its radio does not start." in found
    assert "network.txt: ethernet is yes or no." in found


def test_the_tables_are_as_the_code_has_them() -> None:
    assert with_tables(TEXT) == TEXT, "run `make manual`"


def test_no_row_of_the_menu_is_missing() -> None:
    lines = iter(TABLES["menu"]())
    for title, rows in SECTIONS.items():
        line = next(line for line in lines if f"**{title}**" in line)
        for row in rows:
            label = PARAMETERS[row].label if isinstance(row, str) else row.label
            while label not in line.split("|")[2]:
                line = next(lines)


def test_no_controller_is_missing() -> None:
    table = "\n".join(TABLES["controllers"]())
    for number, name in DEFAULT_CONTROLLERS.items():
        assert re.search(rf"^\| {number}\b.*`{name}`", table, re.MULTILINE)


def test_a_manual_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="0 places for the table 'menu'"):
        with_tables(TEXT.replace("<!-- table menu -->", ""))


def test_every_control_is_told_of() -> None:
    board = load_pin_map()
    for name in (*board.buttons, *board.encoders.roles):
        assert re.search(rf"^\| {name.upper()} \|", TEXT, re.MULTILINE), name
    assert MUTE_GROUPS.keys() <= board.buttons.keys()


def test_every_picture_named_exists_and_every_picture_is_named() -> None:
    named = re.findall(r"pictures/(\w+)\.png", TEXT)
    assert len(named) == len(set(named))
    assert set(named) == {path.stem for path in PICTURES.glob("*.png")}
    for path in re.findall(r"\]\((\.\./[^)]+)\)", TEXT):
        assert (MANUAL.parent / path).exists()


def test_every_link_within_the_manual_has_its_heading() -> None:
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors


@pytest.mark.parametrize("chapter", ["values", pytest.param("mono", marks=pytest.mark.slow)])
def test_a_chapter_comes_out_the_same_each_time(chapter: str, tmp_path: Path) -> None:
    assert chapter in CHAPTERS
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    names = draw_chapter(chapter, first)
    assert names == draw_chapter(chapter, second)
    assert len(names) > 1
    looks = set()
    for name in names:
        pixels = np.asarray(Image.open(first / f"{name}.png").convert("RGB"))
        assert (pixels == np.asarray(Image.open(second / f"{name}.png").convert("RGB"))).all()
        looks.add(pixels.tobytes())
    assert len(looks) == len(names), "two pictures show the same"
