"""Clips cut at their own bar lines, and the account of every note."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train_host.clip_fit import MAX_METRES, Grid, fit_clip
from train_host.loops import ClipError, DrumNote, DrumTrack, MetreChange

KICK, SNARE = 0, 1
PPQ = 480


def track(*beats, end, metres=(), drum=KICK, **fields):
    """Hits at these quarter notes, and time signatures (quarter note, numerator, denominator)."""
    notes = [DrumNote(round(beat * PPQ), drum, 100) for beat in beats]
    changes = tuple(MetreChange(round(at * PPQ), (n, d)) for at, n, d in metres)
    metre = changes[0].metre if changes else (4, 4)
    return DrumTrack("clip", PPQ, notes, round(end * PPQ), metre=metre, metres=changes, **fields)


def ticks(loops, loop=0, drum=KICK):
    return np.flatnonzero(loops.onset[loop, drum]).tolist()


def test_a_bar_shorter_than_the_loop_is_filled_from_the_next():
    loops, fate = fit_clip(track(0, 3.5, 4, 7, end=10.5, metres=[(0, 7, 8)]))
    assert loops.names == ("clip #1", "clip #2", "clip #3")
    # The clip goes round after 10.5: its first eighth fills the third loop.
    assert [ticks(loops, i) for i in range(3)] == [[0, 84], [0, 12, 84], [0, 84]]
    assert (fate.taken, fate.bars, fate.left_out) == (4, 3, {})
    assert fate.fits == ("7/8, a bar of 84 ticks a loop and 12 of the next",)


def test_what_a_loop_shares_with_the_next_does_not_make_it_sound():
    loops, _ = fit_clip(track(0, 7, 11.5, end=14, metres=[(0, 7, 8)]))
    assert loops.names == ("clip #1", "clip #3", "clip #4")


def test_of_a_bar_longer_than_the_loop_the_first_part_is_taken():
    loops, fate = fit_clip(track(0, 4, 5, 9.5, end=10, metres=[(0, 5, 4)]))
    assert [ticks(loops, i) for i in range(2)] == [[0], [0]]
    assert fate.left_out == {"after the part of a bar that a loop holds": 2}
    assert fate.notes == 4


@pytest.mark.parametrize("metre", [(3, 4), (6, 8), (7, 8), (12, 8), (5, 4), (4, 4)])
def test_a_loop_of_one_bar_in_any_metre(metre):
    bar = Fraction(4 * metre[0], metre[1])
    eighths = [bar * i / 16 for i in range(16)]
    clip = track(*eighths, bar, end=2 * bar, metres=[(0, *metre)], tempo=120.0)
    loops, fate = fit_clip(clip, Grid(24, 1))
    assert ticks(loops, 0) == [6 * i for i in range(16)]
    assert ticks(loops, 1) == [0]
    assert np.abs(loops.microtiming).max() < 0.05
    assert fate.fits == (f"{metre[0]}/{metre[1]}, a bar a loop",)
    # 96 ticks at 24 a quarter note and this tempo last as long as the bar does at 120.
    assert 4 / loops.tempos[0] == pytest.approx(float(bar) / 120, rel=1e-4)


def test_a_seven_eight_bar_keeps_its_places_between_ticks():
    loops, _ = fit_clip(track(*[i / 2 for i in range(7)], end=3.5, metres=[(0, 7, 8)]), Grid(27, 1))
    at = np.flatnonzero(loops.onset[0, KICK])
    times = at + loops.microtiming[0, KICK, at]
    assert times == pytest.approx([96 / 7 * i for i in range(7)], abs=1e-5)


def test_bars_are_counted_anew_where_the_metre_changes():
    changes = [(0, 4, 4), (8, 3, 4), (14, 4, 4)]
    clip = track(0, 4, 8, 11, 14, 14.5, end=18, metres=changes)
    loops, fate = fit_clip(clip)
    assert loops.names == tuple(f"clip #{i}" for i in (1, 2, 3, 4, 5))
    assert ticks(loops, 2) == [0, 72]
    assert ticks(loops, 4) == [0, 12]
    assert fate.taken == 6
    assert len(fate.fits) == 2
    # Just before a change is the downbeat after it.
    loops, _ = fit_clip(track(0, 8 - 0.01, end=11, metres=[(0, 4, 4), (8, 3, 4)]), Grid(24, 1))
    assert ticks(loops, 0) == ticks(loops, 1) == [0]
    assert loops.microtiming[1, KICK, 0] < 0


def test_a_signature_that_says_the_same_again_is_no_change():
    once = fit_clip(track(0, 5, end=8, metres=[(0, 4, 4)]))
    again = fit_clip(track(0, 5, end=8, metres=[(0, 4, 4), (1, 4, 4), (6, 4, 4)]))
    assert np.array_equal(once.loops.onset, again.loops.onset)
    assert once.fate == again.fate


def test_a_signature_a_little_late_holds_from_the_start():
    loops, fate = fit_clip(track(0, 1, 3, end=6, metres=[(0.01, 3, 4)]), Grid(32))
    assert [ticks(loops, i) for i in range(2)] == [[0, 32], [0]]
    assert fate.fits == ("3/4, a bar a loop",)
    loops, fate = fit_clip(track(0, 4, 7, end=10, metres=[(4, 3, 4)]), Grid(24, 1))
    assert [ticks(loops, i) for i in range(3)] == [[0], [0], [0]]
    assert len(fate.fits) == 2


def test_a_pick_up_is_left_out():
    by_metre = track(0, 0.5, 1, 2, 5, end=9, metres=[(0, 1, 4), (1, 4, 4)])
    in_a_bar = track(3, 3.5, 4, 5, 8, end=12)
    for clip in (by_metre, in_a_bar):
        loops, fate = fit_clip(clip)
        assert len(loops) == 2
        assert ticks(loops) == [0, 24]
        assert fate.left_out == {"in the pick-up": 2}
        assert fate.taken == 3
    # A hit just before the bar line is the downbeat, and a clip of one bar is no pick-up.
    loops, fate = fit_clip(track(4 - 0.01, 5, 8, end=12))
    assert ticks(loops) == [0, 24]
    assert not fate.left_out
    assert ticks(fit_clip(track(3, end=4)).loops) == [72]
    assert len(fit_clip(track(3, 12, end=16)).loops) == 2


def test_what_has_nothing_after_it_is_no_pick_up():
    assert ticks(fit_clip(track(0, 1, end=1, metres=[(0, 2, 4), (2, 4, 4)])).loops)[:2] == [0, 24]


def test_two_bar_loops_begin_at_the_first_bar_that_sounds():
    loops, _ = fit_clip(track(4, 8, 9, 12, 16, end=20), Grid(12))
    assert [ticks(loops, i) for i in range(2)] == [[0, 48, 60], [0, 48]]
    # A clip of whole loops is taken as it stands.
    loops, _ = fit_clip(track(4, 8, 12, end=16), Grid(12))
    assert [ticks(loops, i) for i in range(2)] == [[48], [0, 48]]


def test_bars_of_silence_before_the_music_cost_nothing():
    loops, fate = fit_clip(track(400, 404.5, end=408, metres=[(0, 4, 4)]))
    assert [ticks(loops, i) for i in range(2)] == [[0], [12]]
    assert fate.bars == 2


def test_softer_hits_on_one_tick_and_triplets_are_counted():
    clip = track(0, 0.01, 1 / 3, 2 / 3, 1, 1.25, 2 + 1 / 3, end=4, metres=[(0, 4, 4)])
    loops, fate = fit_clip(clip)
    assert ticks(loops) == [0, 8, 16, 24, 30, 56]
    assert fate.left_out == {"softer on the same tick": 1}
    assert fate.triplets == 3
    assert fate.triplets_on_grid
    loops, fate = fit_clip(clip, Grid(16))
    assert not fate.triplets_on_grid
    at = np.flatnonzero(loops.onset[0, KICK])
    times = (at + loops.microtiming[0, KICK, at]) / 16
    assert times[1:3] == pytest.approx([1 / 3, 2 / 3], abs=1e-4)


def test_without_a_time_signature_loops_run_on_from_the_start():
    loops, fate = fit_clip(track(0, 3, 6, end=9), Grid(32))
    assert [ticks(loops, i) for i in range(3)] == [[0], [0], [0]]
    assert fate.fits == ("no time signature, 3 quarter notes a loop from the start",)


def test_what_cannot_be_cut_is_refused():
    many = [(i, 3 + i % 2, 4) for i in range(MAX_METRES + 1)]
    for clip, grid, reason in (
        (track(0, end=4, metres=many), Grid(), "metre changes more than 256 times"),
        (track(0, end=4, metres=[(0, 200, 1)]), Grid(1, 1), "has less than a tick"),
        (track(0, 4096 * 4, end=4097 * 4), Grid(), "loops long"),
        (track(4.5, end=5, metres=[(0, 5, 4)]), Grid(), "lie after the part of a bar"),
        (track(end=5), Grid(), "notes are missing"),
    ):
        with pytest.raises(ClipError, match=reason):
            fit_clip(clip, grid)


def test_a_single_note_just_before_the_second_bar_line_opens_that_bar():
    loops, fate = fit_clip(track(2.96, end=2.96, metres=[(0, 3, 4)]), Grid(12))
    assert ticks(loops) == [0, 36, 72]  # the bar goes round in its loop
    assert loops.microtiming[0, KICK, 0] == pytest.approx(-0.48, abs=0.03)
    assert (fate.notes, fate.taken, fate.left_out) == (1, 1, {})


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 8), st.integers(1, 127)), min_size=1),
    st.lists(
        st.tuples(
            st.integers(0, 9000),
            st.sampled_from([(4, 4), (3, 4), (6, 8), (7, 8), (12, 8), (5, 4), (1, 4), (11, 16)]),
        ),
        max_size=3,
    ),
    st.integers(0, 2000),
    st.sampled_from([Grid(24), Grid(12), Grid(32), Grid(16), Grid(27), Grid(24, 1), Grid(24, 2)]),
)
def test_every_note_is_accounted_for(notes, changes, tail, grid):
    found = [DrumNote(*note) for note in notes]
    metres = tuple(MetreChange(*change) for change in sorted(changes))
    metre = metres[0].metre if metres else (4, 4)
    end = max(note.position for note in found) + tail
    clip = DrumTrack("clip", PPQ, found, end, metre=metre, metres=metres)
    try:
        loops, fate = fit_clip(clip, grid)
    except ClipError:
        assert grid.bars is None
        named = [change.metre for change in metres]
        if metres and metres[0].position >= 4 * PPQ:
            named.append((4, 4))  # what goes before the first signature
        assert any(4 * n * grid.ticks > 96 * d for n, d in named)
        return
    assert fate.notes == len(found)
    assert fate.loops == len(loops) == len(set(loops.names))
    assert loops.onset.any(axis=(1, 2)).all()
    assert np.abs(loops.microtiming).max() <= 0.5
    assert not loops.velocity[loops.onset == 0].any()
