from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from firmware.panel.rgb565 import pack, unpack
from firmware.panel.status import Status
from firmware.panel.visualizer import LANE_COLOURS, SIZE, Visualizer
from firmware.rhythm.latent_map import LatentMap, cell_centres, z_to_pad
from firmware.rhythm.pattern import TICKS
from tests.panel.maps import draw, empty_map, regions_map

AWAY = (1.0, 0.0)
"""A head in the bottom right corner, out of the way of what a test looks at."""
KICK, SNARE, CLOSED_HAT, OPEN_HAT, LOW_TOM = range(5)


def lit(*hits: tuple[int, int, int, int, int], cells: int = 32) -> LatentMap:
    """A map with (tick, row, column, drum, level) set and nothing else."""
    latent_map = empty_map(cells)
    for tick, row, column, drum, level in hits:
        latent_map.onset[tick, row, column, drum] = level
    return latent_map


def picture(visualizer: Visualizer) -> np.ndarray:
    return unpack(visualizer.canvas.copy()).astype(int)


def brightness(latent_map: LatentMap, threshold: float = 0.3) -> int:
    visualizer = Visualizer(latent_map)
    draw(visualizer, 0, AWAY, threshold)
    return int(picture(visualizer)[0, 0].sum())


@pytest.mark.parametrize(("drum", "lane"), [(KICK, 0), (SNARE, 1), (CLOSED_HAT, 2), (OPEN_HAT, 2)])
def test_a_certain_onset_fills_its_cell_with_its_drums_colour(drum: int, lane: int) -> None:
    visualizer = Visualizer(lit((7, 2, 5, drum, 255)))
    pixels = np.frombuffer(draw(visualizer, 7, AWAY, 0.3), ">u2").reshape(SIZE, SIZE)
    wanted = pack(LANE_COLOURS[lane]).view(">u2")
    assert (pixels[6:9, 15:18] == wanted).all()
    assert np.count_nonzero(pixels[:80]) == 9


def test_bytes_are_big_endian_red_first() -> None:
    view = draw(Visualizer(lit((0, 0, 0, KICK, 255))), 0, AWAY, 0.3)
    assert len(view) == SIZE * SIZE * 2
    assert view[0] & 0xF8 == 0xF8


def test_other_drums_are_not_drawn() -> None:
    visualizer = Visualizer(lit((0, 0, 0, LOW_TOM, 255)))
    draw(visualizer, 0, AWAY, 0.3)
    assert not visualizer.canvas[:80].any()


def test_the_hat_is_the_likelier_of_closed_and_open() -> None:
    both = lit((0, 0, 0, CLOSED_HAT, 90), (0, 0, 0, OPEN_HAT, 200))
    assert brightness(both) == brightness(lit((0, 0, 0, OPEN_HAT, 200)))


def test_drums_mix_to_white() -> None:
    visualizer = Visualizer(lit(*((0, 0, 0, drum, 255) for drum in (KICK, SNARE, CLOSED_HAT))))
    draw(visualizer, 0, AWAY, 0.3)
    assert picture(visualizer)[0, 0].min() > 240


def test_brightness_grows_with_probability() -> None:
    steps = [brightness(lit((0, 0, 0, SNARE, level))) for level in range(0, 256, 15)]
    assert steps == sorted(steps)
    assert steps[0] == 0
    assert len(set(steps)) > 10


@pytest.mark.parametrize("threshold", [0.02, 0.3, 0.5, 0.98])
def test_what_will_sound_stands_out_from_what_will_not(threshold: float) -> None:
    below, above = int(255 * threshold), int(255 * threshold) + 1
    silent = brightness(lit((0, 0, 0, SNARE, below)), threshold)
    sounding = brightness(lit((0, 0, 0, SNARE, above)), threshold)
    assert sounding > 2 * silent or silent == 0


