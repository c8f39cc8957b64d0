"""The engine: commands and time in, timed MIDI messages out, one tick ahead.

``step(now_ns)`` is all there is: it takes the player's commands and the messages that came in,
hands over every tick that is due for hand-over, and says when it wants to be called again. It
reads no clock and opens nothing, so a test or a render drives it through an hour of music in a
second.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from firmware.clock.clock_input import ClockInput
from firmware.clock.swing import swing_delay
from firmware.clock.tempo import TempoLine
from firmware.clock.transport import Change, Phase, Transport
from firmware.engine.clock_out import ClockOut
from firmware.engine.controls import Continue, Controls, Nudge, Play, Stop, muted_drums
from firmware.engine.orders import AddRoute, Announce, Order, Received, RemoveRoute, UseModel
from firmware.engine.route import Route
from firmware.engine.state import EngineState
from firmware.midi.message import CONTINUE, START, STOP, TimedMessage, song_position
from firmware.midi.note_echo import NoteEcho
from firmware.rhythm.decoder import Decoder
from firmware.rhythm.latent_map import pad_to_z, z_to_pad
from firmware.rhythm.pattern import TICKS, Hit, Pattern

__all__ = ["HANDOVER_NS", "Engine"]

HANDOVER_NS = 5_000_000
"""A tick is handed over this long before the tick ahead of it sounds: Python's own lateness."""

STALL_NS = 250_000_000
"""Later than this (the machine slept), the music goes on from now: no burst of missed ticks."""

IDLE_NS = 1_000_000_000
WATCH_NS = 50_000_000
"""How often an outer clock is looked after, to notice that it has gone."""


