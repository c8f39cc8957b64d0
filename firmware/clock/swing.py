"""Swing: the second of each pair of 16ths comes later, and what lies between moves with it."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["STRAIGHT", "swing_delay"]

STRAIGHT = 50
"""Percent of a pair of 16ths at which its second one falls; 66.7 is a triplet's."""


def swing_delay(tick: int, per_beat: Fraction | int, percent: float) -> float:
    """How much later than straight ``tick`` falls, in ticks; ``per_beat`` ticks make a beat.

    The first 16th of a pair is stretched to ``percent`` (50 to 75) of the pair and the second one
    shortened, so that rolls inside them keep their order.
    """
    if percent == STRAIGHT:
        return 0.0
    pair = Fraction(per_beat) / 2
    place = float(tick % pair / pair)
    half = percent / 100
    swung = place * 2 * half if place < 0.5 else half + (place - 0.5) * 2 * (1 - half)
    return (swung - place) * float(pair)
