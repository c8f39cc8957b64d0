"""The whole box on the virtual board: hands on emulated chips, MIDI out, pictures on the OLED."""

import threading
import time

import pytest

from firmware.box import Box, BoxError
from firmware.engine.controls import Set
from firmware.library.library import Library
from firmware.library.state import load_state
from firmware.midi.message import SoundingNotes
from firmware.rhythm.drums import DRUMS
from hardware.virtual.virtual_board import VirtualBoard
from tests.small_models import small_model

KICK, SNARE, HAT = 36, 38, 42
MODEL = 3


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


def test_a_model_that_is_trained_anew_is_taken_in_while_it_plays(playing, models):
    board, ears, box = playing
    board.touch(0.9, 0.2)
    until(lambda: box.engine_loop.engine.controls["x"] > 0.85)
    new = models / "new"
    new.write_bytes(small_model("Anew"))
    new.replace(models / "a.tflite")
    until(lambda: box.engine_loop.engine.state.info.name == "Anew")
    assert box.engine_loop.engine.controls["x"] > 0.85
    assert box.engine_loop.engine.state.playing
    ears.wait_for(lambda new: any(on[2] > 100 for on in ons(new, SNARE)))
    (models / "a.tflite").write_bytes(small_model("Broken")[:2000])
    until(lambda: ": The " in box.panel._message)
    assert box.engine_loop.engine.state.info.name == "Anew"
    ears.wait_for(lambda new: len(ons(new, KICK)) > 1)


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


