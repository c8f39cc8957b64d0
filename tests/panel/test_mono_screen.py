from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from firmware.devices.mono_oled import MonoOled
from firmware.panel.mono_map import MonoMap
from firmware.panel.mono_screen import HEIGHT, WIDTH, MonoScreen
from firmware.panel.status import Grid, MenuView, Status, Value
from firmware.rhythm.drums import DRUM_COUNT
from firmware.rhythm.latent_map import LatentMap
from firmware.rhythm.pattern import TICKS, Pattern
from hardware.pin_map import load_pin_map
from hardware.virtual.virtual_board import VirtualBoard
from tests.panel.maps import empty_map, regions_map

STATUS = Status(playing=True, tick=12, bpm_hundredths=17_400, model="Footwork")
LONG = "The model's microtiming reaches past the neighbouring ticks."
MENU = MenuView("MIDI", tuple((f"Row {n}", str(n)) for n in range(7)), 2, False)

AREAS = {
    "map": np.s_[:, :64],
    "tempo": np.s_[:16, 66:],
    "gauges": np.s_[17:32, 66:],
    "mutes": np.s_[33:45, 66:],
    "loop": np.s_[48:51, 66:],
    "line": np.s_[52:, 66:],
}


class FakeDisplay:
    """Keeps the pictures."""

    def __init__(self) -> None:
        self.frames: list[np.ndarray] = []
        self.wholes: list[bool] = []
        self.brightness: list[float] = []

    def show_frame(self, dots: np.ndarray, everything: bool = False) -> None:
        assert dots.shape == (HEIGHT, WIDTH)
        assert dots.dtype == bool
        self.frames.append(dots.copy())
        self.wholes.append(everything)

    def set_up(self) -> None:
        self.set_ups = getattr(self, "set_ups", 0) + 1

    def set_brightness(self, brightness: float) -> None:
        self.brightness.append(brightness)


@pytest.fixture
def display() -> FakeDisplay:
    return FakeDisplay()


@pytest.fixture
def screen(display: FakeDisplay) -> MonoScreen:
    screen = MonoScreen(display, regions_map())
    screen.draw(STATUS, 0)
    return screen


def shown(status: Status, latent_map: LatentMap | None = None) -> np.ndarray:
    """The picture of a new screen."""
    display = FakeDisplay()
    MonoScreen(display, regions_map() if latent_map is None else latent_map).draw(status, 0)
    return display.frames[-1]


def changed_areas(before: np.ndarray, after: np.ndarray) -> set[str]:
    changed = before != after
    areas = {name for name, area in AREAS.items() if changed[area].any()}
    for area in AREAS.values():
        changed[area] = False
    assert not changed.any(), "something changed between the parts"
    return areas


# The map


def texture(*drums: int, level: int = 255) -> np.ndarray:
    """A corner of the map, 32 x 32 dots far from the head, where these drums sound alike."""
    latent_map = empty_map()
    latent_map.onset[0][..., list(drums)] = level
    picture = MonoMap(latent_map)
    picture.draw(Status(playing=True, tick=0, head=(0.9, 0.1), target=(0.9, 0.1)))
    return picture.canvas[:32, :32] != 0


KICK, SNARE, HAT = 0, 1, 2


def test_each_lane_is_made_of_something_else() -> None:
    assert texture(KICK).all()
    bars = texture(SNARE)
    assert bars.all(axis=1).sum() == bars.any(axis=1).sum() == 16
    dots = texture(HAT)
    assert dots.mean() == 1 / 8
    assert not (dots[1:] & dots[:-1]).any()
    assert not (dots[:, 1:] & dots[:, :-1]).any()


def test_every_mixture_of_lanes_looks_different() -> None:
    mixtures = [
        texture(*drums)
        for count in range(4)
        for drums in itertools.combinations((KICK, SNARE, HAT), count)
    ]
    assert len(mixtures) == 8
    for one, other in itertools.combinations(mixtures, 2):
        assert (one != other).mean() >= 1 / 8


@pytest.mark.parametrize("drum", [KICK, SNARE, HAT])
def test_the_more_likely_a_hit_the_more_dots(drum: int) -> None:
    counts = [texture(drum, level=level).sum() for level in (0, 110, 150, 190, 255)]
    assert counts[0] == 0
    assert counts == sorted(set(counts))


