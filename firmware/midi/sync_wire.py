"""DIN sync: what its two lines do, and when, for MIDI clock and transport messages.

CLOCK rises 24 times a beat; RUN is up while the machine at the other end plays. Those machines
(TB-303, TR-606, TR-808, TR-909) start at their pattern's top when RUN rises and want more than
9 ms from there to the first pulse; none can go on from where it stopped if RUN falls. So a stop
halts the pulses and leaves RUN up, a continue lets them go on, and a start drops RUN first where it
is up (M. Rest, "Implementing DIN Sync / Sync24 / Roland Sync properly", E-RM 2014, measured up to
300 BPM).
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from firmware.midi.message import CLOCK, CONTINUE, START, STOP, TimedMessage

__all__ = ["SETTLE_NS", "Edge", "Line", "SyncWire"]

SETTLE_NS, LEAST_NS = 10_000_000, 9_500_000
"""After RUN has changed, until the next thing is to; and at least where RUN itself was late."""

SHORTEST_NS, LONGEST_NS = 500_000, 5_000_000
"""A pulse is high for half of its period, within these."""


class Line(IntEnum):
    CLOCK = 0
    RUN = 1


class Edge(NamedTuple):
    """A line changes to ``up`` at ``time_ns``."""

    time_ns: int
    line: Line
    up: bool


class SyncWire:
    """The schedule of the two lines, both down at first. Reads no clock: times are ns, passed in,
    and messages are handed in in their order.

    The first pulses after a start come late when the start was told less than ``SETTLE_NS`` (twice
    that where RUN was up) before them; they are made up for within a few pulses, none is left out.
    """

    def __init__(self) -> None:
        self._edges: list[Edge] = []
        self._run = False
        self._halted = False
        self._ready_ns = 0
        self._last_ns: int | None = None
        self._turned_ns: int | None = None
        self._played_ns = self._run_played_ns = -SETTLE_NS

    def put(self, messages: Iterable[TimedMessage]) -> None:
        """Take messages over; those that are neither clock nor transport do nothing."""
        for time_ns, data in messages:
            if data == CLOCK:
                self._pulse(time_ns)
            elif data == START or (data == CONTINUE and not self._run):
                self._start(time_ns)
            elif data == CONTINUE:
                self._halted = False
            elif data == STOP:
                self._forget_pulses(time_ns)
                # Pulses of a stopped box are for machines that wait for their start.
                self._halted = self._run

    def next_ns(self) -> int | None:
        """When the next edge is due; None: there is none."""
        return self._earliest_ns(self._edges[0]) if self._edges else None

    def take(self, now_ns: int) -> Edge | None:
        """The next edge, if it is due. It is taken to be played at ``now_ns``: what comes after
        one that is played late keeps its distance."""
        if not self._edges or self._earliest_ns(self._edges[0]) > now_ns:
            return None
        edge = self._edges.pop(0)
        self._played_ns = now_ns
        if edge.line is Line.RUN:
            self._run_played_ns = now_ns
        return edge

    def _earliest_ns(self, edge: Edge) -> int:
        time_ns = max(edge.time_ns, self._played_ns + SHORTEST_NS)
        if edge.line is Line.RUN or edge.up:
            time_ns = max(time_ns, self._run_played_ns + LEAST_NS)
        return time_ns

    def _pulse(self, time_ns: int) -> None:
        period_ns = 2 * LONGEST_NS if self._last_ns is None else time_ns - self._last_ns
        self._last_ns = time_ns
        if self._halted:
            return
        high_ns = min(max(period_ns // 2, SHORTEST_NS), LONGEST_NS)
        rise_ns = max(time_ns, self._ready_ns)
        insort(self._edges, Edge(rise_ns, Line.CLOCK, True))
        insort(self._edges, Edge(rise_ns + high_ns, Line.CLOCK, False))
        # A pulse that is behind goes sooner after the one before: low for half as long as high.
        self._ready_ns = rise_ns + high_ns + high_ns // 2

    def _start(self, time_ns: int) -> None:
        self._forget_pulses(time_ns)
        self._halted, self._last_ns = False, None
        if self._turned_ns is not None and self._turned_ns > time_ns:
            return  # a start is on its way
        if self._run:
            self._turn(time_ns, False)
        self._turn(time_ns, True)

    def _turn(self, time_ns: int, up: bool) -> None:
        """Change RUN, when it has settled."""
        if self._turned_ns is not None:
            time_ns = max(time_ns, self._turned_ns + SETTLE_NS)
        insort(self._edges, Edge(time_ns, Line.RUN, up))
        self._run, self._turned_ns = up, time_ns
        self._ready_ns = time_ns + SETTLE_NS

    def _forget_pulses(self, time_ns: int) -> None:
        """Leave out the pulses that have not begun at ``time_ns``."""
        rises = [e for e in self._edges if e.line is Line.CLOCK and e.up and e.time_ns >= time_ns]
        if rises:
            first_ns = rises[0].time_ns
            self._edges = [e for e in self._edges if e.line is Line.RUN or e.time_ns < first_ns]
