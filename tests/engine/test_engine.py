import itertools

import pytest

from firmware.engine.controls import Adjust, Mute, Play, Set, Stop
from firmware.engine.engine import HANDOVER_NS
from firmware.engine.orders import UseModel
from tests.engine.box import CLOCK, ON, START, STOP, TICK_NS, Box
from tests.engine.fakes import FakeDecoder


def test_start_then_the_first_clock_is_beat_0():
    box = Box().do(Play()).run(48 * TICK_NS)
    (start,) = box.out.of(START)
    clocks = box.out.of(CLOCK)
    kicks = box.out.of(ON, 36)
    assert start.time_ns == 1_000_000_000
    assert clocks[0].time_ns == kicks[0].time_ns == start.time_ns + HANDOVER_NS
    assert clocks[24].time_ns == kicks[1].time_ns == clocks[0].time_ns + 24 * TICK_NS


def test_every_tick_comes_once_in_ten_minutes_of_music():
    box = Box(seed=1).do(Play())
    box.out.messages = None
    ticks = 0

    def count(messages):
        nonlocal ticks
        ticks += sum(message.data[0] == CLOCK for message in messages)

    box.out.send = count
    box.run(600_000_000_000)
    assert abs(ticks - 600 * 50) <= 2


def test_messages_are_handed_over_before_they_are_due():
    box = Box(FakeDecoder(microtiming=-0.99))
    slack = []
    box.out.send = lambda messages: slack.extend(
        message.time_ns - box.now_ns for message in messages if message.data[0] != START
    )
    box.do(Play()).run(96 * TICK_NS)
    assert min(slack) >= HANDOVER_NS


def test_lateness_within_the_margin_changes_nothing_but_is_counted_beyond_it():
    punctual = Box(seed=3).do(Play()).run(96 * TICK_NS)
    late = Box(seed=3, lateness_ns=4_000_000).do(Play()).run(96 * TICK_NS)
    n = min(len(late.out.messages), len(punctual.out.messages))
    assert late.out.messages[:n] == punctual.out.messages[:n]
    assert late.engine.state.late_ticks == 0
    assert Box(lateness_ns=6_000_000).do(Play()).run(96 * TICK_NS).engine.state.late_ticks > 90


def test_after_a_stall_the_music_goes_on_from_now_without_a_burst():
    box = Box().do(Play()).run(10 * TICK_NS)
    before = len(box.out.of(CLOCK))
    box.now_ns += 60_000_000_000
    box.due_ns = box.engine.step(box.now_ns)
    after = box.out.of(CLOCK)[before:]
    assert 1 <= len(after) <= 2
    assert all(message.time_ns >= box.now_ns for message in after)


def test_stop_flushes_the_outputs_and_says_so():
    box = Box().do(Play()).run(10 * TICK_NS).do(Stop())
    assert box.out.flushes == 1
    assert box.out.messages[-1].data[0] == STOP
    assert not box.engine.state.playing
    count = len(box.out.messages)
    box.run(10 * TICK_NS)
    assert len(box.out.messages) == count
    box.do(Stop())
    assert box.out.flushes == 2, "a second stop silences again"
    assert len(box.out.of(STOP)) == 1


def test_play_while_playing_changes_nothing():
    box = Box().do(Play()).run(10 * TICK_NS).do(Play())
    assert len(box.out.of(START)) == 1


def test_the_head_moves_what_is_played_from_the_next_tick_on():
    box = Box().do(Play()).run(10 * TICK_NS)
    before = box.engine.next_tick
    box.do(Set("x", 1.0)).run(10 * TICK_NS)
    velocities = [message.data[2] for message in box.out.of(ON, 38)]
    assert set(velocities[:before]) == {64}
    assert set(velocities[before:]) == {127}


def test_the_decoder_is_asked_only_when_the_head_moves():
    box = Box().do(Play()).run(200 * TICK_NS)
    assert len(box.decoder.asked) == 1
    box.do(Set("x", 0.25), Set("y", 0.75)).run(10 * TICK_NS)
    assert box.decoder.asked[1:] == [(-1.5, 1.5)]


