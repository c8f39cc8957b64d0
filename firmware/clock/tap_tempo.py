"""Tap tempo: the tempo of a few taps."""

from __future__ import annotations

from firmware.clock.tempo import HUNDREDTHS_MINUTE_NS, MAX_TEMPO, MIN_TEMPO

__all__ = ["TapTempo"]

PAUSE_NS = 3 * HUNDREDTHS_MINUTE_NS // (2 * MIN_TEMPO)
"""A longer pause than a beat and a half at the slowest tempo begins anew."""
UNEVEN = 0.4
"""A gap this much off the last taps' mean is a new tempo, not a bad tap."""
MAX_TAPS = 8


class TapTempo:
    """Averages the taps since the last pause or change of tempo, eight at most."""

    def __init__(self) -> None:
        self._taps: list[int] = []

    def tap(self, now_ns: int) -> int | None:
        """A tap at ``now_ns``; the tempo in hundredths of a bpm from the second tap on."""
        taps = self._taps
        if taps and not 0 < now_ns - taps[-1] <= PAUSE_NS:
            taps.clear()
        if len(taps) >= 2:
            mean_ns = (taps[-1] - taps[0]) / (len(taps) - 1)
            if abs((now_ns - taps[-1]) / mean_ns - 1) > UNEVEN:
                del taps[:-1]
        taps.append(now_ns)
        del taps[:-MAX_TAPS]
        if len(taps) < 2:
            return None
        tempo = round(HUNDREDTHS_MINUTE_NS * (len(taps) - 1) / (taps[-1] - taps[0]))
        return min(max(tempo, MIN_TEMPO), MAX_TEMPO)
