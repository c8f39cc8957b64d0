"""What became of every file that was handed in: the lines of the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ClipFate", "FileFate", "count"]


@dataclass(frozen=True)
class ClipFate:
    """What was taken from one clip, and what was not."""

    name: str
    loops: int
    bars: int
    """bars that the loops hold or begin in"""
    taken: int
    """notes that are in a loop"""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """how many notes are in none, by the reason"""
    fits: tuple[str, ...] = ()
    """how the bars of each of its metres lie in a loop"""
    tempo: float = 120.0
    """the first tempo, quarter notes a minute"""
    tempo_changes: int = 0
    found_by: str = ""
    triplets: int = 0
    """notes taken that lie nearer the eighth-note triplets than the sixteenths"""
    triplets_on_grid: bool = True
    """whether a triplet is a whole number of ticks; if not it keeps its place by microtiming"""
    refused: str = ""
    """one sentence, where nothing could be taken"""

    @property
    def notes(self) -> int:
        """All notes of the clip."""
        return self.taken + sum(self.left_out.values())

    @property
    def line(self) -> str:
        """All of it, in one line."""
        if self.refused:
            return f"not used: {self.refused}"
        bars = f"{count(self.loops, 'loop')} from {count(self.bars, 'bar')}"
        parts = [bars, *self.fits, f"{self.tempo:g} BPM"]
        if self.tempo_changes:
            parts[-1] += f" at first, {count(self.tempo_changes, 'change')}"
        if self.found_by:
            parts.append(f"drums by {self.found_by}")
        parts.append(f"{self.taken} of {count(self.notes, 'note')} taken")
        if self.left_out:
            reasons = (f"{number} {reason}" for reason, number in self.left_out.items())
            parts.append("left out " + ", ".join(reasons))
        if self.triplets:
            where = "" if self.triplets_on_grid else " (between ticks, kept by microtiming)"
            parts.append(f"{self.triplets} nearer the triplets than the sixteenths{where}")
        return "; ".join(parts)


@dataclass(frozen=True)
class FileFate:
    """The clips of a file, or the reason why it gave none."""

    path: Path
    clips: tuple[ClipFate, ...] = ()
    refused: str = ""
    """one sentence, where there are no clips"""

    @property
    def loops(self) -> int:
        return sum(clip.loops for clip in self.clips)

    @property
    def bars(self) -> int:
        return sum(clip.bars for clip in self.clips)

    @property
    def taken(self) -> int:
        return sum(clip.taken for clip in self.clips)

    @property
    def left_out(self) -> dict[str, int]:
        """How many notes of all clips are in no loop, by the reason."""
        total: Counter[str] = Counter()
        for clip in self.clips:
            total.update(clip.left_out)
        return dict(total)

    @property
    def lines(self) -> list[str]:
        """The file's lines in the report: one, or one for each clip."""
        if self.refused:
            return [f"{self.path}: not used: {self.refused}"]
        if len(self.clips) == 1:
            return [f"{self.path}: {self.clips[0].line}"]
        return [f"{self.path}, {clip.name}: {clip.line}" for clip in self.clips]


def count(number: int, noun: str) -> str:
    """``number`` and ``noun``, which takes an s where there are several."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
