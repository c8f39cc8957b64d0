from __future__ import annotations

import numpy as np
import pytest

from firmware.panel.drum_maps import COLUMNS, DRUM_COLOURS, DrumMaps
from firmware.panel.glow import BELOW_THRESHOLD, GAMMA
from firmware.panel.rgb565 import unpack
from firmware.panel.status import Status
from firmware.panel.visualizer import SIZE
from firmware.rhythm.drums import DRUM_COUNT, DRUMS
from firmware.rhythm.latent_map import LatentMap
from firmware.rhythm.pattern import TICKS
from tests.panel.maps import empty_map

TILE = SIZE // COLUMNS
PLAYING = Status(playing=True, head=(1.0, 0.0), target=(1.0, 0.0), decay=0.0)
LABEL_ROWS = 14
"""Rows from the top of a tile that its letters may cover."""


def tiles(maps: DrumMaps) -> list[np.ndarray]:
    """Nine pictures, (32, 32), in DRUMS' order."""
    rows = maps.canvas.reshape(COLUMNS, TILE, COLUMNS, TILE).transpose(0, 2, 1, 3)
    return list(rows.reshape(DRUM_COUNT, TILE, TILE))


def drawn(latent_map: LatentMap, status: Status = PLAYING) -> list[np.ndarray]:
    maps = DrumMaps(latent_map)
    maps.draw(status)
    return tiles(maps)


def colours(tile: np.ndarray) -> np.ndarray:
    return unpack(tile.copy()).astype(int)


@pytest.mark.parametrize("drum", range(DRUM_COUNT))
def test_each_drum_shines_in_its_own_tile_and_colour(drum: int) -> None:
    latent_map = empty_map()
    latent_map.onset[0, 20, 9, drum] = 255
    for place, tile in enumerate(drawn(latent_map)):
        shown = {(20, 9)} if place == drum else set()
        inside = tile[LABEL_ROWS:26, 1:26]
        assert {(int(r) + LABEL_ROWS, int(c) + 1) for r, c in np.argwhere(inside)} == shown
    pixel = colours(drawn(latent_map)[drum])[20, 9]
    assert pixel.tolist() == pytest.approx(DRUM_COLOURS[drum], abs=8)


def test_the_colours_can_be_told_apart() -> None:
    for place, one in enumerate(DRUM_COLOURS):
        for other in DRUM_COLOURS[:place]:
            assert np.abs(np.subtract(one, other)).sum() > 40


def test_the_cells_lit_bright_are_those_that_sound() -> None:
    random = np.random.default_rng(2)
    latent_map = LatentMap(random.integers(0, 256, (TICKS, 32, 32, DRUM_COUNT)).astype(np.uint8))
    thresholds = tuple(float(np.float32(value)) for value in np.linspace(0.1, 0.9, DRUM_COUNT))
    status = Status(playing=True, tick=5, thresholds=thresholds, head=(1.0, 0.0), decay=0.0)
    for drum, tile in enumerate(drawn(latent_map, status)):
        probability = latent_map.onset[5, :, :, drum] / 255
        light = 255 * probability**GAMMA
        light[probability <= thresholds[drum]] *= BELOW_THRESHOLD
        expected = light[..., None] / 255 * DRUM_COLOURS[drum]
        inside = np.s_[LABEL_ROWS:26, 1:26]
        assert np.abs(colours(tile) - expected)[inside].max() < 10  # of 5 and 6 bits


@pytest.mark.parametrize("cells", [20, 30, 32, 48, 96])
def test_maps_of_any_size_fill_the_tiles(cells: int) -> None:
    latent_map = empty_map(cells)
    latent_map.onset[0, : cells // 2, :, 0] = 255
    tile = drawn(latent_map)[0]
    assert tile[15, 1:].all()
    assert not tile[17, 1:26].any()


def test_a_muted_drum_is_dim() -> None:
    latent_map = empty_map()
    latent_map.onset[0] = 255
    plain = drawn(latent_map)
    muted = drawn(latent_map, Status(playing=True, muted=frozenset({"low_tom"}), head=(1.0, 0.0)))
    for place, drum in enumerate(DRUMS):
        before, after = (colours(which[place])[20, 9].sum() for which in (plain, muted))
        assert after < before / 3 if drum.key == "low_tom" else after == before


def test_the_head_is_in_every_tile_at_the_same_place() -> None:
    for tile in drawn(empty_map(), Status(playing=True, head=(0.25, 0.25))):
        white = np.argwhere((colours(tile) > 240).all(axis=-1))
        assert white.mean(axis=0).tolist() == pytest.approx([24, 8], abs=0.6)


@pytest.mark.parametrize("head", [(0.0, 0.0), (1.0, 1.0), (-1.0, 2.0)])
def test_the_head_stays_in_its_tile(head: tuple[float, float]) -> None:
    for tile in drawn(empty_map(), Status(playing=True, head=head)):
        assert 3 <= (colours(tile) > 240).all(axis=-1).sum() <= 12


def test_each_tile_has_letters_of_its_own() -> None:
    letters = [tile[1:LABEL_ROWS, 1:20].tobytes() for tile in drawn(empty_map())]
    assert len(set(letters)) == DRUM_COUNT
