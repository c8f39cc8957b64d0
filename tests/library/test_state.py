import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.devices.touch_pad import PadCalibration
from firmware.engine.controls import Controls, Mute, Set
from firmware.engine.parameters import PARAMETERS
from firmware.engine.snapshots import SLOTS, Snapshot, take
from firmware.library.state import SavedState, StateKeeper, load_state, save_state


def played() -> Controls:
    controls = Controls.defaults()
    for command in (Set("x", 0.25), Set("tempo", 16_050), Mute("hat")):
        controls = controls.apply(command)
    return controls


def test_state_comes_back(tmp_path):
    path = tmp_path / "deep" / "state.json"
    saved = SavedState(played(), "gqom.tflite", ((74, "threshold"), (12, "x")))
    save_state(path, saved)
    assert load_state(path) == saved


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "{",
        "[]",
        "null",
        '{"values": 3, "muted": [], "model": "x"}',
        '{"values": {"x": "left"}, "muted": [], "model": "x"}',
        '{"values": {"x": NaN}, "muted": [], "model": "x"}',
        '{"values": {}, "muted": [[]], "model": "x"}',
        b"\xff\xfe\x00",
        '{"values": {}, "muted": [], "model": "x", "controllers": [3]}',
        '{"values": {}, "muted": [], "model": "x", "controllers": [["a", "x"]]}',
    ],
)
def test_the_box_starts_whatever_the_file_holds(tmp_path, content):
    path = tmp_path / "state.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert load_state(path) == SavedState(Controls.defaults())


def test_values_out_of_range_are_clamped_and_unknown_ones_left_out(tmp_path):
    path = tmp_path / "state.json"
    raw = {"values": {"x": 7, "sparkle": 1}, "muted": ["hat", "bell"], "model": 5}
    path.write_text(json.dumps(raw | {"controllers": [[500, "x"], [3, "volume"], [7, "y"]]}))
    state = load_state(path)
    assert state.controls == Controls.defaults().apply(Set("x", 1.0)).apply(Mute("hat"))
    assert state.model is None
    assert state.controllers == ((7, "y"),)


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "state.json"
    save_state(path, SavedState(Controls.defaults(), "old.tflite"))

    def no_room(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("firmware.library.state.os.fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        save_state(path, SavedState(played(), "new.tflite"))
    assert load_state(path) == SavedState(Controls.defaults(), "old.tflite")


def test_the_keeper_saves_on_close_and_says_what_fails(tmp_path):
    path = tmp_path / "state.json"
    reading = [SavedState(Controls.defaults(), "a.tflite")]
    faults: list[str] = []
    keeper = StateKeeper(path, lambda: reading[0], faults.append, settle_s=60)
    reading[0] = SavedState(played(), "b.tflite")
    keeper.close()
    assert load_state(path) == SavedState(played(), "b.tflite")

    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "state.json"
    keeper = StateKeeper(path, lambda: reading[0], faults.append, settle_s=60)
    reading[0] = SavedState(Controls.defaults(), "c.tflite")
    keeper.close()
    assert len(faults) == 1
    assert faults[0].startswith("Settings cannot be saved")


def filled() -> SavedState:
    """Everything that can be kept."""
    snapshots = (take(played()), None, Snapshot({"x": 0.25}, frozenset({"rim"})), *[None] * 6)
    calibration = PadCalibration(x_min=310, y_max=3500, light_ohms=1800.5)
    return SavedState(played(), "gqom.tflite", ((74, "rim"),), snapshots, calibration)


def written(tmp_path, **changes) -> SavedState:
    """What comes back of a file with some of its parts replaced."""
    path = tmp_path / "state.json"
    save_state(path, filled())
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return load_state(path)


def test_snapshots_and_calibration_come_back(tmp_path):
    assert written(tmp_path) == filled()
    save_state(tmp_path / "state.json", SavedState(played(), "gqom.tflite"))
    state = load_state(tmp_path / "state.json")
    assert state.snapshots == (None,) * SLOTS
    assert state.calibration is None


def test_a_file_of_before_there_were_snapshots_is_read(tmp_path):
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"values": {"x": 0.25}, "muted": ["hat"], "model": "gqom.tflite"}))
    controls = Controls.defaults().apply(Set("x", 0.25)).apply(Mute("hat"))
    assert load_state(path) == SavedState(controls, "gqom.tflite")


