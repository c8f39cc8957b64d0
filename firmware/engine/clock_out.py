"""MIDI clock out: 24 pulses a beat along the music, and on while it is stopped if wanted."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from firmware.clock.tempo import PPQN, TempoLine
from firmware.clock.transport import BeatLine
from firmware.midi.message import CLOCK, TimedMessage

__all__ = ["ClockOut"]


class ClockOut:
    """Counts pulses, so that each goes out once, whatever the line of beats does."""

    def __init__(self, on_sent: Callable[[int, bytes], None]) -> None:
        """``on_sent(time_ns, data)`` is told of every pulse."""
        self._on_sent = on_sent
        self._pulse = 0
        self._last_ns = 0
        self._idle: TempoLine | None = None

    def start(self, beat: Fraction) -> None:
        """The music starts, or goes on, at ``beat``: its pulse is the next."""
        self._pulse = -(-beat * PPQN // 1)
        self._idle = None

    def up_to(self, beat: Fraction, line: BeatLine) -> list[TimedMessage]:
        """The pulses up to and with ``beat``."""
        last = int(beat * PPQN // 1)
        pulses = range(self._pulse, last + 1)
        self._pulse = max(last + 1, self._pulse)
        return [self._at(line.time_of(pulse, PPQN)) for pulse in pulses]

    def idle(self, now_ns: int, ahead_ns: int, tempo: int) -> tuple[list[TimedMessage], int]:
        """The pulses of a stopped box due up to ``ahead_ns`` from now, and when to ask again."""
        if self._idle is None:
            self._pulse = 0
            self._idle = TempoLine(Fraction(0), max(now_ns + ahead_ns, self._last_ns), tempo)
        if self._idle.tempo != tempo:
            self._idle = self._idle.with_tempo(tempo, Fraction(max(self._pulse - 1, 0), PPQN))
        if self._idle.time_of(self._pulse, PPQN) < now_ns:
            # The machine slept: go on from now, without a burst.
            self._idle = self._idle.moved(now_ns - self._idle.time_of(self._pulse, PPQN))
        messages = []
        while (due_ns := self._idle.time_of(self._pulse, PPQN)) <= now_ns + ahead_ns:
            messages.append(self._at(due_ns))
            self._pulse += 1
        return messages, due_ns - ahead_ns

    def _at(self, time_ns: int) -> TimedMessage:
        self._last_ns = max(time_ns, self._last_ns)
        self._on_sent(self._last_ns, CLOCK)
        return TimedMessage(self._last_ns, CLOCK)
