"""Whose turn it is with the drive: the computer's, or the box's. Pure.

A volume has one writer. While a computer has it the box only reads, and only what has lain still;
when the computer ejects it or is unplugged, the box takes it in, leaves its report, and gives it
back.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

__all__ = ["Do", "Seen", "Turns"]

PEEK_NS = 3_000_000_000
"""Quiet after a write: a computer that still copies writes more often."""
SURE_NS = 15_000_000_000
"""Quiet after which what cannot be played is damaged, and not half written yet; Linux keeps some
of a file back for 5 s at most once it is being written (vm.dirty_writeback_centisecs)."""
GONE_NS = 1_000_000_000
"""Without a computer: a bus that is reset is back sooner."""
GIVE_BACK_NS = 2_000_000_000
"""After an eject: sooner, and a computer takes it for the same disk that would not go."""


class Do(Enum):
    """What to do now."""

    PEEK = "take in good models, reading only"
    LOOK = "the same, and say what was refused"
    TAKE = "take the drive from the computer, take in, repair, write"
    GIVE = "give it back"


class Seen(NamedTuple):
    """``inserted``: the computer has the volume; ``attached``: there is a computer; ``stamp``:
    another one after each write; ``changed``: the box has something new to put on it."""

    inserted: bool
    attached: bool
    stamp: int
    changed: bool = False


class Turns:
    """Decides by what is seen now and then; times are ns of one clock.

    ``stamp`` is the volume's as the box left it. Say :meth:`done` after each thing done.
    """

    def __init__(self, now_ns: int, stamp: int) -> None:
        self._stamp, self._since_ns = stamp, now_ns
        """the last stamp seen, and since when"""
        self._taken = self._peeked = self._looked = stamp
        """stamps that have been dealt with so far"""
        self._attached_ns = now_ns
        self._out_since_ns: int | None = None

    def next(self, seen: Seen, now_ns: int) -> Do | None:
        if seen.stamp != self._stamp:
            self._stamp, self._since_ns = seen.stamp, now_ns
        if seen.attached:
            self._attached_ns = now_ns
        if not seen.inserted:
            if self._out_since_ns is None:  # ejected
                self._out_since_ns = now_ns
                return Do.TAKE
            return Do.GIVE if now_ns - self._out_since_ns >= GIVE_BACK_NS else None
        self._out_since_ns = None
        if now_ns - self._attached_ns >= GONE_NS:
            return Do.TAKE if self._stamp != self._taken or seen.changed else None
        quiet_ns = now_ns - self._since_ns
        if self._stamp != self._looked and quiet_ns >= SURE_NS:
            return Do.LOOK
        if self._stamp != self._peeked and quiet_ns >= PEEK_NS:
            return Do.PEEK
        return None

    def done(self, do: Do, stamp: int, now_ns: int) -> None:
        """It is done; the volume's stamp is now ``stamp``."""
        if do is Do.TAKE:
            self._stamp = self._taken = stamp
            if self._out_since_ns is None:
                self._out_since_ns = now_ns - GIVE_BACK_NS  # there is nobody to wait for
        if do in (Do.TAKE, Do.LOOK):
            self._looked = self._stamp
        if do is not Do.GIVE:
            self._peeked = self._stamp
