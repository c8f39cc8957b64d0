"""The box's MIDI ports on this system: ALSA's own queue on Linux, python-rtmidi elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

from firmware.midi.message import MidiOut
from firmware.midi.rtmidi_port import PortError, open_virtual_port

__all__ = ["open_ports"]


def open_ports(
    on_message: Callable[[int, str, bytes], None],
    on_added: Callable[[MidiOut], None],
    on_removed: Callable[[str], None],
    connections_file: Path | None,
) -> AbstractContextManager[object]:
    """Open what the system has; leaving the context closes it.

    ``on_message(time_ns, source, data)`` is told what comes in, ``on_added(output)`` and
    ``on_removed(name)`` of every port that there is to play to. All are called from other threads.
    Raises PortError, in one sentence, where the system has no MIDI.
    """
    if sys.platform.startswith("linux"):
        try:
            from firmware.midi.alsa_ports import AlsaMidi

            return closing(AlsaMidi(on_message, on_added, on_removed, connections_file))
        except PortError:
            pass  # JACK may run all the same
    port = open_virtual_port(on_message=on_message)
    on_added(port)
    return closing(port)
