from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from firmware.panel.drum_maps import DRUM_COLOURS
from firmware.panel.note_page import FLASH_TICKS, GHOST, LEAN, ROW, TALLEST, TOP, NotePage
from firmware.panel.rgb565 import pack, unpack
from firmware.panel.status import Status
from firmware.panel.visualizer import SIZE
from firmware.rhythm.drums import DRUM_COUNT, DRUMS
from firmware.rhythm.pattern import TICKS, Pattern

SNARE = 1
BRIGHT = [int(pack(colour)) for colour in DRUM_COLOURS]
WHITE = 0xFFFF
AT = 30
"""A tick that is on no beat."""


def pattern(
    *hits: tuple[int, int], onset: float = 0.9, velocity: float = 1.0, microtiming: float = 0.0
) -> Pattern:
    """Hits as (drum, tick)."""
    parts = np.zeros((3, DRUM_COUNT, TICKS), np.float32)
    for drum, tick in hits:
        parts[:, drum, tick] = onset, velocity, microtiming
    return Pattern(*parts)


def drawn(shown: Pattern | None, **values: object) -> np.ndarray:
    page = NotePage()
    page.draw(Status(pattern=shown, **values))  # type: ignore[arg-type]
    return page.canvas


def ink(canvas: np.ndarray, drum: int = SNARE) -> np.ndarray:
    """Rows and columns of the drum's own bright colour."""
    return np.argwhere(canvas == BRIGHT[drum])


def height(velocity: float, **values: object) -> int:
    rows = ink(drawn(pattern((SNARE, AT), velocity=velocity), **values))[:, 0]
    return int(rows.max() - rows.min())


def test_without_a_pattern_there_are_the_beats_alone() -> None:
    canvas = drawn(None)
    lines = np.flatnonzero(canvas.any(axis=0))
    assert lines.tolist() == [0, 24, 48, 72]
    assert np.flatnonzero(drawn(None, ticks_per_beat=32).any(axis=0)).tolist() == [0, 32, 64]


def test_a_whisker_is_as_high_as_its_velocity() -> None:
    heights = [height(velocity) for velocity in (0.0, 0.3, 0.55, 0.8, 1.0)]
    assert all(low < high for low, high in pairwise(heights))
    assert heights[-1] == TALLEST


def test_the_velocity_amount_changes_what_is_seen_as_it_does_what_is_heard() -> None:
    assert height(0.3, velocity_amount=0.0) == height(1.0, velocity_amount=0.0)
    assert height(0.3, velocity_amount=2.0) < height(0.3)


@pytest.mark.parametrize("drum", range(DRUM_COUNT))
def test_each_drum_has_its_row_and_colour(drum: int) -> None:
    rows = ink(drawn(pattern((drum, AT))), drum)[:, 0]
    assert rows.max() == TOP + drum * ROW + TALLEST
    assert rows.min() == TOP + drum * ROW


def test_rows_do_not_touch() -> None:
    canvas = drawn(pattern(*((drum, AT) for drum in range(DRUM_COUNT))))
    for drum in range(DRUM_COUNT - 1):
        assert not canvas[TOP + drum * ROW + TALLEST + 1, AT]


@pytest.mark.parametrize("microtiming", [-0.9, -0.5, -0.3, 0.0, 0.3, 0.5, 0.9])
def test_a_whisker_stands_on_the_grid_and_leans_where_it_sounds(microtiming: float) -> None:
    shown = ink(drawn(pattern((SNARE, AT), microtiming=microtiming)))
    foot, top = (
        shown[shown[:, 0] == row][:, 1].min() for row in (shown[:, 0].max(), shown[:, 0].min())
    )
    assert foot == AT
    assert top - foot == round(LEAN * microtiming)
    assert np.sign(top - foot) == np.sign(microtiming)


def test_the_microtiming_amount_changes_the_lean() -> None:
    late = pattern((SNARE, AT), microtiming=0.5)
    upright = pattern((SNARE, AT))
    assert (drawn(late, microtiming_amount=0.0) == drawn(upright)).all()
    twice = ink(drawn(late, microtiming_amount=2.0))[:, 1].max()
    assert twice == AT + 1 + LEAN


