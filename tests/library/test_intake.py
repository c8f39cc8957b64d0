"""What is done with files that come from outside, wherever they come from."""

import subprocess
from types import SimpleNamespace

import pytest

from firmware.__main__ import main
from firmware.library import intake
from firmware.library.intake import candidates, convert_here, is_candidate, take
from firmware.library.library import Library
from firmware.rhythm.model_file import ModelError, read_info
from tests.train_host import tfjs_models

SMALL = {"width": 24, "branch": 20}


@pytest.fixture
def tfjs(tmp_path):
    """A model of R-VAE's own format, in a folder with its name."""
    net, outputs = tfjs_models.decoder(**SMALL)
    folder = tmp_path / "broken beat"
    folder.mkdir()
    return tfjs_models.write(folder, net.config(outputs), net.weights)


@pytest.mark.parametrize("name", ["a.tflite", "My Music/A.TFLITE", "rvae/model.json"])
def test_a_model_is_seen_by_its_name(name):
    assert is_candidate(name)


@pytest.mark.parametrize(
    "name",
    [
        "a.txt",
        "tflite",
        "other.json",
        "._a.tflite",
        ".Trashes/501/a.tflite",
        ".Trash-1000/files/a.tflite",
        "$RECYCLE.BIN/S-1-5/a.tflite",
        "System Volume Information/a.tflite",
        "__MACOSX/a.tflite",
        "FOUND.000/a.tflite",
        "~a.tflite",
    ],
)
def test_litter_is_none(name):
    assert not is_candidate(name)


def test_files_are_found_in_order_without_links_and_no_more_than_many(tmp_path, monkeypatch):
    for name in ("b.tflite", "a.tflite", "music/c.tflite", "Trash/d.tflite", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "link.tflite").symlink_to("/dev/zero")
    (tmp_path / "music/round").symlink_to(tmp_path)
    found = [path.relative_to(tmp_path).as_posix() for path in candidates(tmp_path)]
    assert found == ["a.tflite", "b.tflite", "music/c.tflite"]
    monkeypatch.setattr(intake, "MOST_FILES", 2)
    assert len(list(candidates(tmp_path))) == 2
    assert list(candidates(tmp_path / "nowhere")) == []


def test_a_file_that_cannot_be_read_is_told_and_tried_again(tmp_path):
    def gone():
        raise OSError(5, "Input/output error")

    [verdict] = take(Library(tmp_path, tmp_path / "none"), [("x/a.tflite", gone)])
    assert verdict.refused
    assert not verdict.lasts
    assert verdict.sentence == "x/a.tflite cannot be kept (Input/output error)."


def test_r_vae_s_own_format_is_converted_where_the_trainer_is(tfjs, tmp_path, capsys):
    info = read_info(convert_here(tfjs))
    assert info.name == "broken beat"
    assert info.ticks_per_beat == 12
    library = tmp_path / "models"
    assert main(["models", "--library", str(library), "import", str(tfjs)]) == 0
    assert capsys.readouterr().out == f"{tfjs}: broken beat is in the library\n"
    assert [path.name for path in library.glob("*.tflite")] == ["broken beat.tflite"]


def test_without_the_trainer_it_says_what_to_do(tfjs, monkeypatch, capsys):
    monkeypatch.setattr(intake, "find_spec", lambda name: None)
    assert main(["models", "check", str(tfjs)]) == 1
    assert "convert it on your computer with groovebox-train convert." in capsys.readouterr().err


def test_what_the_trainer_refuses_is_its_own_sentence(tfjs):
    next(tfjs.parent.glob("*.bin")).unlink()
    with pytest.raises(ModelError) as refused:
        convert_here(tfjs)
    assert str(refused.value).endswith(".")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("status", [0, 1])
def test_a_conversion_that_leaves_no_file_is_refused(tfjs, monkeypatch, status):
    done = SimpleNamespace(returncode=status, stderr=b"")
    monkeypatch.setattr(subprocess, "run", lambda *command, **options: done)
    with pytest.raises(ModelError, match=r"model\.json cannot be converted\."):
        convert_here(tfjs)


def test_a_conversion_has_its_time(tfjs, monkeypatch):
    def run(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ModelError, match="takes too long"):
        convert_here(tfjs)
