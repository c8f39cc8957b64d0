"""The engine: commands and time in, timed MIDI messages out, one tick ahead.

``step(now_ns)`` is all there is: it takes the player's commands, hands over every tick that is
due for hand-over, and says when it wants to be called again. It reads no clock and opens nothing,
so a test or a render drives it through an hour of music in a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from firmware.clock.tempo import PPQN, TempoLine
from firmware.engine.controls import Command, Controls, Play, Stop, muted_drums
from firmware.engine.sequencer import Sequencer
from firmware.midi.message import CLOCK, START, STOP, MidiOut, TimedMessage
from firmware.rhythm.decoder import Decoder
from firmware.rhythm.latent_map import pad_to_z, z_to_pad
from firmware.rhythm.model_file import ModelInfo
from firmware.rhythm.pattern import TICKS, Pattern

__all__ = ["HANDOVER_NS", "Engine", "EngineState", "UseModel"]

HANDOVER_NS = 5_000_000
"""A tick is handed over this long before the tick ahead of it sounds: Python's own lateness."""

STALL_NS = 250_000_000
"""Later than this (the machine slept), the music goes on from now: no burst of missed ticks."""

IDLE_NS = 1_000_000_000


@dataclass(frozen=True)
class UseModel:
    """Command: play this decoder from the next tick on. The engine thread owns it from then on."""

    decoder: Decoder


@dataclass(frozen=True)
class EngineState:
    """What others may read of the engine at any moment; replaced as a whole, never changed.

    ``line`` maps time to beats while playing, so that a reader works out the tick of its own
    moment. ``head`` is where the playback head really is (pad units, noise included).
    """

    controls: Controls
    info: ModelInfo
    line: TempoLine | None = None
    head: tuple[float, float] = (0.5, 0.5)
    late_ticks: int = 0

    @property
    def playing(self) -> bool:
        return self.line is not None

    def tick_at(self, now_ns: int) -> int:
        """The tick of the loop, 0..95, that sounds at ``now_ns``; 0 while stopped."""
        if self.line is None:
            return 0
        return max(int(self.line.position_at(now_ns, self.info.ticks_per_beat)), 0) % TICKS


@dataclass
class _Playing:
    """Where the music is: the next tick and the next clock pulse to hand over."""

    line: TempoLine
    start_ns: int
    tick: int = 0
    pulse: int = 0


