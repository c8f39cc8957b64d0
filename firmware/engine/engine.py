"""The engine: commands and time in, timed MIDI messages out, one tick ahead.

``step(now_ns)`` is all there is: it takes the player's commands and the messages that came in,
hands over every tick that is due for hand-over, and says when it wants to be called again. It
reads no clock and opens nothing, so a test or a render drives it through an hour of music in a
second.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from operator import itemgetter

from firmware.clock.clock_input import ClockInput
from firmware.clock.swing import swing_delay
from firmware.clock.tempo import TempoLine
from firmware.clock.transport import Change, ClockSource, Phase, Transport
from firmware.engine.clock_out import ClockOut
from firmware.engine.controls import Adjust, Continue, Controls, Cycle, Nudge, Play, Set, Stop
from firmware.engine.orders import (
    AddRoute,
    Announce,
    Order,
    PlayAhead,
    Received,
    RemoveRoute,
    UseModel,
)
from firmware.engine.parameters import CLOCK_SOURCES, WHEN_LOST
from firmware.engine.performance import Performance
from firmware.engine.route import PANEL_SETTINGS, Route, panel_settings
from firmware.engine.snapshots import Recall
from firmware.engine.state import EngineState
from firmware.midi.message import CONTINUE, START, STOP, TimedMessage, song_position
from firmware.midi.note_echo import NoteEcho
from firmware.rhythm.decoder import Decoder

__all__ = ["HANDOVER_NS", "Engine"]

HANDOVER_NS = 5_000_000
"""A tick is handed over this long before the tick ahead of it sounds: Python's own lateness."""

STALL_NS = 250_000_000
"""Later than this (the machine slept), the music goes on from now: no burst of missed ticks."""

