"""What the display shows, as one immutable reading."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from firmware.engine.parameters import PAGES
from firmware.engine.snapshots import SLOTS
from firmware.rhythm.drums import DRUM_COUNT
from firmware.rhythm.pattern import Pattern

__all__ = ["Grid", "MenuView", "Status", "Value"]


class Grid(Enum):
    """What the pad's nine fields are for while SHIFT or the model encoder is held."""

    MUTES = "mutes"
    SNAPSHOTS = "snapshots"


class Value(NamedTuple):
    """A control that is being turned."""

    label: str
    text: str
    share: float | None
    """how far it is up its range, 0..1; None for a choice"""


class MenuView(NamedTuple):
    """The menu as it stands open."""

    title: str
    rows: tuple[tuple[str, str], ...]
    """label and value of every row"""
    chosen: int
    editing: bool

    def first_of(self, count: int) -> int:
        """The first of ``count`` rows that are shown, the chosen one in their middle if it can."""
        return min(max(self.chosen - count // 2, 0), max(len(self.rows) - count, 0))


@dataclass(frozen=True)
class Status:
    """One reading of the box for :meth:`firmware.panel.screen.Screen.draw`."""

    playing: bool = False
    tick: int = 0
    """tick of the loop that sounds now, 0..95; without meaning while not ``playing``"""
    bpm_hundredths: int = 12_000
    threshold: float = 0.3
    """onset probability above which a drum sounds"""
    thresholds: tuple[float, ...] = (0.3,) * DRUM_COUNT
    """the same with each drum's own part"""
    noise: float = 0.0
    """standard deviation of the head's stray, in units of z"""
    z_extent: float = 3.0
    """how far the map reaches, in units of z"""
    head: tuple[float, float] = (0.5, 0.5)
    """where the playback head is, in pad units from the bottom left"""
    target: tuple[float, float] = (0.5, 0.5)
    """where the player put it, in pad units"""
    model: str = ""
    """name of the model that plays"""
    muted: frozenset[str] = frozenset()
    """keys of DRUMS"""
    message: str = ""
    """a standing message, in place of the model's name; shortened to one line"""
    ticks_per_beat: int = 24
    external_clock: bool = False
    pattern: Pattern | None = None
    """what is decoded at the head"""
    velocity_amount: float = 1.0
    microtiming_amount: float = 1.0
    decay: float = 0.55
    """what remains of a hit's light a tick later"""
    page: str = PAGES[0]
    """one of PAGES"""
    value: Value | None = None
    menu: MenuView | None = None
    grid: Grid | None = None
    snapshots: tuple[bool, ...] = (False,) * SLOTS
    """which places hold one"""
    show_clips: bool = True
    """whether dots mark where the training clips lie"""
    brightness: float = 1.0
    shift: tuple[int, int] = (0, 0)
    """pixels that the whole picture is moved, right and down, to spare the display"""
