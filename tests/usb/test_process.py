"""The process beside the music: what it says, and how it ends."""

import threading
import time

import pytest

from firmware.library.intake import Verdict
from firmware.library.library import Library
from firmware.usb import process as process_module
from firmware.usb.link import UsbLink
from firmware.usb.process import Process
from firmware.usb.stick import FEW, StickError

GOOD = Verdict("a.tflite", "Alpha is in the library.", "a.tflite", True)
KNOWN = Verdict("b.tflite", "Beta is in the library already.", "b.tflite", False)
BAD = Verdict("c.tflite", "This is not a TFLite model file.")


@pytest.fixture
def told():
    return []


@pytest.fixture
def process(tmp_path, told):
    library = Library(tmp_path / "own", check=lambda content: None)
    return Process(library, told.append, tmp_path / "stick", {})


def test_one_file_is_its_own_sentence(process, told):
    process.on_verdicts([GOOD])
    assert told == [{"changed": True, "play": "a.tflite"}, {"say": "Alpha is in the library."}]
    process.on_verdicts([KNOWN])
    process.on_verdicts([BAD])
    assert told[2:] == [{"say": KNOWN.sentence}, {"say": BAD.sentence}]
    process.on_verdicts([])
    assert len(told) == 4


def test_several_files_are_counted(process, told):
    process.on_verdicts([BAD, GOOD, KNOWN, BAD])
    assert told == [
        {"changed": True, "play": "a.tflite"},
        {"say": "1 model is in the library now. Refused: 2. REPORT.txt says why."},
    ]


def test_the_first_good_model_is_told_of_while_others_are_looked_at(process, told):
    def one_by_one():
        yield BAD
        assert told == []
        yield GOOD
        assert told == [{"changed": True, "play": "a.tflite"}]
        yield GOOD

    process.on_verdicts(one_by_one())
    assert told[1:] == [
        {"changed": True},
        {"say": "2 models are in the library now. Refused: 1. REPORT.txt says why."},
    ]


class FakeStick:
    files = 0
    verdicts: tuple = ()
    fails = False

    def __init__(self, device, point):
        self.device = device

    def count(self):
        if self.fails:
            raise StickError("The stick cannot be read: format it as FAT or exFAT.")
        return self.files

    def take_in(self, library):
        return list(self.verdicts)

    def put_out(self, library, papers):
        return 3


@pytest.fixture
def stick(monkeypatch):
    present = []
    monkeypatch.setattr(process_module, "Stick", FakeStick)
    monkeypatch.setattr(process_module, "find_sticks", lambda: list(present))
    monkeypatch.setattr(FakeStick, "fails", False)
    return present


def test_a_stick_with_a_few_models_is_taken_at_once(process, told, stick, monkeypatch):
    monkeypatch.setattr(FakeStick, "files", 2)
    monkeypatch.setattr(FakeStick, "verdicts", (GOOD, BAD))
    process.step(0)
    assert told == []
    stick.append("sda1")
    process.step(1)
    assert told == [
        {"changed": True, "play": "a.tflite"},
        {"say": "1 model is in the library now. Refused: 1. This is not a TFLite model file."},
    ]
    process.step(2)
    assert len(told) == 2
    stick.clear()
    process.step(3)
    stick.append("sda1")
    process.step(4)
    assert len(told) == 4


def test_a_stick_with_many_models_is_asked_about(process, told, stick, monkeypatch):
    monkeypatch.setattr(FakeStick, "files", FEW + 1)
    stick.append("sda1")
    process.step(0)
    assert told == [{"say": "6 models on the stick: menu, Models, Copy from stick takes them."}]
    monkeypatch.setattr(FakeStick, "verdicts", (GOOD,))
    process.on_word("from stick")
    assert told[1:] == [{"changed": True, "play": "a.tflite"}, {"say": GOOD.sentence}]
    process.on_word("to stick")
    assert told[-1] == {"say": "3 models and the settings are on the stick."}


def test_a_stick_that_is_not_there_or_cannot_be_read(process, told, stick, monkeypatch):
    process.on_word("to stick")
    monkeypatch.setattr(FakeStick, "fails", True)
    stick.append("sda1")
    process.step(0)
    process.on_word("what")
    assert [message["say"] for message in told] == [
        "There is no USB stick.",
        "The stick cannot be read: format it as FAT or exFAT.",
    ]


def test_the_link_speaks_with_a_real_process_and_ends_it(tmp_path):
    said, heard = [], threading.Event()

    def say(sentence):
        said.append(sentence)
        heard.set()

    link = UsbLink([f"--library={tmp_path}", f"--sticks={tmp_path / 'stick'}"], say, said.append)
    end = time.monotonic() + 20
    while not heard.is_set():  # what is said before it listens is not heard
        assert time.monotonic() < end
        link.copy_to_stick()
        heard.wait(0.2)
    assert said[0] == "There is no USB stick."
    process = link._process
    link.close()
    assert process.wait(5) == 0
    link.copy_to_stick()  # nobody listens, and nothing happens


def test_a_drive_that_cannot_be_is_one_sentence(tmp_path, monkeypatch):
    said, heard = [], threading.Event()
    link = UsbLink(
        [f"--library={tmp_path}", "--drive=/proc/no/drive"],
        lambda sentence: (said.append(sentence), heard.set()),
        said.append,
    )
    assert heard.wait(20)
    link.close()
    assert said[0].startswith("The drive cannot be used (")