def test_a_hit_fades_tick_by_tick_and_is_gone() -> None:
    visualizer = Visualizer(lit((94, 0, 0, SNARE, 255)))
    seen = []
    for tick in (94, 95, 0, 1, 2, 3, 4, 5, 6, 7):
        draw(visualizer, tick, AWAY, 0.3)
        seen.append(int(picture(visualizer)[0, 0, 1]))
    assert all(later < earlier for earlier, later in pairwise(seen[:5]))
    assert seen[1] == pytest.approx(seen[0] * Status().decay, abs=10)
    assert seen[4] < 40
    assert seen[-1] == 0


@pytest.mark.parametrize("skipped", [2, 3, 5])
def test_ticks_that_were_not_drawn_fade_all_the_same(skipped: int) -> None:
    latent_map = lit((0, 0, 0, SNARE, 255))
    every, some = Visualizer(latent_map), Visualizer(latent_map)
    for tick in range(skipped + 1):
        draw(every, tick, AWAY, 0.3)
    draw(some, 0, AWAY, 0.3)
    draw(some, skipped, AWAY, 0.3)
    # One step of the display's green, for the rounding of each fade.
    assert np.abs(picture(every) - picture(some)).max() <= 9
    assert picture(some)[0, 0].any()


def test_the_same_tick_again_changes_nothing() -> None:
    visualizer = Visualizer(regions_map())
    for tick in range(8):
        draw(visualizer, tick, AWAY, 0.3)
    before = visualizer.canvas.copy()
    draw(visualizer, 7, AWAY, 0.3)
    assert (visualizer.canvas == before).all()


def test_a_mute_shows_at_once_within_a_tick() -> None:
    visualizer = Visualizer(lit((0, 0, 0, KICK, 255)))
    draw(visualizer, 0, AWAY, 0.3)
    before = picture(visualizer)[0, 0, 0]
    draw(visualizer, 0, AWAY, 0.3, frozenset({"kick"}))
    assert picture(visualizer)[0, 0, 0] < before / 3


def test_a_muted_drum_is_dimmed_and_the_others_are_not() -> None:
    latent_map = lit((0, 0, 0, KICK, 255), (0, 0, 1, SNARE, 255))
    plain, muted = Visualizer(latent_map), Visualizer(latent_map)
    draw(plain, 0, AWAY, 0.3)
    draw(muted, 0, AWAY, 0.3, frozenset({"kick"}))
    assert 0 < picture(muted)[0, 0, 0] < picture(plain)[0, 0, 0] / 3
    assert (picture(muted)[0, 3] == picture(plain)[0, 3]).all()


def test_at_rest_the_whole_loop_shows_how_often_each_drum_sounds() -> None:
    often = [(tick, 0, 0, SNARE, 200) for tick in range(0, 96, 12)]
    seldom = [(tick, 0, 1, SNARE, 200) for tick in range(0, 96, 48)]
    never = [(tick, 0, 2, SNARE, 60) for tick in range(96)]
    visualizer = Visualizer(lit(*often, *seldom, *never))
    draw(visualizer, None, AWAY, 0.3)
    first, second, third = picture(visualizer)[0, [0, 3, 6], 1]
    assert first > 220
    assert second == pytest.approx(first / 4, abs=9)
    assert third == 0
    draw(visualizer, None, AWAY, 0.1)
    assert picture(visualizer)[0, 6, 1] > 220


def test_playing_on_from_rest_leaves_nothing_of_the_loop() -> None:
    visualizer = Visualizer(lit((40, 0, 0, SNARE, 255)))
    draw(visualizer, None, AWAY, 0.3)
    draw(visualizer, 0, AWAY, 0.3)
    assert not visualizer.canvas[:80].any()


