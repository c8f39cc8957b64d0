"""DIN sync by the kernel's GPIO lines: the DIN bridge, told to start, tick and stop.

The emulated machine has eight lines, of which the power button has one; what they are is read from
the kernel's list of them.
"""

import os
import pty
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
LIST = Path("/sys/kernel/debug/gpio")
PULSES, PERIOD_S = 12, 0.1


def levels():
    """Up or not, by line; empty while the kernel lists none of ours."""
    lines = LIST.read_text().splitlines()
    chip = next(line for line in lines if line.startswith("gpiochip0"))
    first = int(chip.split("GPIOs ")[1].split("-")[0])
    ours = {line.split()[0]: " hi" in line for line in lines if "groovebox sync" in line}
    return {
        name: ours[f"gpio-{first + number}"]
        for name, number in LINES.items()
        if f"gpio-{first + number}" in ours
    }


class Sender:
    def __init__(self, bridge):
        self.client = AlsaClient("Sync test's master")
        self.port = self.client.create_port("out", readable=True, writable=False)
        self.client.connect((self.client.number, self.port), bridge)

    def send(self, data):
        os.write(self.client.fileno(), encode(data, self.port))

    def pulses(self):
        """How often the clock's line was seen to rise, and RUN's levels meanwhile."""
        rises, runs, was_up = 0, set(), False
        for _ in range(PULSES):
            self.send(CLOCK)
            end_s = time.monotonic() + PERIOD_S
            while time.monotonic() < end_s:
                seen = levels()
                rises += seen["clock"] and not was_up
                was_up = seen["clock"]
                runs.add(seen["run"])
        return [rises, sorted(runs)]


def main():
    if not LIST.exists():
        subprocess.run(["mount", "-t", "debugfs", "debugfs", LIST.parent], check=True)
    _, near = pty.openpty()
    options = ["--device", os.ttyname(near), "--name", NAME, "--sync", *map(str, LINES.values())]
    bridge = subprocess.Popen([sys.executable, "-m", "firmware.midi.din_bridge", *options])
    client = AlsaClient("Sync test's eyes")
    address = wait_for(lambda: next((p.address for p in client.peers() if p.client == NAME), None))
    sender = Sender(address)
    before = wait_for(levels)
    sender.send(START)
    time.sleep(0.3)
    playing = sender.pulses()
    sender.send(STOP)
    time.sleep(0.1)
    stopped = sender.pulses()
    sender.send(CONTINUE)
    time.sleep(0.1)
    again = sender.pulses()
    bridge.send_signal(signal.SIGTERM)
    bridge.wait(20)
    tell(sync={"before": before, "playing": playing, "stopped": stopped, "again": again})


main()
