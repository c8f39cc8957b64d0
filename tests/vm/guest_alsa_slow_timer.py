"""In the virtual machine: a kernel without its high-resolution timer for ALSA."""

import json
import subprocess
import time
from pathlib import Path

from firmware.midi.alsa_ports import AlsaMidi
from firmware.midi.message import TimedMessage, note_on
from tests.vm.raw_midi import RawMidi

MS = 1_000_000
NOTES = 50

release = Path("/proc/sys/kernel/osrelease").read_text().strip()
for module in Path("/lib/modules", release).rglob("snd-hrtimer.ko*"):
    module.unlink()  # or the kernel would load it again
subprocess.run(["rmmod", "snd-hrtimer"], check=True)
outputs = {}
midi = AlsaMidi(
    lambda *message: None,
    lambda output: outputs.update({output.name: output}),
    lambda name: None,
)
raw = RawMidi(0)
start = time.monotonic_ns() + 50 * MS
due = [start + i * 13 * MS for i in range(NOTES)]
outputs["Virtual Raw MIDI 0-0: VirMIDI 0-0"].send(
    [TimedMessage(time_ns, note_on(9, 36, 1 + i)) for i, time_ns in enumerate(due)]
)
time.sleep(1)
arrived = raw.received()
print(
    json.dumps(
        {
            "timer": midi.timer,
            "velocities": [data[2] for _, data in arrived],
            "late_ms": [(there - then) / MS for (there, _), then in zip(arrived, due, strict=True)],
        }
    )
)
midi.close()
