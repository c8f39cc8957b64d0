import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.clock.swing import swing_delay


def test_at_66_percent_the_second_16th_is_a_triplet_s():
    assert swing_delay(6, 24, 200 / 3) == pytest.approx(2)
    assert swing_delay(0, 24, 200 / 3) == swing_delay(12, 24, 200 / 3) == 0
    assert swing_delay(18, 24, 200 / 3) == pytest.approx(2)


def test_at_12_ticks_a_beat_too():
    assert swing_delay(3, 12, 60) == pytest.approx(0.6)


@given(st.floats(50, 75), st.sampled_from([12, 24, 32, 9]))
def test_ticks_keep_their_order_and_the_beat_its_place(percent, per_beat):
    places = [tick + swing_delay(tick, per_beat, percent) for tick in range(per_beat * 2 + 1)]
    assert all(a < b for a, b in itertools.pairwise(places))
    assert places[0] == 0
    assert places[per_beat * 2] == pytest.approx(per_beat * 2)
