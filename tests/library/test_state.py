import json

import pytest

from firmware.engine.controls import Controls, Mute, Set
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
    keeper = StateKeeper(path, lambda: reading[0], settle_s=60)
    reading[0] = SavedState(played(), "b.tflite")
    keeper.close()
    assert load_state(path) == SavedState(played(), "b.tflite")

    (tmp_path / "file").write_text("")
    keeper = StateKeeper(tmp_path / "file" / "state.json", lambda: reading[0], settle_s=60)
    reading[0] = SavedState(Controls.defaults(), "c.tflite")
    keeper.close()
    assert keeper.fault is not None
    assert keeper.fault.startswith("Settings cannot be saved")
