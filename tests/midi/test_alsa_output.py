"""An output on the kernel's queue, with a kernel that is simulated."""

from hypothesis import given
from hypothesis import strategies as st

from firmware.midi.alsa_output import GRACE_NS, AlsaOut, QueuedNotes
from firmware.midi.message import CLOCK, STOP, TimedMessage, note_off, note_on

MS = 1_000_000
S = 1000 * MS
KICK, SNARE = note_on(9, 36, 100), note_on(9, 38, 90)
KICK_OFF, SNARE_OFF = note_off(9, 36), note_off(9, 38)


class Kernel:
    """Sends what is due as time goes by, a little late; takes no more than there is room for."""

    def __init__(self, room=2000, late_ns=0):
        self.now = 10 * S
        self.room, self.late_ns = room, late_ns
        self.waiting = []
        self.sent = []

    def clock(self):
        return self.now

    def pass_time(self, ns):
        self.now += ns
        self.waiting.sort(key=lambda entry: entry[0])
        while self.waiting and self.waiting[0][0] <= self.now - self.late_ns:
            self.sent.append(self.waiting.pop(0)[2])

    def schedule(self, port, tag, messages):
        taken = min(len(messages), max(self.room - len(self.waiting), 0))
        self.waiting += [(m.time_ns, tag, m.data) for m in messages[:taken]]
        return taken

    def end_now(self, port, tag, ends):
        taken = min(len(ends), max(self.room - len(self.waiting), 0))
        self.sent += [end.data for end in ends[:taken]]
        return taken

    def remove(self, tag):
        self.waiting = [entry for entry in self.waiting if entry[1] != tag]


def at(kernel, ms, data):
    return TimedMessage(kernel.now + ms * MS, data)


def sounding(sent):
    """Notes on at the end of it."""
    on = set()
    for data in sent:
        if data[0] & 0xF0 == 0x90:
            on.add(data[1])
        elif data[0] & 0xF0 == 0x80:
            on.discard(data[1])
    return on


def test_a_flush_ends_what_has_begun_and_forgets_the_rest():
    kernel = Kernel()
    out = AlsaOut("out", kernel, 3, kernel.clock)
    other = AlsaOut("other", kernel, 4, kernel.clock)
    out.send([at(kernel, 0, KICK), at(kernel, 30, KICK_OFF), at(kernel, 20, SNARE)])
    other.send([at(kernel, 40, CLOCK)])
    kernel.pass_time(10 * MS)
    out.flush()
    assert kernel.sent == [KICK, KICK_OFF]
    kernel.pass_time(100 * MS)
    assert kernel.sent == [KICK, KICK_OFF, CLOCK]
    out.flush()
    assert kernel.sent == [KICK, KICK_OFF, CLOCK]


def test_a_note_off_that_may_have_been_taken_back_is_sent_again():
    kernel = Kernel(late_ns=5 * MS)
    out = AlsaOut("out", kernel, 0, kernel.clock)
    out.send([at(kernel, 0, KICK), at(kernel, 30, KICK_OFF)])
    kernel.pass_time(31 * MS)  # it is due, but the kernel is late
    out.flush()
    assert kernel.sent == [KICK, KICK_OFF]


def test_what_has_ended_a_while_ago_is_not_ended_again():
    kernel = Kernel()
    out = AlsaOut("out", kernel, 0, kernel.clock)
    out.send([at(kernel, 0, KICK), at(kernel, 30, KICK_OFF), at(kernel, 10, SNARE)])
    kernel.pass_time(40 * MS + GRACE_NS)
    out.keep_up()
    out.flush()
    assert kernel.sent == [KICK, SNARE, KICK_OFF, SNARE_OFF]


def test_closing_flushes_and_nothing_goes_out_any_more():
    kernel = Kernel()
    out = AlsaOut("out", kernel, 0, kernel.clock)
    out.send([at(kernel, 0, KICK)])
    kernel.pass_time(MS)
    out.close()
    out.close()
    out.send([at(kernel, 0, SNARE)])
    out.flush()
    out.keep_up()
    kernel.pass_time(S)
    assert kernel.sent == [KICK, KICK_OFF]
    assert out.lost == 0


def test_without_room_the_newest_is_lost_but_no_note_off_of_a_note_that_sounds():
    kernel = Kernel(room=2)
    out = AlsaOut("out", kernel, 0, kernel.clock)
    out.send([at(kernel, 0, KICK), at(kernel, 20, CLOCK), at(kernel, 10, KICK_OFF)])
    out.send([at(kernel, 20, SNARE), at(kernel, 50, SNARE_OFF), at(kernel, 20, STOP)])
    assert out.lost == 3
    kernel.pass_time(15 * MS)
    assert kernel.sent == [KICK]
    out.keep_up()
    kernel.pass_time(15 * MS)
    assert kernel.sent == [KICK, KICK_OFF, CLOCK]
    assert out.lost == 3


def test_a_flush_without_room_is_made_good_later():
    kernel = Kernel(room=1)
    out, other = (AlsaOut("out", kernel, port, kernel.clock) for port in (0, 1))
    out.send([at(kernel, 0, KICK)])
    kernel.pass_time(MS)
    other.send([at(kernel, 50, CLOCK)])
    out.flush()
    assert kernel.sent == [KICK]
    kernel.pass_time(60 * MS)
    out.keep_up()
    kernel.pass_time(0)
    assert kernel.sent == [KICK, CLOCK, KICK_OFF]


def test_velocity_0_ends_a_note_and_other_messages_do_not_count():
    notes = QueuedNotes()
    end = bytes([0x99, 36, 0])
    notes.add([TimedMessage(0, KICK), TimedMessage(1, CLOCK), TimedMessage(2, end)])
    assert notes.removed(5, 5) == []


notes = st.lists(
    st.tuples(
        st.integers(0, 400),  # due
        st.integers(1, 60),  # length
        st.integers(36, 39),
    ),
    max_size=40,
)


@given(notes, st.lists(st.integers(0, 500), max_size=4), st.integers(0, 20), st.integers(1, 60))
def test_whenever_it_is_flushed_nothing_is_left_sounding(played, flushes, late_ms, room):
    kernel = Kernel(room, late_ms * MS)
    out = AlsaOut("out", kernel, 0, kernel.clock)
    start = kernel.now
    for due, length, note in played:
        out.send([TimedMessage(start + due * MS, note_on(9, note, 1))])
        out.send([TimedMessage(start + (due + length) * MS, note_off(9, note))])
    for moment in sorted(flushes):
        kernel.pass_time(max(start + moment * MS - kernel.now, 0))
        out.flush()
        if room > 4:
            assert sounding(kernel.sent) == set()
    for _ in range(10):
        kernel.pass_time(300 * MS)
        out.keep_up()
    out.close()
    assert sounding(kernel.sent) == set()