class Engine:
    """Plays one decoder to any number of routes. ``seed`` makes the noise repeatable."""

    def __init__(
        self,
        decoder: Decoder,
        routes: Iterable[Route],
        controls: Controls | None = None,
        seed: int = 0,
    ) -> None:
        self.decoder = decoder
        self.routes = list(routes)
        self.controls = controls or Controls.defaults()
        self.transport = Transport(int(self.controls["tempo"]), lead_ns=HANDOVER_NS)
        self._clock_input = ClockInput()
        self._note_echo = NoteEcho()
        self._clock_out = ClockOut(self._clock_input.sent)
        self._orders: deque[Order] = deque()
        self._random = np.random.default_rng(seed)
        self._stray = np.zeros(2)
        self._tick = 0
        self._last_tick_ns = 0
        self._head = self._head_on_pad = (math.nan, math.nan)
        self._pattern: Pattern | None = None
        self._late_ticks = 0
        self._set_rate()
        self._move_head()
        self.state = EngineState(self.controls, decoder.info, self.transport.tempo)
        self._publish(0)

    def post(self, order: Order) -> None:
        """Queue an order; safe from any thread. It acts at the next step."""
        self._orders.append(order)

    def step(self, now_ns: int) -> int:
        """Do what is due at ``now_ns``; returns when to call again at the latest."""
        while self._orders:
            self._obey(self._orders.popleft(), now_ns)
        self._follow(self.transport.watch(now_ns), now_ns)
        if self._playing:
            self._skip_stall(now_ns)
            while self._deadline() <= now_ns:
                self._hand_over(now_ns)
            due_ns = self._deadline()
        else:
            due_ns = self._idle(now_ns)
        self._publish(now_ns)
        return min(due_ns, now_ns + WATCH_NS) if self.transport.external else due_ns

    def close(self, now_ns: int) -> None:
        """Stop and silence everything."""
        self._stop(now_ns)
        self._publish(now_ns)

    @property
    def next_tick(self) -> int | None:
        """Ticks handed over since the top, or None while stopped."""
        return self._tick if self._playing else None

    @property
    def _playing(self) -> bool:
        return self.transport.phase is Phase.PLAYING

    # Orders

    def _obey(self, order: Order, now_ns: int) -> None:
        match order:
            case Play():
                self._follow(self.transport.play(now_ns), now_ns)
            case Continue():
                self._follow(self.transport.play(now_ns, from_top=False), now_ns)
            case Stop():
                self._stop(now_ns)
            case Nudge(delay_ns):
                self.transport.nudge(delay_ns)
            case Received(time_ns, source, data) if data[0] < 0xF0:
                self._note_echo.heard(time_ns, source, data)
            case Received(time_ns, source, data):
                following = self.transport.expects_clock
                if self._clock_input.accepts(time_ns, source, data, following):
                    self._follow(self.transport.receive(time_ns, data), now_ns)
            case Announce(messages):
                for route in self.routes:
                    route.control([TimedMessage(now_ns, data) for data in messages])
            case UseModel(decoder):
                self._use(decoder)
            case AddRoute(route):
                self._remove_route(route.output.name)
                # Whatever played there before us, a crash of our own perhaps, may have left notes.
                route.panic(now_ns)
                route.start(self._last_tick_ns)
                self.routes.append(route)
            case RemoveRoute(name):
                self._remove_route(name)
            case _:
                self._set_controls(self.controls.apply(order))

    def _follow(self, change: Change | None, now_ns: int) -> None:
        """Do what a transition of the transport asks for."""
        transport = self.transport
        if change is Change.STARTED:
            self._begin(transport.start_ns)
            place = [START] if transport.beat == 0 else [song_position(transport.beat), CONTINUE]
            self._announce(now_ns, *place)
        elif change is Change.MOVED:
            self._begin(self._last_tick_ns)
            self._announce(now_ns, song_position(transport.beat))
        elif change is Change.HALTED:
            for route in self.routes:
                route.silence()
            self._announce(now_ns, STOP)

    def _begin(self, start_ns: int) -> None:
        """From ``transport.beat``; nothing sounds before ``start_ns``."""
        self._tick = self._first_tick_at(self.transport.beat)
        self._clock_out.start(self.transport.beat)
        self._last_tick_ns = start_ns
        for route in self.routes:
            route.start(start_ns)

    def _stop(self, now_ns: int) -> None:
        change = self.transport.stop(now_ns)
        if change is None:  # stopped already: whatever it is that sounds, end it
            for route in self.routes:
                route.panic(now_ns)
        self._follow(change, now_ns)

    def _use(self, decoder: Decoder) -> None:
        beat = self._beat(self._tick)
        self.decoder = decoder
        self._set_rate()
        self._tick = self._first_tick_at(beat)
        self._pattern = None
        self._move_head()

    def _set_controls(self, controls: Controls) -> None:
        beat, played = self._beat(self._tick), self._beat(max(self._tick - 1, 0))
        changed_tempo = controls["tempo"] != self.controls["tempo"]
        changed_octave = controls["octave"] != self.controls["octave"]
        self.controls = controls
        self._move_head()
        if changed_tempo:
            # From the last tick that is out of our hands already.
            self.transport.set_tempo(int(controls["tempo"]), played)
        if changed_octave:
            self._set_rate()
            self._tick = self._first_tick_at(beat)

    def _remove_route(self, name: str) -> None:
        for route in [route for route in self.routes if route.output.name == name]:
            route.silence()
            self.routes.remove(route)

    # Ticks and beats

    def _set_rate(self) -> None:
        """The loop's ticks a beat: the model's, at half, normal or double time."""
        self._octave = Fraction(2) ** round(self.controls["octave"])
        self._rate = self.decoder.info.ticks_per_beat * self._octave

    def _beat(self, tick: int) -> Fraction:
        return tick / self._rate

    def _first_tick_at(self, beat: Fraction) -> int:
        """The first tick at or after ``beat``."""
        return int(-(-beat * self._rate // 1))

    def _time_of(self, tick: int) -> int:
        rate = self._rate
        return self.transport.line.time_of(tick * rate.denominator, rate.numerator)

    def _deadline(self) -> int:
        """When the next tick is to be handed over: one tick ahead, and Python's lateness."""
        return self._time_of(self._tick - 1) - HANDOVER_NS

    def _skip_stall(self, now_ns: int) -> None:
        late_ns = now_ns - self._time_of(self._tick)
        if late_ns > STALL_NS and not self.transport.external:
            self.transport.nudge(late_ns + HANDOVER_NS)

    def _hand_over(self, now_ns: int) -> None:
        # An outer clock's estimate may move back; what has been handed over stays.
        tick_ns = max(self._time_of(self._tick), self._last_tick_ns)
        tick_length_ns = max(self._time_of(self._tick + 1) - tick_ns, 1)
        if tick_ns > self.transport.start_ns and now_ns > self._deadline() + HANDOVER_NS:
            self._late_ticks += 1  # its early hits may be too
        if self._tick % TICKS == 0:
            self._stray = self._random.standard_normal(2)
            self._move_head()
        clock = self._clock_out.up_to(self._beat(self._tick), self.transport.line)
        delay = swing_delay(self._tick, self._rate, self.controls["swing"])
        hits = self._hits()
        for route in self.routes:
            sent = route.play(clock, hits, tick_ns, tick_length_ns, delay)
            self._note_echo.sent(sent)
        self._last_tick_ns = tick_ns
        self._tick += 1

    def _hits(self) -> list[Hit]:
        if self._pattern is None:
            self._pattern = self.decoder.decode(*self._head)
        muted = muted_drums(self.controls.muted)
        hits = self._pattern.hits(self._tick % TICKS, self.controls["threshold"])
        return [hit for hit in hits if hit.drum not in muted]

    def _move_head(self) -> None:
        """The playback head as z: the finger's place and the loop's stray, kept on the map."""
        extent = self.decoder.info.z_extent
        place = pad_to_z(self.controls["x"], self.controls["y"], extent)
        z1, z2 = np.clip(place + self.controls["noise"] * self._stray, -extent, extent)
        head = float(z1), float(z2)
        if head != self._head:
            self._head, self._pattern = head, None
            self._head_on_pad = z_to_pad(*head, extent)

    # Messages and state

    def _announce(self, now_ns: int, *messages: bytes) -> None:
        for data in messages:
            self._clock_input.sent(now_ns, data)
        for route in self.routes:
            route.announce([TimedMessage(now_ns, data) for data in messages])

    def _idle(self, now_ns: int) -> int:
        """Clock out while stopped, for the routes that want it."""
        routes = [route for route in self.routes if route.settings.clock_while_stopped]
        if not routes or self.transport.hears_clock(now_ns):
            return now_ns + IDLE_NS
        messages, due_ns = self._clock_out.idle(now_ns, HANDOVER_NS, self.transport.tempo)
        for route in routes:
            route.announce(messages)
        return due_ns

    def _publish(self, now_ns: int) -> None:
        transport = self.transport
        line: TempoLine | None = None
        tempo = transport.tempo
        if transport.external or (not self._playing and transport.hears_clock(now_ns)):
            tempo = transport.follower.bpm_hundredths() or tempo
        if self._playing:
            line = self._line_at(self._beat(self._tick), tempo)
        state = replace(
            self.state,
            controls=self.controls,
            info=self.decoder.info,
            tempo=tempo,
            phase=transport.phase,
            external=transport.external,
            octave=self._octave,
            line=line,
            head=self._head_on_pad,
            late_ticks=self._late_ticks,
            looped=tuple(sorted(self._clock_input.looped | self._note_echo.looped)),
        )
        if state != self.state:
            self.state = state

    def _line_at(self, beat: Fraction, tempo: int) -> TempoLine:
        """The line of beats as it is now: an outer clock's estimate as it stands at ``beat``."""
        line = self.transport.line
        if isinstance(line, TempoLine):
            return line
        return TempoLine(beat, line.time_of(beat.numerator, beat.denominator), tempo)