def test_a_muted_drum_is_faint_and_a_quiet_one_fainter_than_a_sounding_one() -> None:
    latent_map = empty_map()
    latent_map.onset[0, :16, :16, KICK] = 200

    def dots(**changes: object) -> int:
        status = replace(STATUS, tick=0, head=(0.9, 0.1), target=(0.9, 0.1), **changes)
        return int(shown(status, latent_map)[:32, :32].sum())

    full = dots()
    assert 0 < dots(muted=frozenset({"kick"})) < full / 2
    assert 0 < dots(thresholds=(0.9,) * DRUM_COUNT) < full / 2


def test_a_hit_fades_over_the_next_ticks() -> None:
    latent_map = empty_map()
    latent_map.onset[10, ..., KICK] = 255
    display = FakeDisplay()
    screen = MonoScreen(display, latent_map)
    counts = []
    for tick in range(9, 18):
        screen.draw(replace(STATUS, tick=tick), 0)
        counts.append(int(display.frames[-1][:20, :20].sum()))
    assert counts[0] == 0
    assert counts[1] == 400
    assert counts[1:] == sorted(counts[1:], reverse=True)
    assert counts[-1] == 0


def test_at_rest_the_map_shows_where_a_lane_sounds_often() -> None:
    latent_map = empty_map()
    latent_map.onset[:8, :16, :, KICK] = 255
    latent_map.onset[:3, 16:, :, KICK] = 255
    status = replace(STATUS, playing=False, head=(0.9, 0.1), target=(0.9, 0.1))
    picture = shown(status, latent_map)
    assert picture[:32, :40].all()
    assert not picture[32:, :40].any()


@pytest.mark.parametrize("level", [0, 255])
def test_head_and_target_stand_out_from_any_ground(level: int) -> None:
    latent_map = empty_map()
    latent_map.onset[0][..., KICK] = level
    status = replace(STATUS, tick=0, head=(0.25, 0.25), target=(0.75, 0.75))
    picture = shown(status, latent_map).astype(int)
    assert picture[48, 10:23].tolist() == [level > 0, 0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0, level > 0]
    assert picture[16, 45:52].tolist() == [level > 0, 0, 1, 1, 1, 0, level > 0]
    assert (picture[43:54, 16] == picture[48, 11:22]).all()
    assert (picture[14:19, 48] == picture[16, 46:51]).all()


def test_the_head_leaves_a_trail_and_noise_makes_a_cloud(
    screen: MonoScreen, display: FakeDisplay
) -> None:
    still = shown(replace(STATUS, head=(0.6, 0.5), target=(0.6, 0.5)))
    for step in range(11):
        x = 0.5 + step / 100
        screen.draw(replace(STATUS, head=(x, 0.5), target=(x, 0.5)), 0)
    assert changed_areas(still, display.frames[-1]) == {"map"}
    noisy = replace(STATUS, noise=0.5)
    quiet = replace(STATUS, noise=0.0)
    assert "map" in changed_areas(shown(noisy), shown(quiet))


def test_marks_at_the_edges_are_cut_off() -> None:
    for corner in itertools.product((-0.5, 0.0, 1.0, 1.5), repeat=2):
        picture = shown(replace(STATUS, head=corner, target=corner, noise=2.0), empty_map())
        assert picture[:, :64].any()


@pytest.mark.parametrize("cells", [1, 5, 20, 32, 64])
def test_a_map_of_any_size_fits(cells: int) -> None:
    latent_map = empty_map(cells)
    latent_map.onset[0][..., KICK] = 255
    for page in ("map", "drums"):
        status = replace(STATUS, tick=0, page=page, head=(0.5, 0.5))
        assert shown(status, latent_map)[:, :64].any()


def test_a_map_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="65 cells a side does not fit 64 dots"):
        MonoMap(empty_map(65))


def test_without_a_model_the_map_is_dark(display: FakeDisplay) -> None:
    screen = MonoScreen(display)
    for page in ("map", "drums"):
        screen.draw(Status(message="No model", page=page), 0)
        assert not display.frames[-1][:, :64].any()
        assert display.frames[-1][:, 66:].any()
    screen.set_map(regions_map())
    screen.draw(STATUS, 0)
    assert display.frames[-1][:, :64].any()
    screen.set_map(None)
    screen.draw(STATUS, 0)
    assert not display.frames[-1][:, :64].any()


# What stands beside it


