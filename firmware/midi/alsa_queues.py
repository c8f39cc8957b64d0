"""The kernel's sequencer queues that send our events, and which of them to use for which.

A queue delivers when its timer interrupts. By default it does so 1000 times a second, at most 6250
times (MAX_FREQUENCY in sound/core/seq/seq_timer.c): what is due just after an interrupt goes out
160 us late. Three queues whose interrupts fall between each other's are a third of that late.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import re
import struct
import time
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from firmware.midi.alsa_time import QueueClock, Reading
from firmware.real_time import KERNEL_TIMERS, set_priority

__all__ = ["HR_TIMER", "AlsaQueues", "QueueTimer", "parse_queue_timer", "raise_timer_threads"]

QUEUES = 3
FREQUENCY = 6250

HELPER_FREQUENCY = FREQUENCY * QUEUES // (QUEUES + 1)
"""Its period is that of the others and a part of it: it visits each phase that they should have."""

STAGGER_TRIES = 100
STAGGER_TOLERANCE = 5
"""Phases are right within this part of their distance. Each try takes a little over 1 ms."""

MARGIN_NS = 4_000
"""What is due less than this before an interrupt counts as due after it: estimates are that good,
and what comes too late for its queue's interrupt waits for a whole period."""

SETTLE_NS = 1_000_000
"""A queue's clock is right only after its first interrupts."""

HR_TIMER = "HR timer"
TIMERS = Path("/proc/asound/seq/timer")

_CLASS_GLOBAL, _DEVICE_HRTIMER = 1, 3

# struct snd_seq_queue_status of asequencer.h: queue, events, tick, s, ns, running, flags, 64 spare.
_STATUS = struct.Struct("=iiIIIii64x")
_GET_QUEUE_STATUS = 3 << 30 | _STATUS.size << 16 | ord("S") << 8 | 0x40  # _IOWR('S', 0x40, ...)
_US_PER_BEAT = _TICKS_PER_BEAT = 1000
"""So that a queue's tick is 1 us, and its tick count tells the time at the last interrupt."""


class QueueTimer(NamedTuple):
    """What drives a queue."""

    name: str
    period_ns: int


def parse_queue_timer(text: str, queue: int) -> QueueTimer | None:
    """The timer of a queue in the text of /proc/asound/seq/timer; None where it is not there."""
    pattern = rf"Timer for queue {queue} : (.*)\n\s*Period time : (\d+)\.(\d{{9}})"
    found = re.search(pattern, text)
    if found is None:
        return None
    return QueueTimer(found[1].strip(), int(found[2]) * 1_000_000_000 + int(found[3]))


def raise_timer_threads(processes: Path = Path("/proc")) -> None:
    """Put the kernel's timers before our own threads; without the right to do so, nothing.

    A PREEMPT_RT kernel runs them, and the queues with them, in threads ("ktimers/0" and so on) of
    the lowest real-time priority: there an engine that reckons for 2 ms would hold the queues up.
    """
    for command in processes.glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if command.read_text().startswith("ktimers/"):
                set_priority(KERNEL_TIMERS, int(command.parent.name))


