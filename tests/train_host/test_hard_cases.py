"""What a trainer is handed on a bad day: one sentence each, and never a half-written model."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from firmware.rhythm.model_file import read_info
from train_host import export, fit_command
from train_host.cli import main
from train_host.loops import Loops
from train_host.midi_writer import write_midi

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "train_host"]
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files and limits")
ONE_NOTE = "style: One\ntempo: 120\n\nclip: note\nkick | X... .... .... .... |\n"


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "one.clips"
    path.write_text(ONE_NOTE)
    return path


@pytest.fixture
def old(tmp_path):
    """A model that is already there, and must be there afterwards."""
    path = tmp_path / "out" / "x.tflite"
    path.parent.mkdir()
    path.write_bytes(b"what was there before")
    return path


def fit(*arguments):
    return main(["fit", *map(str, arguments), "--epochs", "30"])


def untouched(old):
    return old.read_bytes() == b"what was there before" and [*old.parent.iterdir()] == [old]


def fit_after(preparation, clip, output):
    """Train in a process of its own, which runs some Python first."""
    program = f"{preparation}from train_host.__main__ import main; raise SystemExit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, "fit", clip, "-o", output, "--epochs", "30"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def before_opening(monkeypatch, name, act):
    """Have ``act(path)`` done whenever a file of that name is opened."""
    opened = Path.open

    def opening(path, *rest, **more):
        if path.name == name:
            act(path)
        return opened(path, *rest, **more)

    monkeypatch.setattr(Path, "open", opening)


def sentence(capsys):
    """What was told of what went wrong: a single line."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("groovebox-train: ")
    assert lines[0].endswith(".")
    return lines[0].removeprefix("groovebox-train: ")


def midi(path, ticks=(0, 24, 48)):
    onset = np.zeros((1, 9, 96), np.float32)
    onset[0, 0, list(ticks)] = 1
    write_midi(path, Loops(onset, 0.8 * onset, 0 * onset, ("loop",)))


def test_an_empty_folder(tmp_path, old, capsys):
    (tmp_path / "empty").mkdir()
    assert fit(tmp_path / "empty", "-o", old) == 2
    assert "There are no MIDI files in this folder." in sentence(capsys)
    assert untouched(old)


def test_one_clip_of_one_note(clip, old):
    assert fit(clip, "-o", old) == 0
    info = read_info(old.read_bytes())
    assert (info.bars, info.quality["onset_f1"], info.quality["reach"]) == (1, 1, 1)


@posix
def test_files_that_are_none_or_cannot_be_read(tmp_path, old, capsys):
    folder = tmp_path / "odd"
    (folder / "folder.mid").mkdir(parents=True)
    (folder / "empty.mid").touch()
    (folder / "noise.mid").write_bytes(np.random.default_rng(1).bytes(100_000))
    (folder / "broken.mid").symlink_to("/nowhere/at/all")
    (folder / "endless.mid").symlink_to("/dev/zero")
    (folder / "round").symlink_to(".")
    os.mkfifo(folder / "pipe.mid")
    assert fit(folder, "-o", old) == 2
    assert "Nor was there one in" in sentence(capsys)
    assert untouched(old)
    midi(folder / "good.mid")
    assert fit(folder, "-o", old) == 0
    told = capsys.readouterr()
    assert read_info(old.read_bytes()).bars == 1
    assert "1 clip, 1 loop; none in " in told.out
    for name in ("empty", "noise", "broken", "endless", "pipe"):
        assert f"{name}.mid" in told.err


def test_files_without_permission(tmp_path, old, capsys, monkeypatch):
    midi(tmp_path / "a.mid")
    midi(tmp_path / "b.mid")

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    before_opening(monkeypatch, "b.mid", refuse)
    assert fit(tmp_path / "a.mid", tmp_path / "b.mid", "-o", old) == 0
    assert "b.mid: not used: The file cannot be read: Permission denied." in capsys.readouterr().err


def test_a_file_that_goes_away_between_finding_and_reading_it(tmp_path, old, capsys, monkeypatch):
    midi(tmp_path / "a.mid")
    midi(tmp_path / "b.mid")
    before_opening(monkeypatch, "b.mid", Path.unlink)
    assert fit(tmp_path / "a.mid", tmp_path / "b.mid", "-o", old) == 0
    assert "b.mid: not used: " in capsys.readouterr().err


