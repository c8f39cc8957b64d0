from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest

from firmware.clock.tempo import TempoLine
from firmware.clock.transport import Phase
from firmware.devices.events import Lift, Press, Push, TouchAt, Turn
from firmware.engine.controls import Adjust, Controls, Mute, Play, Set
from firmware.engine.parameters import GLIDES
from firmware.engine.snapshots import SLOTS, Recall, Snapshot, take
from firmware.panel import panel as panel_module
from firmware.panel.gestures import STORE_NS
from firmware.panel.panel import (
    CALIBRATING,
    FAILURE_NS,
    MESSAGE_NS,
    VALUE_NS,
)
from firmware.panel.reading import DIMMED, MINUTE_NS, at_rest
from firmware.panel.status import Grid
from firmware.rhythm.model_file import ClipPlace, ModelInfo
from tests.panel.hands import FIELD_CENTRES, MODEL, SECOND
from tests.panel.rig import CALIBRATED, Rig, until


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Pictures and retries as fast as a test wants them."""
    monkeypatch.setattr(panel_module, "IDLE_PICTURE_S", 0.002)
    monkeypatch.setattr(panel_module, "MAX_PICTURE_S", 0.002)
    monkeypatch.setattr(panel_module, "RETRY_DISPLAY_S", 0.002)


@pytest.fixture
def make_rig():
    rigs = []

    def make(**options):
        rigs.append(Rig(**options))
        rigs[-1].panel.start()
        return rigs[-1].settle()

    yield make
    for rig in rigs:
        rig.panel.close()


@pytest.fixture
def rig(make_rig):
    return make_rig()


# Rest

DEFAULTS = Controls.defaults()


def test_a_display_that_is_touched_has_its_brightness_and_stands_still():
    controls = DEFAULTS.apply(Set("brightness", 0.7)).apply(Set("dim_after", 3))
    assert at_rest(controls, 0) == at_rest(controls, 3 * MINUTE_NS - 1) == (0.7, (0, 0))


def test_untouched_it_dims_and_moves_a_little_every_minute():
    controls = DEFAULTS.apply(Set("brightness", 0.5)).apply(Set("dim_after", 3))
    places = []
    for minute in range(3, 60):
        brightness, shift = at_rest(controls, minute * MINUTE_NS + 1)
        assert brightness == 0.5 * DIMMED
        assert max(map(abs, shift)) <= 2
        places.append(shift)
    assert all(one != other for one, other in pairwise(places))
    assert len(set(places)) >= 8
    mean = [sum(axis) / len(places) for axis in zip(*places, strict=True)]
    assert max(map(abs, mean)) < 0.5, "about its usual place"


def test_it_never_dims_if_the_player_wants_none_of_it():
    controls = DEFAULTS.apply(Set("dim_after", 0))
    assert at_rest(controls, 10**9 * MINUTE_NS) == (1.0, (0, 0))


def test_the_panel_counts_from_the_last_touch(rig):
    rig.set(Set("dim_after", 1))
    rig.wait(MINUTE_NS).settle()
    assert rig.screen.status.brightness == DIMMED
    rig.wait(MINUTE_NS).settle()
    assert rig.screen.status.shift != (0, 0)
    rig.do(TouchAt(0.5, 0.5, 0.5))
    assert (rig.screen.status.brightness, rig.screen.status.shift) == (1.0, (0, 0))


# Hands


def test_commands_go_to_the_engine_in_the_order_of_the_hands(rig):
    rig.do(Press("play", True), Press("kick", True), TouchAt(0.1, 0.2, 0.5), Lift())
    place = [Set("touch", 1), Set("x", 0.1), Set("y", 0.2), Set("touch", 0)]
    assert rig.posted == [Play(), Mute("kick"), *place]


def test_a_click_on_tempo_takes_the_models_own(rig):
    rig.do(Push(2, True), Push(2, False))
    assert rig.posted == [Set("tempo", 16_000)]


def test_a_value_is_shown_for_a_second_and_then_the_map_is_back(rig):
    assert rig.screen.status.value is None
    rig.do(Turn(1, 4))
    label, text, share = rig.screen.status.value
    assert (label, text) == ("Noise", "0.20")
    assert share == pytest.approx(0.1)
    rig.wait(VALUE_NS - 1).settle()
    assert rig.screen.status.value is not None
    rig.wait(1).settle()
    assert rig.screen.status.value is None


def test_another_turn_keeps_the_value_and_shows_what_it_is_now(rig):
    rig.do(Turn(1, 4)).wait(VALUE_NS - 1).do(Turn(1, 4)).wait(VALUE_NS - 1).settle()
    assert rig.screen.status.value.text == "0.40"


def test_a_finger_and_a_page_and_a_mute_show_no_value(rig):
    rig.do(TouchAt(0.1, 0.2, 0.5), Lift(), Press("kick", True)).click_model()
    assert rig.screen.status.value is None
    assert rig.screen.status.page == "drums"


def test_in_the_menu_there_is_no_value_over_it(rig):
    rig.do(Press("shift", True)).click_model().do(Press("shift", False), Turn(0, 1))
    assert rig.screen.status.menu.title == "Menu"
    assert rig.screen.status.value is None


def test_browsing_names_the_model(rig):
    rig.do(Turn(MODEL, 2))
    assert rig.message == "Model 2"
    rig.wait(MESSAGE_NS)
    assert rig.message == ""


def test_learning_says_what_to_do(rig):
    rig.choose("MIDI", "Learn a control")
    assert rig.learnt == []
    assert "move a control" in rig.message
    rig.do(Turn(0, 1))
    assert rig.learnt == ["threshold"]
    assert "MIDI controller" in rig.message
    rig.choose("MIDI", "Forget learnt")
    assert rig.learnt[-1] == "usual"


@pytest.mark.parametrize("moved", [[], [Turn(0, 1)]])
def test_learning_is_given_up_by_opening_the_menu(rig, moved):
    rig.choose("MIDI", "Learn a control").do(*moved)
    rig.do(Press("shift", True)).click_model().do(Press("shift", False))
    assert rig.message == "Nothing learnt"
    assert rig.learning is None
    rig.posted.clear()
    rig.wait(SECOND).do(Turn(0, 1))
    assert rig.posted == [Adjust("threshold", 1)]


def test_opening_the_menu_with_nothing_to_give_up_says_nothing(rig):
    rig.do(Press("shift", True)).click_model()
    assert rig.message == ""


# Snapshots


def store(rig, place):
    """With the model encoder held, hold a field."""
    rig.do(Push(MODEL, True), TouchAt(*FIELD_CENTRES[place], 0.5)).wait(STORE_NS).do(
        Lift(), Push(MODEL, False)
    )


def recall(rig, place):
    x, y = (1 + 2 * (place % 3)) / 6, 1 - (1 + 2 * (place // 3)) / 6
    rig.do(Push(MODEL, True), TouchAt(x, y, 0.5), Lift(), Push(MODEL, False))


def test_a_snapshot_is_stored_shown_and_recalled(rig):
    rig.set(Set("x", 0.2), Set("tempo", 17_400), Mute("rim"))
    stored = take(rig.state.controls)
    store(rig, 4)
    assert rig.message == "Snapshot 5 stored"
    assert rig.screen.status.snapshots == tuple(n == 4 for n in range(SLOTS))
    assert rig.panel.snapshots == tuple(stored if n == 4 else None for n in range(SLOTS))
    rig.set(Set("x", 0.9), Mute("rim"))
    recall(rig, 4)
    assert rig.posted == [Recall(stored, 0)]
    assert rig.message == "Snapshot 5"


@pytest.mark.parametrize(("place", "beats"), list(enumerate(GLIDES.values())))
def test_it_is_recalled_with_the_glide_that_is_set(make_rig, place, beats):
    kept = Snapshot({"x": 0.1})
    rig = make_rig(snapshots=(None, kept))
    rig.set(Set("glide", place))
    recall(rig, 1)
    assert rig.posted == [Recall(kept, beats)]


def test_an_empty_place_says_so_and_changes_nothing(rig):
    recall(rig, 8)
    assert rig.posted == []
    assert rig.message == "Snapshot 9 is empty"


def test_kept_snapshots_are_there_from_the_start_however_many(make_rig):
    kept = Snapshot({"x": 0.1})
    assert make_rig(snapshots=(kept,)).panel.snapshots == (kept, *[None] * 8)
    assert make_rig(snapshots=(kept,) * 12).panel.snapshots == (kept,) * SLOTS


def test_the_fields_are_shown_while_the_hand_waits(rig):
    rig.do(Press("shift", True))
    assert rig.screen.status.grid is None
    rig.wait(SECOND).settle()
    assert rig.screen.status.grid is Grid.MUTES
    rig.do(Press("shift", False))
    assert rig.screen.status.grid is None


# Calibration


def test_a_calibration_is_begun_explained_and_kept(rig):
    rig.choose("Pad", "Calibrate")
    assert rig.inputs.calls == ["begin"]
    assert rig.message == CALIBRATING
    rig.click_model()
    assert rig.inputs.calls == ["begin", "end"]
    assert rig.kept == [CALIBRATED]
    assert rig.message == "The pad is calibrated"


def test_a_calibration_that_failed_says_why_and_keeps_nothing(rig):
    rig.inputs.too_little = True
    rig.choose("Pad", "Calibrate").click_model()
    assert rig.kept == []
    assert rig.message.startswith("The pad was touched too briefly")
    rig.click_model()
    assert rig.inputs.calls == ["begin", "end"], "the next click turns the page"
    assert rig.screen.status.page == "drums"


def test_a_calibration_can_be_given_up(rig):
    rig.choose("Pad", "Calibrate").do(Press("shift", True)).click_model()
    assert rig.inputs.calls == ["begin", "cancel"]
    assert rig.kept == []
    assert "as it was" in rig.message


def test_how_to_end_it_can_be_read_until_the_calibration_ends(rig):
    rig.choose("Pad", "Calibrate").wait(600 * SECOND).settle()
    assert rig.screen.status.message == "Click MODEL to end"
    rig.click_model()
    assert rig.screen.status.message == ""


# Faults


def test_a_display_that_fails_is_tried_again_and_drawn_anew(rig):
    rig.screen.fails = True
    until(lambda: rig.screen.redraws >= 2)
    rig.inputs.events = [Press("play", True)]
    until(lambda: rig.posted == [Play()])
    assert rig.reported is not None
    rig.screen.fails = False
    rig.settle()
    assert rig.screen.status is not None
    pictures = rig.panel.pictures
    until(lambda: rig.panel.pictures > pictures)


def test_a_fault_is_told_once_and_again_when_it_comes_back(rig):
    def told():
        return [text for text, _ in rig.screen.messages].count("The pad does not answer.")

    rig.inputs.broken = {"pad": "The pad does not answer."}
    until(lambda: told() == 1)
    rig.wait(FAILURE_NS).settle()
    rig.settle()
    assert told() == 1
    assert rig.message == ""
    rig.inputs.broken = {}
    rig.wait_for_hands(polls=2)
    rig.inputs.broken = {"pad": "The pad does not answer."}
    until(lambda: told() == 2)


def test_our_own_midi_coming_back_is_told_once(rig):
    rig.change(looped=("thru",))
    until(lambda: "thru" in rig.message)
    count = len(rig.screen.messages)
    rig.settle()
    assert len(rig.screen.messages) == count


def test_the_first_message_is_the_notice(make_rig):
    assert make_rig(notice="No MIDI port").message == "No MIDI port"


# Eyes


def test_the_status_is_a_reading_of_the_box(rig):
    rig.set(
        Set("threshold", 0.4),
        Set("kick_threshold", 0.2),
        Set("noise", 0.5),
        Set("decay", 0.9),
        Set("page", 2),
        Set("velocity_amount", 0.5),
        Set("x", 0.25),
        Mute("rim"),
    )
    rig.change(tempo=17_400, external=True, head=(0.3, 0.6), phase=Phase.ARMED)
    rig.settle()
    status = rig.screen.status
    assert status.bpm_hundredths == 17_400
    assert status.external_clock
    assert status.thresholds == pytest.approx((0.6, *[0.4] * 8))
    assert (status.threshold, status.noise, status.decay) == (0.4, 0.5, 0.9)
    assert (status.page, status.velocity_amount) == ("notes", 0.5)
    assert (status.head, status.target) == ((0.3, 0.6), (0.25, 0.5))
    assert status.muted == {"rim"}
    assert status.message == "Waiting for clock"
    assert status.pattern is rig.state.pattern
    assert not status.playing


def test_the_pads_pressure_is_passed_on(rig):
    rig.set(Set("pad_pressure", 0.45))
    rig.settle()
    assert rig.inputs.pressure == 0.45
    assert rig.reported == rig.state.controls


def test_the_light_flashes_at_each_beat(rig):
    rig.change(line=TempoLine(Fraction(0), rig.now_ns, 12_000))
    rig.settle()
    assert rig.inputs.led[-1] == 1.0
    rig.wait(SECOND // 4).settle()
    assert 0 < rig.inputs.led[-1] < 0.5
    rig.wait(SECOND // 4).settle()
    assert rig.inputs.led[-1] == 1.0
    assert rig.screen.status.tick == 24
    rig.change(line=None)
    rig.settle()
    assert rig.inputs.led[-1] == 0.0


CLIPS = (ClipPlace("one", (0.0, 0.0)), ClipPlace("two #1", (3.0, -3.0)), ClipPlace("far", (9, 0)))


def test_model_pressed_and_turned_goes_from_clip_to_clip(make_rig):
    rig = make_rig()
    rig.change(info=ModelInfo(clips=CLIPS))
    rig.do(Push(MODEL, True), Turn(MODEL, 1))
    assert rig.posted == [Set("x", 1.0), Set("y", 0.0)]
    assert rig.message == "two #1"
    rig.do(Turn(MODEL, 1))
    assert rig.posted[2:] == [Set("x", 1.0), Set("y", 0.5)]  # what lies beyond is at the edge
    rig.do(Turn(MODEL, 1), Push(MODEL, False))
    assert rig.posted[4:] == [Set("x", 0.5), Set("y", 0.5)]
    assert rig.message == "one"


def test_a_head_that_is_at_no_clip_goes_to_the_nearest(make_rig):
    rig = make_rig()
    rig.change(info=ModelInfo(clips=CLIPS))
    rig.set(Set("x", 0.9), Set("y", 0.2))
    rig.do(Push(MODEL, True), Turn(MODEL, -1))
    assert rig.message == "two #1"
    rig.wait(SECOND).do(Turn(MODEL, -1))
    assert rig.message == "one"


def test_turns_faster_than_the_engine_answers_are_all_counted(make_rig):
    rig = make_rig()
    rig.change(info=ModelInfo(clips=CLIPS))
    rig.set = lambda *commands: None  # it has not heard of them yet
    rig.do(Push(MODEL, True), Turn(MODEL, 1), Turn(MODEL, 1))
    assert rig.message == "far"


def test_a_model_that_knows_no_clips_says_so(make_rig):
    rig = make_rig()
    rig.do(Push(MODEL, True), Turn(MODEL, 1))
    assert rig.posted == []
    assert rig.message == "The model does not tell where its clips are."
