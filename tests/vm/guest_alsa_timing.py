"""In the virtual machine: what handing over costs, and whether what comes in is stamped right.

On a clock that counts instructions, so that both are those of the code alone.
"""

import json
import time
from statistics import median

from firmware.midi.alsa_ports import AlsaMidi
from firmware.midi.message import TimedMessage, note_off, note_on
from tests.vm.raw_midi import RawMidi

MS = 1_000_000
DEVICE = "Virtual Raw MIDI 0-0: VirMIDI 0-0"
BATCH = 20
RUNS = 30

outputs, messages = {}, []
midi = AlsaMidi(
    lambda *message: messages.append(message),
    lambda output: outputs.update({output.name: output}),
    lambda name: None,
)
output, raw = outputs[DEVICE], RawMidi(0)


def batch() -> list[TimedMessage]:
    now = time.monotonic_ns() + 20 * MS
    ons = [TimedMessage(now + i * 7_000, note_on(9, 36 + i, 100)) for i in range(BATCH // 2)]
    return ons + [TimedMessage(on.time_ns + 30 * MS, note_off(9, on.data[1])) for on in ons]


costs_us, flushes_us, played = [], [], []
for _ in range(RUNS):
    due = batch()
    before_ns = time.perf_counter_ns()
    output.send(due)
    costs_us.append((time.perf_counter_ns() - before_ns) / 1000)
    time.sleep(0.1)
    moments = [time.monotonic_ns()]
    raw.play(bytes([0xF8]))
    moments.append(time.monotonic_ns())
    played.append(moments)
arrived = raw.received()
for _ in range(RUNS):
    output.send(batch())
    time.sleep(0.03)
    before_ns = time.perf_counter_ns()
    output.flush()
    flushes_us.append((time.perf_counter_ns() - before_ns) / 1000)
print(
    json.dumps(
        {
            "arrived": len(arrived),
            "send_us": median(costs_us),
            "flush_us": median(flushes_us),
            "stamps_us": [
                [(stamp - before) / 1000, (stamp - after) / 1000]
                for (stamp, _, _), (before, after) in zip(messages, played, strict=True)
            ],
            "sources": sorted({source for _, source, _ in messages}),
        }
    )
)
midi.close()