_passed_on = itemgetter("source", "when_lost", *sorted(PANEL_SETTINGS))
"""Of the controls' values, those that act on the transport and on the routes."""

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
        self.performance = Performance(decoder, controls or Controls.defaults(), seed)
        self.routes = list(routes)
        self.transport = Transport(int(self.controls["tempo"]), lead_ns=HANDOVER_NS)
        self._clock_input = ClockInput()
        self._note_echo = NoteEcho()
        self._clock_out = ClockOut(self._clock_input.sent)
        self._orders: deque[Order] = deque()
        self._tick = 0
        self._last_tick_ns = 0
        self._ahead_ns = 0
        self._awaited: list[threading.Event] = []
        self._late_ticks = 0
        self._apply_settings(0)
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
            while self._deadline() <= max(now_ns, self._ahead_ns):
                self._hand_over(now_ns)
            due_ns = self._deadline()
        else:
            due_ns = self._idle(now_ns)
        self._publish(now_ns)
        while self._awaited:
            self._awaited.pop().set()
        return min(due_ns, now_ns + WATCH_NS) if self.transport.external else due_ns

    def close(self, now_ns: int) -> None:
        """Stop and silence everything."""
        self._stop(now_ns)
        self._publish(now_ns)

    @property
    def controls(self) -> Controls:
        return self.performance.controls

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
                route.follow_panel(panel_settings(self.controls))
                # Whatever played there before us, a crash of our own perhaps, may have left notes.
                route.panic(now_ns)
                route.start(self._last_tick_ns)
                self.routes.append(route)
            case RemoveRoute(name):
                self._remove_route(name)
            case PlayAhead(ahead_ns, done):
                self._ahead_ns = now_ns + ahead_ns
                self._awaited.append(done)
            case Recall():
                self._change(lambda: self.performance.recall(order, self.next_tick), now_ns)
            case _:
                if isinstance(order, Set | Adjust | Cycle):
                    self.performance.take_over(order.name)
                controls = self.controls.apply(order)
                self._change(
                    lambda: self.performance.set_controls(controls, self.next_tick), now_ns
                )

    def _follow(self, change: Change | None, now_ns: int) -> None:
        """Do what a transition of the transport asks for."""
        transport = self.transport
        if change in (Change.HALTED, Change.MOVED):
            self._change(self.performance.arrive, now_ns)
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
        self.performance.use(decoder)
        self._tick = self._first_tick_at(beat)

    def _change(self, change: Callable[[], None], now_ns: int) -> None:
        """Do something to the performance, and what follows from it elsewhere."""
        before, rate = self.controls, self.performance.rate
        change()
        after = self.controls
        if after is before:
            return
        if after["tempo"] != before["tempo"]:
            # From the last tick that is out of our hands already.
            self.transport.set_tempo(int(after["tempo"]), self._beat(max(self._tick - 1, 0)))
        if after["octave"] != before["octave"]:
            self._tick = self._first_tick_at(self._tick / rate)
        if _passed_on(after.values) != _passed_on(before.values):
            self._apply_settings(now_ns)

    def _apply_settings(self, now_ns: int) -> None:
        """Pass on the controls that act elsewhere."""
        controls, transport = self.controls, self.transport
        transport.stop_when_lost = WHEN_LOST[round(controls["when_lost"])] == "stop"
        source = ClockSource(CLOCK_SOURCES[round(controls["source"])])
        if source is not transport.source:
            self._follow(transport.choose(source, now_ns), now_ns)
        settings = panel_settings(controls)
        for route in self.routes:
            route.follow_panel(settings)

    def _remove_route(self, name: str) -> None:
        for route in [route for route in self.routes if route.output.name == name]:
            route.silence()
            self.routes.remove(route)

    # Ticks and beats

    def _beat(self, tick: int) -> Fraction:
        return self.performance.beat(tick)

    def _first_tick_at(self, beat: Fraction) -> int:
        return self.performance.first_tick_at(beat)

    def _time_of(self, tick: int) -> int:
        rate = self.performance.rate
        return self.transport.line.time_of(tick * rate.denominator, rate.numerator)

    def _deadline(self) -> int:
        """When the next tick is to be handed over: one tick ahead, and Python's lateness."""
        return self._time_of(self._tick - 1) - HANDOVER_NS

    def _skip_stall(self, now_ns: int) -> None:
        late_ns = now_ns - self._time_of(self._tick)
        if late_ns > STALL_NS and not self.transport.external:
            self.transport.nudge(late_ns + HANDOVER_NS)

    def _hand_over(self, now_ns: int) -> None:
        # First, for a tempo that glides bends the line from the tick before.
        self._change(lambda: self.performance.proceed(self._tick), now_ns)
        # An outer clock's estimate may move back; what has been handed over stays.
        tick_ns = max(self._time_of(self._tick), self._last_tick_ns)
        tick_length_ns = max(self._time_of(self._tick + 1) - tick_ns, 1)
        if tick_ns > self.transport.start_ns and now_ns > self._deadline() + HANDOVER_NS:
            self._late_ticks += 1  # its early hits may be too
        clock = self._clock_out.up_to(self._beat(self._tick), self.transport.line)
        delay = swing_delay(self._tick, self.performance.rate, self.controls["swing"])
        hits = self.performance.hits(self._tick)
        for route in self.routes:
            sent = route.play(clock, hits, tick_ns, tick_length_ns, delay)
            self._note_echo.sent(sent)
        self._last_tick_ns = tick_ns
        self._tick += 1

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
        transport, performance = self.transport, self.performance
        line: TempoLine | None = None
        tempo = transport.tempo
        if transport.external or (not self._playing and transport.hears_clock(now_ns)):
            tempo = transport.follower.bpm_hundredths() or tempo
        if self._playing:
            line = self._line_at(self._beat(self._tick), tempo)
        state = replace(
            self.state,
            controls=self.controls,
            info=performance.decoder.info,
            tempo=tempo,
            phase=transport.phase,
            external=transport.external,
            octave=performance.octave,
            line=line,
            head=performance.head,
            # Decoded when its tick comes; a moving finger asks for far more than can be heard.
            pattern=performance.pattern
            or (self.state.pattern if self._playing else performance.heard()),
            late_ticks=self._late_ticks,
            looped=tuple(sorted(self._clock_input.looped | self._note_echo.looped)),
        )
        if state != self.state or state.pattern is not self.state.pattern:
            self.state = state

    def _line_at(self, beat: Fraction, tempo: int) -> TempoLine:
        """The line of beats as it is now: an outer clock's estimate as it stands at ``beat``."""
        line = self.transport.line
        if isinstance(line, TempoLine):
            return line
        return TempoLine(beat, line.time_of(beat.numerator, beat.denominator), tempo)
