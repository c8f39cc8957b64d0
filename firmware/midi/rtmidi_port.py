"""The portable port: a virtual MIDI port by python-rtmidi (ALSA, JACK or CoreMIDI)."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.midi.waiting_port import WaitingPort

__all__ = ["PortError", "open_virtual_port"]


class PortError(OSError):
    """No port could be opened; the text says why in one sentence."""


def open_virtual_port(
    client: str = "Groovebox",
    api: str | None = None,
    on_message: Callable[[int, str, bytes], None] | None = None,
) -> WaitingPort:
    """Open a virtual output, and an input, that other programs and synths connect to.

    ``api`` is one of python-rtmidi's names (``alsa``, ``jack``, ``core``); by default the first
    that works. ``on_message(time_ns, source, data)`` is called from python-rtmidi's thread with
    what comes in and the monotonic time of its arrival here; without it there is no input.
    Raises PortError where the system has none: no python-rtmidi, no MIDI server, or Windows.
    """
    try:
        rtmidi = importlib.import_module("rtmidi")
    except ImportError as error:
        reason = "python-rtmidi is not installed"
        if "asound" in str(error):
            reason = "python-rtmidi needs libasound2"
        raise PortError(f"No MIDI port: {reason}.") from error
    # Without this libjack starts a server of its own where none runs.
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    failures = []
    for number in rtmidi.get_compiled_api():
        name = rtmidi.get_api_name(number)
        if api not in (None, name) or not _server_may_run(name):
            continue
        try:
            return _open(rtmidi, number, client, on_message)
        except (rtmidi.RtMidiError, SystemError, NotImplementedError, RuntimeError, OSError) as e:
            failures.append(f"{name}: {e}")
    if sys.platform == "win32":
        raise PortError("No MIDI port: Windows has no virtual MIDI ports.")
    tried = f" ({'; '.join(failures)})" if failures else ""
    raise PortError(f"No MIDI port: neither ALSA nor JACK runs here{tried}.")


def _server_may_run(api: str) -> bool:
    """Whether to try at all: on Linux both libraries complain on stderr where nothing answers."""
    if not sys.platform.startswith("linux"):
        return True
    if api == "alsa":
        return Path("/dev/snd/seq").exists()
    return any(path.is_socket() for path in Path("/dev/shm").glob("jack_*"))


def _open(
    rtmidi: Any, api: int, client: str, on_message: Callable[[int, str, bytes], None] | None
) -> WaitingPort:
    out = rtmidi.MidiOut(rtapi=api, name=client)
    if out.get_current_api() == rtmidi.API_RTMIDI_DUMMY:
        out.delete()
        raise RuntimeError("a dummy")
    out.open_virtual_port("out")
    ports = [out]
    if on_message is not None:
        ports.append(rtmidi.MidiIn(rtapi=api, name=client))
        ports[1].ignore_types(sysex=True, timing=False, active_sense=True)
        # python-rtmidi tells only how long after the last message this one came: no use for a
        # clock that is compared with ours.
        ports[1].set_callback(
            lambda event, _: on_message(time.monotonic_ns(), f"{client} in", bytes(event[0]))
        )
        ports[1].open_virtual_port("in")

    def shut() -> None:
        for port in ports:
            port.close_port()
            port.delete()

    return WaitingPort(f"{client} ({rtmidi.get_api_display_name(api)})", out.send_message, shut)
