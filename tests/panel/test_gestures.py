import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.devices.events import Lift, Press, Push, TouchAt, Turn
from firmware.engine.controls import (
    MUTE_GROUPS,
    Adjust,
    Continue,
    Cycle,
    EndMute,
    Mute,
    Nudge,
    Play,
    Set,
    Stop,
)
from firmware.panel.actions import (
    BrowseModels,
    RecallSnapshot,
    StoreSnapshot,
)
from firmware.panel.gestures import (
    FASTEST,
    FINE,
    GRID_NS,
    MOMENTARY_NS,
    STORE_NS,
)
from firmware.panel.status import Grid
from firmware.rhythm.drums import DRUMS
from tests.panel.hands import (
    FIELD_CENTRES,
    MODEL,
    MS,
    NOISE,
    ROLES,
    SECOND,
    TEMPO,
    THRESHOLD,
    Hands,
)


@pytest.fixture
def hands():
    return Hands()


# The pad


def test_a_finger_lands_moves_the_head_and_lifts(hands):
    assert hands.touch(0.25, 0.75) == [Set("touch", 1), Set("x", 0.25), Set("y", 0.75)]
    assert hands.touch(0.3, 0.7) == [Set("x", 0.3), Set("y", 0.7)]
    assert hands.do(Lift()) == [Set("touch", 0)]
    assert hands.touch(0.3, 0.7)[0] == Set("touch", 1)


@pytest.mark.parametrize("held", ["shift", MODEL])
def test_a_finger_that_was_there_first_goes_on_moving_the_head(hands, held):
    hands.touch(0.25, 0.75)
    hands.hold(held)
    assert hands.touch(0.1, 0.1) == [Set("x", 0.1), Set("y", 0.1)]
    assert hands.do(Lift()) == [Set("touch", 0)]


@pytest.mark.parametrize("place", range(9))
def test_with_shift_the_pad_mutes_the_nine_drums(hands, place):
    hands.hold("shift")
    assert hands.touch(*FIELD_CENTRES[place]) == [Mute(DRUMS[place].key)]
    assert hands.touch(0.5, 0.5) == [], "what it does is settled where it lands"
    assert hands.wait(100 * MS).do(Lift()) == []
    hands.release("shift")
    assert hands.touch(0.5, 0.5)[0] == Set("touch", 1)


def test_a_field_held_mutes_as_long_as_it_is_held(hands):
    hands.hold("shift")
    assert hands.touch(*FIELD_CENTRES[8]) == [Mute("rim")]
    hands.release("shift")
    assert hands.wait(MOMENTARY_NS).touch(0.1, 0.1) == []
    assert hands.do(Lift()) == [EndMute("rim")]


@pytest.mark.parametrize(("held_ns", "action"), [(0, RecallSnapshot), (STORE_NS, StoreSnapshot)])
@pytest.mark.parametrize("place", range(9))
def test_with_model_held_the_pad_recalls_and_held_longer_stores(hands, place, held_ns, action):
    hands.hold(MODEL)
    assert hands.touch(*FIELD_CENTRES[place]) == []
    assert hands.wait(held_ns).touch(0.9, 0.1) == []
    assert hands.do(Lift()) == [action(place)]
    assert hands.release(MODEL) == [], "no page change"


def test_the_very_edges_of_the_pad_belong_to_its_fields(hands):
    hands.hold(MODEL)
    for (x, y), place in {(0, 1): 0, (1, 1): 2, (0, 0): 6, (1, 0): 8}.items():
        hands.touch(x, y)
        assert hands.do(Lift()) == [RecallSnapshot(place)]


def test_a_field_outlasts_what_made_it_one(hands):
    hands.hold(MODEL).touch(0.5, 0.5)
    assert hands.release(MODEL) == []
    assert hands.do(Lift()) == [RecallSnapshot(4)]


# Encoders


@pytest.mark.parametrize(
    ("encoder", "plain", "shifted"),
    [
        (THRESHOLD, Adjust("threshold", 2), Adjust("velocity_amount", 2)),
        (NOISE, Adjust("noise", 2), Adjust("swing", 2)),
        (TEMPO, Adjust("tempo", 2), Adjust("tempo", 2 * FINE)),
        (MODEL, BrowseModels(2), Adjust("octave", 2)),
    ],
)
def test_each_encoder_turns_its_control_and_another_with_shift(hands, encoder, plain, shifted):
    assert hands.turn(encoder, 2) == [plain]
    hands.hold("shift")
    assert hands.turn(encoder, 2) == [shifted]
    hands.release("shift")
    assert hands.turn(encoder, 2) == [plain]


