"""The portable port against a real MIDI server."""

import queue
import time

import pytest

from firmware.midi.message import CLOCK, TimedMessage, note_off, note_on
from firmware.midi.rtmidi_port import PortError, open_virtual_port
from tests.midi.jack_server import jack_server

MS = 1_000_000


@pytest.fixture
def jack(monkeypatch):
    pytest.importorskip("rtmidi", reason="python-rtmidi is not installed (no wheel from 3.13 on)")
    with jack_server() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield


def listen(client: str):
    """An input connected to the client's port, and the queue its messages arrive in."""
    import rtmidi

    midi_in = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name="listener")
    midi_in.ignore_types(sysex=True, timing=False, active_sense=True)
    (number,) = [i for i, name in enumerate(midi_in.get_ports()) if client in name]
    received: queue.Queue = queue.Queue()
    midi_in.set_callback(lambda event, _: received.put(bytes(event[0])))
    midi_in.open_port(number)
    return midi_in, received


@pytest.mark.slow
def test_notes_and_clock_reach_another_client_in_order(jack):
    port = open_virtual_port("Groovebox test", api="jack")
    midi_in, received = listen("Groovebox test")
    time.sleep(0.1)  # JACK makes the connection at its next period
    start = time.monotonic_ns() + 20 * MS
    sent = []
    for i in range(40):
        sent += [
            TimedMessage(start + i * 5 * MS, note_on(9, 36 + i % 9, 100)),
            TimedMessage(start + i * 5 * MS + 2 * MS, CLOCK),
            TimedMessage(start + i * 5 * MS + 4 * MS, note_off(9, 36 + i % 9)),
        ]
    port.send(sent)
    got = [received.get(timeout=5) for _ in sent]
    assert got == [message.data for message in sent]
    port.send([TimedMessage(0, note_on(9, 50, 100))])
    assert received.get(timeout=5) == note_on(9, 50, 100)
    port.flush()
    assert received.get(timeout=5) == note_off(9, 50)
    port.close()
    midi_in.close_port()
    midi_in.delete()


@pytest.mark.slow
def test_what_another_client_sends_comes_in_with_its_time(jack):
    import rtmidi

    heard: queue.Queue = queue.Queue()
    port = open_virtual_port("Groovebox in", api="jack", on_message=lambda *m: heard.put(m))
    out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="master")
    (number,) = [i for i, name in enumerate(out.get_ports()) if "Groovebox in" in name]
    out.open_port(number)
    time.sleep(0.1)
    before = time.monotonic_ns()
    for message in ([0xFA], [0xF8], [0xB0, 12, 99]):
        out.send_message(message)
    got = [heard.get(timeout=5) for _ in range(3)]
    assert [data for _, _, data in got] == [b"\xfa", b"\xf8", b"\xb0\x0c\x63"]
    assert all(before <= stamp <= time.monotonic_ns() for stamp, _, _ in got)
    out.close_port()
    out.delete()
    port.close()


def test_no_library_is_one_sentence(monkeypatch):
    def fail(name):
        raise ImportError("libasound.so.2: cannot open shared object file")

    monkeypatch.setattr("importlib.import_module", fail)
    with pytest.raises(PortError, match="needs libasound2"):
        open_virtual_port()


def test_no_server_is_one_sentence(monkeypatch):
    pytest.importorskip("rtmidi", reason="python-rtmidi is not installed (no wheel from 3.13 on)")
    monkeypatch.setattr("firmware.midi.rtmidi_port._server_may_run", lambda api: False)
    with pytest.raises(PortError, match=r"^No MIDI port: [^\n]*\.$"):
        open_virtual_port()