@pytest.mark.parametrize(("tick", "microtiming"), [(0, -0.9), (95, 0.9), (0, -2.0), (95, 2.0)])
def test_a_lean_ends_at_the_edges(tick: int, microtiming: float) -> None:
    canvas = drawn(pattern((SNARE, tick), microtiming=microtiming), microtiming_amount=2.0)
    columns = ink(canvas)[:, 1]
    assert abs(columns - tick).max() < SIZE / 4, "it does not come in on the other side"


def test_a_muted_drum_is_dim_and_never_flashes() -> None:
    shown = pattern((SNARE, AT), (0, AT))
    canvas = drawn(shown, muted=frozenset({"snare"}))
    assert not len(ink(canvas))
    assert len(ink(canvas, 0))
    dim = unpack(canvas.copy())[TOP + ROW + TALLEST, AT].astype(int)
    assert 0 < dim.sum() < 0.4 * sum(DRUM_COLOURS[SNARE])
    playing = drawn(shown, muted=frozenset({"snare"}), playing=True, tick=AT)
    assert not (playing[TOP + ROW : TOP + 2 * ROW, :AT] == WHITE).any()
    assert (playing[TOP + ROW : TOP + 2 * ROW] != WHITE).all()


def test_what_does_not_sound_leaves_a_foot_if_it_is_likely_at_all() -> None:
    limits = tuple(0.3 if drum.key != "snare" else 0.6 for drum in DRUMS)
    canvas = drawn(pattern((SNARE, AT), (0, AT), onset=0.5), thresholds=limits)
    assert not len(ink(canvas))
    assert len(ink(canvas, 0)), "the kick's own threshold is lower"
    row = slice(TOP + ROW, TOP + 2 * ROW)
    assert np.argwhere(canvas[row, AT - 2 : AT + 3]).tolist() == [[TALLEST, 2]]
    assert not drawn(pattern((SNARE, AT), onset=GHOST))[row, AT].any()


def test_exactly_what_sounds_has_a_whisker() -> None:
    parts = np.random.default_rng(8).uniform(0, 1, (3, DRUM_COUNT, TICKS)).astype(np.float32)
    parts[2] = 0
    parts[1] = 1
    shown = Pattern(*parts)
    limits = np.linspace(0.1, 0.9, DRUM_COUNT).astype(np.float32)
    canvas = drawn(shown, thresholds=tuple(limits.tolist()))
    sounding = shown.sounding(limits)
    for drum in range(DRUM_COUNT):
        top = canvas[TOP + drum * ROW] == BRIGHT[drum]
        wide = sounding[drum] | np.roll(sounding[drum], 1) & (np.arange(TICKS) > 0)
        assert (top == wide).all()


def test_the_cursor_runs_through_and_a_hit_flashes_as_it_sounds() -> None:
    page, shown = NotePage(), pattern((SNARE, AT))
    flashes = []
    for tick in range(AT - 3, AT + 9):
        page.draw(Status(pattern=shown, playing=True, tick=tick))
        assert page.canvas[0, tick], "the cursor"
        assert not page.canvas[0, tick - 1], "no trace of it"
        flashes.append(bool((page.canvas[TOP + ROW :] == WHITE).any()))
    assert flashes == [False] * 3 + [True] * FLASH_TICKS + [False] * (9 - FLASH_TICKS)


def test_a_flash_goes_on_over_the_loops_end() -> None:
    canvas = drawn(pattern((SNARE, 95)), playing=True, tick=1)
    assert (canvas == WHITE).any()


def test_at_rest_there_is_no_cursor() -> None:
    assert not drawn(pattern((SNARE, AT)), tick=50)[0, 50]


def test_another_pattern_leaves_nothing_of_the_last() -> None:
    page = NotePage()
    page.draw(Status(pattern=pattern((SNARE, AT))))
    page.draw(Status(pattern=pattern((0, 60))))
    assert (page.canvas == drawn(pattern((0, 60)))).all()