@pytest.mark.parametrize("encoder", [THRESHOLD, NOISE])
def test_pressed_an_encoder_goes_in_tenths_and_does_not_click(hands, encoder):
    hands.hold(encoder)
    assert hands.turn(encoder, 1) == [Adjust(ROLES[encoder], FINE)]
    assert hands.release(encoder) == []


def test_the_tempo_is_nudged_while_pressed(hands):
    hands.hold(TEMPO)
    assert hands.turn(TEMPO, -3) == [Nudge(-6_000_000)]
    assert hands.release(TEMPO) == []


def test_the_tempo_is_tapped_with_shift_as_the_finger_comes_down(hands):
    hands.hold("shift")
    assert hands.do(Push(TEMPO, True)) == []
    assert hands.wait(100 * MS).do(Push(TEMPO, False)) == []
    assert hands.wait(400 * MS).do(Push(TEMPO, True)) == [Set("tempo", 12_000)]
    hands.release("shift")
    assert hands.release(TEMPO) == []


def steps_of(actions):
    return [action.steps for action in actions]


@pytest.mark.parametrize(
    ("gap_ms", "times"), [(1000, 1), (61, 1), (40, 2), (30, 2), (20, 3), (15, 4), (12, 5), (1, 5)]
)
def test_the_faster_it_is_turned_the_further_a_detent_goes(hands, gap_ms, times):
    hands.turn(THRESHOLD, 1)
    assert steps_of(hands.turn(THRESHOLD, 1, gap_ms * MS)) == [times]
    assert times <= FASTEST


def test_detents_that_come_together_count_as_spread_over_the_time(hands):
    hands.turn(TEMPO, -1)
    assert steps_of(hands.turn(TEMPO, -4, 80 * MS)) == [-4 * 3]
    assert steps_of(hands.turn(TEMPO, -4, 400 * MS)) == [-4]


def test_the_first_detent_back_is_a_single_one(hands):
    for _ in range(5):
        hands.turn(THRESHOLD, 1, 5 * MS)
    assert steps_of(hands.turn(THRESHOLD, -1, 5 * MS)) == [-1]
    assert steps_of(hands.turn(THRESHOLD, -1, 5 * MS)) == [-FASTEST]


def test_each_encoder_has_a_haste_of_its_own(hands):
    hands.turn(THRESHOLD, 1)
    assert steps_of(hands.turn(NOISE, 1, 5 * MS)) == [1]


def test_fine_and_shifted_turns_and_models_know_no_haste(hands):
    hands.turn(THRESHOLD, 1)
    hands.hold(THRESHOLD)
    assert steps_of(hands.turn(THRESHOLD, 1, 5 * MS)) == [FINE]
    hands.turn(MODEL, 1)
    assert steps_of(hands.turn(MODEL, 1, 5 * MS)) == [1]
    hands.hold("shift")
    for encoder in (NOISE, TEMPO, MODEL):
        first = hands.turn(encoder, 1)
        assert hands.turn(encoder, 1, 5 * MS) == first


def test_a_click_sets_a_control_back(hands):
    assert hands.click(THRESHOLD) == [Set("threshold", 0.3)]
    assert hands.click(NOISE) == [Set("noise", 0)]
    assert hands.click(TEMPO, usual_tempo=160.0) == [Set("tempo", 16_000)]
    assert hands.click(MODEL) == [Cycle("page")]


def test_a_click_with_shift(hands):
    hands.hold("shift")
    assert hands.click(THRESHOLD) == [Set("velocity_amount", 1)]
    assert hands.click(NOISE) == [Cycle("noise_lock")]
    hands.click(MODEL)
    assert hands.gestures.menu.is_open


def test_a_release_without_a_press_is_no_click(hands):
    for encoder in range(4):
        assert hands.release(encoder) == []


def test_a_turn_before_the_press_does_not_spoil_the_click(hands):
    hands.turn(THRESHOLD, 1)
    assert hands.click(THRESHOLD) == [Set("threshold", 0.3)]


# Buttons


def test_transport(hands):
    assert hands.do(Press("play", True)) == [Play()]
    assert hands.do(Press("play", False)) == []
    assert hands.do(Press("stop", True)) == [Stop()]
    assert hands.do(Press("stop", False)) == []
    hands.hold("shift")
    assert hands.do(Press("play", True)) == [Continue()]