def test_threshold_and_mutes():
    box = Box().do(Set("threshold", 0.7), Play()).run(96 * TICK_NS)
    assert not box.out.of(ON, 38)
    assert len(box.out.of(ON, 36)) >= 4
    box = Box().do(Mute("kick"), Play()).run(96 * TICK_NS)
    assert not box.out.of(ON, 36)
    kicks_before = len(box.do(Mute("kick")).run(96 * TICK_NS).out.of(ON, 36))
    assert kicks_before >= 4


def test_noise_strays_once_a_loop_within_the_map_and_repeats_with_its_seed():
    def heads(seed):
        box = Box(seed=seed).do(Set("noise", 2.0), Set("x", 0.9), Play()).run(5 * 96 * TICK_NS)
        return box.decoder.asked

    assert heads(1) == heads(1) != heads(2)
    assert len(set(heads(1)[-5:])) == 5
    assert all(abs(z) <= 3 for head in heads(1) for z in head)


def test_a_change_of_tempo_keeps_what_was_handed_over_and_bends_what_follows():
    box = Box().do(Play()).run(10 * TICK_NS)
    handed = box.out.of(CLOCK)
    box.do(Set("tempo", 25_000)).run(20 * TICK_NS)
    clocks = [message.time_ns for message in box.out.of(CLOCK)]
    n = len(handed)
    assert clocks[:n] == [message.time_ns for message in handed]
    gaps = [b - a for a, b in itertools.pairwise(clocks)]
    assert set(gaps[: n - 1]) == {TICK_NS}
    assert all(abs(gap - TICK_NS // 2) <= 1 for gap in gaps[n - 1 :])


@pytest.mark.parametrize("per_beat", [8, 12, 24, 32])
def test_clock_runs_at_24_a_beat_whatever_the_model(per_beat):
    box = Box(FakeDecoder(per_beat)).do(Play()).run(96 * TICK_NS)
    clocks = [message.time_ns for message in box.out.of(CLOCK)]
    assert {b - a for a, b in itertools.pairwise(clocks)} <= {TICK_NS, TICK_NS + 1}
    kicks = [message.time_ns for message in box.out.of(ON, 36)]
    assert kicks == clocks[::24][: len(kicks)]


def test_another_model_goes_on_at_the_same_beat():
    box = Box(FakeDecoder(24)).do(Play()).run(30 * TICK_NS)
    box.do(UseModel(FakeDecoder(12))).run(96 * TICK_NS)
    kicks = [message.time_ns for message in box.out.of(ON, 36)]
    assert {b - a for a, b in itertools.pairwise(kicks)} == {24 * TICK_NS}
    snares = [message.time_ns for message in box.out.of(ON, 38)]
    gaps = [b - a for a, b in itertools.pairwise(snares)]
    assert gaps[0] == TICK_NS
    assert gaps[-1] == 2 * TICK_NS


def test_state_tells_tick_and_head():
    box = Box().do(Play()).run(30 * TICK_NS)
    state = box.engine.state
    start_ns = box.out.of(CLOCK)[0].time_ns
    assert state.tick_at(start_ns + 30 * TICK_NS + 1) == 30
    assert state.tick_at(start_ns + 100 * TICK_NS + 1) == 4
    assert state.tick_at(start_ns - 1) == 0
    assert state.head == (0.5, 0.5)
    box.do(Adjust("x", 10))
    assert box.engine.state.head == pytest.approx((0.6, 0.5))


def test_close_silences():
    box = Box().do(Play()).run(10 * TICK_NS)
    box.engine.close(box.now_ns)
    assert box.out.flushes == 1
    assert box.out.messages[-1].data[0] == STOP


def test_the_pattern_shown_is_the_one_at_the_head():
    box = Box()
    assert box.engine.state.pattern.velocity[1, 0] == 0.5
    box.do(Set("x", 1.0))
    assert box.engine.state.pattern.velocity[1, 0] == 1.0
    box.do(Play()).run_to(10).do(Set("x", 0.0)).run_to(12)
    assert box.engine.state.pattern.velocity[1, 0] == 0.0
    shown = box.engine.state.pattern
    assert box.run_to(50).engine.state.pattern is shown
