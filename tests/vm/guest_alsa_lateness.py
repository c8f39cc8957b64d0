"""In the virtual machine: how late note-ons arrive under load, by our port and by a thread.

One real engine, at real-time priority, plays to both at 174 bpm while two other processes keep the
processor busy, and two threads of this one the interpreter, as drawing and decoding do in the box.
Each port ends in a raw MIDI device, which stamps what arrives in the kernel.
``guest_alsa_lateness.py SECONDS [BUSY-THREADS]``.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np

from firmware.engine.controls import Controls, Play, Set
from firmware.engine.engine import Engine
from firmware.engine.loop import EngineLoop
from firmware.engine.route import Route
from firmware.midi.alsa_ports import AlsaMidi
from firmware.midi.message import TimedMessage
from firmware.midi.rtmidi_port import open_virtual_port
from firmware.rhythm.pattern import TICKS, Pattern
from tests.engine.fakes import FakeDecoder
from tests.vm.raw_midi import RawMidi

BPM = 174
BUSY_PROCESSES = BUSY_THREADS = 2
LAST_NS = 500_000  # before the stop: may have been sent or not
OURS, THREAD = 0, 1  # numbers of the virtual MIDI devices


class Microtimed(FakeDecoder):
    """A snare on every tick, earlier and later by turns, so that hits fall at any moment."""

    def __init__(self) -> None:
        super().__init__()
        microtiming = np.tile(0.45 * np.sin(np.arange(TICKS) / 3), (9, 1)).astype(np.float32)
        pattern = super().decode(0, 0)
        self.pattern = Pattern(pattern.onset, pattern.velocity, microtiming)

    def decode(self, z1: float, z2: float) -> Pattern:
        return self.pattern


class Tap:
    """An output that also keeps what goes through it, and how long handing it over took."""

    def __init__(self, output) -> None:
        self.output, self.name = output, output.name
        self.messages: list[TimedMessage] = []
        self.costs_ns: list[int] = []

    def send(self, messages) -> None:
        self.messages += messages
        before_ns = time.perf_counter_ns()
        self.output.send(messages)
        self.costs_ns.append(time.perf_counter_ns() - before_ns)

    def flush(self) -> None:
        """What is not due by now is not to be expected."""
        self.messages = [m for m in self.messages if m.time_ns < time.monotonic_ns() - LAST_NS]
        self.output.flush()

    def close(self) -> None: ...


def note_ons(messages: list[TimedMessage]) -> dict[int, list[int]]:
    """The times of each note."""
    times = defaultdict(list)
    for time_ns, data in messages:
        if data[0] & 0xF0 == 0x90 and data[2]:
            times[data[1]].append(time_ns)
    return times


def verdict(tap: Tap, arrived: list[TimedMessage]) -> dict[str, object]:
    due, there = note_ons(tap.messages), note_ons(arrived)
    pairs = sorted(
        (there_ns, due_ns)
        for note, times in due.items()
        for due_ns, there_ns in zip(sorted(times), there[note], strict=False)
    )
    late_us = sorted((there_ns - due_ns) / 1000 for there_ns, due_ns in pairs)
    return {
        "sent": len(pairs),
        "lost": sum(max(len(times) - len(there[note]), 0) for note, times in due.items()),
        "early": sum(late < 0 for late in late_us),
        "overtaken": sum(b[1] < a[1] for a, b in pairwise(pairs)),
        "earliest_us": late_us[0],
        "median_us": late_us[len(late_us) // 2],
        "p99_us": late_us[int(len(late_us) * 0.99)],
        "worst_us": late_us[-1],
        "median_send_us": sorted(tap.costs_ns)[len(tap.costs_ns) // 2] / 1000,
    }


def keep_busy() -> None:
    while True:
        pass


seconds = float(sys.argv[1])
busy_threads = int(sys.argv[2]) if len(sys.argv) > 2 else BUSY_THREADS
outputs = {}
midi = AlsaMidi(
    lambda *message: None,
    lambda output: outputs.update({output.name: output}),
    lambda name: None,
)
portable = open_virtual_port("Portable", api="alsa")
subprocess.run(["aconnect", "Portable:0", f"Virtual Raw MIDI 0-{THREAD}:0"], check=True)
devices = [RawMidi(number) for number in (OURS, THREAD)]
ours = Tap(outputs[f"Virtual Raw MIDI 0-{OURS}: VirMIDI 0-{OURS}"])
thread = Tap(portable)
engine = Engine(
    Microtimed(),
    [Route(ours), Route(thread)],
    Controls.defaults().apply(Set("tempo", BPM * 100)),
)
engine.step(time.monotonic_ns())
loop = EngineLoop(engine)
busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY_PROCESSES)]
for _ in range(busy_threads):
    threading.Thread(target=keep_busy, daemon=True).start()
try:
    loop.start()
    loop.post(Play())
    time.sleep(seconds)
    loop.close()
    time.sleep(0.5)
finally:
    for process in busy:
        process.kill()
arrived = [device.received() for device in devices]
result = {
    "seconds": seconds,
    "busy_processes": BUSY_PROCESSES,
    "busy_threads": busy_threads,
    "timer": midi.timer,
    "ours": verdict(ours, arrived[OURS]),
    "thread": verdict(thread, arrived[THREAD]),
    "late_ticks": engine.state.late_ticks,
}
Path("lateness.json").write_text(json.dumps(result, indent=1) + "\n")
midi.close()
portable.close()
os._exit(0)  # the busy threads would go on
