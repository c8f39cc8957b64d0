"""Starts and ends the bridge to the DIN sockets, a process of its own beside the box."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from firmware.engine.route import RouteSettings
from firmware.midi.din_bridge import DIN_CLIENT
from firmware.rhythm.drums import DRUMS
from hardware.pin_map import DinSync

__all__ = ["bridge_arguments", "din_bridge"]

ENDING_S = 3.0
FIRST = ("kick", "snare")


def bridge_arguments(
    device: str, settings: RouteSettings, sync: DinSync | None = None
) -> list[str]:
    """The bridge's command line: kick and snare, wherever they are, open a burst."""
    voices = (v for drum, v in zip(DRUMS, settings.voices, strict=True) if drum.key in FIRST)
    first = [f"{voice.channel + 1}:{voice.note}" for voice in voices]
    pins = [] if sync is None else ["--sync", str(sync.clock), str(sync.run)]
    return ["--device", device, "--name", DIN_CLIENT, *pins, "--first", *first]


@contextlib.contextmanager
def din_bridge(
    device: str, settings: RouteSettings, sync: DinSync | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the bridge on the UART ``device``, and DIN sync on its pins, while the context lasts.

    A bridge that cannot go on says why on stderr and ends; the box plays without it.
    """
    command = [sys.executable, "-m", "firmware.midi.din_bridge"]
    process = subprocess.Popen([*command, *bridge_arguments(device, settings, sync)])
    try:
        yield process
    finally:
        process.terminate()  # it ends every note on the wire
        try:
            process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
