from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from firmware.panel.marks import (
    HEAD,
    SMALL_HEAD,
    STRIDE,
    TARGET,
    TRAIL_PLACES,
    TRAIL_TICKS,
    Mark,
    Trail,
    cloud,
)
from firmware.panel.rgb565 import pack, unpack

SIZE = 96
MIDDLE = SIZE // 2


def black() -> np.ndarray:
    return np.zeros((SIZE, SIZE), np.uint16)


def lit(canvas: np.ndarray) -> np.ndarray:
    """Rows and columns of what is not black, (n, 2)."""
    return np.argwhere(canvas)


# Marks


def test_a_mark_is_stamped_about_its_middle() -> None:
    canvas = np.full((5, 5), 0x1234, np.uint16)
    Mark(("#o.", "o#o", ".o#")).stamp(canvas, 2, 3)
    white, under = 0xFFFF, 0x1234
    assert canvas[2:, 1:4].tolist() == [[white, 0, under], [0, white, 0], [under, 0, white]]
    assert (canvas[:2] == under).all()


@pytest.mark.parametrize("mark", [HEAD, SMALL_HEAD, TARGET])
@pytest.mark.parametrize("place", [(0, 0), (31, 0), (0, 31), (31, 31), (16, 0)])
def test_at_the_edges_a_mark_is_cut_off_not_moved(mark: Mark, place: tuple[int, int]) -> None:
    column, row = place
    canvas, wide = np.zeros((2, 64, 64), np.uint16)
    small = canvas[16:48, 16:48]
    mark.stamp(small, column, row)
    mark.stamp(wide, column + 16, row + 16)
    assert (small == wide[16:48, 16:48]).all()
    assert small.any()
    canvas[16:48, 16:48] = 0
    assert not canvas.any(), "nothing is written beyond"


@pytest.mark.parametrize("mark", [HEAD, SMALL_HEAD])
def test_what_is_under_a_head_can_be_seen_through_it(mark: Mark) -> None:
    colour = pack((255, 0, 0))
    canvas = np.full((SIZE, SIZE), colour, np.uint16)
    mark.stamp(canvas, MIDDLE, MIDDLE)
    around = canvas[MIDDLE - 5 : MIDDLE + 6, MIDDLE - 5 : MIDDLE + 6]
    assert {0xFFFF, 0, int(colour)} == set(np.unique(around).tolist())


# The cloud


def spread(deviation: float) -> float:
    canvas = black()
    cloud(canvas, MIDDLE, MIDDLE, deviation)
    return float((lit(canvas) - MIDDLE).std()) if canvas.any() else 0.0


def test_the_cloud_spreads_as_far_as_the_head_strays() -> None:
    widths = [spread(deviation) for deviation in (1, 2, 4, 8, 12)]
    assert all(narrow < wide for narrow, wide in pairwise(widths))
    assert spread(8) == pytest.approx(8, rel=0.2)
    assert spread(0) == 0.0


def test_the_cloud_does_not_flicker_and_moves_with_the_head() -> None:
    one, other = black(), black()
    cloud(one, MIDDLE, MIDDLE, 5)
    cloud(other, MIDDLE - 10, MIDDLE + 7, 5)
    assert (np.roll(other, (-7, 10), (0, 1)) == one).all()


@pytest.mark.parametrize("place", [(0, 0), (SIZE - 1, SIZE - 1), (0, MIDDLE)])
@pytest.mark.parametrize("deviation", [1.0, 32.0, 500.0])
def test_the_cloud_ends_at_the_edges(place: tuple[int, int], deviation: float) -> None:
    canvas = np.zeros((SIZE + 2, SIZE + 2), np.uint16)
    cloud(canvas[1:-1, 1:-1], *place, deviation)
    canvas[1:-1, 1:-1] = 0
    assert not canvas.any()


# The trail


def shade(canvas: np.ndarray, column: int, row: int) -> int:
    return int(unpack(canvas[row : row + 1, column : column + 1])[0, 0, 1])


def drawn(trail: Trail, column: int, row: int) -> np.ndarray:
    canvas = black()
    trail.draw(canvas, column, row)
    return canvas


def test_a_head_at_rest_has_no_trail() -> None:
    trail = Trail()
    for _ in range(50):
        assert not drawn(trail, 10, 10).any()


def test_a_trembling_head_has_no_trail() -> None:
    trail = Trail()
    for step in range(50):
        assert not drawn(trail, 10 + step % STRIDE, 10).any()


def test_the_trail_is_paler_the_longer_ago() -> None:
    trail = Trail()
    for column in range(0, 50, 10):
        canvas = drawn(trail, column, 30)
    shades = [shade(canvas, column, 30) for column in (30, 20, 10, 0)]
    assert all(late > early > 0 for late, early in pairwise(shades))
    assert shade(canvas, 40, 30) == 0, "the head itself is drawn by its own mark"


def test_the_trail_is_as_long_as_its_places() -> None:
    trail = Trail()
    for step in range(25):
        canvas = drawn(trail, 3 * step, 30)
    assert len(np.unique(lit(canvas)[:, 1])) == 2 * TRAIL_PLACES


def test_the_trail_of_a_head_that_rests_goes_from_its_end_and_is_gone() -> None:
    trail = Trail()
    for column in (0, 10, 20):
        drawn(trail, column, 30)
    counts = []
    for _ in range(2 * TRAIL_TICKS + 1):
        canvas = drawn(trail, 20, 30)
        counts.append(len(lit(canvas)) // 4)
    assert counts == [2] * (TRAIL_TICKS - 1) + [1] * TRAIL_TICKS + [0] * 2
    assert not trail.fades


def test_a_trail_tells_that_it_is_still_there() -> None:
    trail = Trail()
    drawn(trail, 10, 10)
    assert not trail.fades
    drawn(trail, 20, 10)
    assert trail.fades


def test_the_trail_ends_at_the_edges() -> None:
    trail = Trail()
    for place in ((0, 0), (SIZE - 1, SIZE - 1), (0, SIZE - 1), (SIZE - 1, 0)):
        assert drawn(trail, *place).shape == (SIZE, SIZE)
