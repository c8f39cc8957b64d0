import threading
import time

import pytest

from firmware.midi.message import CLOCK, SoundingNotes, TimedMessage, note_off, note_on
from firmware.midi.waiting_port import WaitingPort

MS = 1_000_000


class Wire:
    """What a port writes to; ``seen`` is set when ``expect`` messages have come."""

    def __init__(self, expect: int = 1) -> None:
        self.sent: list[bytes] = []
        self.shut = False
        self.broken = False
        self.expect = expect
        self.seen = threading.Event()

    def write(self, data: bytes) -> None:
        if self.broken:
            raise OSError("unplugged")
        self.sent.append(data)
        if len(self.sent) >= self.expect:
            self.seen.set()

    def close(self) -> None:
        self.shut = True


def open_port(wire: Wire) -> WaitingPort:
    return WaitingPort("test", wire.write, wire.close)


def test_messages_go_out_by_time_and_in_order():
    wire = Wire(4)
    port = open_port(wire)
    now = time.monotonic_ns()
    port.send([TimedMessage(now + 20 * MS, note_on(9, 38, 90))])
    port.send([TimedMessage(now + 10 * MS, note_on(9, 36, 100))])
    port.send([TimedMessage(now, CLOCK), TimedMessage(now + 10 * MS, note_off(9, 36))])
    assert wire.seen.wait(5)
    assert wire.sent == [CLOCK, note_on(9, 36, 100), note_off(9, 36), note_on(9, 38, 90)]
    port.close()


def test_nothing_goes_out_before_its_time():
    wire = Wire()
    port = open_port(wire)
    due = time.monotonic_ns() + 30 * MS
    port.send([TimedMessage(due, CLOCK)])
    assert wire.seen.wait(5)
    assert time.monotonic_ns() >= due
    port.close()


def test_flush_drops_what_is_to_come_and_ends_what_sounds():
    wire = Wire(2)
    port = open_port(wire)
    now = time.monotonic_ns()
    port.send([TimedMessage(now, note_on(9, 36, 100)), TimedMessage(now, note_on(9, 42, 100))])
    port.send([TimedMessage(now + 10_000 * MS, note_off(9, 36))])
    port.send([TimedMessage(now + 10_000 * MS, note_on(9, 50, 100))])
    assert wire.seen.wait(5)
    port.flush()
    assert wire.sent[2:] == [note_off(9, 36), note_off(9, 42)]
    port.close()
    assert wire.shut
    assert len(wire.sent) == 4


def test_closing_ends_what_sounds_and_sends_a_stop_that_is_due():
    wire = Wire()
    port = open_port(wire)
    port.send([TimedMessage(time.monotonic_ns(), note_on(9, 36, 100))])
    assert wire.seen.wait(5)
    port.send([TimedMessage(0, b"\xfc")])
    port.close()
    port.close()
    assert sorted(wire.sent[1:]) == sorted([b"\xfc", note_off(9, 36)])
    port.send([TimedMessage(0, CLOCK)])
    assert len(wire.sent) == 3


def test_a_lost_port_says_so_once_and_takes_no_more():
    wire = Wire()
    wire.broken = True
    port = open_port(wire)
    port.send([TimedMessage(0, CLOCK)])
    deadline = time.monotonic() + 5
    while port.fault is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert port.fault == "MIDI port test is gone (unplugged)."
    port.send([TimedMessage(0, CLOCK)])
    port.flush()
    port.close()
    assert wire.shut


@pytest.mark.parametrize("end", [note_off(9, 36), bytes([0x99, 36, 0])])
def test_a_note_ends_by_note_off_or_by_velocity_0(end):
    notes = SoundingNotes()
    notes.track(note_on(9, 36, 100))
    notes.track(CLOCK)
    notes.track(end)
    assert notes.end_all() == []
