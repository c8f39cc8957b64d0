"""What is played: the controls, the head on the map, and the hits of a tick. Knows no time.

Ticks are counted from the start of the music, at ``rate`` a beat.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from firmware.engine.controls import Controls
from firmware.engine.parameters import CHANGES
from firmware.engine.playhead import Playhead
from firmware.engine.snapshots import Glide, Recall
from firmware.rhythm.decoder import Decoder
from firmware.rhythm.pattern import TICKS, Hit, Pattern, beats_per_bar, shaped

__all__ = ["Performance"]

_AT_ONCE, _BEAT, _BAR = range(len(CHANGES))


class Performance:
    """One decoder under the player's hands. ``seed`` makes the noise repeatable."""

    def __init__(self, decoder: Decoder, controls: Controls, seed: int = 0) -> None:
        self.decoder = decoder
        self.controls = controls
        self.octave, self.rate = Fraction(1), Fraction(1)
        self.pattern: Pattern | None = None
        """what has been decoded at the head, once its tick has come"""
        self._playhead = Playhead(seed)
        self._glide: Glide | None = None
        self._recall: Recall | None = None
        self._set_rate()
        self._playhead.follow(controls)
        self._move_head()

    @property
    def head(self) -> tuple[float, float]:
        """Where the head is, in units of the pad."""
        return self._playhead.on_pad

    def beat(self, tick: int) -> Fraction:
        return tick / self.rate

    def first_tick_at(self, beat: Fraction) -> int:
        """The first tick at or after ``beat``."""
        return int(-(-beat * self.rate // 1))

    def use(self, decoder: Decoder) -> None:
        """Play another model; ticks count at another rate from now on, perhaps."""
        self.decoder = decoder
        self.pattern = None
        self._set_rate()
        self._move_head()

    def set_controls(self, controls: Controls, tick: int | None) -> None:
        """Take over ``controls``; ``tick`` is the next to be played, None at rest."""
        before = self.controls
        self.controls = self._playhead.released(before, controls)
        if self.controls["octave"] != before["octave"]:
            self._set_rate()
        if tick is None or self._is_time(tick):
            self._playhead.follow(self.controls)
        self._move_head()

    def take_over(self, name: str) -> None:
        """A hand moves this control: no glide does any more."""
        if self._glide is not None:
            self._glide.let_go(name)

    def recall(self, recall: Recall, tick: int | None) -> None:
        """Go to a snapshot: when the head may move, at once or by a glide."""
        self._playhead.forget_home()
        if tick is not None and not self._is_time(tick):
            self._recall = recall
            return
        self._recall, self._glide = None, None
        controls = replace(self.controls, muted=recall.snapshot.muted)
        glide = Glide(controls, recall, Fraction(0) if tick is None else self.beat(tick))
        if recall.beats and tick is not None:
            self._glide = glide
            self.set_controls(controls, tick)
        else:
            self.set_controls(controls.apply_all(glide.at(glide.end)), tick)

    def arrive(self) -> None:
        """End what is under way, a glide or a recall that waits: the music has stopped or moved."""
        recall, glide, self._recall, self._glide = self._recall, self._glide, None, None
        if recall is not None:
            self.recall(recall, None)
        elif glide is not None:
            self.set_controls(self.controls.apply_all(glide.at(glide.end)), None)

    def proceed(self, tick: int) -> None:
        """What changes with the tick itself: a glide, a place waited for, the noise."""
        if self._recall is not None and self._is_time(tick):
            self.recall(self._recall, tick)
        if self._glide is not None:
            beat, glide = self.beat(tick), self._glide
            self.set_controls(self.controls.apply_all(glide.at(beat)), tick)
            if glide.is_over(beat):
                self._glide = None
        if tick % TICKS == 0:
            self._playhead.begin_loop(tick // TICKS, self.controls)
        if self._is_time(tick):
            self._playhead.follow(self.controls)
        self._move_head()

    def hits(self, tick: int) -> list[Hit]:
        """What sounds at ``tick``."""
        controls = self.controls
        amounts = controls["velocity_amount"], controls["microtiming_amount"]
        hits = self.heard().hits(tick % TICKS, controls.thresholds)
        return [shaped(hit, *amounts) for hit in hits if hit.drum not in controls.muted_drums]

    def heard(self) -> Pattern:
        """The pattern at the head, decoded if it has not been."""
        if self.pattern is None:
            self.pattern = self.decoder.decode(*self._playhead.z)
        return self.pattern

    def _set_rate(self) -> None:
        """The loop's ticks a beat: the model's, at half, normal or double time."""
        self.octave = Fraction(2) ** round(self.controls["octave"])
        self.rate = self.decoder.info.ticks_per_beat * self.octave

    def _is_time(self, tick: int) -> bool:
        """Whether the head goes where the finger is, or waits for a beat or a bar."""
        change = round(self.controls["change"])
        if change == _AT_ONCE or self._glide is not None:
            return True
        beats = beats_per_bar(self.decoder.info.ticks_per_beat) if change == _BAR else 1
        return tick % max(round(beats * self.rate), 1) == 0

    def _move_head(self) -> None:
        if self._playhead.update(self.controls, self.decoder.info.z_extent):
            self.pattern = None
