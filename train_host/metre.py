"""How bars of any metre lie in a loop of 96 ticks.

A metre of n/d has bars of ``4 n / d`` quarter notes. A loop that goes round is right only if it
begins on a bar line, so every loop does, in one of four ways:

* **fits**: whole bars make up the loop exactly. At 24 ticks a quarter note that is 4/4 (one bar)
  and 2/4 (two); at 32, 3/4 and 6/8 (one bar each); at 16, 12/8 (one bar) and 6/8 (two).
* **parts**: a bar is a whole number of loops, such as 12/8 at 32, two loops to the bar.
* **fills**: the bars are shorter than the loop. It holds as many whole ones as it can, and goes on
  into the next bar; the next loop begins on that bar's line. 7/8 at 24 ticks is 84 ticks of its own
  and the first eighth (12) of the next bar; 3/4 and 6/8 at 24 are 72 and a quarter note (24).
* **short**: a bar is longer than the loop, such as 12/8 (144 ticks) or 5/4 (120) at 24. The loop
  has the first 96 ticks of each bar; hits after them are left out, and counted.

Told how many bars a loop has, ticks are made to measure for each clip (:func:`ticks_for_bars`), and
any metre fits: 7/8 has 27 3/7 ticks a quarter note then, and its eighths, 13.7 ticks apart, keep
their exact place by microtiming.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from firmware.rhythm.pattern import TICKS

__all__ = ["Fit", "fit_bar", "quarters", "ticks_for_bars", "usual_ticks"]

Metre = tuple[int, int]
USUAL_TICKS = 24
"""Ticks a quarter note, where a metre asks for no other."""
SHORTEST_LOOP = 3
"""Quarter notes that a loop lasts at least where the ticks may be chosen: two bars of 2/4."""


def quarters(metre: Metre) -> Fraction:
    """Quarter notes in a bar."""
    return Fraction(4 * metre[0], metre[1])


@dataclass(frozen=True)
class Fit:
    """How bars of ``metre`` lie in a loop, at ``ticks_per_beat`` ticks a quarter note."""

    metre: Metre
    ticks_per_beat: Fraction
    way: str
    """``fits``, ``parts``, ``fills`` or ``short``, as described above; ``free`` without bars"""
    step: Fraction
    """ticks from the start of a loop to that of the next"""

    @property
    def bar(self) -> Fraction:
        """Ticks in a bar."""
        return quarters(self.metre) * self.ticks_per_beat

    @property
    def text(self) -> str:
        """The fit as a line of a report."""
        name = f"{self.metre[0]}/{self.metre[1]}"
        if self.way == "fits":
            count = TICKS / self.bar
            return f"{name}, a bar a loop" if count == 1 else f"{name}, {count} bars a loop"
        if self.way == "parts":
            return f"{name}, {self.bar / TICKS} loops a bar"
        if self.way == "free":
            beats = _number(TICKS / self.ticks_per_beat)
            return f"no time signature, {beats} quarter notes a loop from the start"
        if self.way == "short":
            bar = _number(self.bar)
            return (
                f"{name}, the first {TICKS} of a bar's {bar} ticks a loop (one bar a loop has all)"
            )
        bars = self.step / self.bar
        own = "a bar" if bars == 1 else f"{bars} bars"
        rest = _number(TICKS - self.step)
        return f"{name}, {own} of {_number(self.step)} ticks a loop and {rest} of the next"


def fit_bar(metre: Metre, ticks_per_beat: Fraction | int) -> Fit:
    """How a bar of ``metre`` lies in a loop of ``ticks_per_beat`` ticks a quarter note."""
    ticks = Fraction(ticks_per_beat)
    bar = quarters(metre) * ticks
    if TICKS % bar == 0:
        return Fit(metre, ticks, "fits", Fraction(TICKS))
    if bar % TICKS == 0:
        return Fit(metre, ticks, "parts", Fraction(TICKS))
    if bar < TICKS:
        return Fit(metre, ticks, "fills", (TICKS // bar) * bar)
    return Fit(metre, ticks, "short", bar)


def ticks_for_bars(metre: Metre, bars: int) -> Fraction:
    """Ticks a quarter note that make ``bars`` bars of ``metre`` one loop."""
    return TICKS / (bars * quarters(metre))


def usual_ticks(metres: Iterable[Metre]) -> int:
    """Whole ticks a quarter note for clips of these metres: those that the commonest one fits.

    24 for 4/4, 2/4 and what cannot fit in whole ticks (5/4, 7/8); 32 for 3/4 and 6/8; 16 for 12/8.
    """
    counted = Counter(quarters(metre) for metre in metres)
    if not counted:
        return USUAL_TICKS
    bar = counted.most_common(1)[0][0]
    ticks = TICKS / (-(-SHORTEST_LOOP // bar) * bar)
    return int(ticks) if ticks.denominator == 1 and ticks >= 1 else USUAL_TICKS


def _number(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else f"{float(value):.1f}"
