"""Listens to what the box plays on its ALSA port, and tells of the machine while it plays."""

import contextlib
import os
import time
from pathlib import Path

from told import property_of, tell, wait_for

from firmware.midi.alsa_client import AlsaClient

SECONDS = 6.0
BOX = "groovebox.service"


class Listener:
    """A program that is connected to the box's main port."""

    def __init__(self):
        self.client = AlsaClient("Listener")
        self.port = self.client.create_port("in", readable=False, writable=True)
        self.box = wait_for(self._find)
        with contextlib.suppress(OSError):  # the box may have connected us by itself
            self.client.connect(self.box, (self.client.number, self.port))

    def _find(self):
        return next(
            (peer.address for peer in self.client.peers() if peer.client == "Groovebox"), None
        )

    def listen(self, seconds):
        """Times of the clocks in ns, and how many note-ons came."""
        clocks, notes = [], 0
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            for event in self.client.receive().events:
                for message in event.messages:
                    if message == b"\xf8":
                        clocks.append(event.time_ns)
                    notes += message[0] & 0xF0 == 0x90 and message[2] > 0
            time.sleep(0.01)
        return clocks, notes

    def first_clock_s(self):
        """When the first clock came, in seconds since the kernel began."""
        clocks = []
        while not clocks:
            clocks, _ = self.listen(0.02)
        return time.clock_gettime(time.CLOCK_MONOTONIC)

    def close(self):
        self.client.close()


def memory_mb():
    kilobytes = {}
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, value = line.split(":")
        kilobytes[name] = int(value.split()[0])
    return (kilobytes["MemTotal"] - kilobytes["MemAvailable"]) / 1024


def used_by_mb(pid):
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def mounts():
    """Device, file system and options of the root and the data, where they are."""
    lines = Path("/proc/mounts").read_text().splitlines()
    mounted = {line.split()[1]: [line.split()[0], *line.split()[2:4]] for line in lines}
    return {place: mounted[place] for place in ("/", "/data") if place in mounted}


def cannot_be_written(place):
    try:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT)
    except OSError as error:
        return error.strerror
    os.close(handle)
    return ""


def main():
    listener = Listener()
    first_tick_s = listener.first_clock_s()
    wait_for(lambda: property_of(BOX, "ActiveState") == "active")
    clocks, notes = listener.listen(SECONDS)
    listener.close()
    pid = property_of(BOX, "MainPID")
    tell(
        kernel=os.uname().release,
        first_program_s=int(property_of("", "UserspaceTimestampMonotonic")) / 1e6,
        ready_s=int(property_of(BOX, "ActiveEnterTimestampMonotonic")) / 1e6,
        first_tick_s=first_tick_s,
        began_s=int(property_of(BOX, "ExecMainStartTimestampMonotonic")) / 1e6,
        clocks=len(clocks),
        notes=notes,
        memory_mb=memory_mb(),
        box_mb=used_by_mb(pid),
        restarts=int(property_of(BOX, "NRestarts")),
        mounts=mounts(),
        root_write=cannot_be_written("/usr/lib/test"),
        data_write=cannot_be_written("/data/test"),
    )


if __name__ == "__main__":
    main()
