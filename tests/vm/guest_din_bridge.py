"""In the virtual machine: the box's ALSA port, the DIN bridge's process and a line of bytes.

A pseudo-terminal stands in for the UART: it has no baud rate, so what is looked at is which bytes
go over it and in what order, and when the first of a burst does.
"""

import contextlib
import json
import os
import pty
import select
import threading
import time
import tty
from pathlib import Path

from firmware.engine.route import RouteSettings
from firmware.midi.alsa_ports import AlsaMidi
from firmware.midi.din_bridge import DELAY_NS, DIN_CLIENT
from firmware.midi.din_process import din_bridge
from firmware.midi.message import CLOCK, TimedMessage, note_off, note_on
from firmware.rhythm.drums import DRUMS

MS = 1_000_000
PATIENCE_S = 20


class Line:
    """The far end of the cable."""

    def __init__(self) -> None:
        self.end, self._near = pty.openpty()
        tty.setraw(self.end)
        tty.setraw(self._near)
        self.device = os.ttyname(self._near)

    def read(self, count: int) -> tuple[bytes, int]:
        """At least ``count`` bytes, if they come, and when the first did."""
        data, first_ns = b"", 0
        until_s = time.monotonic() + PATIENCE_S
        while len(data) < count and (left_s := until_s - time.monotonic()) > 0:
            if select.select([self.end], [], [], left_s)[0]:
                first_ns = first_ns or time.monotonic_ns()
                data += os.read(self.end, 256)
        return data, first_ns

    def write(self, data: bytes) -> None:
        os.write(self.end, data)


def main() -> None:
    line, heard, ports = Line(), [], {}
    changed = threading.Condition()

    def tell(what) -> None:
        with changed:
            what()
            changed.notify_all()

    def wait(condition) -> bool:
        with changed:
            return bool(changed.wait_for(condition, PATIENCE_S))

    midi = AlsaMidi(
        lambda time_ns, source, data: tell(lambda: heard.append((source, list(data)))),
        lambda output: tell(lambda: ports.__setitem__(output.name, output)),
        lambda name: tell(lambda: ports.pop(name, None)),
        Path("connections.json"),
    )
    seen: dict[str, object] = {}

    def din():
        return next((port for name, port in ports.items() if name.startswith(DIN_CLIENT)), None)

    with contextlib.closing(midi), din_bridge(line.device, RouteSettings()) as bridge:
        assert wait(lambda: din() is not None)
        seen["port"] = din().name
        line.read(0)
        time.sleep(0.5)
        due_ns = time.monotonic_ns() + 200 * MS
        notes = [drum.note for drum in reversed(DRUMS)]  # kick and snare come last
        din().send([TimedMessage(due_ns, note_on(9, note, 100)) for note in notes])
        burst, first_ns = line.read(2 * len(notes) + 1)
        seen["burst"] = list(burst)
        seen["late_ms"] = (first_ns - due_ns - DELAY_NS) / MS
        now_ns = time.monotonic_ns()
        din().send([TimedMessage(now_ns + 50 * MS, note_off(9, note)) for note in notes])
        din().send([TimedMessage(now_ns + (60 + i) * MS, CLOCK) for i in range(5)])
        seen["ends"] = list(line.read(1 + 2 * len(notes) + 5)[0])

        line.write(bytes([0x99, 0xF8, 38, 0xF8, 90, 38, 0, 0xFA]))  # clock within a note
        wait(lambda: len(heard) >= 5)
        seen["in"] = [data for _, data in heard]

        din().send([TimedMessage(time.monotonic_ns(), note_on(9, 36, 100))])
        line.read(3)
        bridge.terminate()
        seen["last"] = list(line.read(3)[0])
        seen["gone"] = wait(lambda: din() is None)
    print(json.dumps(seen))


main()
