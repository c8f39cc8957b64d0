"""Where the clips are on the pad, and which comes next."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.panel.clips import CROWD, next_clip, pad_places, spread_out
from firmware.rhythm.model_file import ClipPlace, ModelInfo

PLACES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=200)


def test_places_are_pad_units_and_end_at_the_edge():
    clips = tuple(ClipPlace("", z) for z in ((0, 0), (-2, 1), (5, -7)))
    places = pad_places(ModelInfo(clips=clips, z_extent=2.0))
    assert places == ((0.5, 0.5), (0.0, 0.75), (1.0, 0.0))


@given(PLACES)
def test_a_crowd_is_thinned_and_a_few_are_all_kept(places):
    kept = spread_out(places)
    assert set(kept) <= set(places)
    assert len(kept) <= CROWD
    if len(places) <= CROWD:
        assert list(kept) == places


def test_what_is_kept_of_a_crowd_covers_the_pad():
    crowd = [tuple(point) for point in np.random.default_rng(0).random((2000, 2))]
    kept = np.array(spread_out(crowd))
    assert len(kept) >= 20
    for corner in ((0, 0), (0, 1), (1, 0), (1, 1)):
        assert np.abs(kept - corner).max(axis=1).min() < 0.25


@pytest.mark.parametrize(
    ("head", "steps", "goes"),
    [((0, 0), 1, 1), ((0, 0), -1, 2), ((1, 1), 2, 1), ((0.4, 0.6), 5, 1), ((0.001, 0), 1, 1)],
)
def test_the_next_clip(head, steps, goes):
    assert next_clip([(0, 0), (0.5, 0.5), (1, 1)], head, steps) == goes
    assert next_clip([], head, steps) is None
