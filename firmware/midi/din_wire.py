"""What goes over a DIN MIDI wire, and when: a byte takes 320 us, so not all can be on time.

Messages with their due times go in, bytes with the times to write them come out; the wire is
modelled as busy for 320 us a byte. Real-time bytes go between any two bytes. Of the messages that
are due, song position and its kind go first, then the drums that the caller names (kick and
snare), the other notes, controllers, note-offs. Nine note-ons of one moment take 19 bytes,
6.08 ms, instead of 27 bytes, 8.64 ms, as they share one status byte (MIDI 1.0, running status).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable
from itertools import takewhile
from operator import attrgetter

from firmware.midi.message import CONTINUE, START, TimedMessage, note_of, note_off
from firmware.midi.parser import is_message
from firmware.midi.wire_order import Rank, Waiting, as_note_on, keeps_order, rank_of

__all__ = ["BYTE_NS", "MAX_SYSEX_OUT", "MAX_WAITING", "PATIENCE_NS", "DinWire"]

BYTE_NS = 320_000
"""Ten bits at 31,250 baud."""

PATIENCE_NS = 8_000_000
"""What is later than this gives way no longer: more than a burst of nine notes takes."""

STATUS_LASTS_NS = 1_000_000_000
NOTE_OFF_STATUS_LASTS_NS = 100_000_000
"""A status byte is sent again after this time, for a receiver plugged in later. Note-offs, which
are in no hurry, renew it early, so that a burst seldom has to."""

MAX_WAITING = 512
"""Messages that may wait (half a second of wire); beyond it notes and controllers are dropped."""

MAX_SYSEX_OUT = 1024
"""A longer system exclusive message is dropped: nothing but real time may interrupt one, and this
length alone holds the music up for a third of a second."""

_REAL_TIME, _SYSTEM = 0xF8, 0xF0

_Step = tuple[int, Waiting | None]
"""When the next byte starts, and of what message; None: one more byte of that in hand."""


class DinWire:
    """The schedule of one MIDI output wire. Reads no clock: times are ns, passed in.

    ``goes_first(channel, note)`` names the notes that open a burst. A byte that follows another
    without a gap may be written up to ``ahead_ns`` before it starts, which hides a late writer;
    hand messages in at least ``ahead_ns`` + 320 us before they are due and a real-time byte goes
    out exactly when due, the wire being kept free for it. One that is handed in when it is due
    waits for the byte in transit (with ``ahead_ns`` 0), at most 320 us. Only start and continue,
    and clocks behind them, also wait for a song position handed in before them.

    Nothing is lost: a note-off is held back by at most ``PATIENCE_NS`` and what was due before it
    by then, and no message overtakes one that it has to follow (of the same note, a program
    change, channel mode, system exclusive). ``dropped`` counts what was no MIDI message, too long,
    or came when ``MAX_WAITING`` others waited; note-offs that end something are taken even then.
    """

    def __init__(self, goes_first: Callable[[int, int], bool], ahead_ns: int = 0) -> None:
        self.dropped = 0
        self._goes_first, self._ahead_ns = goes_first, ahead_ns
        self._count = 0
        # One sorted queue a rank: only the first of each can be the next to go.
        self._queues: tuple[list[Waiting], ...] = tuple([] for _ in Rank)
        self._real_time: list[Waiting] = []
        self._begun: set[tuple[int, int]] = set()  # every (channel, note) ever begun
        self._free_ns = 0  # when the wire has sent all that was written
        self._in_hand = bytearray()  # what is still to be written of a message begun
        self._in_hand_rank = Rank.NOTE
        self._running, self._status_ns = 0, 0
        self._known: tuple[int, _Step | None] | None = None  # what _next found, until it changes

    def put(self, messages: Iterable[TimedMessage]) -> None:
        """Take messages over. Each must be whole, with its status byte; the order is kept."""
        self._known = None
        for time_ns, data in messages:
            self._count += 1
            if not is_message(data) or len(data) > MAX_SYSEX_OUT:
                self.dropped += 1
            elif data[0] >= _REAL_TIME:
                self._put_real_time(Waiting(time_ns, self._count, Rank.COMMON, data))
            else:
                data = as_note_on(data)
                self._put(Waiting(time_ns, self._count, rank_of(data, self._goes_first), data))

    def next_ns(self) -> int | None:
        """When ``write`` will have something, as far as is known now; None: nothing waits."""
        step = self._next(self._free_ns)
        if step is None:
            return None
        # Behind a busy wire: when half of what may be written ahead is used up. Each call then has
        # two or three bytes to write, and time left to be late.
        return step[0] - self._ahead_ns // 2 if step[0] == self._free_ns else step[0]

    def write(self, now_ns: int) -> bytes:
        """The bytes to write at ``now_ns``; ``now_ns`` must not run backwards."""
        free_ns = max(self._free_ns, now_ns)
        out = bytearray()
        while (step := self._next(free_ns)) is not None:
            start_ns, message = step
            ahead_ns = self._ahead_ns if start_ns == free_ns else 0
            if start_ns > now_ns + ahead_ns:
                break
            room = (now_ns + ahead_ns - start_ns) // BYTE_NS + 1
            data = self._take(start_ns, message, room)
            out += data
            self._free_ns = free_ns = start_ns + BYTE_NS * len(data)
        return bytes(out)

    def idle(self, now_ns: int) -> bool:
        """Whether the last byte written is out and no message is half sent."""
        return not self._in_hand and self._free_ns <= now_ns

    def forget_status(self) -> None:
        """The receiver may have lost the running status: send it with the next message."""
        self._running = 0
        self._known = None

    def reset(self, now_ns: int) -> None:
        """The wire was broken: forget all that waits, and end every note that was ever begun.

        Of some that have ended since, the note-off may be among the bytes that were lost.
        """
        for queue in (*self._queues, self._real_time):
            queue.clear()
        self._in_hand.clear()
        self._free_ns = now_ns
        self.forget_status()
        self.put(TimedMessage(now_ns, note_off(*note)) for note in sorted(self._begun))

    def _put(self, message: Waiting) -> None:
        if sum(map(len, self._queues)) < MAX_WAITING or self._ends_a_note(message):
            insort(self._queues[message.rank], message)
        else:
            self.dropped += 1

    def _put_real_time(self, message: Waiting) -> None:
        if len(self._real_time) < MAX_WAITING:
            insort(self._real_time, message)
        else:
            self.dropped += 1

    def _ends_a_note(self, message: Waiting) -> bool:
        """Whether this is a note-off that does not just follow another of its note."""
        if message.rank != Rank.NOTE_OFF:
            return False
        same = [m for queue in self._queues for m in queue if m.note == message.note]
        return not same or max(same).rank != Rank.NOTE_OFF

    def _next(self, free_ns: int) -> _Step | None:
        """What happens next on a wire that is free from ``free_ns`` on."""
        if self._known is None or self._known[0] != free_ns:
            self._known = free_ns, self._find_next(free_ns)
        return self._known[1]

    def _find_next(self, free_ns: int) -> _Step | None:
        real_time = self._next_real_time()
        message: Waiting | None = None
        if self._in_hand:
            start_ns = free_ns
        elif heads := [queue[0] for queue in self._queues if queue]:
            start_ns, message = self._choose(max(free_ns, min(heads).due_ns))
        elif real_time is None:
            return None
        else:
            start_ns, message = max(free_ns, real_time.due_ns), real_time
        if real_time is not None and real_time.due_ns < start_ns + BYTE_NS:
            return max(free_ns, real_time.due_ns), real_time
        return start_ns, message

    def _next_real_time(self) -> Waiting | None:
        if not self._real_time:
            return None
        first, common = self._real_time[0], self._queues[Rank.COMMON]
        if first.data in (START, CONTINUE) and (
            (self._in_hand and self._in_hand_rank == Rank.COMMON) or (common and common[0] < first)
        ):
            return None
        return first

    def _choose(self, start_ns: int) -> tuple[int, Waiting]:
        """The message to begin, at ``start_ns`` (something is due) or a little later."""
        while True:
            heads = [queue[0] for queue in self._queues if queue and queue[0].due_ns <= start_ns]
            rank, best = min((self._rank_at(m, start_ns), m) for m in heads)
            best = self._first_of_order(best)
            end_ns = start_ns + BYTE_NS * len(self._encoded(best, start_ns))
            later_ns = self._better_ns(best, rank, start_ns, end_ns)
            if later_ns is None:
                return start_ns, best
            start_ns = later_ns

    def _better_ns(self, message: Waiting, rank: Rank, start_ns: int, end_ns: int) -> int | None:
        """When something more important than ``message`` is due while that would be sent.

        The wire is kept free for it.
        """
        for queue in self._queues[:rank]:
            for other in queue[bisect_right(queue, start_ns, key=attrgetter("due_ns")) :]:
                if other.due_ns >= end_ns:
                    break
                if not keeps_order(message, other):
                    return other.due_ns
        return None

    def _rank_at(self, message: Waiting, start_ns: int) -> Rank:
        overdue = start_ns - message.due_ns >= PATIENCE_NS
        return min(message.rank, Rank.FIRST) if overdue else message.rank

    def _first_of_order(self, message: Waiting) -> Waiting:
        """``message``, or what has to go out before it."""
        before = [
            other
            for queue in self._queues
            for other in takewhile(message.__gt__, queue)
            if keeps_order(other, message)
        ]
        return self._first_of_order(min(before)) if before else message

    def _encoded(self, message: Waiting, start_ns: int) -> bytes:
        hurry = message.rank <= Rank.NOTE
        lasts_ns = STATUS_LASTS_NS if hurry else NOTE_OFF_STATUS_LASTS_NS
        fresh = start_ns - self._status_ns < lasts_ns
        return message.data[1:] if message.data[0] == self._running and fresh else message.data

    def _take(self, start_ns: int, message: Waiting | None, room: int) -> bytes:
        """The bytes from ``start_ns`` on, at most ``room``, up to the next real-time byte."""
        self._known = None
        if message is not None:
            if message.data[0] >= _REAL_TIME:
                self._real_time.remove(message)
                return message.data
            self._queues[message.rank].remove(message)
            self._begin(message, start_ns)
        if real_time := self._next_real_time():
            room = min(room, max((real_time.due_ns - start_ns) // BYTE_NS, 1))
        data = bytes(self._in_hand[:room])
        del self._in_hand[:room]
        return data

    def _begin(self, message: Waiting, start_ns: int) -> None:
        encoded = self._encoded(message, start_ns)
        if len(encoded) == len(message.data):
            self._status_ns = start_ns
        self._running = message.data[0] if message.data[0] < _SYSTEM else 0
        self._in_hand += encoded
        self._in_hand_rank = message.rank
        if message.rank in (Rank.FIRST, Rank.NOTE):
            self._begun.add(note_of(message.data))
