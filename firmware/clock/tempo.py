"""Tempo: when a tick falls. Tick n is computed from n, never summed, so nothing drifts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

__all__ = ["HUNDREDTHS_MINUTE_NS", "MAX_TEMPO", "MIN_TEMPO", "PPQN", "TempoLine", "beat_ns"]

PPQN = 24
"""Pulses a quarter note of MIDI clock (MIDI 1.0, system real time)."""

MIN_TEMPO = 2_000
MAX_TEMPO = 30_000
"""Tempo limits in hundredths of a beat a minute: 20 to 300 bpm."""

HUNDREDTHS_MINUTE_NS = 6_000_000_000_000


def beat_ns(tempo: int) -> Fraction:
    """Length of a beat in ns at ``tempo`` hundredths of a beat a minute."""
    return Fraction(HUNDREDTHS_MINUTE_NS, tempo)


@dataclass(frozen=True)
class TempoLine:
    """A straight line from beats to nanoseconds: beat ``beat`` falls at ``time_ns``.

    A change of tempo starts a new line at a beat whose time is already fixed.
    """

    beat: Fraction
    time_ns: int
    tempo: int

    def time_of(self, n: int, per_beat: int) -> int:
        """When subdivision ``n`` (``per_beat`` a beat) falls, in ns."""
        ahead = (n * self.beat.denominator - self.beat.numerator * per_beat) * HUNDREDTHS_MINUTE_NS
        return self.time_ns + ahead // (per_beat * self.beat.denominator * self.tempo)

    def position_at(self, time_ns: int, per_beat: int) -> float:
        """The musical position at ``time_ns`` in subdivisions of a beat, with its fraction."""
        beats = (time_ns - self.time_ns) * self.tempo / HUNDREDTHS_MINUTE_NS
        return (float(self.beat) + beats) * per_beat

    def with_tempo(self, tempo: int, beat: Fraction) -> TempoLine:
        """The line that leaves this one at ``beat`` with another tempo."""
        return TempoLine(beat, self.time_of(beat.numerator, beat.denominator), tempo)

    def moved(self, delay_ns: int) -> TempoLine:
        """The same line, later by ``delay_ns``."""
        return replace(self, time_ns=self.time_ns + delay_ns)
