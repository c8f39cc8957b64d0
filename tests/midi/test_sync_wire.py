"""DIN sync's two lines, in simulated time."""

from itertools import cycle, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.midi.message import CLOCK, CONTINUE, START, STOP, TimedMessage, note_on
from firmware.midi.sync_wire import LONGEST_NS, SETTLE_NS, Edge, Line, SyncWire

MS = 1_000_000
LEAST_NS = 9 * MS
"""From RUN to the first pulse, for every machine that was measured (E-RM 2014)."""


def edges_of(*messages, late=lambda: 0):
    """The edges, each played when it is due, or ``late()`` ns later."""
    wire, edges, now_ns = SyncWire(), [], 0
    waiting = [TimedMessage(time_ns, data) for time_ns, data in messages]
    while waiting or wire.next_ns() is not None:
        while waiting and (wire.next_ns() is None or waiting[0].time_ns <= wire.next_ns()):
            wire.put([waiting.pop(0)])
        if (due_ns := wire.next_ns()) is not None:
            now_ns = max(due_ns + late(), now_ns)
            while waiting and waiting[0].time_ns <= now_ns:
                wire.put([waiting.pop(0)])
            if (edge := wire.take(now_ns)) is not None:
                edges.append(edge._replace(time_ns=now_ns))
    return edges


def rises(edges, line=Line.CLOCK):
    return [edge.time_ns for edge in edges if edge.line is line and edge.up]


def clock(first_ns, period_ns, count):
    return [(first_ns + n * period_ns, CLOCK) for n in range(count)]


def test_run_comes_first_and_only_the_first_pulse_is_late():
    edges = edges_of((0, START), *clock(5 * MS, 20 * MS, 4))
    assert edges[0] == Edge(0, Line.RUN, True)
    assert rises(edges) == [SETTLE_NS, 25 * MS, 45 * MS, 65 * MS]
    assert SETTLE_NS > LEAST_NS


def test_a_pulse_is_high_for_half_its_period_and_not_for_long():
    edges = edges_of((0, START), *clock(5 * MS, 20 * MS, 2), *clock(45 * MS, 5 * MS, 9))
    highs = [
        down.time_ns - up.time_ns for up, down in pairwise(edges) if up.line is Line.CLOCK and up.up
    ]
    assert highs[:2] == [LONGEST_NS, LONGEST_NS]
    assert highs[-1] == 2.5 * MS


def test_a_stop_leaves_run_up_and_a_continue_goes_on():
    edges = edges_of(
        (0, START), *clock(20 * MS, 20 * MS, 3), (70 * MS, STOP), *clock(80 * MS, 20 * MS, 5),
        (200 * MS, CONTINUE), *clock(205 * MS, 20 * MS, 2),
    )  # fmt: skip
    assert [edge for edge in edges if edge.line is Line.RUN] == [Edge(0, Line.RUN, True)]
    assert rises(edges) == [time * MS for time in (20, 40, 60, 205, 225)]


def test_a_start_after_a_stop_drops_run_for_long_enough():
    edges = edges_of(
        (0, START), (20 * MS, CLOCK), (30 * MS, STOP), (100 * MS, START),
        *clock(105 * MS, 20 * MS, 5),
    )  # fmt: skip
    runs = [(edge.time_ns, edge.up) for edge in edges if edge.line is Line.RUN]
    assert runs == [(0, True), (100 * MS, False), (100 * MS + SETTLE_NS, True)]
    assert rises(edges)[1:] == [time * MS for time in (120, 127.5, 145, 165, 185)]


def test_a_machine_can_only_begin_at_its_top():
    edges = edges_of((0, CONTINUE), (20 * MS, CLOCK))
    assert edges[0] == Edge(0, Line.RUN, True)


def test_pulses_of_a_stopped_box_go_out_before_the_first_start():
    edges = edges_of((0, STOP), *clock(0, 20 * MS, 3), (50 * MS, START), (55 * MS, CLOCK))
    assert rises(edges) == [0, 20 * MS, 40 * MS, 60 * MS]


def test_a_pulse_that_has_begun_ends():
    edges = edges_of((0, START), *clock(20 * MS, 20 * MS, 2), (41 * MS, STOP))
    assert edges[-1] == Edge(45 * MS, Line.CLOCK, False)


def test_notes_are_nothing_to_it():
    assert edges_of((0, note_on(9, 36, 100)), (0, b"\xf2\x00\x00")) == []


def test_each_edge_is_given_once_when_it_is_due():
    wire = SyncWire()
    wire.put([TimedMessage(0, START), TimedMessage(20 * MS, CLOCK)])
    assert wire.next_ns() == 0
    assert wire.take(0) == Edge(0, Line.RUN, True)
    assert wire.take(20 * MS - 1) is None
    assert wire.next_ns() == 20 * MS
    assert wire.take(21 * MS) == Edge(20 * MS, Line.CLOCK, True)


MESSAGES = st.lists(
    st.tuples(st.integers(0, 40 * MS), st.sampled_from([CLOCK] * 6 + [START, CONTINUE, STOP])),
    max_size=60,
)


@given(MESSAGES, st.lists(st.integers(0, 8 * MS), min_size=1, max_size=20))
def test_whatever_comes_and_however_late_the_machine_sees_clean_lines(steps, lateness):
    late = cycle(lateness)
    now_ns, messages = 0, []
    for step_ns, data in steps:
        now_ns += step_ns
        messages.append((now_ns, data))
    edges = edges_of(*messages, late=lambda: next(late))
    times = [edge.time_ns for edge in edges]
    assert times == sorted(times)
    levels = {Line.CLOCK: False, Line.RUN: False}
    run_ns = None
    for time_ns, line, up in edges:
        assert levels[line] != up  # no edge twice, no pulse within a pulse
        levels[line] = up
        if line is Line.RUN:
            assert run_ns is None or time_ns - run_ns >= LEAST_NS
            run_ns = time_ns
        elif up and run_ns is not None:
            assert levels[Line.RUN]  # none in the gap
            assert time_ns - run_ns >= LEAST_NS
    assert not levels[Line.CLOCK]


@pytest.mark.parametrize("bpm", [60, 120, 174, 300])
def test_every_pulse_counts_and_none_stays_late(bpm):
    period_ns = 60 * 10**9 // (24 * bpm)
    messages = [(0, START), *clock(5 * MS, period_ns, 96)]
    sent = rises(edges_of(*messages))
    due = [time_ns for time_ns, data in messages if data == CLOCK]
    assert len(sent) == len(due)
    late = [s - d for s, d in zip(sent, due, strict=True)]
    assert late[0] == SETTLE_NS - 5 * MS
    assert set(late[4:]) == {0}
