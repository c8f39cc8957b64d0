"""Notes in musical time cut into loops: grid, microtiming, tiling, wrap-around, sets of loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.rhythm.pattern import midi_velocity
from train_host import loops as module
from train_host.loops import ClipError, DrumNote, DrumTrack, Loops, cut

KICK, SNARE = 0, 1


def track(notes, beats=4.0, ppq=480, **fields):
    """A track of (beat, drum, velocity)."""
    found = [DrumNote(round(beat * ppq), drum, velocity) for beat, drum, velocity in notes]
    return DrumTrack("clip", ppq, found, round(beats * ppq), **fields)


def kicks(*beats):
    return [(beat, KICK, 100) for beat in beats]


def ticks(loops, loop=0, drum=KICK):
    return np.flatnonzero(loops.onset[loop, drum]).tolist()


@pytest.mark.parametrize("ppq", [1, 24, 96, 100, 480, 960, 997, 32767])
def test_beats_are_24_ticks_at_any_resolution(ppq):
    loops = cut(track([(0, KICK, 127), (1, SNARE, 1), (3, SNARE, 64)], ppq=ppq))
    assert loops.onset.shape == (1, 9, 96)
    assert loops.onset.dtype == loops.velocity.dtype == loops.microtiming.dtype == np.float32
    assert ticks(loops) == [0]
    assert ticks(loops, drum=SNARE) == [24, 72]
    assert loops.onset.sum() == 3
    assert loops.velocity[0, KICK, 0] == 1
    assert loops.velocity[0, SNARE, 24] == 0
    assert midi_velocity(loops.velocity[0, SNARE, 72]) == 64
    assert not loops.microtiming.any()
    assert loops.names == ("clip",)


def test_every_midi_velocity_is_kept():
    notes = [(i / 24, i // 96, i + 1) for i in range(96)]
    notes += [(i / 24, 1, i + 97) for i in range(31)]
    loops = cut(track(notes))
    kept = [midi_velocity(v) for v in loops.velocity[0][loops.onset[0] > 0]]
    assert kept == list(range(1, 128))


def test_a_hit_goes_to_the_nearest_tick_and_keeps_its_distance():
    # 480 per quarter note: 20 positions to a tick.
    positions = [29, 31, 100, 109, 110, 111]
    notes = [DrumNote(p, drum, 90) for drum, p in enumerate(positions)]
    loops = cut(DrumTrack("clip", 480, notes, 1920))
    placed = [(int(np.argmax(loops.onset[0, d])), d) for d in range(6)]
    assert [tick for tick, _ in placed] == [1, 2, 5, 5, 6, 6]
    offsets = [float(loops.microtiming[0, d, tick]) for tick, d in placed]
    assert offsets == pytest.approx([0.45, -0.45, 0, 0.45, -0.5, -0.45])


def test_bars_are_loops_and_silent_bars_are_dropped():
    loops = cut(track([*kicks(1, 13), (14, SNARE, 50)], beats=20))
    assert loops.names == ("clip #1", "clip #4")
    assert ticks(loops, 0) == ticks(loops, 1) == [24]
    assert ticks(loops, 1, SNARE) == [48]


def test_a_hit_just_before_a_bar_line_belongs_to_the_next_bar():
    loops = cut(track(kicks(0, 4 - 0.01, 6), beats=8))
    assert ticks(loops, 0) == [0]
    assert ticks(loops, 1) == [0, 48]
    assert loops.microtiming[1, KICK, 0] == pytest.approx(-0.01 * 24, abs=0.05)


def test_a_hit_just_before_the_end_belongs_to_the_start():
    loops = cut(track([(2, SNARE, 80), (8 - 0.01, KICK, 70)], beats=8))
    assert loops.names == ("clip #1",)
    assert ticks(loops) == [0]
    assert loops.microtiming[0, KICK, 0] == pytest.approx(-0.01 * 24, abs=0.05)
    assert midi_velocity(loops.velocity[0, KICK, 0]) == 70


def test_of_two_hits_on_one_tick_the_louder_is_kept():
    for notes in ([(1, 0, 90), (1.01, 0, 91)], [(1.01, 0, 91), (1, 0, 90)]):
        loops = cut(track(notes))
        assert ticks(loops) == [24]
        assert midi_velocity(loops.velocity[0, KICK, 24]) == 91
        assert loops.microtiming[0, KICK, 24] == pytest.approx(0.01 * 24, abs=0.05)
    for notes in ([(1, 0, 90), (1.01, 0, 90)], [(1.01, 0, 90), (1, 0, 90)]):
        assert cut(track(notes)).microtiming[0, KICK, 24] == 0


@pytest.mark.parametrize(
    ("notes", "end", "expected"),
    [
        ([0, 0.75], 1, [0, 18, 24, 42, 48, 66, 72, 90]),
        ([0, 0.75], 0.8, [0, 18, 24, 42, 48, 66, 72, 90]),
        ([0, 0.75], 1.05, [0, 18, 24, 42, 48, 66, 72, 90]),
        ([0, 1.5], 2, [0, 36, 48, 84]),
        ([0, 1.5], 1.75, [0, 36, 48, 84]),
        ([0, 2.5], 2.75, [0, 60]),
        ([0, 2.5], 4, [0, 60]),
        ([0], 4, [0]),
        ([0, 1], 4.1, [0, 24]),
        ([0.5, 1], 1.1, [12, 24, 60, 72]),
        ([0, 1 - 0.005], 1, [0, 24, 48, 72]),
    ],
)
def test_clips_shorter_than_a_bar_are_tiled(notes, end, expected):
    assert ticks(cut(track(kicks(*notes), beats=end))) == expected


def test_a_downbeat_played_late_opens_a_new_bar():
    loops = cut(track(kicks(0, 4.01), beats=4.1))
    assert loops.names == ("clip #1", "clip #2")
    assert ticks(loops, 1) == [0]


def test_a_bar_fills_a_loop_of_two_bars():
    assert ticks(cut(track(kicks(0, 3)), 12)) == [0, 36, 48, 84]
    three = cut(track(kicks(0, 5, 10), beats=12), 12)
    assert ticks(three, 0) == [0, 60]
    assert ticks(three, 1) == [24, 48]


def test_three_four_fits_at_32_ticks_a_beat():
    waltz = track(kicks(0, 4), beats=5.5, metre=(3, 4))
    loops = cut(waltz, 32)
    assert [ticks(loops, i) for i in range(2)] == [[0], [32]]
    unsigned = cut(track(kicks(0, 2), beats=3), 32)
    assert len(unsigned) == 1
    assert ticks(unsigned) == [0, 64]
    eighths = track(kicks(0, 0.5), beats=1.5, metre=(6, 8))
    assert ticks(cut(eighths, 32)) == [0, 16, 48, 64]


def test_odd_metres_are_cut_from_the_start():
    loops = cut(track(kicks(0, 3.5), beats=7, metre=(7, 8), ppq=25))
    assert [ticks(loops, i) for i in range(2)] == [[0, 84], [72]]
    # A bar of 87.5 positions: the clip comes round at tick 84.
    one = cut(track(kicks(0, 3), beats=3.5, metre=(7, 8), ppq=25))
    assert ticks(one) == [0, 72, 84]
    assert not one.microtiming.any()


def test_tempo_and_unmapped_notes_are_kept():
    loops = cut(track(kicks(0, 4), beats=8, tempo=93.5, unmapped=(22,)))
    assert loops.tempos == (93.5, 93.5)
    assert loops.tempo == 93.5
    assert loops.unmapped == (22,)


def test_errors():
    with pytest.raises(ClipError, match="no drum notes"):
        cut(DrumTrack("clip", 480, [], 1920))
    with pytest.raises(ClipError, match="4097 loops long"):
        cut(track(kicks(4096 * 4)))
    assert len(cut(track(kicks(4095 * 4)))) == 1
    for ticks_per_beat in (0, 97):
        with pytest.raises(ValueError, match="ticks_per_beat"):
            cut(track(kicks(0)), ticks_per_beat)
    part = np.zeros((2, 9, 96), np.float32)
    with pytest.raises(ValueError, match="shape"):
        Loops(part, part, part, ("one",))
    with pytest.raises(ValueError, match="tempos"):
        Loops(part, part, part, ("one", "two"), (100.0,))


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 8), st.integers(1, 127)), min_size=1),
    st.integers(1, 2000),
    st.integers(0, 2000),
    st.sampled_from([(4, 4), (3, 4), (6, 8), (7, 8), (5, 4), (12, 8)]),
    st.sampled_from([12, 24, 32, 36, 96]),
)
def test_every_hit_is_found_at_its_place(notes, ppq, tail, metre, ticks_per_beat):
    found = [DrumNote(*note) for note in notes]
    end = max(note.position for note in found) + tail
    clip = DrumTrack("clip", ppq, found, end, metre=metre)
    length = clip.length(ticks_per_beat)
    assert length > max(note.position for note in found)
    try:
        loops = cut(clip, ticks_per_beat)
    except ClipError:
        assert length * ticks_per_beat > module.MAX_LOOPS * 96 * ppq
        return
    assert loops.onset.any(axis=(1, 2)).all()
    assert set(np.unique(loops.onset)) <= {0, 1}
    assert not loops.velocity[loops.onset == 0].any()
    assert not loops.microtiming[loops.onset == 0].any()
    assert loops.microtiming.min() >= -0.5
    assert loops.microtiming.max() <= 0.5
    numbers = [int(name.split("#")[1]) - 1 if "#" in name else 0 for name in loops.names]
    for note in found:
        tick = (2 * note.position * ticks_per_beat + ppq) // (2 * ppq)
        window, place = divmod(tick, 96)
        if window * 96 * ppq < length * ticks_per_beat:
            row = numbers.index(window)
        else:
            row, place = numbers.index(0), 0
        assert loops.onset[row, note.drum, place] == 1
        assert midi_velocity(loops.velocity[row, note.drum, place]) >= note.velocity


def some(count):
    return cut(track(kicks(*(4 * i for i in range(count))), beats=4 * count, tempo=90.0))


def test_loops_are_merged_selected_and_shown_as_patterns():
    other = cut(track([(1, SNARE, 64)], tempo=150.0, unmapped=(90, 22)))
    both = Loops.merge([some(3), other])
    assert both.names == ("clip #1", "clip #2", "clip #3", "clip")
    assert both.tempos == (90.0, 90.0, 90.0, 150.0)
    assert both.tempo == 90.0
    assert both.unmapped == (22, 90)
    assert both.select([3]).names == ("clip",)
    assert both.select([3]).tempo == 150.0
    assert both.pattern(3).sounding(0.5)[SNARE, 24]
    nothing = Loops.merge([])
    assert len(nothing) == 0
    assert nothing.onset.shape == (0, 9, 96)
    assert nothing.tempo == 120.0