@pytest.mark.parametrize(
    ("change", "areas"),
    [
        ({}, set()),
        ({"tick": 18}, {"map", "loop"}),
        ({"head": (0.1, 0.9)}, {"map"}),
        ({"target": (0.1, 0.9)}, {"map"}),
        ({"bpm_hundredths": 17_401}, {"tempo"}),
        ({"external_clock": True}, {"tempo"}),
        ({"playing": False}, {"map", "tempo", "loop"}),
        ({"threshold": 0.6}, {"gauges"}),
        ({"thresholds": (0.9,) * DRUM_COUNT}, {"map"}),
        ({"noise": 1.0}, {"map", "gauges"}),
        ({"muted": frozenset({"kick"})}, {"map", "mutes"}),
        ({"muted": frozenset({"closed_hat"})}, {"map"}),
        ({"model": "Gqom"}, {"line"}),
        ({"message": "No MIDI"}, {"line"}),
        ({"ticks_per_beat": 12}, {"loop"}),
        ({"grid": Grid.SNAPSHOTS}, {"map"}),
    ],
)
def test_a_change_is_seen_in_its_place_and_nowhere_else(
    screen: MonoScreen, display: FakeDisplay, change: dict, areas: set
) -> None:
    screen.draw(replace(STATUS, **change), 0)
    assert changed_areas(display.frames[0], display.frames[-1]) == areas


def test_gauges_rise_with_their_values_and_stop_at_their_ends() -> None:
    def lit(**values: float) -> int:
        return int(shown(replace(STATUS, **values))[AREAS["gauges"]].sum())

    counts = [lit(threshold=value) for value in (0.02, 0.3, 0.6, 0.98)]
    assert counts == sorted(set(counts))
    assert lit(threshold=7.0) == counts[-1]
    assert lit(noise=0.0) == lit(noise=-1.0) < lit(noise=1.0) < lit(noise=2.0) == lit(noise=9.0)


def test_a_sounding_lane_is_inverted_and_a_muted_one_an_outline() -> None:
    mutes = shown(replace(STATUS, muted=frozenset({"snare"})))[AREAS["mutes"]]
    kick, snare, hat = mutes[:, :19], mutes[:, 21:40], mutes[:, 42:61]
    assert kick.mean() > 0.6
    assert hat.mean() > 0.6
    assert snare.mean() < 0.5
    assert snare[6, 2:-2].all(), "not struck out"


def test_the_loop_goes_forward() -> None:
    lengths = [int(shown(replace(STATUS, tick=tick))[48, 66:].sum()) for tick in range(2, 24, 4)]
    assert lengths == sorted(set(lengths))


def test_a_short_message_takes_the_place_of_the_model_for_its_time(
    screen: MonoScreen, display: FakeDisplay
) -> None:
    screen.show_message("Learnt noise", until_ns=100)
    screen.draw(STATUS, 99)
    assert changed_areas(display.frames[0], display.frames[-1]) == {"line"}
    assert display.frames[-1][AREAS["line"]].mean() > 0.5
    screen.draw(STATUS, 100)
    assert changed_areas(display.frames[0], display.frames[-1]) == set()


def test_a_sentence_is_written_over_the_lower_edge_and_leaves_no_trace(
    screen: MonoScreen, display: FakeDisplay
) -> None:
    screen.show_message(LONG, until_ns=10)
    screen.draw(STATUS, 1)
    assert (display.frames[-1][:24] == display.frames[0][:24]).all()
    assert display.frames[-1][-30:].mean() > 0.6
    screen.draw(STATUS, 10)
    assert (display.frames[-1] == display.frames[0]).all()


def test_the_longest_sentence_leaves_the_tempo(screen: MonoScreen, display: FakeDisplay) -> None:
    screen.show_message(LONG * 9, until_ns=10)
    screen.draw(STATUS, 1)
    assert (display.frames[-1][:16] == display.frames[0][:16]).all()


def test_a_standing_message_never_covers_the_map(screen: MonoScreen, display: FakeDisplay) -> None:
    for message in ("Waiting for clock", LONG):
        screen.draw(replace(STATUS, message=message), 0)
        difference = display.frames[-1] != display.frames[0]
        assert difference[46:, 66:].any()
        assert not difference[:, :66].any()
        assert not difference[:46].any()
    screen.draw(STATUS, 0)
    assert (display.frames[-1] == display.frames[0]).all()


def test_a_momentary_message_goes_before_a_standing_one(
    screen: MonoScreen, display: FakeDisplay
) -> None:
    for standing in ("No MIDI", "Waiting for clock"):
        screen.show_message("Learnt noise", until_ns=10)
        screen.draw(replace(STATUS, message=standing), 1)
        momentary = display.frames[-1][52:, 66:]
        screen.draw(replace(STATUS, message=standing), 11)
        assert (display.frames[-1][52:, 66:] != momentary).any()


