"""Which of the messages that come in are the clock to follow: one source, and not ourselves.

A cable or a "thru" may bring our own clock back. Following it would be a loop, so it is recognised
by coming at one constant, short delay after our own, and left out.
"""

from __future__ import annotations

from collections import deque

from firmware.midi.message import CLOCK, CONTINUE, ECHO_NS, START, STOP

__all__ = ["ClockInput"]

PULSES = 24
"""Pulses at one delay that make a loop."""
SPREAD_NS = 1_500_000
"""Their delays differ by no more than this: a USB frame is 1 ms."""
SILENCE_NS = 500_000_000
"""A source that has been silent for longer makes room for another."""


class ClockInput:
    """Lets one source of clock through; ``looped`` names those that send our own clock back."""

    def __init__(self) -> None:
        self.source: str | None = None
        self.looped: set[str] = set()
        self._heard_ns = 0
        self._own_pulses: deque[int] = deque(maxlen=PULSES)
        self._own_transport: dict[bytes, int] = {}
        self._delays: dict[str, deque[int]] = {}

    def sent(self, time_ns: int, data: bytes) -> None:
        """Take note of a system message of our own that is due at ``time_ns``."""
        if data == CLOCK:
            self._own_pulses.append(time_ns)
        else:
            self._own_transport[data] = time_ns

    def accepts(self, time_ns: int, source: str, data: bytes, following: bool = False) -> bool:
        """Whether a system message from ``source`` is for the transport.

        ``following`` tells that the transport goes by the outer clock: our own pulses then follow
        the source's, and their delay says nothing.
        """
        if 0 <= time_ns - self._own_transport.get(data, time_ns + 1) < ECHO_NS:
            return False
        if data in (START, CONTINUE):
            # A start is a decision: whoever sends it is the clock from now on.
            self._adopt(time_ns, source)
            return True
        if data == CLOCK:
            if not (following and source == self.source) and self._may_be_loop(time_ns, source):
                return False
            if self.source is None or time_ns - self._heard_ns > SILENCE_NS:
                self._adopt(time_ns, source)
            if source != self.source:
                return False
            self._heard_ns = time_ns
            return True
        return source == self.source or (data == STOP and self.source is None)

    def _adopt(self, time_ns: int, source: str) -> None:
        self.source, self._heard_ns = source, time_ns
        self.looped.discard(source)
        self._delays.pop(source, None)

    def _may_be_loop(self, time_ns: int, source: str) -> bool:
        """While our own clock runs, another one has to show first that it is another."""
        own = max((sent for sent in self._own_pulses if sent <= time_ns), default=None)
        if own is None or time_ns - own >= ECHO_NS:
            # We send nothing now. What comes all the same is not ours.
            self._delays.pop(source, None)
            self.looped.discard(source)
            return False
        delays = self._delays.setdefault(source, deque(maxlen=PULSES))
        delays.append(time_ns - own)
        if len(delays) < PULSES:
            return True
        if max(delays) - min(delays) < SPREAD_NS:
            self.looped.add(source)
        return source in self.looped
