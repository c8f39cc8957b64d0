"""The queue between the engine and the pages."""

from __future__ import annotations

import pytest

from firmware.midi.message import TimedMessage
from hardware.virtual.page_midi import Flush, PageMidi


def test_page_midi_keeps_order_and_flush_drops_what_waits() -> None:
    midi = PageMidi()
    midi.send([(1, b"\xfa"), (2, b"\xf8")])
    assert midi.running
    midi.flush()
    midi.send([(3, b"\xfc")])
    assert not midi.running
    assert midi.take() == [Flush(), TimedMessage(3, b"\xfc")]
    assert midi.take() == []


def test_page_midi_that_nobody_fetches_stays_small_and_ends_its_notes() -> None:
    midi = PageMidi(capacity=8)
    for n in range(100):
        midi.send([(n, b"\x99\x24\x64"), (n, b"\x89\x24\x00")])
    taken = midi.take()
    assert len(taken) <= 9
    assert taken[0] == Flush()
    assert taken[-1] == TimedMessage(99, b"\x89\x24\x00")


def test_page_midi_after_close_sends_only_the_flush() -> None:
    midi = PageMidi()
    midi.send([(1, b"\x99\x24\x64")])
    midi.close()
    midi.send([(2, b"\x99\x24\x64")])
    assert midi.take() == [Flush()]


def test_page_midi_wants_a_note_for_every_drum() -> None:
    with pytest.raises(ValueError, match="3 notes for 9 drums"):
        PageMidi(notes=[36, 38, 42])