class AlsaQueues:
    """Running queues of an alsa-midi client, whose errors its methods raise.

    ``timer`` says what drives them: the kernel's high-resolution timer where it has one (module
    snd-hrtimer), else its tick of 4 ms, and what is sent is some ms off. Then there is only one
    queue, as all would deliver at the same time. The first queue stamps what comes in.
    """

    def __init__(self, client: Any, descriptor: int, clock: Callable[[], int]) -> None:
        self._client, self._descriptor, self._clock = client, descriptor, clock
        raise_timer_threads()
        first = self._create(FREQUENCY)
        self._start(first)
        self.timer = QueueTimer(HR_TIMER, 1_000_000_000 // FREQUENCY)
        with contextlib.suppress(OSError):  # a kernel without /proc/asound
            self.timer = parse_queue_timer(TIMERS.read_text(), first.queue_id) or self.timer
        self._queues = [first]
        if self.timer.name == HR_TIMER:
            self._queues += [self._create(FREQUENCY) for _ in range(1, QUEUES)]
            self._stagger()
        self._clocks = [
            (int(queue.queue_id), QueueClock(self._looks(queue, 16))) for queue in self._queues
        ]
        self._order = self._order_of_delivery()

    @property
    def stamping(self) -> Any:
        """The alsa-midi queue for ports to stamp by."""
        return self._queues[0]

    def stamped_at(self, queue_ns: int) -> int:
        """Monotonic time of a stamp."""
        return self._clocks[0][1].to_monotonic(queue_ns)

    def place(self, time_ns: int) -> tuple[int, int]:
        """The queue that delivers first what is due at ``time_ns``, and that time on its clock."""
        moments, clocks = self._order
        number, clock = clocks[bisect_left(moments, time_ns % self.timer.period_ns)]
        return number, max(clock.to_queue(time_ns), 0)

    def follow(self) -> None:
        """Look at the queues' clocks; to be called a few times a second."""
        for number, clock in self._clocks:
            clock.follow(self._look(number))
        self._order = self._order_of_delivery()

    def _order_of_delivery(self) -> tuple[list[int], list[tuple[int, QueueClock]]]:
        """Until when in a period of the monotonic clock each queue is the next; and which it is.

        The first is there again at the end, for what is due after the last.
        """
        period_ns = self.timer.period_ns
        order = sorted(
            ((clock.delivers_at() - MARGIN_NS) % period_ns, number, clock)
            for number, clock in self._clocks
        )
        clocks = [(number, clock) for _, number, clock in (*order, order[0])]
        return [moment for moment, _, _ in order], clocks

    def _create(self, frequency: int) -> Any:
        module = importlib.import_module("alsa_midi.queue")
        queue = self._client.create_queue("Groovebox")
        hrtimer = module.TimerId(_CLASS_GLOBAL, 0, -1, _DEVICE_HRTIMER, 0)
        # The kernel takes the system's timer where it has no other.
        queue.set_timer(module.QueueTimer(hrtimer, queue.queue_id, resolution=frequency))
        queue.set_tempo(_US_PER_BEAT, _TICKS_PER_BEAT)
        return queue

    def _start(self, queue: Any, wait_ns: int = 0) -> None:
        queue.start()
        self._client.drain_output()
        time.sleep((SETTLE_NS + wait_ns) / 1e9)

    def _stagger(self) -> None:
        """Start the other queues so that their interrupts divide the period of the first.

        A queue's interrupts begin with the next interrupt of any running queue, so: start again
        until that was one of the helper's. Where it never is, the last phase serves.
        """
        helper = self._create(HELPER_FREQUENCY)
        period_ns, count = self.timer.period_ns, len(self._queues)
        for i, queue in enumerate(self._queues[1:], start=1):
            self._start(helper)
            for attempt in range(STAGGER_TRIES):
                # The odd wait makes sure that the tries do not keep step with the interrupts.
                self._start(queue, attempt * 37_000 % period_ns)
                ours, first = (
                    QueueClock(self._looks(each, 6)).delivers_at()
                    for each in (queue, self._queues[0])
                )
                apart_ns = ours - first
                error_ns = (apart_ns - i * period_ns // count) % period_ns
                if min(error_ns, period_ns - error_ns) <= period_ns // count // STAGGER_TOLERANCE:
                    break
        helper.close()

    def _looks(self, queue: Any, count: int) -> list[Reading]:
        return [self._look(int(queue.queue_id)) for _ in range(count)]

    def _look(self, number: int) -> Reading:
        status = bytearray(_STATUS.pack(number, 0, 0, 0, 0, 0, 0))
        before_ns = self._clock()
        fcntl.ioctl(self._descriptor, _GET_QUEUE_STATUS, status)
        after_ns = self._clock()
        _, _, tick, seconds, ns, _, _ = _STATUS.unpack(status)
        queue_ns = seconds * 1_000_000_000 + ns
        us = queue_ns // 1000
        return Reading(before_ns, queue_ns, (us - (us - tick & 0xFFFFFFFF)) * 1000, after_ns)
