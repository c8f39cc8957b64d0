from hypothesis import given
from hypothesis import strategies as st

from firmware.engine.sequencer import GATE_NS, MARGIN_NS, DrumVoice, Sequencer
from firmware.rhythm.pattern import Hit

TICK_NS = 20_000_000


def play_all(ticks: list[list[Hit]], tick_ns: int = TICK_NS, voices=None) -> list:
    sequencer = Sequencer(voices) if voices else Sequencer()
    messages = []
    for n, hits in enumerate(ticks):
        messages += sequencer.play(hits, n * tick_ns, tick_ns)
    return messages + sequencer.finish()


def wire_order(messages: list) -> list:
    """As a port sends them: by time, and in the order given where times are equal."""
    return sorted(messages, key=lambda message: message.time_ns)


def test_a_hit_becomes_a_note_on_and_its_note_off():
    on, off = wire_order(play_all([[], [Hit(0, 100, 0.25)]]))
    assert on == (TICK_NS * 5 // 4, bytes([0x99, 36, 100]))
    assert off == (TICK_NS * 5 // 4 + GATE_NS, bytes([0x89, 36, 64]))


def test_an_early_hit_sounds_before_its_tick_but_not_before_the_start():
    on = wire_order(play_all([[], [Hit(0, 100, -0.5)]]))[0]
    assert on.time_ns == TICK_NS // 2
    on = wire_order(play_all([[Hit(0, 100, -0.5)]]))[0]
    assert on.time_ns == 0


def test_a_note_ends_before_it_is_struck_again():
    messages = wire_order(play_all([[Hit(0, 100, 0)], [Hit(0, 90, 0)]]))
    assert [(m.time_ns, m.data[0] >> 4) for m in messages] == [
        (0, 9),
        (TICK_NS - MARGIN_NS, 8),
        (TICK_NS, 9),
        (TICK_NS + GATE_NS, 8),
    ]


def test_an_early_hit_may_overtake_a_late_one_of_the_tick_before():
    messages = wire_order(play_all([[Hit(0, 100, 0.9)], [Hit(0, 90, -0.9)]]))
    assert [m.data[0] >> 4 for m in messages] == [9, 8, 9, 8]
    assert messages[0].data[2] == 90
    assert messages[1].time_ns < messages[2].time_ns


def test_two_drums_on_one_note_at_one_time_are_one_hit():
    voices = [DrumVoice(9, 36)] * 9
    messages = play_all([[Hit(0, 100, 0), Hit(1, 50, 0)]], voices=voices)
    assert [m.data[0] >> 4 for m in messages] == [9, 8]


hits = st.lists(
    st.builds(Hit, st.integers(0, 8), st.integers(1, 127), st.floats(-1.998, 1.998)), max_size=9
)


@given(
    st.lists(hits, max_size=30), st.sampled_from([8_333_333, TICK_NS, 125_000_000]), st.booleans()
)
def test_every_note_on_has_its_note_off_whatever_is_played(ticks, tick_ns, one_note):
    voices = [DrumVoice(9, 36)] * 9 if one_note else None
    messages = wire_order(play_all(ticks, tick_ns, voices))
    sounding = set()
    for message in messages:
        note = message.data[1]
        if message.data[0] >> 4 == 9:
            assert note not in sounding, "struck while it sounds"
            sounding.add(note)
        else:
            assert note in sounding, "ended without having begun"
            sounding.remove(note)
    assert not sounding


@given(st.lists(hits, max_size=30))
def test_nothing_is_handed_over_after_its_time(ticks):
    sequencer = Sequencer()
    for n, tick in enumerate(ticks):
        for message in sequencer.play(tick, n * TICK_NS, TICK_NS):
            assert message.time_ns >= (n - 1) * TICK_NS
