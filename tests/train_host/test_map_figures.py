"""Richness, smoothness, metre: figures of maps whose answer is known."""

import numpy as np
import pytest

from firmware.rhythm.drums import DRUM_COUNT
from train_host.map_figures import is_compound, map_figures, similarity


def figures_of(patterns):
    """Figures of heads (rows, columns, some cells); the other cells are silent."""
    patterns = np.asarray(patterns, np.float32)
    silent = np.zeros((*patterns.shape[:2], 9 * 96 - patterns.shape[2]), np.float32)
    return map_figures(np.concatenate([patterns, silent], axis=2))


def test_one_pattern_everywhere_is_worth_one():
    figures = figures_of(np.ones((4, 4, 12)))
    assert figures.distinct == 1
    assert figures.richness == pytest.approx(1)
    assert figures.largest_field == 1
    assert figures.smoothness == figures.jumps == figures.neighbour_distance == 0


def test_patterns_without_a_common_onset_are_each_worth_one():
    halves = np.zeros((4, 4, 12))
    halves[:, :2, :6] = halves[:, 2:, 6:] = 1
    figures = figures_of(halves)
    assert figures.distinct == 2
    assert figures.richness == pytest.approx(2)
    # Of 24 neighbours 4 differ, wholly; of any two heads half do.
    assert figures.smoothness == pytest.approx(1 - (4 / 24) / 0.5)
    assert figures.jumps == pytest.approx(4 / 24)
    assert figures.neighbour_distance == pytest.approx(12 * 4 / 24)
    assert figures.edge_variety == pytest.approx((2 / 12) / (4 / 24))


def test_nearly_alike_patterns_are_worth_little_more_than_one():
    rng = np.random.default_rng(1)
    patterns = np.ones((10, 10, 40))
    patterns[..., :2] = rng.random((10, 10, 2)) < 0.5
    figures = figures_of(patterns)
    assert figures.distinct == 4
    assert 1 < figures.richness < 1.1


def test_noise_is_rich_but_not_smooth_and_a_ramp_is_both():
    rng = np.random.default_rng(2)
    noise = figures_of(rng.random((30, 30, 100)))
    place = np.arange(30)[None, :, None] / 29
    ramp = figures_of(np.broadcast_to(np.abs(np.linspace(0, 1, 100) - place) < 0.1, (30, 30, 100)))
    assert abs(noise.smoothness) < 0.05
    assert ramp.smoothness > 0.7
    assert ramp.richness > 2
    assert ramp.jumps < 0.1 < noise.jumps + 0.11


def test_silence_is_counted_and_has_no_metre():
    onset = np.zeros((3, 3, 9 * 96))
    onset[0, 0, 8] = onset[0, 1, 6] = 1
    figures = figures_of(onset)
    assert figures.silence == pytest.approx(7 / 9)
    assert figures.compound == pytest.approx(1 / 2)
    assert figures_of(np.zeros((3, 3, 9 * 96))).compound == 0


def test_similarity_is_the_common_part():
    patterns = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]], bool)
    alike = similarity(patterns)
    assert alike[0, 1] == pytest.approx(1 / 3)
    assert alike[2, 3] == 1
    assert alike[0, 2] == 0


@pytest.mark.parametrize(
    ("ticks", "per_beat", "compound"),
    [
        ((0, 8, 16, 24, 32, 40), 24, True),
        ((0, 6, 12, 18, 24), 24, False),
        ((0, 12, 24, 36), 24, False),
        ((0, 4, 8), 12, True),
        ((0, 3, 6, 9), 12, False),
        ((0, 24, 48, 72), 16, True),
        ((0, 16, 32, 64), 16, False),
        ((0, 48), 32, True),
        ((0, 32, 64), 32, False),
        ((0, 8, 16), 17, False),
    ],
)
def test_metre_by_how_the_beat_is_divided(ticks, per_beat, compound):
    pattern = np.zeros((1, DRUM_COUNT, 96), bool)
    pattern[0, 2, list(ticks)] = True
    assert is_compound(pattern, per_beat).tolist() == [compound]