def test_no_finger_outlasts_a_power_cut(tmp_path):
    path = tmp_path / "state.json"
    save_state(path, SavedState(played().apply(Set("touch", 1)), "gqom.tflite"))
    assert load_state(path).controls == played()


def test_a_snapshot_is_held_to_what_can_be_played(tmp_path):
    values = {"x": 7, "tempo": -1, "decay": 0.1, "sparkle": 3}
    state = written(tmp_path, snapshots=[{"values": values, "muted": ["hat", "bell", "kick"]}])
    muted = frozenset({"closed_hat", "open_hat", "kick"})
    assert state.snapshots == (Snapshot({"x": 1.0, "tempo": 2_000}, muted), *[None] * 8)


def test_more_snapshots_than_there_are_places_are_left_out(tmp_path):
    kept = {"values": {"x": 0.25}, "muted": []}
    assert written(tmp_path, snapshots=[kept] * 20).snapshots == (Snapshot({"x": 0.25}),) * SLOTS


@pytest.mark.parametrize(
    "changes",
    [
        {"snapshots": 3},
        {"snapshots": [3]},
        {"snapshots": [[]]},
        {"snapshots": ["x"]},
        {"snapshots": {"x": 1}},
        {"snapshots": [{}]},
        {"snapshots": [{"values": {"x": "left"}, "muted": []}]},
        {"snapshots": [{"values": {"x": float("nan")}, "muted": []}]},
        {"snapshots": [{"values": {}, "muted": 3}]},
        {"snapshots": [{"values": {"x": 10**400}, "muted": []}]},
        {"calibration": 3},
        {"calibration": {"x_min": 200}},
        {"calibration": PadCalibration().to_dict() | {"x_min": 3950}},
        {"calibration": PadCalibration().to_dict() | {"x_min": float("nan")}},
    ],
)
def test_a_broken_snapshot_or_calibration_costs_only_itself(tmp_path, changes):
    lost = {name: getattr(SavedState(Controls.defaults()), name) for name in changes}
    assert written(tmp_path, **changes) == replace(filled(), **lost)


@pytest.mark.parametrize(
    "changes", [{"values": {"x": 10**400}}, {"controllers": [[float("inf"), "x"]]}]
)
def test_with_broken_controls_the_box_starts_as_new(tmp_path, changes):
    assert written(tmp_path, **changes) == SavedState(Controls.defaults())


def test_a_file_nested_without_end_counts_as_none(tmp_path):
    path = tmp_path / "state.json"
    path.write_text("[" * 100_000)
    assert load_state(path) == SavedState(Controls.defaults())


@settings(deadline=None)  # it writes files, and a disk may be slow
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda parts: (
            st.lists(parts, max_size=3)
            | st.dictionaries(
                st.sampled_from(["values", "muted", "x", "x_min", "tempo"]), parts, max_size=3
            )
        ),
        max_leaves=8,
    ),
    st.sampled_from(["values", "muted", "model", "controllers", "snapshots", "calibration"]),
)
def test_the_box_starts_whatever_a_part_of_the_file_holds(tmp_path_factory, part, name):
    state = written(tmp_path_factory.getbasetemp(), **{name: part})
    assert set(state.controls.values) == set(PARAMETERS)
    assert len(state.snapshots) == SLOTS


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"values": 3}', "\x00" * 400])
def test_a_damaged_file_falls_back_to_the_one_before_and_says_so(tmp_path, damage):
    path, told = tmp_path / "state.json", []
    save_state(path, SavedState(Controls.defaults(), "first.tflite"))
    save_state(path, SavedState(Controls.defaults(), "second.tflite"))
    path.write_text(damage)
    assert load_state(path, told.append).model == "first.tflite"
    assert told == ["The settings were damaged: those before them are used."]
    # The damaged file does not take the good one's place.
    save_state(path, SavedState(Controls.defaults(), "third.tflite"))
    assert load_state(path).model == "third.tflite"
    path.write_text(damage)
    assert load_state(path).model == "first.tflite"


def test_nothing_is_told_where_nothing_was_saved(tmp_path):
    told = []
    assert load_state(tmp_path / "state.json", told.append) == SavedState(Controls.defaults())
    assert told == []


def test_without_one_before_a_damaged_file_starts_the_box_as_new_and_says_so(tmp_path):
    path, told = tmp_path / "state.json", []
    path.write_text("{")
    assert load_state(path, told.append) == SavedState(Controls.defaults())
    assert told == ["The settings were damaged: the box starts as new."]
