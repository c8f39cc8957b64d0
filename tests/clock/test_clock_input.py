from firmware.clock.clock_input import PULSES, ClockInput
from firmware.midi.message import CLOCK, CONTINUE, START, STOP

MS = 1_000_000
PERIOD = 20 * MS


def clock(inputs, source, first, count, period=PERIOD):
    return [inputs.accepts(first + i * period, source, CLOCK) for i in range(count)]


def test_one_source_is_followed_and_a_start_changes_it():
    inputs = ClockInput()
    assert all(clock(inputs, "A", 0, 10))
    assert not any(clock(inputs, "B", 5 * MS, 10))
    assert not inputs.accepts(300 * MS, "B", STOP)
    assert inputs.accepts(300 * MS, "B", START)
    assert all(clock(inputs, "B", 310 * MS, 10))
    assert not any(clock(inputs, "A", 315 * MS, 10))


def test_a_silent_source_makes_room():
    inputs = ClockInput()
    clock(inputs, "A", 0, 10)
    assert all(clock(inputs, "B", 1_000 * MS, 3))


def test_our_own_start_coming_back_is_not_a_start():
    inputs = ClockInput()
    inputs.sent(1_000 * MS, START)
    assert not inputs.accepts(1_003 * MS, "thru", START)
    assert inputs.source is None
    assert inputs.accepts(1_100 * MS, "A", START)
    inputs.sent(2_000 * MS, CONTINUE)
    assert not inputs.accepts(2_001 * MS, "thru", CONTINUE)


def run_with_echo(jitter):
    inputs = ClockInput()
    for i in range(3 * PULSES):
        inputs.sent(i * PERIOD, CLOCK)
        inputs.accepts(i * PERIOD + 4 * MS + jitter(i), "thru", CLOCK)
    return inputs


def test_our_own_clock_coming_back_is_a_loop():
    assert run_with_echo(lambda i: i % 3 * MS // 3).looped == {"thru"}


def test_a_clock_of_another_tempo_is_no_loop():
    assert run_with_echo(lambda i: i * MS // 4 % (15 * MS)).looped == set()


def test_while_our_clock_runs_another_must_show_first_that_it_is_another():
    inputs = ClockInput()
    accepted = []
    for i in range(2 * PULSES):
        inputs.sent(i * PERIOD, CLOCK)
        accepted.append(inputs.accepts(i * PERIOD * 21 // 20 + 3 * MS, "A", CLOCK))
    assert not any(accepted[: PULSES - 1])
    assert accepted[-1]


def test_a_loop_is_forgiven_when_the_clock_goes_on_without_ours():
    inputs = run_with_echo(lambda i: 0)
    end = 3 * PULSES * PERIOD
    assert all(clock(inputs, "thru", end + 100 * MS, 5))
    assert inputs.looped == set()


def test_while_we_follow_one_our_clock_may_come_back_on_another():
    inputs = ClockInput()
    assert inputs.accepts(0, "A", START)
    for i in range(3 * PULSES):
        assert inputs.accepts(i * PERIOD, "A", CLOCK, following=True)
        inputs.sent(i * PERIOD + MS, CLOCK)
        assert not inputs.accepts(i * PERIOD + 5 * MS, "thru", CLOCK, following=True)