class Hands:
    """Moves on the virtual board, one at a time: each is felt before the next."""

    def __init__(self, board, box):
        self.board, self.box = board, box
        self.gestures = box.panel._gestures

    @property
    def controls(self):
        return self.box.engine_loop.engine.controls

    @property
    def menu(self):
        """The menu's chosen row, or its title row, as (title, label, value, editing)."""
        view = self.gestures.menu.view(self.controls)
        return None if view is None else (view.title, *view.rows[view.chosen], view.editing)

    def shift(self, down):
        self.board.press("shift", down)
        until(lambda: (self.gestures._shift_ns is not None) == down)

    def hold_model(self, down):
        self.board.push(MODEL, down)
        until(lambda: (MODEL in self.gestures._pressed) == down)

    def click_model(self):
        self.hold_model(True)
        self.hold_model(False)

    def field(self, place, held_s=0.0):
        self.board.touch((1 + 2 * (place % 3)) / 6, 1 - (1 + 2 * (place // 3)) / 6)
        until(lambda: self.gestures._touching)
        time.sleep(held_s)
        self.board.lift()
        until(lambda: not self.gestures._touching)

    def touch(self, x, y):
        """Where the head is then; the pad reads in steps of its own."""
        self.board.touch(x, y)
        until(lambda: self.controls["x"] == pytest.approx(x, abs=0.03))
        until(lambda: self.controls["y"] == pytest.approx(y, abs=0.03))
        self.board.lift()
        until(lambda: not self.controls["touch"])

    def open_menu(self, section, label):
        """With the cursor on a row."""
        self.shift(True)
        self.click_model()
        self.shift(False)
        self.turn_to(section)
        self.click_model()
        self.turn_to(label)

    def turn_to(self, label):
        for _ in range(20):
            if self.menu[1] == label:
                return
            before = self.menu
            time.sleep(0.07)  # what follows faster counts more
            self.board.turn(MODEL, 1)
            until(lambda before=before: self.menu != before)
        raise AssertionError(f"there is no {label}")


@pytest.fixture
def hands(playing):
    board, _, box = playing
    return Hands(board, box)


def test_learning_a_controller(playing, hands):
    board, _, box = playing
    hands.open_menu("MIDI", "Learn a control")
    hands.click_model()
    until(lambda: "Learn: move a control" in box.panel._message)
    board.turn(1, 1)
    until(lambda: "noise" in box.panel._message)
    box.receive(time.monotonic_ns(), "keys", bytes([0xB0, 99, 127]))
    until(lambda: hands.controls["noise"] == 2.0)
    assert (99, "noise") in box._state_to_save().controllers
    hands.open_menu("MIDI", "Forget learnt")
    hands.click_model()
    until(lambda: (17, "noise") in box._state_to_save().controllers)


def test_a_click_on_model_turns_the_page(playing, hands):
    board, _, _ = playing
    board.press("stop", True)
    until(lambda: not hands.box.engine_loop.engine.state.playing)
    time.sleep(0.2)
    pictures = set()
    for page in (1, 2, 0):
        pictures.add(board.oled.snapshot()[1])
        hands.click_model()
        until(lambda page=page: hands.controls["page"] == page)
        until(lambda: board.oled.snapshot()[1] not in pictures or len(pictures) == 3)
        time.sleep(0.2)
    assert len(pictures) == 3


def test_a_snapshot_is_stored_and_recalled(playing, hands):
    board, ears, box = playing
    hands.touch(0.9, 0.1)
    board.press("kick", True)
    board.press("kick", False)
    until(lambda: hands.controls.muted == {"kick"})
    stored = hands.controls
    hands.hold_model(True)
    hands.field(4, held_s=0.8)
    hands.hold_model(False)
    until(lambda: box.panel.snapshots[4] is not None)
    assert hands.controls["page"] == 0
    assert hands.controls["x"] == stored["x"], "a field does not move the head"
    hands.touch(0.1, 0.9)
    board.press("kick", True)
    board.press("kick", False)
    board.turn(2, 4)
    until(lambda: hands.controls["tempo"] != stored["tempo"] and not hands.controls.muted)
    hands.hold_model(True)
    hands.field(4)
    hands.hold_model(False)
    until(lambda: hands.controls.muted == {"kick"})
    assert hands.controls == stored
    new = ears.wait_for(lambda new: len(ons(new, SNARE)) > 4)
    assert not ons(new, KICK)


def test_mute_buttons_store_with_model_held_and_recall_with_shift(playing, hands):
    board, _, box = playing
    hands.touch(0.9, 0.1)
    stored = hands.controls
    hands.hold_model(True)
    board.press("snare", True)
    until(lambda: box.panel.snapshots[1] is not None)
    board.press("snare", False)
    hands.hold_model(False)
    hands.touch(0.1, 0.9)
    hands.shift(True)
    board.press("snare", True)
    until(lambda: hands.controls == stored)
    board.press("snare", False)
    hands.shift(False)
    time.sleep(0.2)
    assert hands.controls == stored


def test_a_recall_glides_if_the_player_wants_it(playing, hands):
    _, _, box = playing
    hands.touch(0.9, 0.1)
    stored = hands.controls
    hands.hold_model(True)
    hands.field(0, held_s=0.8)
    hands.hold_model(False)
    until(lambda: box.panel.snapshots[0] is not None)
    hands.touch(0.1, 0.1)
    box.engine_loop.post(Set("glide", 2))
    until(lambda: hands.controls["glide"] == 2)
    hands.hold_model(True)
    hands.field(0)
    hands.hold_model(False)
    until(lambda: 0.2 < hands.controls["x"] < 0.8)
    until(lambda: hands.controls["x"] == stored["x"])


def test_nine_mutes_on_the_pad(playing, hands):
    _, ears, _ = playing
    keys = [drum.key for drum in DRUMS]
    hands.shift(True)
    for place in range(9):
        hands.field(place)
        until(lambda place=place: hands.controls.muted == set(keys[: place + 1]))
    hands.shift(False)
    ears.wait_for(lambda new: new.count(b"\xf8") > 4)  # what was handed over before has sounded
    new = ears.wait_for(lambda new: new.count(b"\xf8") > 48)
    assert not [message for message in new if message[0] & 0xF0 == 0x90]
    hands.shift(True)
    hands.field(1)
    hands.shift(False)
    ears.wait_for(lambda new: ons(new, SNARE))
    assert hands.controls["x"] == 0.5


def test_the_menu_changes_the_channel_of_the_notes(playing, hands):
    board, ears, _ = playing
    assert {m[0] for m in ons(ears.wait_for(lambda new: ons(new, KICK)), KICK)} == {0x99}
    hands.open_menu("MIDI", "Channel")
    hands.click_model()
    until(lambda: hands.menu == ("MIDI", "Channel", "10", True))
    board.turn(MODEL, -7)
    until(lambda: hands.menu[2] == "3")
    ears.wait_for(lambda new: any(m[0] == 0x92 for m in ons(new, KICK)))
    new = ears.wait_for(lambda new: len(ons(new, SNARE)) > 8)
    assert {m[0] for m in ons(new, SNARE)} == {0x92}
    board.press("stop", True)
    until(lambda: ears.messages[-1] == b"\xfc")
    assert ears.sounding.end_all() == [], "no note is left on the channel of before"


def test_a_drum_gets_another_note_and_it_is_kept(models, tmp_path):
    state = tmp_path / "state.json"
    for note in (36, 40):
        board, ears = VirtualBoard(), Ears()
        box = Box(board, [ears], [models], state)
        box.start(play=True)
        try:
            ears.wait_for(lambda new, note=note: ons(new, note))
            if note == 36:
                hands = Hands(board, box)
                hands.open_menu("Notes", "Kick")
                hands.click_model()
                until(lambda hands=hands: hands.menu[3])
                for _ in range(4):
                    time.sleep(0.1)  # slowly: each detent counts once
                    board.turn(MODEL, 1)
                ears.wait_for(lambda new: ons(new, 40))
        finally:
            box.close()
            board.close()


def test_the_menu_ends_a_calibration_of_a_pad_that_was_not_touched(playing, hands):
    _, _, box = playing
    hands.open_menu("Pad", "Calibrate")
    hands.click_model()
    until(lambda: hands.gestures.calibrating)
    hands.click_model()
    until(lambda: "too briefly" in box.panel._message)
    assert box._state_to_save().calibration is None
    hands.touch(0.9, 0.1)


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


def now(box):
    return box.engine_loop.engine.state, time.monotonic_ns()


def test_the_library_is_handled_from_the_panel(tmp_path):
    library = Library(tmp_path / "own", check=lambda content: None)
    library.import_model(small_model("Alpha"), "alpha.tflite")
    (library.folder / "half.tflite.1.new").write_bytes(b"x")
    board = VirtualBoard()
    box = Box(board, [Ears()], library, tmp_path / "state.json")
    box.start(play=True)
    try:
        assert not list(library.folder.glob("*.new"))
        until(lambda: box.engine_loop.engine.state.info.name == "Alpha")
        hands = Hands(board, box)
        hands.open_menu("Models", "Alpha")
        hands.click_model()
        hands.turn_to("Favourite")
        hands.click_model()
        until(lambda: library.models()[0].favourite)
        box.shelf.rename("alpha.tflite", "Our Alpha")
        until(lambda: box.panel._status(*now(box)).model == "Our Alpha")
        box.shelf.rename("alpha.tflite", "")
        until(lambda: box.panel._status(*now(box)).model == "Alpha")
        hands.turn_to("Back")
        hands.click_model()
        second = library.models()[1].name
        hands.turn_to(second)
        hands.click_model()
        hands.click_model()  # its first row is "Play"
        until(lambda: box.engine_loop.engine.state.info.name == second)
    finally:
        box.close()
    assert load_state(tmp_path / "state.json").model == library.models()[1].key
    again = Box(board, [Ears()], library, tmp_path / "state.json")
    again.close()
    assert again._model_key == library.models()[1].key
    board.close()


def test_what_comes_by_usb_is_played_and_what_is_done_here_is_told_there(tmp_path, monkeypatch):
    links = []

    class Link:
        def __init__(self, arguments, say, on_change):
            self.arguments, self.say, self.on_change = arguments, say, on_change
            self.told = []
            links.append(self)

        def tell_changed(self):
            self.told.append("changed")

        def copy_to_stick(self):
            self.told.append("to stick")

        def close(self):
            self.told.append("closed")

    monkeypatch.setattr("firmware.box.UsbLink", Link)
    library = Library(tmp_path / "own", check=lambda content: None)
    board = VirtualBoard()
    box = Box(board, [Ears()], library)
    box.start(play=True)
    hands = Hands(board, box)
    try:
        hands.open_menu("Models", "Copy to stick")
        hands.click_model()
        until(lambda: "There is no USB stick." in box.panel._message)
        box.connect_usb(["--library=there"])
        [link] = links
        assert link.arguments == ["--library=there"]
        # As another process would: the box's own library looks at the folder anew.
        beside = Library(library.folder, check=lambda content: None)
        key = beside.import_model(small_model("Alpha"), "alpha.tflite").model.key
        link.on_change(key)
        link.say("Alpha is in the library.")
        until(lambda: box.engine_loop.engine.state.info.name == "Alpha")
        until(lambda: "Alpha is in the library." in box.panel._message)
        box.shelf.remove(key)
        until(lambda: link.told == ["changed"])
        assert box.engine_loop.engine.state.info.name == "Alpha", "it plays on"
        hands.click_model()
        until(lambda: link.told == ["changed", "to stick"])
    finally:
        box.close()
        board.close()
    assert link.told[-1] == "closed"
