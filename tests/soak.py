"""``make soak``: the box at its fastest for a long time, with hands that never rest.

The whole box plays on a virtual board whose buses take as long as the real ones, at 300 bpm and 24
ticks a beat, while a script drags a finger about the pad, turns the encoders, presses buttons,
changes the page and the model and opens the menu. It fails where a tick of music was handed over
too late, a note was left on, pictures did not come, or memory grew. A tick that is late while the
machine itself stood still (``tests/stalls.py``) is counted apart.
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from firmware.box import Box
from firmware.engine.controls import Play, Set
from firmware.library.models import factory_folder
from firmware.midi.message import SoundingNotes, TimedMessage, is_note_on
from firmware.real_time import go_before_programs
from hardware.virtual.virtual_board import VirtualBoard
from tests.benchmarks.paced_board import paced_board
from tests.stalls import Stalls, near

BPM = 300
WARM_UP_S = 120
"""Memory is compared with what it is after so long, when maps of every kind have been drawn."""
SETTLE_S = 5
"""Ticks and notes are counted as late from then on: at first everything is loaded."""
MOST_GROWTH = 1.1
"""Maps come and go, and what they leave free is not at once used again."""
FEWEST_PICTURES = 0.9
"""Of the ticks' number; the latest picture wins."""


class _LateNote(NamedTuple):
    heard_ns: int
    late_ns: int


class _Ears:
    """An output that counts notes, and what still sounds."""

    name = "ears"

    def __init__(self) -> None:
        self.notes = 0
        self.sounding = SoundingNotes()
        self.late_notes: list[_LateNote] = []

    def send(self, messages: Sequence[TimedMessage]) -> None:
        now_ns = time.monotonic_ns()
        for message in messages:
            self.sounding.track(message.data)
            if is_note_on(message.data):
                self.notes += 1
                if message.time_ns < now_ns:
                    self.late_notes.append(_LateNote(now_ns, now_ns - message.time_ns))

    def flush(self) -> None:
        self.sounding.end_all()

    def close(self) -> None: ...


def _hands(board: VirtualBoard) -> Iterator[None]:
    """One doing of the script at each step."""
    chance = random.Random(0)
    angle = 0.0
    while True:
        for _ in range(chance.randrange(40, 200)):
            angle += 0.05
            board.touch(0.5 + 0.5 * math.cos(angle), 0.5 + 0.5 * math.sin(1.7 * angle), 0.6)
            yield
        board.lift()
        yield
        match chance.randrange(8):
            case 0:
                board.turn(3, chance.choice((-1, 1)))
            case 1 | 2 | 3:
                board.turn(chance.randrange(2), chance.choice((-3, -1, 1, 3)))
            case 4:
                yield from _hold(lambda down: board.push(3, down))
            case 5:
                board.press("shift", True)
                yield from _hold(lambda down: board.push(3, down))
                board.press("shift", False)
                board.turn(3, chance.choice((-2, 2)))
            case 6:
                button = chance.choice(("kick", "snare", "hat"))
                yield from _hold(lambda down, button=button: board.press(button, down))
            case 7:
                board.press("shift", True)
                board.touch(chance.random(), chance.random(), 0.6)
                yield
                yield
                board.lift()
                board.press("shift", False)
        yield


def _hold(move: Callable[[bool], None]) -> Iterator[None]:
    move(True)
    for _ in range(5):
        yield
    move(False)


def _memory_mb() -> float:
    """Resident now, not at most."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def soak(minutes: float) -> list[str]:
    """Play for ``minutes`` and print what happened; returns what is wrong, a sentence each."""
    # The hands and the emulated chips are the world's: it does not wait for other programs either.
    go_before_programs()
    board, ears = paced_board(), _Ears()
    box = Box(board, [ears], [factory_folder()])
    box.start()
    box.engine_loop.post(Set("tempo", 100 * BPM))
    box.engine_loop.post(Play())
    start_s, next_report_s, warm = time.monotonic(), 60.0, 0.0
    models, late_ns, late_before = set(), [], None
    folder = tempfile.TemporaryDirectory(prefix="groovebox-soak-")
    stalls = Stalls(Path(folder.name))
    try:
        for _ in _hands(board):
            time.sleep(0.01)
            passed = time.monotonic() - start_s
            state = box.engine_loop.engine.state
            models.add(state.info.name)
            if passed < SETTLE_S:
                ears.late_notes.clear()
                late_before = state.late_ticks
            elif state.late_ticks > late_before:
                late_ns += [time.monotonic_ns()] * (state.late_ticks - late_before)
                late_before = state.late_ticks
            if not warm and passed > min(WARM_UP_S, 30 * minutes):
                warm = _memory_mb()
            if passed > next_report_s:
                next_report_s += 60
                print(f"{passed:4.0f} s: {ears.notes} notes, {_memory_mb():.1f} MB", flush=True)
            if passed > 60 * minutes:
                break
        pictures, memory, error = box.panel.pictures, _memory_mb(), box.engine_loop.error
    finally:
        box.close()
        board.close()
        still = stalls.close()
        folder.cleanup()
    ticks = round(60 * minutes * BPM / 60 * 24)
    late = [when for when in late_ns if not near(when, still)]
    notes = [note for note in ears.late_notes if not near(note.heard_ns, still)]
    print(
        f"{minutes:g} minutes at {BPM} bpm: {ticks} ticks, {len(late_ns)} handed over late after "
        f"the first {SETTLE_S} s, {len(late_ns) - len(late)} of them while the machine stood still "
        f"({len(still)} times, {sum(end - begin for begin, end in still) / 1e6:.0f} ms in all, "
        f"{max((end - begin for begin, end in still), default=0) / 1e6:.1f} ms at most); "
        f"{len(ears.late_notes)} notes late, {len(notes)} of them for another reason; "
        f"{pictures} pictures, {ears.notes} notes, {len(models)} models; "
        f"memory {warm:.1f} to {memory:.1f} MB."
    )
    faults = {
        f"The engine ended with {error!r}.": error is not None,
        f"{len(late)} ticks were handed over too late.": bool(late),
        f"{len(notes)} notes were late.": bool(notes),
        "A note was left on.": bool(ears.sounding.end_all()),
        f"Only {pictures} pictures were shown.": pictures < FEWEST_PICTURES * ticks,
        f"Memory grew from {warm:.1f} to {memory:.1f} MB.": memory > MOST_GROWTH * warm,
        "Only one model was played.": len(models) < 2,
    }
    return [sentence for sentence, is_so in faults.items() if is_so]


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    faults = soak(parser.parse_args().minutes)
    print("\n".join(faults) or "Nothing is wrong.")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
