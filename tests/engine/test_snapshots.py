from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.engine.controls import Adjust, Controls, Mute, Play, Set, Stop
from firmware.engine.parameters import PARAMETERS
from firmware.engine.snapshots import KEPT, Glide, Recall, Snapshot, take
from tests.engine.box import CLOCK, ON, TICK_NS, Box

PLACE = {"x": 0.9, "y": 0.1}


def other_controls() -> Controls:
    """Every kept parameter three quarters up its range, and some mutes."""
    controls = Controls.defaults().apply(Mute("hat")).apply(Mute("rim"))
    for name in KEPT:
        parameter = PARAMETERS[name]
        value = parameter.minimum + 0.7531 * (parameter.maximum - parameter.minimum)
        controls = controls.apply(Set(name, value))
    return controls


def kept(controls: Controls) -> dict[str, float]:
    return {name: controls[name] for name in KEPT}


def test_a_snapshot_holds_the_place_thresholds_mutes_and_tempo():
    snapshot = take(other_controls())
    assert {"x", "y", "threshold", "kick_threshold", "rim_threshold", "tempo"} <= set(KEPT)
    assert snapshot.values == kept(other_controls())
    assert snapshot.muted == {"closed_hat", "open_hat", "rim"}


def test_recalled_at_once_all_is_there_with_the_next_tick():
    box = Box().do(Play()).run_to(30).do(Recall(take(other_controls())))
    assert kept(box.controls) == kept(other_controls())
    assert box.controls.muted == {"closed_hat", "open_hat", "rim"}
    assert box.engine.transport.tempo == int(other_controls()["tempo"])


@pytest.mark.parametrize("beats", [0, 4])
def test_recalled_while_stopped_all_is_there_at_once(beats):
    box = Box().do(Recall(take(other_controls()), beats))
    assert kept(box.controls) == kept(other_controls())
    box.do(Play()).run_to(50)
    assert kept(box.controls) == kept(other_controls())


def test_what_a_snapshot_does_not_hold_is_left_alone():
    box = Box().do(Set("decay", 0.1), Set("channel", 3), Recall(take(other_controls())))
    assert (box.controls["decay"], box.controls["channel"]) == (0.1, 3)
    box.do(Recall(Snapshot({"x": 0.25})))
    assert kept(box.controls) == {**kept(other_controls()), "x": 0.25}


@pytest.mark.parametrize("beats", [1, 2, 4])
def test_a_glide_takes_its_beats_and_arrives_exactly(beats):
    box = Box().do(Play()).run_to(30)
    before = kept(box.controls)
    after = kept(other_controls())
    box.do(Recall(take(other_controls()), beats))
    box.run_to(30 + 12 * beats + 1)
    halfway = {name: (before[name] + after[name]) / 2 for name in KEPT}
    assert kept(box.controls) == pytest.approx(halfway)
    box.run_to(30 + 24 * beats)
    assert kept(box.controls)["x"] != after["x"]
    box.run_to(30 + 24 * beats + 1)
    assert kept(box.controls) == after
    box.run_to(30 + 24 * beats + 60)
    assert kept(box.controls) == after


def test_on_its_way_a_glide_only_ever_comes_nearer():
    box = Box().do(Play()).run_to(30).do(Recall(take(other_controls()), 2))
    way = [kept(box.run_to(tick).controls) for tick in range(31, 80)]
    for name in KEPT:
        steps = [step[name] for step in way]
        assert steps in (sorted(steps), sorted(steps, reverse=True)), name
        assert len(set(steps)) > 40 or name == "tempo"


def test_the_mutes_of_a_glide_change_at_once():
    box = Box().do(Mute("kick"), Play()).run_to(30).do(Recall(take(other_controls()), 4))
    assert box.controls.muted == {"closed_hat", "open_hat", "rim"}


def test_a_hand_takes_its_control_over_and_the_others_go_on():
    box = Box().do(Play()).run_to(30).do(Recall(take(other_controls()), 2)).run_to(40)
    box.do(Set("x", 0.05), Adjust("noise", -40))
    box.run_to(90)
    assert (box.controls["x"], box.controls["noise"]) == (0.05, 0.0)
    assert kept(box.controls) == {**kept(other_controls()), "x": 0.05, "noise": 0.0}


def test_a_finger_frees_the_place_and_leaves_the_tempo_gliding():
    box = Box().do(Play()).run_to(30).do(Recall(take(other_controls()), 2)).run_to(40)
    box.do(Set("touch", 1), Set("x", 0.1), Set("y", 0.2), Set("touch", 0)).run_to(90)
    assert (box.controls["x"], box.controls["y"]) == (0.1, 0.2)
    assert box.controls["tempo"] == other_controls()["tempo"]


def test_a_second_recall_takes_over_from_the_first():
    box = Box().do(Play()).run_to(30).do(Recall(take(other_controls()), 4)).run_to(60)
    box.do(Recall(Snapshot({"x": 0.0, "tempo": 12_500.0}), 1)).run_to(200)
    assert (box.controls["x"], box.controls["tempo"]) == (0.0, 12_500.0)


def test_clock_and_notes_keep_together_while_the_tempo_glides():
    box = Box().do(Play()).run_to(30).do(Recall(Snapshot({"tempo": 30_000.0}), 1)).run_to(120)
    clocks = [message.time_ns for message in box.out.of(CLOCK)]
    kicks = [message.time_ns for message in box.out.of(ON, 36)]
    assert kicks == clocks[::24]
    gaps = [later - sooner for sooner, later in pairwise(clocks)]
    assert all(later <= sooner + 1 for sooner, later in pairwise(gaps))
    assert gaps[0] == TICK_NS
    assert gaps[-1] == pytest.approx(TICK_NS * 12_500 / 30_000, abs=2)


def test_a_stop_ends_a_glide_where_it_was_going_and_a_start_does_not_undo_it():
    box = Box().do(Play()).run_to(200).do(Recall(take(other_controls()), 16)).run_to(250)
    box.do(Stop())
    assert kept(box.controls) == kept(other_controls())
    box.do(Play()).run_to(20)
    assert kept(box.controls) == kept(other_controls())


def test_while_stopped_after_a_glide_the_hands_are_free():
    box = Box().do(Play()).run_to(30).do(Recall(take(other_controls()), 16)).run_to(60)
    box.do(Stop(), Set("tempo", 9_000), Play()).run_to(60)
    assert box.controls["tempo"] == 9_000


def test_a_glide_in_half_time_takes_as_many_beats():
    box = Box().do(Set("octave", -1), Play()).run_to(24)
    box.do(Recall(Snapshot({"x": 1.0}), 2)).run_to(24 + 24)
    assert box.controls["x"] < 1
    assert box.run_to(24 + 24 + 1).controls["x"] == 1.0


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 20), st.integers(1, 16))
def test_a_glide_never_leaves_the_way_and_ends_on_the_spot(start, end, beat, beats):
    controls = Controls.defaults().apply(Set("x", start))
    glide = Glide(controls, Recall(Snapshot({"x": end}), beats), Fraction(2))
    (step,) = glide.at(Fraction(beat))
    assert step.name == "x"
    assert min(start, end) - 1e-12 <= step.value <= max(start, end) + 1e-12
    assert glide.at(Fraction(2))[0].value == start
    assert glide.at(glide.end) == [Set("x", end)]
    assert glide.is_over(glide.end)
    assert not glide.is_over(Fraction(2))
