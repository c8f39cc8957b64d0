"""The wire in simulated time: a receiver that hears every byte 320 us after it starts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.midi.din_wire import BYTE_NS, MAX_SYSEX_OUT, MAX_WAITING, PATIENCE_NS, DinWire
from firmware.midi.message import (
    CLOCK,
    CONTINUE,
    START,
    STOP,
    SoundingNotes,
    TimedMessage,
    note_off,
    note_on,
)
from firmware.midi.parser import MidiParser
from firmware.rhythm.drums import DRUMS

US = 1_000
MS = 1_000_000
KICK, SNARE, HAT, OPEN_HAT = (drum.note for drum in DRUMS[:4])
POSITION = b"\xf2\x00\x01"


def is_kick_or_snare(channel: int, note: int) -> bool:
    return note in (KICK, SNARE)


class Receiver:
    """Hears the bytes that are written, one after the other."""

    def __init__(self) -> None:
        self.bytes: list[tuple[int, int]] = []  # when each starts, and the byte

    def hear(self, written_ns: int, data: bytes) -> None:
        for byte in data:
            free_ns = self.bytes[-1][0] + BYTE_NS if self.bytes else 0
            self.bytes.append((max(written_ns, free_ns), byte))

    @property
    def messages(self) -> list[TimedMessage]:
        """Each with the time at which its last byte has arrived."""
        parser, found, sysex = MidiParser(), [], b""
        for start_ns, byte in self.bytes:
            found += parser.feed(start_ns + BYTE_NS, bytes([byte]))
            if byte == 0xF0 or (sysex and byte <= 0xF7):
                sysex += bytes([byte])
            if byte == 0xF7:  # the parser skips system exclusive
                found.append(TimedMessage(start_ns + BYTE_NS, sysex))
                sysex = b""
        assert parser.garbage == 0
        return found


def play(
    wire: DinWire,
    messages: Iterable[TimedMessage],
    lead_ns: int = 0,
    ahead_ns: int = 0,
    receiver: Receiver | None = None,
    until_ns: float = float("inf"),
) -> Receiver:
    """Hand every message in ``lead_ns`` before it is due, and write whenever the wire says so."""
    receiver = receiver or Receiver()
    to_come = sorted(messages, key=lambda message: message.time_ns)
    now_ns = 0
    while True:
        next_ns = wire.next_ns()
        coming_ns = to_come[0].time_ns - lead_ns if to_come else None
        times = [time_ns for time_ns in (next_ns, coming_ns) if time_ns is not None]
        if not times or min(times) > until_ns:
            return receiver
        now_ns = max(now_ns, min(times))
        while to_come and to_come[0].time_ns - lead_ns <= now_ns:
            wire.put([to_come.pop(0)])
        data = wire.write(now_ns)
        assert data or next_ns != now_ns, "next_ns promised a byte"
        receiver.hear(now_ns, data)
        if receiver.bytes:
            assert receiver.bytes[-1][0] <= now_ns + ahead_ns, "written too far ahead"


def heard(messages: Sequence[TimedMessage], lead_ns: int = 0) -> list[bytes]:
    received = play(DinWire(is_kick_or_snare), messages, lead_ns).messages
    return [message.data for message in received]


def ended(note: int) -> bytes:
    """A note-off as the wire sends it."""
    return bytes([0x99, note, 0])


# A burst


def test_nine_notes_of_one_moment_share_a_status_byte_with_kick_and_snare_first():
    # 3 + 8 x 2 bytes of 320 us; the ninth begins after 3 + 7 x 2 of them.
    notes = [TimedMessage(0, note_on(9, drum.note, 100)) for drum in reversed(DRUMS)]
    receiver = play(DinWire(is_kick_or_snare), notes)
    assert len(receiver.bytes) == 19
    times = [message.time_ns for message in receiver.messages]
    assert times[0] == 960 * US
    assert times[-1] == 6_080 * US
    assert receiver.bytes[-2][0] == 5_440 * US
    played = [message.data[1] for message in receiver.messages]
    assert set(played[:2]) == {KICK, SNARE}
    assert played[2:] == [d.note for d in reversed(DRUMS) if d.note not in (KICK, SNARE)]


def test_a_kick_goes_before_what_is_waiting():
    hats = [TimedMessage(0, note_on(9, note, 100)) for note in (HAT, OPEN_HAT, 50)]
    kick = TimedMessage(100 * US, note_on(9, KICK, 100))
    assert heard([*hats, kick])[1] == kick.data


def test_a_hat_waits_for_a_kick_that_is_known_to_come_during_it():
    hat, kick = TimedMessage(0, note_on(9, HAT, 100)), TimedMessage(500 * US, note_on(9, KICK, 9))
    assert heard([hat, kick], lead_ns=MS) == [kick.data, hat.data]
    assert heard([hat, kick]) == [hat.data, kick.data]


def test_note_offs_wait_for_the_burst_to_end():
    offs = [TimedMessage(0, note_off(9, note)) for note in (50, 48)]
    ons = [TimedMessage(0, note_on(9, note, 100)) for note in (HAT, KICK)]
    assert [data[1:] for data in heard([*offs, *ons])] == [
        bytes([KICK, 100]),
        bytes([HAT, 100]),
        bytes([50, 0]),
        bytes([48, 0]),
    ]


def test_a_note_off_keeps_the_wire_free_for_a_note_that_is_about_to_come():
    off, on = TimedMessage(0, note_off(9, 50)), TimedMessage(600 * US, note_on(9, KICK, 100))
    first, second = play(DinWire(is_kick_or_snare), [off, on], lead_ns=MS).messages
    assert first == TimedMessage(600 * US + 3 * BYTE_NS, on.data)
    assert second.data == ended(50)


def test_a_note_off_still_comes_before_the_next_note_on_of_its_note():
    off, on = TimedMessage(500 * US, note_off(9, HAT)), TimedMessage(MS, note_on(9, HAT, 100))
    others = [TimedMessage(0, note_on(9, note, 100)) for note in (46, 45, 48)]
    for lead_ns in (0, MS):
        played = heard([*others, off, on], lead_ns)
        assert played.index(ended(HAT)) < played.index(on.data)


def test_a_note_off_has_patience_but_not_for_ever():
    # Hats that leave no room on the wire at all.
    hats = [TimedMessage(n * 640 * US, note_on(9, HAT, 1 + n % 127)) for n in range(100)]
    received = play(DinWire(is_kick_or_snare), [TimedMessage(0, note_off(9, 50)), *hats]).messages
    waited_ns = next(m.time_ns for m in received if m.data == ended(50))
    assert PATIENCE_NS <= waited_ns <= PATIENCE_NS + 6 * BYTE_NS


def test_a_note_off_with_release_velocity_stays_what_it_is():
    assert heard([TimedMessage(0, bytes([0x89, HAT, 12]))]) == [bytes([0x89, HAT, 12])]


# Real time


def test_clock_goes_between_the_bytes_of_a_message():
    notes = [TimedMessage(0, note_on(9, KICK, 100))]
    clock = TimedMessage(100 * US, CLOCK)
    late = play(DinWire(is_kick_or_snare), [*notes, clock])
    assert [byte for _, byte in late.bytes] == [0x99, 0xF8, KICK, 100]
    known = play(DinWire(is_kick_or_snare), [*notes, clock], lead_ns=MS)
    assert known.bytes[0] == (100 * US, 0xF8)


def test_continue_and_its_clocks_wait_for_the_song_position_before_them():
    messages = [
        TimedMessage(0, note_on(9, KICK, 100)),
        TimedMessage(10 * US, note_on(9, HAT, 100)),
        TimedMessage(20 * US, POSITION),
        TimedMessage(20 * US, CONTINUE),
        TimedMessage(20 * US, CLOCK),
    ]
    assert heard(messages) == [
        messages[0].data,
        POSITION,
        CONTINUE,
        CLOCK,
        messages[1].data,
    ]
    clock_first = [TimedMessage(0, data) for data in (CLOCK, START, POSITION, STOP)]
    assert heard(clock_first) == [CLOCK, START, STOP, POSITION]


# Running status


def test_the_status_byte_is_renewed_for_a_receiver_plugged_in_later():
    messages = []
    for step in range(40):
        messages.append(TimedMessage(step * 50 * MS, note_on(9, HAT, 100)))
        messages.append(TimedMessage(step * 50 * MS + 30 * MS, note_off(9, HAT)))
    sent = play(DinWire(is_kick_or_snare), messages).bytes
    statuses = [start_ns for start_ns, byte in sent if byte >= 0x80]
    gaps = [later - sooner for sooner, later in pairwise(statuses)]
    assert max(gaps) <= 200 * MS
    assert len(statuses) < 25  # of 80 messages


def test_the_status_byte_is_renewed_where_there_are_no_note_offs():
    messages = [TimedMessage(step * 250 * MS, note_on(9, HAT, 100)) for step in range(9)]
    assert len(play(DinWire(is_kick_or_snare), messages).bytes) == 18 + 3


def test_a_forgotten_status_is_sent_again():
    wire, receiver = DinWire(is_kick_or_snare), Receiver()
    play(wire, [TimedMessage(0, note_on(9, KICK, 1))], receiver=receiver)
    assert not wire.idle(2 * BYTE_NS)
    assert wire.idle(3 * BYTE_NS)
    wire.forget_status()
    play(wire, [TimedMessage(MS, note_on(9, KICK, 2))], receiver=receiver)
    assert [byte for _, byte in receiver.bytes] == [0x99, KICK, 1, 0x99, KICK, 2]


# Order and loss


def test_what_sets_a_channel_up_is_not_overtaken_and_other_controllers_are():
    kick = TimedMessage(20 * US, note_on(9, KICK, 100))
    program, volume = TimedMessage(10 * US, b"\xc9\x05"), TimedMessage(10 * US, b"\xb9\x07\x50")
    other = TimedMessage(10 * US, b"\xc0\x05")
    busy = TimedMessage(0, note_on(9, 50, 1))
    assert heard([busy, program, kick])[1:] == [program.data, kick.data]
    assert heard([busy, volume, kick])[1:] == [kick.data, volume.data]
    assert heard([busy, other, kick])[1:] == [kick.data, other.data]
    sysex = TimedMessage(10 * US, b"\xf0\x7e\x7f\x09\x01\xf7")
    assert heard([busy, sysex, kick])[1:] == [sysex.data, kick.data]


@pytest.mark.parametrize(
    "data", [b"", b"\x24\x64", b"\x99\x24", b"\xf4", b"\xf0" + bytes(MAX_SYSEX_OUT) + b"\xf7"]
)
def test_what_is_no_message_or_too_long_is_dropped_and_counted(data: bytes):
    wire = DinWire(is_kick_or_snare)
    wire.put([TimedMessage(0, data)])
    assert wire.next_ns() is None
    assert wire.dropped == 1


def test_a_flood_is_bounded_and_loses_no_note_off():
    wire = DinWire(is_kick_or_snare)
    flood = [TimedMessage(0, note_on(9, n % 100, 1)) for n in range(3 * MAX_WAITING)]
    wire.put([*flood, *(TimedMessage(0, note_off(9, n % 100)) for n in range(200))])
    wire.put([TimedMessage(0, CLOCK)])
    received = play(wire, []).messages
    assert received[0].data == CLOCK
    assert len(received) == MAX_WAITING + 101
    assert wire.dropped == 2 * MAX_WAITING + 100
    receiver_notes = SoundingNotes()
    for message in received[1:]:
        receiver_notes.track(message.data)
    assert receiver_notes.end_all() == []


CHANNELS, NOTES = st.sampled_from((0, 9)), st.sampled_from((KICK, SNARE, HAT, 50))
NOTE_DATA = st.builds(note_on, CHANNELS, NOTES, st.integers(1, 3)) | st.builds(
    note_off, CHANNELS, NOTES
)
CHANNEL_DATA = NOTE_DATA | st.sampled_from((b"\xb9\x07\x01", b"\xc9\x05", b"\xb0\x7b\x00"))
ANY_DATA = CHANNEL_DATA | st.sampled_from(
    (CLOCK, START, CONTINUE, STOP, POSITION, b"\xf6", b"\xf0\x01\x02\xf7")
)
TIMES = st.integers(0, 30_000).map(lambda us: us * US)


def timed(data: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[TimedMessage]]:
    return st.lists(st.builds(TimedMessage, TIMES, data), max_size=40)


LEADS = st.sampled_from((0, 700 * US, 2 * MS, 10_000 * MS))
AHEADS = st.sampled_from((0, 640 * US, 1_280 * US))


def as_sent(data: bytes) -> bytes:
    kind, channel = data[0] & 0xF0, data[0] & 0x0F
    return bytes([0x90 | channel, data[1], 0]) if kind == 0x80 else data


@settings(deadline=None)
@given(timed(ANY_DATA), LEADS, AHEADS)
def test_all_arrives_in_order_and_nothing_early(messages, lead_ns, ahead_ns):
    wire = DinWire(is_kick_or_snare, ahead_ns)
    received = play(wire, messages, lead_ns, ahead_ns).messages
    sent = [TimedMessage(m.time_ns, as_sent(m.data)) for m in messages]
    sent.sort(key=lambda message: message.time_ns)
    assert Counter(m.data for m in received) == Counter(m.data for m in sent)
    # Equal messages keep their order, so the nth received is the nth sent.
    due = defaultdict(list)
    for message in sent:
        due[message.data].append(message.time_ns)
    for message in received:
        assert message.time_ns >= due[message.data].pop(0) + BYTE_NS
    for note in {m.data[:2] for m in sent if m.data[0] & 0xF0 == 0x90}:
        assert [m.data for m in received if m.data[:2] == note] == [
            m.data for m in sent if m.data[:2] == note
        ]
    for channel in (0, 9):
        anchors = {m.data for m in sent if m.data in (b"\xc9\x05", b"\xb0\x7b\x00")}
        anchors = {data for data in anchors if data[0] & 0x0F == channel}
        for data in anchors:
            ours = [_split(ms, data, channel) for ms in (received, sent)]
            assert ours[0] == ours[1]


def _split(messages, anchor: bytes, channel: int) -> list[Counter]:
    """What of a channel came before, between and after each ``anchor``."""
    parts = [Counter()]
    for message in messages:
        if message.data == anchor:
            parts.append(Counter())
        elif message.data[0] < 0xF0 and message.data[0] & 0x0F == channel:
            parts[-1][message.data] += 1
    return parts


@settings(deadline=None)
@given(timed(CHANNEL_DATA), st.lists(TIMES, max_size=12), LEADS, AHEADS)
def test_a_clock_is_never_later_than_the_byte_in_transit(messages, clocks, lead_ns, ahead_ns):
    wire = DinWire(is_kick_or_snare, ahead_ns)
    ticks = [TimedMessage(time_ns, CLOCK) for time_ns in clocks]
    receiver = play(wire, [*messages, *ticks], lead_ns, ahead_ns)
    starts = [start_ns for start_ns, byte in receiver.bytes if byte == 0xF8]
    known = lead_ns >= ahead_ns + BYTE_NS
    allowed_ns = 0 if known else BYTE_NS + max(ahead_ns - lead_ns, 0)
    earliest_ns = 0
    for due_ns, start_ns in zip(sorted(clocks), starts, strict=True):
        earliest_ns = max(due_ns, earliest_ns)
        assert earliest_ns <= start_ns <= earliest_ns + allowed_ns
        earliest_ns = start_ns + BYTE_NS


@settings(deadline=None)
@given(timed(NOTE_DATA), LEADS)
def test_a_kick_waits_for_one_message_at_most(messages, lead_ns):
    kick = TimedMessage(15 * MS, note_on(5, KICK, 99))
    received = play(DinWire(is_kick_or_snare), [*messages, kick], lead_ns).messages
    rivals = [
        m
        for m in messages
        if m.data[0] & 0xF0 == 0x90 and m.data[1] in (KICK, SNARE) and m.time_ns <= kick.time_ns
    ]
    overdue = [m for m in messages if m.time_ns <= kick.time_ns - PATIENCE_NS + 3 * BYTE_NS]
    arrival_ns = next(m.time_ns for m in received if m.data == kick.data)
    if not rivals and not overdue:
        assert arrival_ns <= kick.time_ns + 6 * BYTE_NS


@settings(deadline=None)
@given(timed(ANY_DATA), TIMES, st.integers(0, 40))
def test_a_broken_wire_leaves_no_note_sounding(messages, break_ns, lost):
    """Whatever number of bytes was lost, all that the receiver began is ended after the reset."""
    wire, receiver = DinWire(is_kick_or_snare), Receiver()
    play(wire, messages, 10_000 * MS, receiver=receiver, until_ns=break_ns)
    parser, sounding = MidiParser(), SoundingNotes()
    heard_before = bytes(byte for _, byte in receiver.bytes)
    wire.reset(break_ns)
    heard_after = bytes(byte for _, byte in play(wire, []).bytes)
    assert heard_after[:1] == b"" or heard_after[0] >= 0x80
    for data in (heard_before[: max(len(heard_before) - lost, 0)], heard_after):
        for message in parser.feed(0, data):
            sounding.track(message.data)
    assert sounding.end_all() == []
