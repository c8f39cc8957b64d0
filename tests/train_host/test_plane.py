"""What is done to a map once it is learnt, and what it may not cost."""

import numpy as np
import pytest

from train_host import plane
from train_host.network import DecoderWeights
from train_host.plane import fit_plane, loud_last
from train_host.quality import f1


def constant_decoder(logits):
    """A decoder that answers every z with these onset logits."""
    head = (np.zeros((2, 3)), np.array(logits))
    return DecoderWeights((np.zeros((2, 2)), np.zeros(2)), (head, head, head))


LOUD_AND_SOFT = np.array([[1, 1, 1, 0.9, 0.3, 0.6, 0, 0, 0]])
NOWHERE = np.zeros((1, 2))
DEFAULT = np.log(0.3 / 0.7)


def test_loud_cells_gain_what_soft_ones_lose():
    decoder = constant_decoder([8.0, 8.0, 8.0])
    changed = loud_last(decoder, LOUD_AND_SOFT, NOWHERE)
    assert changed.heads[0][1] == pytest.approx([8 + 4.5, 8 - 4.5, 8])
    assert changed.heads[1:] == decoder.heads[1:]


def test_grading_stops_where_it_would_cost_an_onset():
    # All may be shifted by up to 4: a soft hit at -1 bears 4.5 below that at threshold 0.3 only
    # as long as no silent cell comes up with it.
    loops = np.array([[1, 1, 0, 0.9, 0.3, 0, 0, 0, 0], [1, 1, 1, 0.9, 0.3, 0.6, 0, 0, 0]])
    weights = np.array([[0.0, 0.0, 8.0], [0.0, 0.0, 0.0]])
    head = (weights, np.array([5.0, 0.0, -4.0]))
    decoder = DecoderWeights((np.eye(2), np.zeros(2)), (head, head, head))
    z = np.array([[0.0, 0.0], [1.0, 0.0]])
    changed = loud_last(decoder, loops, z)
    onset = changed.decode(z)[0] > 0.3
    assert (onset == (loops[:, :3] > 0)).all()
    assert changed.heads[0][1][0] - changed.heads[0][1][1] > 5


def test_logits_are_shifted_to_the_threshold_that_the_box_starts_with():
    # Decided rightly at 0.5 (logit 0), not at 0.3: the silent cell stands between the two.
    loops = np.array([[1, 0, 1, 0.5, 0, 0.5, 0, 0, 0], [1, 1, 0, 0.5, 0.5, 0, 0, 0, 0]])
    weights = np.array([[0.0, -1.2, 1.2], [0.0, 1.2, -1.2]])
    head = (weights, np.array([2.0, 0.0, 0.0]))
    decoder = DecoderWeights((np.eye(2), np.zeros(2)), (head, head, head))
    z = np.array([[0.5, 0.0], [0.0, 0.5]])
    wanted = loops[:, :3] > 0
    assert not ((decoder.decode(z)[0] > 0.3) == wanted).all()
    changed = loud_last(decoder, loops, z)
    assert ((changed.decode(z)[0] > 0.3) == wanted).all()


def test_no_shift_where_none_is_needed():
    logits = np.array([[5.0, -5.0]])
    assert plane._best_shift(logits, np.array([[True, False]])) == (pytest.approx(0.0), 1.0)


def test_the_best_shift_is_that_of_trying_all():
    rng = np.random.default_rng(3)
    for _ in range(20):
        wanted = rng.random((6, 40)) < 0.3
        logits = 2 * wanted - 2 + rng.standard_normal(wanted.shape)
        shift, score = plane._best_shift(logits, wanted)
        tried = [f1(logits + one > DEFAULT, wanted) for one in plane.SHIFTS]
        assert score == pytest.approx(max(tried))
        assert f1(logits + shift > DEFAULT, wanted) == pytest.approx(score)


def test_moving_the_plane_moves_nothing_on_it(three_loops):
    rng = np.random.default_rng(0)
    decoder = DecoderWeights(
        (rng.standard_normal((2, 8)), rng.standard_normal(8)),
        ((rng.standard_normal((8, 4)), rng.standard_normal(4)),) * 3,
    )
    z = np.array([[-4.0, 0.5], [6.0, 1.5], [0.0, 1.0]])
    moved, places = fit_plane(decoder, z)
    for before, after in zip(decoder.decode(z), moved.decode(places), strict=True):
        assert after == pytest.approx(before)
    assert places[:, 0].tolist() == pytest.approx([-2.7, 2.7, -2.7 + 4 * 5.4 / 10])
    # One beat apart on an axis of six would be a stretch of five: two is the most.
    assert places[:, 1].tolist() == pytest.approx([-1.0, 1.0, 0.0])
