"""In the virtual machine: the power is cut over and over, of the disk too.

The box's folder lies on ext4 on a device-mapper device. A cut takes the disk from under it between
two writes: from then on nothing reaches it, whatever the kernel and the process still hold. What
had reached it is mounted again, as after a power cut, and the box starts.
"""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.library.power_cuts import Ledger, kill, play_until_killed

CUTS, SEED = map(int, sys.argv[1:])
DISK, SIZE = Path("/tmp/disk.img"), 64 << 20
NAME, PLACE = "box", Path("/tmp/box")
FIRST = ("eject", "import", "save", "import")
LONGEST_S = {"eject": 4.0, "import": 1.2, "save": 0.6}
"""From the process's start to the cut, by what it does first."""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout.strip()


def table(kind):
    sectors = SIZE // 512
    return f"0 {sectors} {kind}" + (f" {loop} 0" if kind == "linear" else "")


def mount():
    run("dmsetup", "create", NAME, "--table", table("linear"))
    # The kernel's own name of it: there is no udev here to make another.
    device = run("dmsetup", "info", "--columns", "--noheadings", "-o", "blkdevname", NAME)
    run("mount", "-t", "ext4", "-o", "data=ordered", f"/dev/{device}", str(PLACE))


def cut():
    """Nothing more gets to the disk. Not flushed, not frozen: as a cable is pulled."""
    run("dmsetup", "suspend", "--nolockfs", "--noflush", NAME)
    run("dmsetup", "load", NAME, "--table", table("error"))
    run("dmsetup", "resume", NAME)


def unmount():
    for command in (("umount", str(PLACE)), ("dmsetup", "remove", NAME)):
        end_s = time.monotonic() + 10
        while True:  # what was killed lets go of it a moment later
            try:
                run(*command)
                break
            except RuntimeError:
                if time.monotonic() > end_s:
                    raise
                time.sleep(0.05)


run("modprobe", "-a", "loop", "dm-mod", "ext4")
PLACE.mkdir()
with DISK.open("wb") as file:
    file.truncate(SIZE)
run("mke2fs", "-q", "-t", "ext4", str(DISK))
loop = run("losetup", "--find", "--show", str(DISK))
contents = [path.read_bytes() for path in sorted(Path().glob("*.tflite"))]
ledger, rng, in_the_midst = Ledger(contents), random.Random(SEED), 0
mount()
for number in range(CUTS):
    first = FIRST[number % len(FIRST)]
    child, pipe = play_until_killed(PLACE, contents, rng.randrange(1 << 30), first)
    time.sleep(rng.uniform(0, LONGEST_S[first]))
    cut()
    kill(child)
    with os.fdopen(pipe, "rb") as said:
        lines = said.readlines()
    # What fails once the disk is gone is no fault, and nothing that was said after it counts.
    while lines and json.loads(lines[-1])[0] == "failed":
        lines.pop()
    ledger.hear(lines)
    in_the_midst += ledger.begun is not None
    unmount()
    mount()
    ledger.check(PLACE)
print(json.dumps({"cuts": CUTS, "in_the_midst": in_the_midst, "done": ledger.done}))
unmount()
