"""What the engine shows of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from firmware.clock.tempo import TempoLine
from firmware.clock.transport import Phase
from firmware.engine.controls import Controls
from firmware.rhythm.model_file import ModelInfo
from firmware.rhythm.pattern import TICKS, Pattern

__all__ = ["EngineState"]


@dataclass(frozen=True)
class EngineState:
    """What others may read of the engine at any moment; replaced as a whole, never changed.

    ``line`` maps time to beats while playing, so that a reader works out the tick of its own
    moment. ``head`` is where the playback head really is (pad units, noise included).
    ``external`` tells that an outer clock leads, ``tempo`` is the one in force.
    """

    controls: Controls
    info: ModelInfo
    tempo: int
    phase: Phase = Phase.STOPPED
    external: bool = False
    octave: Fraction = Fraction(1)
    line: TempoLine | None = None
    head: tuple[float, float] = (0.5, 0.5)
    pattern: Pattern | None = field(default=None, compare=False)
    """what is decoded at ``head``, whole: no threshold, no mutes"""
    late_ticks: int = 0
    looped: tuple[str, ...] = ()
    """inputs that send our own clock or notes back"""

    @property
    def playing(self) -> bool:
        return self.line is not None

    def tick_at(self, now_ns: int) -> int:
        """The tick of the loop, 0..95, that sounds at ``now_ns``; 0 while stopped."""
        if self.line is None:
            return 0
        beats = self.line.position_at(now_ns, 1)
        return max(int(beats * self.info.ticks_per_beat * self.octave), 0) % TICKS