@pytest.mark.parametrize("button", MUTE_GROUPS)
def test_a_mute_pressed_shortly_stays_and_held_ends_with_the_finger(hands, button):
    assert hands.do(Press(button, True)) == [Mute(button)]
    assert hands.wait(MOMENTARY_NS - 1).do(Press(button, False)) == []
    assert hands.wait(SECOND).do(Press(button, True)) == [Mute(button)]
    assert hands.wait(MOMENTARY_NS).do(Press(button, False)) == [EndMute(button)]


def test_two_mutes_are_held_each_for_its_own_time(hands):
    hands.do(Press("kick", True))
    hands.wait(MOMENTARY_NS).do(Press("hat", True))
    assert hands.wait(1).do(Press("kick", False), Press("hat", False)) == [EndMute("kick")]


@pytest.mark.parametrize(("place", "button"), list(enumerate(MUTE_GROUPS)))
def test_shift_and_a_mute_button_recall(hands, place, button):
    hands.hold("shift")
    assert hands.do(Press(button, True)) == [RecallSnapshot(place)]
    assert hands.wait(SECOND).do(Press(button, False)) == []


@pytest.mark.parametrize(("place", "button"), list(enumerate(MUTE_GROUPS)))
def test_model_held_and_a_mute_button_store_and_the_page_stays(hands, place, button):
    hands.hold(MODEL).wait(20 * MS)
    assert hands.do(Press(button, True)) == [StoreSnapshot(place)]
    assert hands.do(Press(button, False)) == []
    assert hands.release(MODEL) == []
    assert hands.click(MODEL) == [Cycle("page")], "the next click is one again"


# What the fields are for


@pytest.mark.parametrize(("held", "grid"), [("shift", Grid.MUTES), (MODEL, Grid.SNAPSHOTS)])
def test_the_fields_are_shown_to_a_hand_that_waits(hands, held, grid):
    assert hands.gestures.grid(0) is None
    hands.hold(held)
    assert hands.gestures.grid(GRID_NS - 1) is None
    assert hands.gestures.grid(GRID_NS) is grid
    hands.release(held)
    assert hands.gestures.grid(2 * GRID_NS) is None


@pytest.mark.parametrize(("held", "grid"), [("shift", Grid.MUTES), (MODEL, Grid.SNAPSHOTS)])
def test_the_fields_are_shown_at_once_when_one_is_touched_and_until_it_lifts(hands, held, grid):
    hands.hold(held).touch(0.5, 0.5)
    assert hands.gestures.grid(1) is grid
    hands.release(held)
    assert hands.gestures.grid(1) is grid
    hands.do(Lift())
    assert hands.gestures.grid(1) is None


def test_model_held_to_look_and_let_go_is_no_click(hands):
    hands.hold(MODEL).wait(GRID_NS)
    assert hands.release(MODEL) == []
    hands.hold(MODEL).wait(GRID_NS - 1)
    assert hands.release(MODEL) == [Cycle("page")]


# Whatever the hands do

events = st.one_of(
    st.builds(Turn, st.integers(0, 3), st.integers(-9, 9).filter(bool)),
    st.builds(Push, st.integers(0, 3), st.booleans()),
    st.builds(Push, st.just(MODEL), st.booleans()),
    st.builds(
        Press, st.sampled_from(["play", "stop", "shift", "kick", "snare", "hat"]), st.booleans()
    ),
    st.builds(Press, st.just("shift"), st.booleans()),
    st.builds(TouchAt, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    st.just(Lift()),
)


@given(st.lists(st.tuples(events, st.integers(0, SECOND)), max_size=60))
def test_whatever_the_hands_do_a_touch_begins_once_and_ends_once(moves):
    hands, touching, plays = Hands(), False, False
    for event, wait_ns in moves:
        hands.wait(wait_ns)
        if isinstance(event, Lift) and not touching:
            continue  # no pad lifts a finger that is not there
        learning = hands.gestures._learning
        actions = hands.do(event)
        hands.gestures.grid(hands.now_ns)
        ends = actions.count(Set("touch", 0))
        fields = [a for a in actions if isinstance(a, StoreSnapshot | RecallSnapshot | Mute)]
        if isinstance(event, TouchAt):
            lands, touching = not touching, True
            moves_head = any(isinstance(a, Set) and a.name in ("x", "y") for a in actions)
            if lands:
                plays = moves_head or hands.gestures._field is None
            assert actions.count(Set("touch", 1)) == (lands and plays and not learning)
            assert ends == 0
            if not plays:
                assert not moves_head, "a field never moves the head"
        elif isinstance(event, Lift):
            touching = False
            assert ends == plays
            assert len(actions) <= 1
            assert not (plays and fields)
        else:
            assert ends == 0
    if touching:
        last = hands.do(Lift())
        assert last.count(Set("touch", 0)) == plays
