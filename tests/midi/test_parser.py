from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.midi.message import TimedMessage
from firmware.midi.parser import MAX_SYSEX, MidiParser, data_length, is_message

DATA = st.integers(0, 0x7F)
REAL_TIME = (0xF8, 0xFA, 0xFB, 0xFC, 0xFE, 0xFF)


@st.composite
def message(draw: st.DrawFn) -> bytes:
    """A channel or system common message."""
    status = draw(st.integers(0x80, 0xEF) | st.sampled_from((0xF1, 0xF2, 0xF3, 0xF6)))
    return bytes([status, *(draw(DATA) for _ in range(data_length(status)))])


def parsed(data: bytes) -> list[bytes]:
    return [message.data for message in MidiParser().feed(0, data)]


def with_running_status(messages: list[bytes]) -> bytes:
    wire, running = bytearray(), None
    for data in messages:
        wire += data[1:] if data[0] == running else data
        running = data[0] if data[0] < 0xF0 else None
    return bytes(wire)


def test_messages_carry_the_time_of_the_feed_that_completes_them():
    parser = MidiParser()
    assert parser.feed(1, b"\x99\x24") == []
    assert parser.feed(2, b"\x64\x26") == [TimedMessage(2, b"\x99\x24\x64")]
    assert parser.feed(3, b"\x5a\xf8") == [
        TimedMessage(3, b"\x99\x26\x5a"),
        TimedMessage(3, b"\xf8"),
    ]


@settings(deadline=None)
@given(st.lists(message(), max_size=20))
def test_running_status_is_understood(messages: list[bytes]):
    parser = MidiParser()
    assert [m.data for m in parser.feed(0, with_running_status(messages))] == messages
    assert parser.garbage == 0


@settings(deadline=None)
@given(st.lists(message(), max_size=12), st.data())
def test_real_time_bytes_at_any_place_change_no_other_message(
    messages: list[bytes], data: st.DataObject
):
    wire = bytearray(with_running_status(messages))
    places = data.draw(st.lists(st.integers(0, len(wire)), max_size=12))
    clocks = [data.draw(st.sampled_from(REAL_TIME)) for _ in places]
    for place, clock in sorted(zip(places, clocks, strict=True), reverse=True):
        wire.insert(place, clock)
    found = parsed(bytes(wire))
    assert [m for m in found if m[0] < 0xF8] == messages
    assert sorted(m[0] for m in found if m[0] >= 0xF8) == sorted(clocks)


def test_a_real_time_byte_at_every_place_of_a_stream():
    messages = [b"\x99\x24\x64", b"\x99\x26\x5a", b"\xf2\x10\x00", b"\xc0\x05", b"\x89\x24\x40"]
    wire = with_running_status(messages)
    for place in range(len(wire) + 1):
        found = parsed(wire[:place] + b"\xf8" + wire[place:])
        assert found.count(b"\xf8") == 1
        assert [m for m in found if m != b"\xf8"] == messages


@settings(deadline=None)
@given(st.binary(max_size=400), st.lists(st.integers(1, 40), max_size=20))
def test_any_bytes_give_whole_messages_however_they_are_cut(data: bytes, cuts: list[int]):
    parser, found, rest = MidiParser(), [], data
    for cut in cuts:
        found += parser.feed(0, rest[:cut])
        rest = rest[cut:]
    found += parser.feed(0, rest)
    assert [m.data for m in found] == parsed(data)
    assert all(is_message(m.data) for m in found)
    assert parser.garbage + sum(len(m.data) - 1 for m in found) <= len(data)


@settings(deadline=None)
@given(st.binary(max_size=200), st.lists(message(), min_size=1, max_size=8))
def test_after_garbage_the_next_status_byte_is_understood(garbage: bytes, messages: list[bytes]):
    found = parsed(garbage + with_running_status(messages))
    assert found[-len(messages) :] == messages


def test_system_exclusive_is_skipped_and_real_time_within_it_is_not():
    assert parsed(b"\x99\x24\x64\xf0\x01\xf8\x02\xf7\x26\x5a\x99\x26\x5a") == [
        b"\x99\x24\x64",
        b"\xf8",
        b"\x99\x26\x5a",  # the data before it had no status: system exclusive ends running status
    ]
    assert parsed(b"\xf0\x01\x02\x99\x24\x64") == [b"\x99\x24\x64"]


def test_running_status_is_for_channel_messages_alone():
    assert parsed(b"\x99\x24\x64\xf2\x10\x00\x10\x00\x26\x5a") == [
        b"\x99\x24\x64",
        b"\xf2\x10\x00",
    ]


def test_an_endless_system_exclusive_is_bounded_and_counted():
    parser = MidiParser()
    parser.feed(0, b"\xf0" + bytes(MAX_SYSEX))
    assert parser.garbage == 0
    parser.feed(0, bytes(100))
    assert parser.garbage == 100
    assert parser.feed(0, b"\xc0\x05") == [TimedMessage(0, b"\xc0\x05")]


def test_garbage_is_counted():
    parser = MidiParser()
    parser.feed(0, b"\x24\x64")  # stray data
    assert parser.garbage == 2
    parser.feed(0, b"\xf4\xf5\xf9\xfd\xf7")  # undefined, and an end of nothing
    assert parser.garbage == 7
    parser.feed(0, b"\x99\x24\x89\x24\x40")  # a message cut short
    assert parser.garbage == 9


def test_undefined_real_time_bytes_leave_a_message_alone():
    assert parsed(b"\x99\x24\xf9\x64\xfd\x26\x5a") == [b"\x99\x24\x64", b"\x99\x26\x5a"]


def test_only_whole_messages_are_messages():
    whole = (b"\x99\x24\x64", b"\xc0\x05", b"\xf2\x00\x00", b"\xf6", b"\xf8", b"\xf0\xf7")
    assert all(is_message(data) for data in whole)
    broken = (b"", b"\x24\x64", b"\x99\x24", b"\x99\x24\x64\x00", b"\x99\x80\x00", b"\xf4", b"\xf7")
    assert not any(is_message(data) for data in (*broken, b"\xf0\x01", b"\xf0\x90\xf7", b"\xf0"))