@pytest.mark.slow
def test_ten_thousand_files(tmp_path, old, capsys):
    """Two thousand bars of them train; in seconds here, for so few epochs."""
    folder = tmp_path / "many"
    folder.mkdir()
    midi(folder / "first.mid")
    good = (folder / "first.mid").read_bytes()
    for index in range(9_999):
        (folder / f"{index}.mid").write_bytes(good if index < 1999 else b"no MIDI")
    assert main(["fit", str(folder), "-o", str(old), "--epochs", "2"]) == 0
    told = capsys.readouterr()
    assert "2000 clips, 2000 loops; none in 8000 files" in told.out
    assert read_info(old.read_bytes()).bars == 2000


@pytest.mark.slow
def test_ten_thousand_files_that_are_no_clips(tmp_path, old, capsys):
    folder = tmp_path / "many"
    folder.mkdir()
    for index in range(10_000):
        (folder / f"{index}.mid").write_bytes(b"no MIDI")
    assert fit(folder, "-o", old) == 2
    assert "Nor was there one in 9999 more." in sentence(capsys)
    assert untouched(old)


@posix
@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("/dev/null", "/dev/null is not a file: name the model file to write."),
        ("/proc/x.tflite", "/proc/x.tflite cannot be written: No such file or directory."),
        ("nowhere/x.tflite", "There is no folder nowhere to write the model to."),
        (".", ". is a folder: name the model file to write."),
    ],
)
def test_where_no_model_can_be_written_none_is_trained(
    output, why, clip, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fit_command, "train", lambda *_: pytest.fail("it was trained"))
    assert fit(clip, "-o", output) == 2
    assert sentence(capsys) == why
    assert Path("/dev/null").is_char_device()


def test_a_model_behind_a_link_is_replaced_and_the_link_kept(clip, old, tmp_path):
    link = tmp_path / "link.tflite"
    try:
        link.symlink_to(old)
    except OSError:
        pytest.skip("no links here")
    assert fit(clip, "-o", link) == 0
    assert link.is_symlink()
    assert read_info(old.read_bytes()).bars == 1
    assert [*old.parent.iterdir()] == [old]


@posix
def test_a_disk_that_is_full_at_the_export(clip, old):
    """A limit on the size of files stands in for the disk: writing fails in the midst of it."""
    limited = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
    )
    ran = fit_after(limited, clip, old)
    assert ran.returncode == 2, ran.stderr
    assert f"{old} could not be written: File too large." in ran.stderr
    assert "Traceback" not in ran.stderr
    assert untouched(old)


def test_a_disk_that_fills_up_while_it_is_written_back(clip, old, capsys, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(export.os, "fsync", full)
    assert fit(clip, "-o", old) == 2
    assert "could not be written: No space left on device." in capsys.readouterr().err
    assert untouched(old)


@posix
@pytest.mark.parametrize("phase", ["reading", "exporting"])
def test_ctrl_c_before_and_after_training_leaves_what_was_there(phase, clip, old, hears_ctrl_c):
    """In a process of its own, which raises the signal at the beginning of the phase."""
    where = {"reading": "train_host.arguments.gather", "exporting": "train_host.steps.measure"}
    module, name = where[phase].rsplit(".", 1)
    interrupted = (
        f"import os, signal, {module} as module; "
        f"setattr(module, {name!r}, lambda *_: os.kill(os.getpid(), signal.SIGINT)); "
    )
    ran = fit_after(interrupted, clip, old)
    assert ran.returncode == 130, ran.stderr
    assert "groovebox-train: stopped, nothing was written." in ran.stderr
    assert "Traceback" not in ran.stderr
    assert untouched(old)


@posix
@pytest.mark.slow
def test_ctrl_c_at_any_moment_leaves_a_whole_model_or_the_old_one(old, hears_ctrl_c):
    """Sixteen trainings of a factory style, each stopped a little later than the last."""
    outcomes = set()
    for index in range(16):
        old.write_bytes(b"what was there before")
        process = subprocess.Popen(
            [*COMMAND, "fit", "models/house", "-o", old, "--epochs", "100"],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        time.sleep(0.6 + 0.2 * index)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
        assert [*old.parent.iterdir()] == [old], error
        if old.read_bytes() == b"what was there before":
            # While Python itself still starts, it says so in its own way.
            assert process.returncode in (130, -signal.SIGINT, 1), error
            outcomes.add("old")
        else:
            assert process.returncode in (0, 130, -signal.SIGINT), error
            assert read_info(old.read_bytes()).bars > 10
            outcomes.add("new")
    assert "new" in outcomes
