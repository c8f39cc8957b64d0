"""The tempo as the display shows it: steady on a steady clock, and right soon after a change."""

from __future__ import annotations

from firmware.clock.tempo import HUNDREDTHS_MINUTE_NS, PPQN

__all__ = ["TempoDisplay"]

SIGMAS = 3
CONVINCED = 6
"""The display follows when the estimate has been this many of its standard deviations off what is
shown, for so many pulses: a quarter of a beat."""


LEAST = 0.75
"""Hundredths that are always allowed: half of one is rounding, the rest keeps it in place."""


class TempoDisplay:
    """``hundredths`` of a beat a minute; None until there is an estimate."""

    def __init__(self) -> None:
        self.hundredths: int | None = None
        self._differs = 0

    def update(self, period: float, doubt: float) -> None:
        """Take in a pulse's estimate of the period and its standard deviation, in ns."""
        tempo = HUNDREDTHS_MINUTE_NS / PPQN / period
        if self.hundredths is None:
            self.hundredths = round(tempo)
        allowed = max(tempo * SIGMAS * doubt / period, LEAST)
        differs = abs(tempo - self.hundredths) > allowed
        self._differs = self._differs + 1 if differs else 0
        if self._differs >= CONVINCED:
            self.hundredths, self._differs = round(tempo), 0
