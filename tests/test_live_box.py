"""A clip is saved; seconds later the running box plays the new map, and no tick was late for it."""

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from firmware.box import Box
from firmware.clock.tempo import beat_ns
from hardware.virtual.virtual_board import VirtualBoard
from tests.models_table import MODELS
from tests.stalls import Stalls, near
from tests.test_box import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
MARGIN_NS = 20_000_000


class Times:
    """An output that keeps when notes are due, and when it was told of them."""

    name = "times"

    def __init__(self):
        self.notes = []

    def send(self, messages):
        now_ns = time.monotonic_ns()
        self.notes += [(m.time_ns, now_ns) for m in messages if m.data[0] & 0xF0 == 0x90]

    def flush(self):
        pass

    def close(self):
        pass


def test_a_saved_clip_is_heard_within_seconds_and_without_a_gap(tmp_path):
    clips, model = tmp_path / "gqom.clips", tmp_path / "mine.tflite"
    text = (MODELS / "gqom" / "gqom.clips").read_text()
    clips.write_text(text)
    command = [sys.executable, "-m", "train_host", "live", str(clips), "-o", str(model)]
    times, board = Times(), VirtualBoard()
    stalls = Stalls(tmp_path)
    with subprocess.Popen(command, cwd=ROOT) as live:
        try:
            until(model.exists, 120)
            box = Box(board, [times], [model], tmp_path / "state.json")
            try:
                box.start(play=True)
                time.sleep(3)
                first = box.engine_loop.engine.state
                saved_ns = time.monotonic_ns()
                clips.write_text(text.replace("clip: ", "clip: new ", 1))
                until(
                    lambda: box.engine_loop.engine.state.info.clips != first.info.clips,
                    120,
                )
                heard_ns = time.monotonic_ns()
                time.sleep(2)
                last = box.engine_loop.engine.state
            finally:
                box.close()
                board.close()
        finally:
            live.terminate()
            live.wait(20)
            still = stalls.close()
    print(f"heard {(heard_ns - saved_ns) / 1e9:.1f} s after it was saved")
    assert last.playing
    since = [note for note in times.notes if note[0] > saved_ns - 1_000_000_000]
    due = sorted(due_ns for due_ns, _ in since)
    gap_ns = max(after - before for before, after in pairwise(due))
    print(f"largest gap between notes {gap_ns / 1e6:.0f} ms of {len(due)} notes")
    # Gqom is sparse, never so that two beats pass without a hit.
    assert gap_ns < 2 * beat_ns(last.tempo) + MARGIN_NS
    late = [told_ns for due_ns, told_ns in since if told_ns > due_ns]
    assert [told_ns for told_ns in late if not near(told_ns, still)] == []
