"""What the display shows, as one immutable reading."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Status"]


@dataclass(frozen=True)
class Status:
    """One reading of the box for :meth:`firmware.panel.screen.Screen.draw`."""

    playing: bool = False
    tick: int = 0
    """tick of the loop that sounds now, 0..95; without meaning while not ``playing``"""
    bpm_hundredths: int = 12_000
    threshold: float = 0.3
    """onset probability above which a drum sounds"""
    noise: float = 0.0
    """standard deviation of the head's stray, in units of z"""
    head: tuple[float, float] = (0.5, 0.5)
    """where the playback head is, in pad units from the bottom left"""
    target: tuple[float, float] = (0.5, 0.5)
    """where the player put it, in pad units"""
    model: str = ""
    """name of the model that plays"""
    muted: frozenset[str] = frozenset()
    """names of MUTE_GROUPS"""
    message: str = ""
    """a standing message, in place of the model's name; shortened to one line"""
    ticks_per_beat: int = 24
    external_clock: bool = False
