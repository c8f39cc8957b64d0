"""The portable port: a virtual MIDI port by python-rtmidi (ALSA, JACK or CoreMIDI)."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from firmware.midi.waiting_port import WaitingPort

__all__ = ["PortError", "open_virtual_port"]


class PortError(OSError):
    """No port could be opened; the text says why in one sentence."""


def open_virtual_port(client: str = "Groovebox") -> WaitingPort:
    """Open a virtual output that other programs and synths connect to.

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
    for api in rtmidi.get_compiled_api():
        try:
            return _open(rtmidi, api, client)
        except (
            rtmidi.RtMidiError,
            SystemError,
            NotImplementedError,
            RuntimeError,
            OSError,
        ) as error:
            failures.append(f"{rtmidi.get_api_name(api)}: {error}")
    hint = "Windows has no virtual MIDI ports" if sys.platform == "win32" else "no MIDI server runs"
    raise PortError(f"No MIDI port: {hint} ({'; '.join(failures) or 'no API'}).")


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
