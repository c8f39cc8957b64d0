from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.engine.controls import Controls, Set
from firmware.engine.parameters import threshold_of_drum
from firmware.panel.glow import BELOW_THRESHOLD, GAMMA, Glow
from firmware.panel.status import Status
from firmware.rhythm.drums import DRUM_COUNT, DRUMS
from firmware.rhythm.latent_map import LatentMap
from firmware.rhythm.pattern import TICKS, Pattern

CELLS = 6
ALL = range(DRUM_COUNT)


def random_map(seed: int) -> LatentMap:
    shape = (TICKS, CELLS, CELLS, DRUM_COUNT)
    return LatentMap(np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8))


def status(**values: object) -> Status:
    return Status(**{"playing": True, "decay": 0.0, **values})  # type: ignore[arg-type]


def sounding(latent_map: LatentMap, thresholds: np.ndarray) -> np.ndarray:
    """Where each drum sounds by the rule of what is played, (ticks, drums, cells, cells)."""
    heard = np.empty((TICKS, DRUM_COUNT, CELLS, CELLS), bool)
    for row in range(CELLS):
        for column in range(CELLS):
            onset = latent_map.onset[:, row, column].T.astype(np.float32) / np.float32(255)
            pattern = Pattern(onset, np.zeros_like(onset), np.zeros_like(onset))
            heard[:, :, row, column] = pattern.sounding(thresholds).T
    return heard


thresholds_of_drums = st.lists(st.integers(-25, 25), min_size=9, max_size=9)


@given(st.integers(0, 1000), st.integers(1, 49), thresholds_of_drums)
def test_what_shines_bright_is_what_sounds(seed: int, common: int, own: list[int]) -> None:
    """Steps of 0.02, as an encoder gives them; 0.2, 0.4, 0.6 and 0.8 are levels of the map too."""
    controls = Controls.defaults().apply(Set("threshold", common * 0.02))
    for drum, part in zip(DRUMS, own, strict=True):
        controls = controls.apply(Set(threshold_of_drum(drum.key), part * 0.02))
    latent_map = random_map(seed)
    glow = Glow(latent_map, ALL)
    heard = sounding(latent_map, controls.thresholds)
    thresholds = tuple(controls.thresholds.tolist())
    light = 255 * (latent_map.onset.transpose(0, 3, 1, 2) / 255) ** GAMMA
    for tick in (0, 40, 95):
        glow.update(status(tick=tick, thresholds=thresholds))
        bright, loud = glow.brightness.astype(int), heard[tick]
        assert (bright[loud] == np.rint(light[tick][loud])).all()
        assert np.abs(bright - BELOW_THRESHOLD * light[tick])[~loud].max(initial=0) <= 1.01


def test_a_threshold_of_one_drum_dims_that_drum_alone() -> None:
    latent_map = random_map(3)
    plain, raised = Glow(latent_map, ALL), Glow(latent_map, ALL)
    plain.update(status())
    raised.update(status(thresholds=(0.3, 0.3, 0.9, *(0.3,) * 6)))
    differs = [(plain.brightness[n] != raised.brightness[n]).any() for n in ALL]
    assert differs == [n == 2 for n in ALL]
    assert (raised.brightness <= plain.brightness).all()


def test_each_drum_is_muted_by_its_own_name() -> None:
    latent_map = random_map(4)
    plain = Glow(latent_map, ALL)
    plain.update(status())
    for n, drum in enumerate(DRUMS):
        muted = Glow(latent_map, ALL)
        muted.update(status(muted=frozenset({drum.key})))
        darker = (muted.brightness < plain.brightness).any(axis=(1, 2))
        assert darker.tolist() == [place == n for place in ALL]
        assert muted.brightness[n].max() > 0, "it can still be seen"


def test_drums_are_drawn_in_the_order_asked_for() -> None:
    latent_map = random_map(5)
    whole, some = Glow(latent_map, ALL), Glow(latent_map, (7, 2))
    for glow in (whole, some):
        glow.update(status(tick=9))
    assert (some.brightness == whole.brightness[[7, 2]]).all()


def one_hit(tick: int = 10) -> LatentMap:
    latent_map = LatentMap(np.zeros((TICKS, CELLS, CELLS, DRUM_COUNT), np.uint8))
    latent_map.onset[tick, 0, 0, 0] = 255
    return latent_map


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.55, 0.95])
def test_a_hit_keeps_its_part_from_tick_to_tick(decay: float) -> None:
    glow = Glow(one_hit(), ALL)
    seen = []
    for tick in range(10, 14):
        glow.update(status(tick=tick, decay=decay))
        seen.append(int(glow.brightness[0, 0, 0]))
    assert seen == pytest.approx([255 * decay**n for n in range(4)], abs=4)
    assert (seen[1] == 0) == (decay == 0)


def test_the_decay_can_be_turned_while_it_plays() -> None:
    glow = Glow(one_hit(), ALL)
    glow.update(status(tick=10, decay=0.9))
    glow.update(status(tick=11, decay=0.9))
    glow.update(status(tick=12, decay=0.0))
    assert glow.brightness[0, 0, 0] == 0


def test_at_rest_what_is_shown_follows_thresholds_and_mutes() -> None:
    latent_map = random_map(6)
    glow = Glow(latent_map, ALL)
    rest = status(playing=False)
    for thresholds in ((0.3,) * 9, (0.9, *(0.3,) * 8), (0.02,) * 9):
        glow.update(status(playing=False, thresholds=thresholds))
        counts = sounding(latent_map, np.array(thresholds, np.float32)).sum(axis=0)
        most = counts.max(axis=(1, 2), keepdims=True)
        assert np.abs(glow.brightness - 255 * counts / most).max() <= 8
    glow.update(rest)
    plain = glow.brightness.copy()
    glow.update(status(playing=False, muted=frozenset({"kick"})))
    assert glow.brightness[0].max() < 0.3 * plain[0].max()
    assert (glow.brightness[1:] == plain[1:]).all()


def test_a_drum_that_never_sounds_is_dark_at_rest() -> None:
    glow = Glow(one_hit(), ALL)
    glow.update(status(playing=False))
    assert glow.brightness[0, 0, 0] > 240
    assert not glow.brightness[1:].any()