def test_a_value_that_is_turned_is_large_and_leaves_the_map(
    screen: MonoScreen, display: FakeDisplay
) -> None:
    pictures = []
    for text, share in (("0.46", 0.46), ("0.46", 0.9), ("as played", 0.0)):
        screen.draw(replace(STATUS, value=Value("Threshold", text, share)), 0)
        pictures.append(display.frames[-1])
        areas = {name for name in AREAS if (pictures[-1] != pictures[0])[AREAS[name]].any()}
        assert "map" not in areas
    assert (pictures[0] != pictures[1]).any()
    assert (pictures[0] != display.frames[0])[AREAS["gauges"]].any()
    assert (pictures[0] == display.frames[0])[AREAS["line"]].all()
    screen.draw(STATUS, 0)
    assert (display.frames[-1] == display.frames[0]).all()


# Other pages


def one_hit(drum: int, tick: int, velocity: float = 0.8, microtiming: float = 0.0) -> Pattern:
    onset = np.zeros((DRUM_COUNT, TICKS), np.float32)
    onset[drum, tick] = 0.9
    full = np.ones_like(onset)
    return Pattern(onset, velocity * full, microtiming * full)


def notes(pattern: Pattern, **changes: object) -> np.ndarray:
    """The rows of the snare and the ticks from 42 to 47, of a page at rest."""
    status = replace(STATUS, page="notes", playing=False, pattern=pattern, **changes)
    return shown(status)[7:14, 15 + 42 : 15 + 48]


def test_the_nine_maps_name_the_drums_and_show_each_mute() -> None:
    open_, muted = (
        shown(replace(STATUS, page="drums", muted=muted))
        for muted in (frozenset(), frozenset({"rim"}))
    )
    difference = open_ != muted
    assert difference[37:46, 108:].any()
    difference[37:46, 108:] = False
    difference[44:, 44:64] = False  # its own map
    assert not difference.any()


def test_each_small_map_shows_its_own_drum() -> None:
    for drum in range(DRUM_COUNT):
        latent_map = empty_map()
        latent_map.onset[12, ..., drum] = 255
        picture = shown(replace(STATUS, page="drums"), latent_map)[:, :64]
        lit = [
            picture[top : top + 5, left : left + 5].all()
            for top in (0, 22, 44)
            for left in (0, 22, 44)
        ]
        assert lit == [place == drum for place in range(DRUM_COUNT)]


def test_a_whisker_is_as_tall_as_the_velocity_and_leans_with_the_microtiming() -> None:
    heights = [notes(one_hit(1, 45, velocity))[:, 3].sum() for velocity in (0.1, 0.5, 1.0)]
    assert heights == sorted(set(heights))
    late, early = (notes(one_hit(1, 45, 1.0, amount))[1] for amount in (0.5, -0.5))
    assert late.nonzero()[0].tolist() == [5]
    assert early.nonzero()[0].tolist() == [1]
    straight = notes(one_hit(1, 45, 1.0, 0.5), microtiming_amount=0.0)[1]
    assert straight.nonzero()[0].tolist() == [3]


def test_notes_that_do_not_sound_are_less_than_those_that_do() -> None:
    sounding = notes(one_hit(1, 45))
    ghost = notes(one_hit(1, 45), thresholds=(0.95,) * DRUM_COUNT)
    muted = notes(one_hit(1, 45), muted=frozenset({"snare"}))
    assert ghost.sum() == 1
    assert 1 < muted.sum() < sounding.sum()
    assert notes(one_hit(2, 45)).sum() == 0


def test_a_line_goes_through_the_notes_and_a_hit_flashes() -> None:
    display = FakeDisplay()
    screen = MonoScreen(display, regions_map())
    pattern = one_hit(1, 45)
    widths = []
    for tick in (44, 45, 47, 60):
        screen.draw(replace(STATUS, page="notes", pattern=pattern, tick=tick), 0)
        picture = display.frames[-1]
        assert picture[:63, 15 + tick].sum() > 50
        widths.append(int(picture[11, 15 + 43 : 15 + 48].sum()))
    assert widths[2] == 3 + 1  # the flash, and the line
    assert widths[3] == 1


def test_messages_are_read_on_the_notes_page_too() -> None:
    page = replace(STATUS, page="notes")
    for message in ("No MIDI", LONG):
        picture = shown(replace(page, message=message))
        assert (picture != shown(page))[50:].any()
        assert (picture == shown(page))[:50].all()


def test_the_menu_keeps_the_chosen_row_in_sight() -> None:
    pictures = [
        shown(replace(STATUS, menu=replace_menu(chosen=chosen, editing=editing)))
        for chosen in range(7)
        for editing in (False, True)
    ]
    for one, other in itertools.combinations(pictures, 2):
        assert (one != other).any()
    for picture in pictures[::2]:
        rows = [picture[12 + 13 * place : 24 + 13 * place, :124].mean() for place in range(4)]
        assert sorted(rows)[-1] > 0.5 > sorted(rows)[-2]


