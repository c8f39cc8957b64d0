"""The map follows the clips: saved, broken, mended, removed; and stays where it was."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from firmware.rhythm.model_file import read_info
from train_host.live_command import Changes

ROOT = Path(__file__).parents[2]
HEAD = "style: Test\ntempo: 140\nlicence: CC0-1.0\nsource: this test\n\n"
ONE = "clip: one\nkick | X... X... X... X... |\nclosed_hat | x.x. x.x. x.x. x.x. |\n\n"
TWO = "clip: two\nkick | X..x ..x. X... .... |\nsnare | .... X... .... X... |\n\n"
THREE = "clip: three\nrim | x..x ..x. ..x. x... |\nkick | X... .... X... .... |\n\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "a.clips").write_text(HEAD + ONE + TWO)
    return folder


class Live:
    """The running command, its lines as they come."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "train_host", "live", *map(str, arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines = []
        self._new = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self.process.stdout:
            with self._new:
                self.lines.append(line)
                self._new.notify_all()

    def wait_for(self, words, count=1, timeout=60):
        with self._new:
            enough = self._new.wait_for(
                lambda: sum(words in line for line in self.lines) >= count, timeout
            )
        assert enough, (words, self.lines)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(20)
        self._thread.join(5)
        return status


@pytest.fixture
def live(folder, tmp_path):
    live = Live(folder, "-o", tmp_path / "m.tflite", "--epochs", 60)
    yield live
    live.process.kill()
    live.process.wait()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signal to send there")
def test_the_map_follows_the_clips(live, folder, tmp_path):
    model = tmp_path / "m.tflite"
    live.wait_for("F1")
    assert [clip.name for clip in read_info(model).clips] == ["one", "two"]

    (folder / "b.clips").write_text(HEAD + THREE)
    live.wait_for("changed: b.clips")
    live.wait_for("F1", 2)
    assert [clip.name for clip in read_info(model).clips] == ["one", "two", "three"]

    kept = model.read_bytes()
    (folder / "a.clips").write_text("nonsense")
    (folder / "b.clips").unlink()
    live.wait_for("line 1")
    assert model.read_bytes() == kept
    (folder / "a.clips").write_text(HEAD + TWO)
    live.wait_for("F1", 3)
    assert [clip.name for clip in read_info(model).clips] == ["two"]
    (folder / "notes.txt").write_text("not music")
    time.sleep(1)
    assert live.end() == 0
    assert not any("notes.txt" in line for line in live.lines)
    assert "Traceback" not in "".join(live.lines)
    assert live.lines[-1].count("m.tflite") == 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{here}/none.mid", "-o", "{here}/m.tflite"], "no such file"),
        (["{here}", "-o", "{here}"], "is a folder"),
    ],
)
def test_what_cannot_be_watched_is_a_user_s_error(tmp_path, capsys, arguments, words):
    from train_host.cli import main

    assert main(["live", *(text.format(here=tmp_path) for text in arguments)]) == 2
    assert words in capsys.readouterr().err


def wait_until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_single_files_are_watched_by_name_and_survive_being_replaced(tmp_path):
    watched, beside = tmp_path / "a.mid", tmp_path / "b.mid"
    watched.write_bytes(b"1")
    with Changes([watched]) as changes:
        time.sleep(0.3)
        beside.write_bytes(b"2")
        time.sleep(0.8)
        assert not changes.pending()
        for content in (b"3", b"4"):
            new = tmp_path / "new"
            new.write_bytes(content)
            new.replace(watched)
            wait_until(changes.pending)
            assert changes.wait() == ["a.mid"]
            changes.clear()
