"""The engine led by a clock that comes in, in simulated time."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.clock.transport import ClockSource, Phase
from firmware.engine.controls import Continue, Nudge, Play, Set, Stop
from firmware.engine.engine import HANDOVER_NS, Engine
from firmware.engine.orders import AddRoute, Received, RemoveRoute
from firmware.engine.route import Route, RouteSettings
from firmware.midi.message import CLOCK, CONTINUE, START, STOP, song_position
from tests.engine.fakes import FakeDecoder, Recorder

MS = 1_000_000
PULSE = 20 * MS  # 125 bpm
ON = 0x90


class Wire:
    """An engine, and messages that arrive at it in simulated time."""

    def __init__(self, **settings):
        self.out = Recorder()
        self.engine = Engine(FakeDecoder(), [Route(self.out, RouteSettings(**settings))])
        self.now = 1_000 * MS
        self.due = self.engine.step(self.now)

    def until(self, time_ns):
        while self.due <= time_ns:
            self.now = max(self.due, self.now)
            self.due = self.engine.step(self.now)
        self.now = max(time_ns, self.now)

    def receive(self, time_ns, data, source="master"):
        self.until(time_ns)
        self.engine.post(Received(time_ns, source, data))
        self.due = self.engine.step(self.now)

    def clocks(self, first, count, period=PULSE, jitter=lambda: 0, source="master"):
        """``count`` pulses from ``first`` on; returns when the one after them is due."""
        for i in range(count):
            self.receive(first + i * period + jitter(), CLOCK, source)
        return first + count * period

    def do(self, *orders):
        for order in orders:
            self.engine.post(order)
        self.due = self.engine.step(self.now)

    def kicks(self):
        return [message.time_ns for message in self.out.of(ON, 36)]

    @property
    def phase(self):
        return self.engine.state.phase


def test_the_first_clock_after_start_is_beat_0_and_sounds_at_once():
    wire = Wire()
    wire.receive(1_100 * MS, START)
    assert wire.phase is Phase.ARMED
    assert not wire.out.of(ON)
    end = wire.clocks(1_200 * MS, 97)
    assert wire.engine.state.external
    kicks = wire.kicks()
    assert kicks[0] == 1_200 * MS
    for n, kick in enumerate(kicks):
        assert abs(kick - (1_200 * MS + n * 24 * PULSE)) < MS
    wire.receive(end, STOP)
    assert wire.phase is Phase.STOPPED
    assert wire.out.flushes >= 1


def test_jitter_is_taken_out():
    random.seed(4)
    wire = Wire()
    wire.receive(1_100 * MS, START)
    wire.clocks(1_200 * MS, 400, jitter=lambda: round(random.gauss(0, MS)))
    late = [abs(kick - 1_200 * MS - n * 24 * PULSE) for n, kick in enumerate(wire.kicks())]
    assert max(late[3:]) < MS


def test_every_tick_once_and_in_order_while_the_tempo_changes():
    wire = Wire()
    wire.receive(1_100 * MS, START)
    time = 1_200 * MS
    for period in (20 * MS, 15 * MS, 40 * MS, 21 * MS):
        time = wire.clocks(time, 60, period)
    snares = [message.time_ns for message in wire.out.of(ON, 38)]
    assert snares == sorted(snares)
    assert abs(len(snares) - 240) <= 2


def test_continue_goes_on_where_it_stopped_and_spp_moves_it():
    wire = Wire()
    wire.receive(1_100 * MS, START)
    end = wire.clocks(1_200 * MS, 24 + 12)
    wire.receive(end, STOP)
    wire.receive(end + 50 * MS, CONTINUE)
    again = end + 100 * MS
    wire.clocks(again, 30)
    assert abs(wire.kicks()[2] - (again + 12 * PULSE)) < MS
    wire.receive(again + 700 * MS, STOP)
    wire.receive(again + 710 * MS, song_position(3))
    wire.receive(again + 720 * MS, CONTINUE)
    third = again + 800 * MS
    wire.clocks(third, 4)
    assert wire.kicks()[-1] == third, "beat 3 is on a beat"
    assert wire.engine.next_tick in (76, 77)


def test_song_position_while_playing_moves_at_once():
    wire = Wire()
    wire.receive(1_100 * MS, START)
    end = wire.clocks(1_200 * MS, 30)
    wire.receive(end - MS, song_position(8))
    wire.clocks(end, 3)
    assert 8 * 24 <= wire.engine.next_tick <= 8 * 24 + 4


def test_spp_0_and_continue_is_a_start():
    wire = Wire()
    wire.receive(1_100 * MS, song_position(0))
    wire.receive(1_110 * MS, CONTINUE)
    wire.clocks(1_200 * MS, 2)
    assert wire.kicks() == [1_200 * MS]
    assert len(wire.out.of(0xFA)) == 1


def test_stop_is_no_toggle():
    wire = Wire()
    wire.receive(1_100 * MS, STOP)
    assert wire.phase is Phase.STOPPED
    wire.receive(1_200 * MS, START)
    end = wire.clocks(1_300 * MS, 10)
    wire.receive(end, STOP)
    wire.receive(end + MS, STOP)
    assert wire.phase is Phase.STOPPED


def test_a_clock_that_goes_away_without_stop_is_gone_on_with_and_taken_back():
    wire = Wire()
    wire.receive(1_100 * MS, START)
    end = wire.clocks(1_200 * MS, 96)
    wire.until(end + 2_000 * MS)
    assert not wire.engine.state.external
    assert wire.engine.state.playing
    assert abs(wire.engine.state.tempo - 12_500) <= 2
    snares = [message.time_ns for message in wire.out.of(ON, 38)]
    gaps = [b - a for a, b in itertools.pairwise(snares)]
    assert all(abs(gap - PULSE) < MS for gap in gaps[3:]), "no hole and no jump"
    back = end + 100 * PULSE
    wire.clocks(back, 48)
    assert wire.engine.state.external
    snares = [message.time_ns for message in wire.out.of(ON, 38)]
    gaps = [b - a for a, b in itertools.pairwise(snares)]
    assert all(abs(gap - PULSE) < 3 * MS for gap in gaps[3:])


def test_or_it_stops_if_the_player_wants_that():
    wire = Wire()
    wire.engine.transport.stop_when_lost = True
    wire.receive(1_100 * MS, START)
    end = wire.clocks(1_200 * MS, 96)
    wire.until(end + 2_000 * MS)
    assert wire.phase is Phase.STOPPED
    assert wire.out.flushes >= 1


def test_play_waits_for_the_next_pulse_of_a_clock_that_runs():
    wire = Wire()
    end = wire.clocks(1_100 * MS, 60)
    assert wire.engine.state.tempo == pytest.approx(12_500, abs=2)
    wire.until(end - 7 * MS)
    wire.do(Play())
    assert wire.phase is Phase.ARMED
    wire.clocks(end, 5)
    assert abs(wire.kicks()[0] - end) < MS


def test_only_the_inner_clock_if_the_player_wants_that():
    wire = Wire()
    wire.engine.transport.source = ClockSource.INTERNAL
    wire.receive(1_100 * MS, START)
    wire.clocks(1_200 * MS, 10)
    assert wire.phase is Phase.STOPPED
    wire.do(Play())
    assert wire.phase is Phase.PLAYING
    wire.receive(wire.now + 50 * MS, STOP)
    assert wire.phase is Phase.PLAYING


def test_only_the_outer_clock_if_the_player_wants_that():
    wire = Wire()
    wire.engine.transport.source = ClockSource.EXTERNAL
    wire.do(Play())
    wire.until(wire.now + 1_000 * MS)
    assert wire.phase is Phase.ARMED
    assert not wire.out.of(ON)
    wire.clocks(wire.now + 100 * MS, 10)
    assert wire.phase is Phase.PLAYING


def test_our_own_start_and_clock_coming_back_change_nothing():
    wire = Wire()
    wire.do(Play())
    wire.receive(wire.now + 2 * MS, START, "thru")
    first = wire.out.of(0xF8)[0].time_ns
    for i in range(60):
        own = first + i * 6_000_000_000_000 // (12_000 * 24)
        wire.receive(own + 2 * MS, CLOCK, "thru")
    assert wire.engine.state.playing
    assert not wire.engine.state.external
    assert wire.engine.state.looped == ("thru",)
    assert len(wire.out.of(0xFA)) == 1


def test_our_own_notes_coming_back_are_told():
    wire = Wire()
    wire.do(Play())
    for _ in range(30):
        seen = len(wire.out.messages)
        wire.until(wire.due)
        for time_ns, data in wire.out.messages[seen:]:
            if data[0] & 0xF0 == ON:
                wire.receive(time_ns + 3 * MS, data, "thru")
    assert wire.engine.state.looped == ("thru",)
    assert wire.engine.state.playing


def test_a_port_that_comes_is_silent_at_first():
    wire = Wire()
    late = Recorder()
    late.name = "late"
    wire.do(AddRoute(Route(late)))
    assert late.flushes == 1
    assert [message.data for message in late.messages] == [bytes([0xB9, 123, 0])]


def test_a_start_from_outside_takes_over():
    wire = Wire()
    wire.do(Play())
    wire.until(wire.now + 500 * MS)
    wire.receive(wire.now + MS, START)
    first = wire.now + 30 * MS
    wire.clocks(first, 30)
    assert wire.engine.state.external
    assert first in wire.kicks()


def test_clock_goes_on_while_stopped_if_the_port_wants_it():
    wire = Wire(clock_while_stopped=True)
    wire.until(wire.now + 1_000 * MS)
    times = [message.time_ns for message in wire.out.of(0xF8)]
    assert {b - a for a, b in itertools.pairwise(times)} <= {20_833_333, 20_833_334}
    wire.do(Play())
    wire.until(wire.now + 500 * MS)
    wire.do(Stop())
    wire.until(wire.now + 500 * MS)
    times = [message.time_ns for message in wire.out.of(0xF8)]
    assert times == sorted(times)
    assert max(sum(a <= t < a + 50 * MS for t in times) for a in times) <= 4, "no bursts"


def test_and_does_not_follow_its_own_echo_while_stopped():
    wire = Wire(clock_while_stopped=True)
    seen = 0
    for _ in range(300):
        wire.until(wire.due)
        new = wire.out.of(0xF8)[seen:]
        seen += len(new)
        for message in new:
            wire.receive(message.time_ns + 3 * MS, CLOCK, "thru")
    assert wire.engine.state.looped == ("thru",)
    assert not wire.engine.transport.hears_clock(wire.now)
    assert seen > 200


def test_continue_by_hand_tells_others_where():
    wire = Wire()
    wire.do(Set("tempo", 12_500), Play())
    wire.until(wire.now + HANDOVER_NS + 31 * PULSE)
    wire.do(Stop())
    wire.until(wire.now + 500 * MS)
    wire.do(Continue())
    assert [m.data for m in wire.out.messages[-8:] if m.data[0] in (0xF2, 0xFB)] == [
        song_position(1.25),
        CONTINUE,
    ]
    first = wire.now + HANDOVER_NS
    wire.until(wire.now + 20 * PULSE)
    assert wire.kicks()[-1] == first + 18 * PULSE


def test_a_nudge_moves_the_music():
    wire = Wire()
    wire.do(Set("tempo", 12_500), Play())
    start = wire.now + HANDOVER_NS
    wire.until(start + 30 * PULSE)
    wire.do(Nudge(7 * MS))
    wire.until(start + 60 * PULSE)
    assert wire.kicks()[:3] == [start, start + 24 * PULSE, start + 48 * PULSE + 7 * MS]


def test_half_and_double_time_keep_the_beat():
    wire = Wire()
    wire.do(Set("tempo", 12_500), Set("octave", 1), Play())
    start = wire.now + HANDOVER_NS
    wire.until(start + 96 * PULSE)
    assert wire.kicks()[1] - wire.kicks()[0] == 12 * PULSE
    wire.do(Set("octave", -1))
    wire.until(start + 300 * PULSE)
    assert wire.kicks()[-1] - wire.kicks()[-2] == 48 * PULSE
    assert (wire.kicks()[-1] - start) % (24 * PULSE) == 0
    clocks = [message.time_ns for message in wire.out.of(0xF8)]
    assert {b - a for a, b in itertools.pairwise(clocks)} == {PULSE}


def test_swing_moves_the_second_sixteenth_and_no_clock():
    wire = Wire()
    wire.do(Set("tempo", 12_500), Set("swing", 66), Play())
    start = wire.now + HANDOVER_NS
    wire.until(start + 30 * PULSE)
    snares = [message.time_ns for message in wire.out.of(ON, 38)]
    assert (snares[6] - start) / PULSE == pytest.approx(7.92)
    assert snares[12] == start + 12 * PULSE
    assert wire.out.of(0xF8)[6].time_ns == start + 6 * PULSE


PLUG, UNPLUG = "plug", "unplug"

order = st.one_of(
    st.sampled_from([Play(), Stop(), Continue(), Nudge(3 * MS), Nudge(-3 * MS)]),
    st.sampled_from([PLUG, UNPLUG]),
    st.builds(Set, st.just("tempo"), st.integers(2_000, 30_000)),
    st.builds(Set, st.just("octave"), st.integers(-1, 1)),
)
message = st.tuples(
    st.sampled_from([CLOCK] * 6 + [START, STOP, CONTINUE, song_position(0), song_position(5)]),
    st.sampled_from(["a", "a", "b"]),
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 300 * MS), st.one_of(order, message)), min_size=1, max_size=80
    )
)
def test_whatever_comes_in_whatever_order_no_note_sticks_and_no_tick_runs_backwards(events):
    wire = Wire()
    sounding: set[int] = set()
    handed = 0

    class Strict(Recorder):
        def send(self, messages):
            nonlocal handed
            ons = [m.time_ns for m in messages if m.data[0] & 0xF0 == ON]
            assert all(time >= handed for time in ons), "a note in a window that is past"
            super().send(messages)
            if ons:
                handed = max(handed, wire.engine._last_tick_ns)

        def flush(self):
            nonlocal handed
            handed = 0
            self.messages = []

    out = Strict()
    wire.engine.routes = [Route(out)]
    for delay, what in events:
        if type(what) is tuple:
            wire.receive(wire.now + delay, *what)
        else:
            wire.until(wire.now + delay)
            if what == PLUG:
                what = AddRoute(Route(out))
            elif what == UNPLUG:
                what = RemoveRoute(out.name)
            wire.do(what)
    wire.do(Stop())
    for message in sorted(out.messages, key=lambda m: m.time_ns):
        if message.data[0] & 0xF0 == ON:
            sounding.add(message.data[1])
        elif message.data[0] & 0xF0 == 0x80:
            sounding.discard(message.data[1])
    assert not sounding
    assert not wire.engine.state.playing
