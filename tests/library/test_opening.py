"""A model that brings the box down is found out; a power cut is not taken for one at once."""

import signal
import subprocess
import sys

import pytest

from firmware.library.first_model import first_model
from firmware.library.library import Library
from firmware.library.opener import Opener
from firmware.library.opening import OpeningMark
from firmware.rhythm.model_file import ModelError
from tests.small_models import small_model

BROKEN = []


@pytest.fixture
def path(tmp_path):
    return tmp_path / "opening.json"


def breaks_down(path, digest, run):
    """What a run leaves that ends while it opens a model."""
    opening = OpeningMark(path, run).opening(digest)
    opening.__enter__()
    BROKEN.append(opening)  # it would end well when it is collected


def test_what_was_opened_well_is_no_suspect(path):
    mark = OpeningMark(path, "run 1")
    with mark.opening("a"):
        assert path.exists()
    with pytest.raises(ModelError), mark.opening("b"):
        raise ModelError("No.")
    assert not path.exists()
    assert OpeningMark(path, "run 1").suspect == ""


def test_what_broke_the_process_down_is(path):
    breaks_down(path, "a", "run 1")
    assert OpeningMark(path, "run 1").suspect == "a"


def test_a_power_cut_is_forgiven_once(path):
    breaks_down(path, "a", "run 1")
    assert OpeningMark(path, "run 2").suspect == ""
    breaks_down(path, "a", "run 2")
    assert OpeningMark(path, "run 3").suspect == "a"
    with OpeningMark(path, "run 3").opening("b"):
        pass
    assert OpeningMark(path, "run 3").suspect == ""


def test_two_power_cuts_with_different_models_blame_none(path):
    breaks_down(path, "a", "run 1")
    breaks_down(path, "b", "run 2")
    assert OpeningMark(path, "run 3").suspect == ""


@pytest.mark.parametrize("text", ["", "[]", "{}", '["a", 1]', "[1, 2, NaN]", "[" * 5000])
def test_a_broken_mark_is_none(path, text):
    path.write_text(text)
    assert OpeningMark(path, "run").suspect == ""


CRASH = """
import os, sys
from pathlib import Path
from firmware.library import opener
from firmware.library.library import Library
from firmware.library.opener import Opener
opener.LatentMap.decode = lambda *_, **__: os.kill(os.getpid(), 11)
folder = Path(sys.argv[1])
model, = [m for m in Library(folder).models() if not m.factory]
Opener(folder).open(model)
"""


def test_a_model_that_ended_the_process_is_passed_over_at_the_next_start(tmp_path):
    library = Library(tmp_path, check=lambda content: None)
    library.import_model(small_model("Killer"), "killer.tflite")
    crashed = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path)], check=False)
    assert crashed.returncode == -signal.SIGSEGV
    told = []
    model, place = first_model(library.models(), "killer.tflite", Opener(tmp_path), told.append)
    assert model.entry.name != "Killer"
    assert library.models()[place] == model.entry
    assert told == ["Killer broke the box down when it was opened: choose it to try again."]
    # The next start tries it again: the last one came up.
    model, _ = first_model(library.models(), "killer.tflite", Opener(tmp_path), told.append)
    assert model.entry.name == "Killer"