@dataclass
class Engine:
    """Plays one decoder to any number of outputs. ``seed`` makes the noise repeatable."""

    decoder: Decoder
    outputs: Sequence[MidiOut]
    controls: Controls = field(default_factory=Controls.defaults)
    seed: int = 0

    def __post_init__(self) -> None:
        self.sequencer = Sequencer()
        self._commands: deque[Command | UseModel] = deque()
        self._random = np.random.default_rng(self.seed)
        self._stray = np.zeros(2)
        self._playing: _Playing | None = None
        self._pattern_at: tuple[float, float] | None = None
        self._pattern: Pattern | None = None
        self._late_ticks = 0
        self.state = EngineState(self.controls, self.decoder.info)

    def post(self, command: Command | UseModel) -> None:
        """Queue a command; safe from any thread. It acts at the next step."""
        self._commands.append(command)

    def step(self, now_ns: int) -> int:
        """Do what is due at ``now_ns``; returns when to call again at the latest."""
        while self._commands:
            self._obey(self._commands.popleft(), now_ns)
        if self._playing is not None:
            self._skip_stall(self._playing, now_ns)
            while self._deadline(self._playing) <= now_ns:
                self._hand_over(self._playing, now_ns)
        self._publish()
        return now_ns + IDLE_NS if self._playing is None else self._deadline(self._playing)

    def close(self, now_ns: int) -> None:
        """Stop and silence everything."""
        self._stop(now_ns)
        self._publish()

    @property
    def next_tick(self) -> int | None:
        """Ticks handed over since the start, or None while stopped."""
        return None if self._playing is None else self._playing.tick

    # Commands

    def _obey(self, command: Command | UseModel, now_ns: int) -> None:
        match command:
            case Play():
                self._play(now_ns)
            case Stop():
                self._stop(now_ns)
            case UseModel(decoder):
                self._use(decoder)
            case _:
                self.controls = self.controls.apply(command)
                self._bend_line()

    def _play(self, now_ns: int) -> None:
        if self._playing is not None:
            return
        # The start message goes out at once; beat 0 and its clock follow the hand-over time later.
        start_ns = now_ns + HANDOVER_NS
        line = TempoLine(Fraction(0), start_ns, int(self.controls["tempo"]))
        self._playing = _Playing(line, start_ns)
        self._send([TimedMessage(now_ns, START)])

    def _stop(self, now_ns: int) -> None:
        was_playing, self._playing = self._playing is not None, None
        for output in self.outputs:
            output.flush()
        self.sequencer.forget()
        if was_playing:
            self._send([TimedMessage(now_ns, STOP)])

    def _use(self, decoder: Decoder) -> None:
        playing = self._playing
        if playing is not None:
            # The same beat in the new model's ticks; the next whole tick at or after it.
            beat = Fraction(playing.tick, self.decoder.info.ticks_per_beat)
            playing.tick = -int(-beat * decoder.info.ticks_per_beat // 1)
        self.decoder = decoder
        self._pattern_at = None

    def _bend_line(self) -> None:
        playing, tempo = self._playing, int(self.controls["tempo"])
        if playing is not None and playing.line.tempo != tempo:
            # From the last tick that is out of our hands already.
            fixed = Fraction(max(playing.tick - 1, 0), self.decoder.info.ticks_per_beat)
            playing.line = playing.line.with_tempo(tempo, fixed)

    # Ticks

    def _deadline(self, playing: _Playing) -> int:
        """When ``playing.tick`` is to be handed over: one tick ahead, and Python's lateness."""
        per_beat = self.decoder.info.ticks_per_beat
        return playing.line.time_of(playing.tick - 1, per_beat) - HANDOVER_NS

    def _skip_stall(self, playing: _Playing, now_ns: int) -> None:
        late_ns = now_ns - playing.line.time_of(playing.tick, self.decoder.info.ticks_per_beat)
        if late_ns > STALL_NS:
            playing.line = playing.line.moved(late_ns + HANDOVER_NS)

    def _hand_over(self, playing: _Playing, now_ns: int) -> None:
        per_beat = self.decoder.info.ticks_per_beat
        tick_ns = playing.line.time_of(playing.tick, per_beat)
        tick_length_ns = playing.line.time_of(playing.tick + 1, per_beat) - tick_ns
        if playing.tick > 0 and now_ns > self._deadline(playing) + HANDOVER_NS:
            self._late_ticks += 1  # its early hits may be too
        step = playing.tick % TICKS
        if step == 0:
            self._stray = self._random.standard_normal(2)
        muted = muted_drums(self.controls.muted)
        hits = self._current_pattern().hits(step, self.controls["threshold"])
        self._send(
            self._pulses(playing, per_beat)
            + self.sequencer.play(
                [hit for hit in hits if hit.drum not in muted],
                tick_ns,
                tick_length_ns,
                playing.start_ns,
            )
        )
        playing.tick += 1

    def _pulses(self, playing: _Playing, per_beat: int) -> list[TimedMessage]:
        """MIDI clock up to and with the tick in hand, whatever the model's ticks a beat."""
        last = playing.tick * PPQN // per_beat
        pulses = range(playing.pulse, last + 1)
        playing.pulse = max(last + 1, playing.pulse)
        return [TimedMessage(playing.line.time_of(pulse, PPQN), CLOCK) for pulse in pulses]

    def _head(self) -> tuple[float, float]:
        """The playback head as z: the finger's place and the loop's stray, kept on the map."""
        extent = self.decoder.info.z_extent
        place = pad_to_z(self.controls["x"], self.controls["y"], extent)
        strayed = np.clip(place + self.controls["noise"] * self._stray, -extent, extent)
        return float(strayed[0]), float(strayed[1])

    def _current_pattern(self) -> Pattern:
        head = self._head()
        if self._pattern is None or head != self._pattern_at:
            self._pattern, self._pattern_at = self.decoder.decode(*head), head
        return self._pattern

    def _send(self, messages: list[TimedMessage]) -> None:
        if messages:
            for output in self.outputs:
                output.send(messages)

    def _publish(self) -> None:
        playing = self._playing
        state = replace(
            self.state,
            controls=self.controls,
            info=self.decoder.info,
            line=None if playing is None else playing.line,
            head=z_to_pad(*self._head(), self.decoder.info.z_extent),
            late_ticks=self._late_ticks,
        )
        if state != self.state:
            self.state = state
