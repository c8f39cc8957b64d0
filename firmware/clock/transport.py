"""The transport: stopped, armed or playing, from where, and by whose clock.

One state machine for the box's own clock and for a clock that comes in. A start from outside arms
it; the first clock after the start is beat 0 (MIDI 1.0, system real time). The box's own start is
the same with the first clock a moment away. Times are integer nanoseconds, passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Protocol

from firmware.clock.follower import Follower
from firmware.clock.tempo import PPQN, TempoLine, beat_ns
from firmware.midi.message import (
    CLOCK,
    CONTINUE,
    SIXTEENTHS_PER_BEAT,
    SONG_POSITION,
    START,
    STOP,
)

__all__ = ["BeatLine", "Change", "ClockSource", "Phase", "Transport"]


class BeatLine(Protocol):
    """A relation of beats and time: a TempoLine, or a Follower's present estimate."""

    def time_of(self, n: int, per_beat: int) -> int: ...

    def position_at(self, time_ns: int, per_beat: int) -> float: ...


class Phase(Enum):
    STOPPED = "stopped"
    ARMED = "armed"
    """started from outside, or waiting for an outer clock: the next clock is the first beat"""
    PLAYING = "playing"


class ClockSource(Enum):
    """Which clock the player wants: whichever there is, or one of the two alone."""

    AUTO = "auto"
    INTERNAL = "internal"
    EXTERNAL = "external"


class Change(Enum):
    """What the engine must do about a transition."""

    STARTED = "started"
    """play from ``beat``, which falls at ``start_ns``"""
    HALTED = "halted"
    """silence everything"""
    MOVED = "moved"
    """go on playing, from ``beat``"""


