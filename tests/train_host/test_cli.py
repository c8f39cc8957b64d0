"""``groovebox-train``, as a musician meets it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from firmware.rhythm.decoder import Decoder
from firmware.rhythm.model_file import read_info
from train_host import fit_command
from train_host.cli import main
from train_host.watching import TerminalView

ROOT = Path(__file__).parents[2]

CLIPS = """\
style: Test beat
tempo: 140
licence: CC0-1.0
source: made for this test

clip: straight
kick       | X... x... X... x... |
snare      | .... X... .... X... |
closed_hat | x.x. x.x. x.x. x.x. |

clip: broken
kick       | X..x ..x. X... x... | X..x ..x. .... x.x. |
snare      | .... X... .... X... | .... X... ..g. X... |
"""


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "beats.clips").write_text(CLIPS)
    return folder


def fit(*arguments):
    return main(["fit", *map(str, arguments)])


def test_notation_becomes_a_model_that_plays(clips, tmp_path, capsys):
    model = tmp_path / "beat.tflite"
    assert fit(clips, "-o", model, "--epochs", 150) == 0
    content = model.read_bytes()
    info = read_info(content)
    assert info.name == "Test beat"
    assert (info.tempo, info.licence, info.provenance) == (140, "CC0-1.0", "made for this test")
    assert (info.ticks_per_beat, info.beats, info.bars) == (24, 4, 3)
    assert 50 < info.epochs <= 150
    assert [place.name for place in info.clips] == ["straight", "broken #1", "broken #2"]
    assert info.quality["onset_f1"] >= 0.97
    assert info.quality.keys() >= {"distinct_patterns", "velocity_error", "onset_f1_threshold"}
    assert info.losses["validation"] > 0
    assert info.tool.startswith("groovebox-train ")
    straight = Decoder(content).decode(*info.clips[0].z)
    threshold = info.quality["onset_f1_threshold"]
    assert np.flatnonzero(straight.sounding(threshold)[0]).tolist() == [0, 24, 48, 72]
    out = capsys.readouterr().out
    assert "2 clips, 3 loops" in out
    assert "onset F1" in out
    assert "distinct patterns" in out


def test_options_are_written_into_the_model(clips, tmp_path):
    model = tmp_path / "m.tflite"
    options = ["--name", "Mine", "--tempo", 93.5, "--licence", "MIT", "--provenance", "me"]
    assert fit(clips, "-o", model, "--epochs", 5, "--ticks-per-beat", 12, *options) == 0
    info = read_info(model.read_bytes())
    assert (info.name, info.tempo, info.licence, info.provenance) == ("Mine", 93.5, "MIT", "me")
    assert (info.ticks_per_beat, info.beats, info.bars) == (12, 8, 2)


def test_the_same_seed_gives_the_same_file(clips, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    files = [tmp_path / f"{i}.tflite" for i in range(3)]
    for file, seed in zip(files, (4, 4, 5), strict=True):
        assert fit(clips, "-o", file, "--epochs", 5, "--seed", seed) == 0
    first, again, other = (file.read_bytes() for file in files)
    assert first == again
    assert first != other
    assert read_info(first).date == "1970-01-02"


def test_a_float_model_is_written_on_demand(clips, tmp_path):
    model = tmp_path / "m.tflite"
    assert fit(clips, "-o", model, "--epochs", 2, "--float") == 0
    assert model.stat().st_size > 4 * 3 * 512 * 864


def test_midi_and_notation_mix_and_what_is_skipped_is_named(clips, tmp_path, capsys):
    assert main(["clips", str(clips), "-o", str(tmp_path / "midi")]) == 0
    assert "2 MIDI files" in capsys.readouterr().out
    midi = sorted((tmp_path / "midi").glob("*.mid"))
    midi[0].rename(clips / "take one.mid")
    (clips / "empty.mid").write_bytes(b"")
    (clips / "odd.clips").write_text("nonsense")
    model = tmp_path / "m.tflite"
    assert fit(clips, "-o", model, "--epochs", 2) == 0
    out, err = capsys.readouterr()
    assert "3 clips, 4 loops" in out
    assert f"{clips / 'empty.mid'}: not used: The file is empty." in err
    assert f"{clips / 'odd.clips'}: not used: line 1" in err
    names = [place.name for place in read_info(model.read_bytes()).clips]
    assert "take one" in names


def test_ctrl_c_writes_the_best_so_far(clips, tmp_path, monkeypatch, capsys):
    def interrupted(self, progress):
        if progress.epoch == 7:
            raise KeyboardInterrupt

    monkeypatch.setattr(TerminalView, "show", interrupted)
    model = tmp_path / "m.tflite"
    assert fit(clips, "-o", model) == 0
    assert "stopped early: the best so far" in capsys.readouterr().out
    assert 1 <= read_info(model.read_bytes()).epochs <= 7


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal to send there")
def test_a_real_ctrl_c_stops_the_real_command(clips, tmp_path, hears_ctrl_c):
    model = tmp_path / "m.tflite"
    command = [sys.executable, "-m", "train_host", "fit", clips, "-o", model, "--epochs", "1000000"]
    command += ["--network", "reference"]  # which does not end by itself
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline() == "2 clips, 3 loops\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(2)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, err
    assert "stopped early" in out
    assert read_info(model.read_bytes()).epochs > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{clips}/none.mid", "-o", "{tmp}/m.tflite"], "no such file"),
        (["{tmp}/nowhere", "-o", "{tmp}/m.tflite"], "no such file"),
        (["{clips}", "-o", "{tmp}"], "is a folder"),
        (["{clips}", "-o", "{tmp}/no/m.tflite"], "There is no folder"),
        (["{clips}", "-o", "{tmp}/m.tflite", "--drum-map", "none.toml"], "drum map"),
        (["{clips}", "-o", "{tmp}/m.tflite", "--epochs", "0"], "1 or more"),
        (["{clips}", "-o", "{tmp}/m.tflite", "--epochs", "many"], "not a whole number"),
        (["{clips}", "-o", "{tmp}/m.tflite", "--ticks-per-beat", "97"], "1 to 96"),
        (["{clips}", "-o", "{tmp}/m.tflite", "--tempo", "nan"], "not a tempo"),
        (["{tmp}/hollow", "-o", "{tmp}/m.tflite"], "no MIDI files"),
    ],
)
def test_a_user_s_error_is_one_sentence_and_status_2(clips, tmp_path, capsys, arguments, words):
    (tmp_path / "hollow").mkdir()
    arguments = [text.format(clips=clips, tmp=tmp_path) for text in arguments]
    try:
        status = fit(*arguments)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    err = capsys.readouterr().err
    assert words in err
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("groovebox-train")
    assert not (tmp_path / "m.tflite").exists()


def test_clips_that_cannot_be_compiled_are_a_user_s_error(tmp_path, capsys):
    (tmp_path / "bad.clips").write_text("kick | X |")
    assert main(["clips", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert "bad.clips, line 1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert fit(tmp_path, "-o", tmp_path / "m.tflite") == 2
    assert f"could be used. {tmp_path / 'bad.clips'}: line 1" in capsys.readouterr().err


def test_an_unwritable_place_is_a_user_s_error(clips, tmp_path, monkeypatch, capsys):
    def refuse(path, content):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(fit_command, "save", refuse)
    assert fit(clips, "-o", tmp_path / "m.tflite", "--epochs", 2) == 2
    assert "m.tflite: Permission denied." in capsys.readouterr().err


def test_the_command_keeps_numpy_to_one_thread():
    script = (
        "import sys, os; sys.argv = ['groovebox-train', '--help']\n"
        "from train_host.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: print(os.environ['OPENBLAS_NUM_THREADS'])\n"
    )
    env = {name: text for name, text in os.environ.items() if not name.endswith("_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == "1"
