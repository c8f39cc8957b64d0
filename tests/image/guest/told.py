"""What the guest's scripts tell the host: a line of JSON on the console."""

import json
import subprocess
import sys
import time


def tell(**what):
    sys.stdout.write(f"\nTOLD {json.dumps(what)}\n")
    sys.stdout.flush()


def property_of(unit, name):
    """Of a unit, or of systemd itself where ``unit`` is empty."""
    command = ["systemctl", "show", *filter(None, [unit]), "--property", name, "--value"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def wait_for(condition, seconds=120.0):
    end_s = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end_s:
            raise TimeoutError
        time.sleep(0.1)
    return found