@pytest.mark.parametrize("cells", [32, 30, 24, 20])
def test_every_head_lies_in_the_cell_it_plays(cells: int) -> None:
    side, margin = SIZE // cells, SIZE % cells // 2
    centres = cell_centres(cells)
    visualizer = Visualizer(empty_map(cells))
    for row in range(cells):
        for column in range(cells):
            z1, z2 = map(float, centres[row, column])
            across, down = visualizer.place(z_to_pad(z1, z2))
            assert ((across - margin) // side, (down - margin) // side) == (column, row)


def test_maps_of_other_sizes_are_centred() -> None:
    latent_map = empty_map(30)
    latent_map.onset[0, :, :, KICK] = 255
    visualizer = Visualizer(latent_map)
    draw(visualizer, 0, (0.5, 0.5), 0.3)
    rows = np.flatnonzero(visualizer.canvas[:, 4])
    assert (rows[0], rows[-1]) == (3, 92)


def test_a_map_with_more_cells_than_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="97 cells"):
        Visualizer(empty_map(97))


@pytest.mark.parametrize("level", [0, 255])
def test_the_head_is_seen_on_black_and_on_white(level: int) -> None:
    latent_map = empty_map()
    latent_map.onset[0, :, :, :LOW_TOM] = level
    visualizer = Visualizer(latent_map)
    draw(visualizer, 0, (0.5, 0.5), 0.3)
    around = picture(visualizer)[43:54, 43:54].sum(axis=-1)
    assert (around > 700).sum() >= 20
    assert (around == 0).sum() >= 20


@pytest.mark.parametrize("head", [(0, 0), (1, 1), (0, 1), (1, 0), (-2, 5), (0.5, 1.001)])
def test_the_head_is_cut_off_at_the_edges(head: tuple[float, float]) -> None:
    visualizer = Visualizer(empty_map())
    draw(visualizer, 0, head, 0.3, target=(1 - head[0], 1 - head[1]))
    shown = picture(visualizer).sum(axis=-1) > 0
    assert 5 <= shown.sum() < 100


def test_the_target_is_marked_where_the_head_is_not() -> None:
    visualizer = Visualizer(empty_map())
    draw(visualizer, 0, (0.2, 0.2), 0.3)
    alone = visualizer.canvas.copy()
    draw(visualizer, 0, (0.2, 0.2), 0.3, target=(0.2, 0.2))
    assert (visualizer.canvas == alone).all()
    draw(visualizer, 0, (0.2, 0.2), 0.3, target=(0.5, 0.5))
    assert picture(visualizer)[48, 48].sum() > 700


def test_pictures_are_drawn_into_the_same_memory() -> None:
    visualizer = Visualizer(regions_map())
    first = np.frombuffer(draw(visualizer, 0, AWAY, 0.3), np.uint16)
    for tick in range(1, TICKS):
        view = draw(visualizer, tick, (tick / TICKS, 0.5), 0.3)
        assert np.shares_memory(first, np.frombuffer(view, np.uint16))


@pytest.mark.parametrize("value", [0, 255])
def test_clips_are_dots_that_show_on_dark_and_on_light(value: int) -> None:
    latent_map = lit(*((0, row, column, drum, value) for row in range(8) for column in range(8)
                       for drum in (KICK, SNARE, CLOSED_HAT)))  # fmt: skip
    visualizer = Visualizer(latent_map, [(0.1, 0.9), (0, 0), (1, 1)])
    draw(visualizer, 0, AWAY, 0.3)
    column, row = visualizer.place((0.1, 0.9))
    assert visualizer.canvas[row, column] == 0xFFFF
    beside = [visualizer.canvas[row + 1, column], visualizer.canvas[row, column - 1]]
    assert beside == [0, 0]


def test_clips_are_not_shown_where_the_player_does_not_want_them() -> None:
    plain, marked = Visualizer(regions_map()), Visualizer(regions_map(), [(0.3, 0.3)])
    for visualizer in (plain, marked):
        visualizer.draw(Status(tick=0, head=AWAY, target=AWAY, show_clips=False))
    assert (plain.canvas == marked.canvas).all()
    marked.draw(Status(tick=0, head=AWAY, target=AWAY))
    assert (plain.canvas != marked.canvas).sum() == 5
