"""The portable port: a virtual MIDI port by python-rtmidi (ALSA, JACK or CoreMIDI)."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

from firmware.midi.waiting_port import WaitingPort

__all__ = ["PortError", "open_virtual_port"]


class PortError(OSError):
    """No port could be opened; the text says why in one sentence."""


def open_virtual_port(client: str = "Groovebox", api: str | None = None) -> WaitingPort:
    """Open a virtual output that other programs and synths connect to.

    ``api`` is one of python-rtmidi's names (``alsa``, ``jack``, ``core``); by default the first
    that works.
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
            return _open(rtmidi, number, client)
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
    return any(Path("/dev/shm").glob("jack_*"))


def _open(rtmidi: Any, api: int, client: str) -> WaitingPort:
    out = rtmidi.MidiOut(rtapi=api, name=client)
    if out.get_current_api() == rtmidi.API_RTMIDI_DUMMY:
        out.delete()
        raise RuntimeError("a dummy")
    out.open_virtual_port("out")

    def shut() -> None:
        out.close_port()
        out.delete()

    return WaitingPort(f"{client} ({rtmidi.get_api_display_name(api)})", out.send_message, shut)
