"""The box is plugged into a computer (its own), which copies an update onto the drive, and ejects
it."""

import fcntl
import os
import subprocess
import time
from pathlib import Path

from listen import BOX
from plays import said
from told import property_of, tell, wait_for

DISK = Path("/dev/sda")
EJECT, UNLOCK = 0x5309, 0x5381
"""CDROMEJECT of cdrom.h, SCSI_IOCTL_DOORUNLOCK of scsi_ioctl.h"""


def readable():
    try:
        with DISK.open("rb") as disk:
            return bool(disk.read(512))
    except OSError:
        return False


def eject():
    handle = os.open(DISK, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.ioctl(handle, UNLOCK)
    fcntl.ioctl(handle, EJECT)
    os.close(handle)


wait_for(lambda: property_of(BOX, "ActiveState") == "active")
subprocess.run(["modprobe", "dummy_hcd"], check=True)
wait_for(readable)
began_s = time.monotonic()
update = next(Path(__file__).parent.glob("*.update"))
subprocess.run(["mcopy", "-i", DISK, update, "::"], check=True)
os.sync()
eject()
tell(copied_s=time.monotonic() - began_s)
wait_for(lambda: said("pdate") or said("switched on"), 240)
tell(said=said("pdate") + said("switched on"), taken_s=time.monotonic() - began_s)
