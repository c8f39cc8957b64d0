"""The nine drums of a pattern, in the order of every array that has a drum axis."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DRUMS", "DRUM_COUNT", "Drum"]


@dataclass(frozen=True)
class Drum:
    """One drum lane.

    ``key`` is its name in files and on the command line, ``label`` the two letters that fit a
    display, ``note`` its General MIDI percussion note (GM level 1 percussion key map).
    """

    key: str
    label: str
    note: int


DRUMS: tuple[Drum, ...] = (
    Drum("kick", "BD", 36),
    Drum("snare", "SD", 38),
    Drum("closed_hat", "CH", 42),
    Drum("open_hat", "OH", 46),
    Drum("low_tom", "LT", 45),
    Drum("mid_tom", "MT", 48),
    Drum("high_tom", "HT", 50),
    Drum("clap", "CP", 39),
    Drum("rim", "RS", 37),
)

DRUM_COUNT = len(DRUMS)
