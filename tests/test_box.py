"""The whole box on the virtual board: hands on emulated chips, MIDI out, pictures on the OLED."""

import threading
import time

import pytest

from firmware.box import Box, BoxError
from firmware.library.state import load_state
from firmware.midi.message import SoundingNotes
from hardware.virtual.virtual_board import VirtualBoard
from tests.small_models import small_model

KICK, SNARE, HAT = 36, 38, 42


class Ears:
    """An output that hears notes at once and can be waited upon."""

    name = "ears"

    def __init__(self):
        self.messages = []
        self.sounding = SoundingNotes()
        self.closed = False
        self._changed = threading.Condition()

    def send(self, messages):
        with self._changed:
            for message in messages:
                self.messages.append(message.data)
                self.sounding.track(message.data)
            self._changed.notify_all()

    def flush(self):
        with self._changed:
            self.messages += self.sounding.end_all()

    def close(self):
        self.flush()
        self.closed = True

    def wait_for(self, what, timeout=10):
        """Wait until the messages that come from now on satisfy ``what``."""
        with self._changed:
            start = len(self.messages)
            assert self._changed.wait_for(lambda: what(self.messages[start:]), timeout)
            return self.messages[start:]


def ons(messages, note):
    return [m for m in messages if m[0] & 0xF0 == 0x90 and m[1] == note]


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "a.tflite").write_bytes(small_model("Alpha"))
    (folder / "b.tflite").write_bytes(small_model("Beta", ticks_per_beat=12))
    (folder / "c.tflite").write_bytes(b"junk" * 1000)
    return folder


@pytest.fixture
def playing(models, tmp_path):
    board, ears = VirtualBoard(), Ears()
    box = Box(board, [ears], [models], tmp_path / "state.json")
    box.start(play=True)
    try:
        yield board, ears, box
    finally:
        box.close()
        board.close()


def until(condition, timeout=10):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_a_finger_on_the_pad_changes_what_is_played(playing):
    board, ears, _ = playing
    board.touch(1.0, 0.1)
    ears.wait_for(lambda new: any(on[2] > 120 for on in ons(new, SNARE)))
    board.touch(0.0, 0.1)
    ears.wait_for(lambda new: any(on[2] < 10 for on in ons(new, SNARE)))
    assert not ons(ears.wait_for(lambda new: len(ons(new, KICK)) > 1), HAT)
    board.touch(0.0, 0.9)
    ears.wait_for(lambda new: ons(new, HAT))
    board.lift()
    ears.wait_for(lambda new: ons(new, HAT))


def test_mutes_and_threshold(playing):
    board, ears, box = playing
    board.press("kick", True)
    board.press("kick", False)
    until(lambda: box.engine_loop.engine.controls.muted == {"kick"})
    new = ears.wait_for(lambda new: len(ons(new, SNARE)) > 4)
    assert not ons(new, KICK)
    board.turn(0, 40)
    until(lambda: box.engine_loop.engine.controls["threshold"] > 0.95)
    board.press("kick", True)
    new = ears.wait_for(lambda new: len(ons(new, KICK)) > 2)
    assert not ons(new, SNARE)


def test_stop_ends_every_note_and_play_begins_again(playing):
    board, ears, box = playing
    ears.wait_for(lambda new: ons(new, KICK))
    board.press("stop", True)
    until(lambda: not box.engine_loop.engine.state.playing)
    until(lambda: ears.messages[-1] == b"\xfc")
    assert ears.sounding.end_all() == []
    board.press("stop", False)
    board.press("play", True)
    new = ears.wait_for(lambda new: ons(new, KICK))
    assert new[0] == b"\xfa"


def test_another_model_comes_without_a_pause_and_a_broken_one_is_named(playing):
    board, ears, box = playing
    board.turn(3, 1)
    until(lambda: box.engine_loop.engine.state.info.name == "Beta")
    ears.wait_for(lambda new: ons(new, KICK))
    board.turn(3, 1)
    until(lambda: "not a TFLite model" in box.panel._message)
    assert box.engine_loop.engine.state.info.name == "Beta"
    ears.wait_for(lambda new: ons(new, KICK))


def test_the_picture_pulses_and_shows_the_head(playing):
    board, _, _ = playing
    pictures = set()
    until(lambda: pictures.add(board.oled.snapshot()[1]) or len(pictures) > 20)
    board.press("stop", True)
    time.sleep(0.3)
    _, still = board.oled.snapshot()
    board.touch(0.9, 0.9)
    until(lambda: board.oled.snapshot()[1] != still)


