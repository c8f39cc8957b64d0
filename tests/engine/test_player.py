"""Whatever a player does, in whatever order: no note sticks and nothing is late."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.engine.controls import MUTES, Adjust, Continue, Cycle, Mute, Nudge, Play, Set, Stop
from firmware.engine.orders import UseModel
from firmware.engine.parameters import PARAMETERS
from firmware.engine.snapshots import KEPT, Recall, Snapshot
from tests.engine.box import ON, Box, assert_ended
from tests.engine.fakes import FakeDecoder

MS = 1_000_000


def value_of(name: str) -> st.SearchStrategy:
    parameter = PARAMETERS[name]
    return st.floats(parameter.minimum, parameter.maximum).map(parameter.clamp)


values = st.sampled_from(list(PARAMETERS)).flatmap(
    lambda name: st.builds(Set, st.just(name), value_of(name))
)
snapshots = st.builds(
    Snapshot,
    st.fixed_dictionaries({}, optional={name: value_of(name) for name in KEPT}),
    st.frozensets(st.sampled_from(["kick", "snare", "rim"])),
)
orders = st.one_of(
    st.sampled_from([Play(), Play(), Stop(), Continue(), Nudge(3 * MS), Nudge(-3 * MS)]),
    values,
    st.builds(Adjust, st.sampled_from(list(PARAMETERS)), st.floats(-9, 9)),
    st.builds(Cycle, st.sampled_from([p.name for p in PARAMETERS.values() if p.choices])),
    st.builds(Mute, st.sampled_from(list(MUTES))),
    st.builds(Recall, snapshots, st.sampled_from([0, 1, 4, 16])),
    st.builds(UseModel, st.builds(FakeDecoder, st.sampled_from([8, 12, 24, 32]))),
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 300 * MS), orders), max_size=60), st.sampled_from([-0.9, 0.9])
)
def test_whatever_a_player_does_no_note_sticks(moves, microtiming):
    box = Box(FakeDecoder(microtiming=microtiming), follows_panel=True)
    out, handed_ns = box.out, 0

    def send(messages):
        nonlocal handed_ns
        ons = [m.time_ns for m in messages if m.data[0] & 0xF0 == ON]
        assert all(time_ns >= handed_ns for time_ns in ons), "a note in a window that is past"
        out.messages += messages
        if ons:
            handed_ns = max(handed_ns, box.engine._last_tick_ns)

    def flush():
        nonlocal handed_ns
        handed_ns, out.messages = 0, []

    out.send, out.flush = send, flush
    for wait_ns, order in moves:
        box.run(wait_ns).do(order)
        state = box.engine.state
        for name, parameter in PARAMETERS.items():
            assert parameter.minimum <= state.controls[name] <= parameter.maximum
        assert all(-1e-9 <= part <= 1 + 1e-9 for part in state.head)
        assert 0 <= state.tick_at(box.now_ns) < 96
        assert state.pattern is not None
    assert_ended([*out.messages, *box.engine.routes[0].finish()])