def replace_menu(**changes: object) -> MenuView:
    return MENU._replace(**changes)  # type: ignore[arg-type]


def test_the_fields_of_the_pad_show_mutes_and_snapshots() -> None:
    places = [(row, column) for row in (0, 22, 44) for column in (0, 22, 44)]
    snapshots = (True, False, False, True, False, False, False, False, True)
    for page in ("map", "drums", "notes"):
        picture = shown(replace(STATUS, page=page, grid=Grid.SNAPSHOTS, snapshots=snapshots))
        fills = [picture[row : row + 20, column : column + 20].mean() for row, column in places]
        assert tuple(fill > 0.6 for fill in fills) == snapshots
    picture = shown(replace(STATUS, grid=Grid.MUTES, muted=frozenset({"snare", "rim"})))
    fills = [picture[row : row + 20, column : column + 20].mean() for row, column in places]
    assert [fill > 0.5 for fill in fills] == [drum not in (1, 8) for drum in range(9)]


def test_from_page_to_page_nothing_is_left_behind(screen: MonoScreen, display: FakeDisplay) -> None:
    pages = [
        replace(STATUS, playing=False, **change)
        for change in (
            {},
            {"page": "drums"},
            {"page": "notes", "pattern": one_hit(0, 3)},
            {"menu": MENU},
            {"grid": Grid.MUTES},
            {"message": "Waiting for clock"},
        )
    ]
    alone = [shown(page) for page in pages]
    for first, second in itertools.permutations(range(len(pages)), 2):
        screen.draw(pages[first], 0)
        screen.draw(pages[second], 0)
        np.testing.assert_array_equal(display.frames[-1], alone[second])


# The display


@pytest.mark.parametrize("shift", [(1, 0), (0, 2), (-3, -1), (2, -2)])
def test_the_whole_picture_moves(shift: tuple[int, int]) -> None:
    picture, moved = shown(STATUS), shown(replace(STATUS, shift=shift))
    expected = np.zeros_like(picture)
    for row, column in itertools.product(range(HEIGHT), range(WIDTH)):
        if 0 <= row + shift[1] < HEIGHT and 0 <= column + shift[0] < WIDTH:
            expected[row + shift[1], column + shift[0]] = picture[row, column]
    np.testing.assert_array_equal(moved, expected)


def test_brightness_is_set_when_it_changes(screen: MonoScreen, display: FakeDisplay) -> None:
    for brightness in (1.0, 0.4, 0.4, 1.0):
        screen.draw(replace(STATUS, brightness=brightness), 0)
    assert display.brightness == [1.0, 0.4, 1.0]


def test_everything_is_sent_at_first_and_when_asked_for(
    screen: MonoScreen, display: FakeDisplay
) -> None:
    screen.draw(STATUS, 0)
    screen.redraw()
    screen.draw(STATUS, 0)
    screen.draw(STATUS, 0)
    assert display.wholes == [True, False, True, False]
    assert display.brightness == [1.0, 1.0]


def test_a_display_that_failed_gets_everything_again(
    screen: MonoScreen, display: FakeDisplay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(dots: np.ndarray, everything: bool = False) -> None:
        raise OSError("gone")

    monkeypatch.setattr(display, "show_frame", fail)
    for _ in range(2):
        screen.redraw()
        with pytest.raises(OSError, match="gone"):
            screen.draw(replace(STATUS, tick=18), 0)
    monkeypatch.undo()
    screen.draw(replace(STATUS, tick=18), 0)
    assert display.wholes[-1]
    assert changed_areas(display.frames[0], display.frames[-1]) == {"map", "loop"}


@pytest.mark.parametrize("kind", ["ssd1306", "sh1106"])
@pytest.mark.filterwarnings("ignore:.*getdata:DeprecationWarning")
def test_the_chip_shows_the_same_picture(kind: str) -> None:
    board, display = VirtualBoard(load_pin_map().with_display(kind)), FakeDisplay()
    oled = MonoOled(board)
    try:
        screens = [MonoScreen(shown_on, regions_map()) for shown_on in (oled, display)]
        for tick in range(30):
            page = ("map", "drums", "notes")[tick // 10]
            for screen in screens:
                status = replace(STATUS, tick=tick, page=page, head=(tick / 30, 0.3))
                screen.draw(status, 0)
            np.testing.assert_array_equal(board.oled.dots(), display.frames[-1])
    finally:
        oled.close()
        board.close()
