"""The nine drums of a pattern, in the order of every array that has a drum axis."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DRUMS", "DRUM_COUNT", "Drum"]


@dataclass(frozen=True)
class Drum:
    """One drum lane.

    ``key`` is its name in files and on the command line, ``note`` its General MIDI percussion note
    (GM level 1 percussion key map).
    """

    key: str
    note: int

    @property
    def label(self) -> str:
        """The name as a player reads it."""
        return self.key.replace("_", " ").capitalize()

    @property
    def initials(self) -> str:
        """One or two capitals, where there is no room for more."""
        return "".join(word[0] for word in self.key.split("_")).upper()


DRUMS: tuple[Drum, ...] = (
    Drum("kick", 36),
    Drum("snare", 38),
    Drum("closed_hat", 42),
    Drum("open_hat", 46),
    Drum("low_tom", 45),
    Drum("mid_tom", 48),
    Drum("high_tom", 50),
    Drum("clap", 39),
    Drum("rim", 37),
)

DRUM_COUNT = len(DRUMS)