def test_controllers_come_in_and_go_out_and_do_not_come_round(playing):
    _, ears, box = playing
    controls = lambda: box.engine_loop.engine.controls  # noqa: E731
    box.receive(time.monotonic_ns(), "keys", bytes([0xB0, 12, 127]))
    until(lambda: controls()["x"] == 1.0)
    box.receive(time.monotonic_ns(), "keys", bytes([0xC0, 1]))
    until(lambda: box.engine_loop.engine.state.info.name == "Beta")
    time.sleep(0.3)
    box.board.turn(0, 3)
    new = ears.wait_for(lambda new: [m for m in new if m[0] == 0xB0 and m[1] == 16])
    assert not [m for m in ears.messages + new if m[0] == 0xB0 and m[1] == 12]


def test_learning_a_controller(playing):
    board, _, box = playing
    for move in (lambda: board.press("shift", True), lambda: board.push(3, True)):
        move()
        time.sleep(0.1)
    board.push(3, False)
    until(lambda: "Learn: move a control" in box.panel._message)
    board.press("shift", False)
    time.sleep(0.1)
    board.turn(1, 1)
    until(lambda: "noise" in box.panel._message)
    box.receive(time.monotonic_ns(), "keys", bytes([0xB0, 99, 127]))
    until(lambda: box.engine_loop.engine.controls["noise"] == 2.0)
    assert (99, "noise") in box._state_to_save().controllers


def test_a_clock_that_comes_in_leads(playing):
    board, ears, box = playing
    ears.wait_for(lambda new: ons(new, KICK))
    board.press("stop", True)
    until(lambda: not box.engine_loop.engine.state.playing)
    time.sleep(0.1)  # sooner, a start would be taken for our own coming back
    now = time.monotonic_ns()
    box.receive(now, "master", b"\xfa")
    for i in range(200):
        time.sleep(max(0, (now + i * 20_000_000 - time.monotonic_ns()) / 1e9))
        box.receive(now + i * 20_000_000, "master", b"\xf8")
        if box.engine_loop.engine.state.external and box.engine_loop.engine.state.playing:
            break
    assert i < 199


def test_outputs_come_and_go_while_it_plays(playing):
    _, ears, box = playing
    late = Ears()
    late.name = "late"
    box.add_output(late)
    late.wait_for(lambda new: ons(new, KICK))
    box.remove_output("late")
    ears.wait_for(lambda new: len(ons(new, KICK)) > 2)
    count = len(late.messages)
    ears.wait_for(lambda new: len(ons(new, KICK)) > 1)
    assert len(late.messages) == count
    assert late.sounding.end_all() == []


def test_the_light_and_the_colours(playing):
    board, _, _ = playing
    levels = set()
    until(lambda: levels.add(board.led()) or {0.15, 1.0} <= {round(x, 2) for x in levels})
    until(lambda: board.colours()[2] == (0, 50, 12))


def test_state_survives_and_the_model_too(models, tmp_path):
    state = tmp_path / "state.json"
    board = VirtualBoard()
    box = Box(board, [Ears()], [models], state)
    box.start()
    assert box.engine_loop.engine.controls["tempo"] == 15_000, "the model's own at first"
    board.turn(3, 1)
    board.turn(2, -10)
    board.touch(0.25, 0.75)
    until(lambda: box.engine_loop.engine.state.info.name == "Beta")
    until(lambda: box.engine_loop.engine.controls["tempo"] == 14_000)
    until(lambda: box.engine_loop.engine.controls["x"] == pytest.approx(0.25, abs=0.02))
    box.close()
    board.close()
    saved = load_state(state)
    assert saved.model == "b.tflite"
    board = VirtualBoard()
    box = Box(board, [Ears()], [models], state)
    assert box.engine_loop.engine.state.info.name == "Beta"
    assert box.engine_loop.engine.controls == saved.controls
    box.close()
    board.close()


def test_closing_leaves_nothing_sounding(playing):
    _, ears, box = playing
    ears.wait_for(lambda new: ons(new, KICK))
    box.close()
    assert ears.closed
    balance = 0
    for message in ears.messages:
        if message[0] & 0xF0 in (0x80, 0x90):
            balance += 1 if message[0] & 0xF0 == 0x90 else -1
    assert balance == 0


def test_a_box_without_models_says_so(tmp_path):
    board = VirtualBoard()
    with pytest.raises(BoxError, match="There is no playable model"):
        Box(board, [], [tmp_path])
    board.close()


def test_a_box_without_its_encoders_plays_and_says_so(models):
    from hardware.virtual.i2c_bus import Fault

    board, ears = VirtualBoard(), Ears()
    board.set_fault("encoders", Fault.ABSENT)
    box = Box(board, [ears], [models])
    box.start(play=True)
    ears.wait_for(lambda new: len(ons(new, KICK)) > 1)
    until(lambda: "does not answer" in box.panel._message)
    box.close()
    board.close()
