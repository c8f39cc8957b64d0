"""DIN sync by the kernel's GPIO lines: the DIN bridge, told to start, tick, stop and go on.

The emulated machine has eight lines, of which the power button has one; the kernel's trace tells
what is set on the others, and when.
"""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from told import tell, wait_for

from firmware.midi.alsa_client import AlsaClient
from firmware.midi.message import CLOCK, CONTINUE, START, STOP
from firmware.midi.seq_event import encode

NAME = "Sync test"
LINES = {"clock": 4, "run": 5}
LIST, TRACING = Path("/sys/kernel/debug/gpio"), Path("/sys/kernel/tracing")
SET = re.compile(r" (\d+\.\d+): gpio_value: (\d+) set (\d)")
PULSES, PERIOD_S, SETTLED_S = 12, 0.02, 0.5


def first_line():
    """The kernel's number of the chip's first."""
    chip = next(line for line in LIST.read_text().splitlines() if line.startswith("gpiochip0"))
    return int(re.search(r"GPIOs (\d+)-", chip)[1])


def changes():
    """Seconds, line and level of all that was set since the last call, when it has settled."""
    time.sleep(SETTLED_S)
    names = {first_line() + number: name for name, number in LINES.items()}
    found = SET.findall((TRACING / "trace").read_text())
    (TRACING / "trace").write_text("")
    return [(float(s), names[int(n)], int(up)) for s, n, up in found if int(n) in names]


class Master:
    def __init__(self):
        self.client = AlsaClient("Sync test's master")
        self.port = self.client.create_port("out", readable=True, writable=False)
        bridge = wait_for(
            lambda: next((p.address for p in self.client.peers() if p.client == NAME), None)
        )
        self.client.connect((self.client.number, self.port), bridge)

    def send(self, data):
        os.write(self.client.fileno(), encode(data, self.port))

    def pulses(self, begin):
        """What is set while ``begin`` and some pulses are sent."""
        self.send(begin)
        for _ in range(PULSES):
            time.sleep(PERIOD_S)
            self.send(CLOCK)
        return changes()


for kind, place in (("debugfs", LIST.parent), ("tracefs", TRACING)):
    if not os.path.ismount(place):
        subprocess.run(["mount", "-t", kind, kind, place], check=True)
(TRACING / "events/gpio/gpio_value/enable").write_text("1")
_, near = pty.openpty()
options = ["--device", os.ttyname(near), "--name", NAME, "--sync", *map(str, LINES.values())]
bridge = subprocess.Popen([sys.executable, "-m", "firmware.midi.din_bridge", *options])
master = Master()
wait_for(lambda: LIST.read_text().count("groovebox sync") == len(LINES))
changes()
parts = {"playing": START, "stopped": STOP, "again": CONTINUE}
seen = {part: master.pulses(data) for part, data in parts.items()}
bridge.send_signal(signal.SIGTERM)
bridge.wait(20)
tell(sync={**seen, "ended": changes()})