@dataclass
class Transport:
    """Where the music is and what drives it; the engine reads ``line`` while it plays."""

    tempo: int
    source: ClockSource = ClockSource.AUTO
    stop_when_lost: bool = False
    """stop when an outer clock goes away; otherwise go on at its last tempo"""
    lead_ns: int = 0
    """how long after a start of the box's own its first beat falls"""

    def __post_init__(self) -> None:
        self.follower = Follower(round(beat_ns(self.tempo)))
        self.phase = Phase.STOPPED
        self.external = False
        self.line: BeatLine = TempoLine(Fraction(0), 0, self.tempo)
        self.beat = Fraction(0)
        self.start_ns = 0
        self._heard_ns: int | None = None
        self._fell_back = False

    # The player

    def play(self, now_ns: int, from_top: bool = True) -> Change | None:
        """Start at the top, or go on from where it stopped; while not stopped, nothing.

        With an outer clock the music begins on its next pulse.
        """
        if self.phase is not Phase.STOPPED:
            return None
        if from_top:
            self.beat = Fraction(0)
        if self.source is ClockSource.EXTERNAL or self.hears_clock(now_ns):
            self._arm()
            return None
        self.external = self._fell_back = False
        self.phase = Phase.PLAYING
        self.start_ns = now_ns + self.lead_ns
        self.line = TempoLine(self.beat, self.start_ns, self.tempo)
        return Change.STARTED

    def stop(self, now_ns: int) -> Change | None:
        """Stop where the music is; while stopped, nothing."""
        if self.phase is Phase.STOPPED:
            return None
        if self.phase is Phase.PLAYING:
            if self.external:
                self.beat = Fraction(self.follower.pulses, PPQN)
            else:
                # To the 16th, as far as a song position pointer can tell others.
                sixteenth = int(self.line.position_at(now_ns, SIXTEENTHS_PER_BEAT))
                self.beat = Fraction(max(sixteenth, 0), SIXTEENTHS_PER_BEAT)
        self.phase = Phase.STOPPED
        self.external = False
        return Change.HALTED

    def set_tempo(self, tempo: int, fixed_beat: Fraction) -> None:
        """Change the box's own tempo from ``fixed_beat`` on (what is before has been played)."""
        self.tempo = tempo
        if self.phase is Phase.PLAYING and isinstance(self.line, TempoLine):
            self.line = self.line.with_tempo(tempo, fixed_beat)

    def nudge(self, delay_ns: int) -> None:
        """Move the box's own music later (or earlier, below zero) against the others."""
        if self.phase is Phase.PLAYING and isinstance(self.line, TempoLine):
            self.line = self.line.moved(delay_ns)

    # The world

    def receive(self, time_ns: int, data: bytes) -> Change | None:
        """A system real-time or song position message that arrived at ``time_ns``."""
        if self.source is ClockSource.INTERNAL:
            return None
        if data == CLOCK:
            return self._pulse(time_ns)
        if data == START:
            return self._start()
        if data == CONTINUE and self.phase is Phase.STOPPED:
            self._arm()
            return None
        if data == STOP:
            return self.stop(time_ns)
        if len(data) == 3 and data[0] == SONG_POSITION:
            return self._locate(Fraction(data[1] | data[2] << 7, SIXTEENTHS_PER_BEAT))
        return None

    def watch(self, now_ns: int) -> Change | None:
        """Notice that an outer clock has gone without a stop."""
        if not (self.phase is Phase.PLAYING and self.external and self.follower.is_lost(now_ns)):
            return None
        if self.stop_when_lost or self.source is ClockSource.EXTERNAL:
            return self.stop(now_ns)
        self._go_on_alone(now_ns)
        return None

    def choose(self, source: ClockSource, now_ns: int) -> Change | None:
        """The player chooses the clock; with the box's own, no other is awaited or followed."""
        self.source = source
        if source is not ClockSource.INTERNAL:
            return None
        if self.phase is Phase.ARMED:
            self.phase = Phase.STOPPED
            return self.play(now_ns, from_top=False)
        if self.external:
            self._go_on_alone(now_ns)
        return None

    def _go_on_alone(self, now_ns: int) -> None:
        """On along the line of the last estimate: nothing jumps."""
        pulse = int(self.follower.position_at(now_ns, PPQN))
        self.tempo = self.follower.bpm_hundredths() or self.tempo
        self.line = TempoLine(Fraction(pulse, PPQN), self.follower.time_of(pulse, PPQN), self.tempo)
        self.external, self._fell_back = False, True

    def hears_clock(self, now_ns: int) -> bool:
        """Whether an outer clock runs now, followed or not."""
        if self.source is ClockSource.INTERNAL or self._heard_ns is None:
            return False
        return not self.follower.is_lost(now_ns)

    @property
    def expects_clock(self) -> bool:
        """Whether an outer clock leads, or has led until it went away and may come back."""
        return self.external or (self._fell_back and self.phase is Phase.PLAYING)

    def _start(self) -> Change | None:
        was_playing = self.phase is Phase.PLAYING
        self.beat = Fraction(0)
        self._arm()
        return Change.HALTED if was_playing else None

    def _arm(self) -> None:
        self.phase, self.external = Phase.ARMED, True
        self._fell_back = False
        self._tell_follower()

    def _tell_follower(self) -> None:
        if self.beat == 0:
            self.follower.restart()
        else:
            self.follower.continue_from(int(self.beat * PPQN))

    def _pulse(self, time_ns: int) -> Change | None:
        if self._fell_back and self.phase is Phase.PLAYING:
            # The clock is back: its next pulse is the one nearest to where we are.
            self.follower.continue_from(round(self.line.position_at(time_ns, PPQN)))
            self.line, self.external, self._fell_back = self.follower, True, False
        self.follower.pulse(time_ns)
        self._heard_ns = time_ns
        if self.phase is not Phase.ARMED:
            return None
        self.phase = Phase.PLAYING
        self.start_ns = time_ns
        self.line = self.follower
        return Change.STARTED

    def _locate(self, beat: Fraction) -> Change | None:
        if self.phase is Phase.PLAYING and not self.external:
            return None
        self.beat = beat
        if self.phase is Phase.STOPPED:
            return None
        self._tell_follower()
        return Change.MOVED if self.phase is Phase.PLAYING else None
