"""The keeper with a gadget whose computer is the test."""

import pytest

from firmware.library.library import Library
from firmware.usb.drive import Drive
from firmware.usb.keeper import DriveKeeper
from firmware.usb.volume import VolumeError
from tests.small_models import small_model
from tests.usb.fat import volume_at

SECOND = 1_000_000_000


class FakeGadget:
    def __init__(self, bound=False):
        self.is_bound, self.is_attached, self.is_inserted = bound, False, bound
        self.calls = []

    def make(self):
        self.calls.append("make")

    def bind(self):
        self.calls.append("bind")
        self.is_bound = True

    def insert(self, path):
        self.calls.append("insert")
        self.is_inserted = True

    def withdraw(self):
        self.calls.append("withdraw")
        self.is_inserted = False


class Bench:
    def __init__(self, folder, bound=False):
        self.gadget, self.now_ns = FakeGadget(bound), 0
        self.volume = volume_at(folder / "drive.img")
        self.library = Library(folder / "own", check=lambda content: None)
        self.verdicts, self.said = [], []
        self.keeper = DriveKeeper(
            self.gadget,
            self.volume,
            Drive(self.volume, self.library),
            self.verdicts.extend,
            self.said.append,
            self.now_ns,
        )

    def run(self, seconds):
        for _ in range(round(seconds * 2)):
            self.now_ns += SECOND // 2
            self.keeper.step(self.now_ns)
        return self


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_the_volume_is_made_before_a_computer_sees_it(bench):
    assert bench.gadget.calls == ["make", "withdraw", "insert", "bind"]
    assert "README.txt" in bench.volume.files()
    assert bench.said == []


def test_a_model_is_copied_and_ejected(bench):
    bench.gadget.is_attached = True
    bench.run(5)
    bench.volume.write("a.tflite", small_model("Alpha"))
    bench.run(1)
    bench.gadget.is_inserted = False
    bench.run(0.5)
    assert [v.key for v in bench.verdicts] == ["a.tflite"]
    assert not bench.gadget.is_inserted
    bench.run(3)
    assert bench.gadget.is_inserted
    assert "models/a.tflite" in bench.volume.files()


def test_a_model_is_copied_and_left(bench):
    bench.gadget.is_attached = True
    bench.run(5)
    bench.volume.write("a.tflite", small_model("Alpha"))
    before = bench.volume.path.read_bytes()
    bench.run(30)
    assert [v.key for v in bench.verdicts] == ["a.tflite"]
    assert bench.gadget.calls.count("withdraw") == 1, "at the start, when nobody had it"
    assert bench.volume.path.read_bytes() == before
    bench.gadget.is_attached = False  # the cable is pulled
    bench.run(5)
    assert bench.gadget.is_inserted
    assert "models/a.tflite" in bench.volume.files()
    assert len(bench.verdicts) == 1


def test_what_the_box_changed_is_on_the_drive_when_a_computer_comes(bench):
    bench.library.import_model(small_model("Alpha"), "a.tflite")
    bench.keeper.changed = True
    bench.run(5)
    assert "models/a.tflite" in bench.volume.files()
    assert bench.gadget.is_inserted


def test_a_keeper_that_comes_back_takes_over_without_tearing_the_drive_away(tmp_path):
    first = Bench(tmp_path)
    first.volume.write("a.tflite", small_model("Alpha"))
    again = Bench(tmp_path, bound=True)
    assert again.gadget.calls == ["make"]
    again.gadget.is_attached = True
    again.run(5)
    assert [v.key for v in again.verdicts] == ["a.tflite"]
    assert again.gadget.is_inserted


def test_what_fails_is_said_once_and_the_drive_given_back(bench, monkeypatch):
    def broken(*_):
        raise VolumeError("The files of the drive cannot be listed.")

    bench.gadget.is_attached = True
    monkeypatch.setattr(bench.volume, "repair", broken)
    bench.volume.write("x", b"y")
    bench.gadget.is_inserted = False
    bench.run(20)
    assert bench.said == ["The drive cannot be used (The files of the drive cannot be listed.)."]
    assert bench.gadget.is_inserted


def test_a_volume_that_is_gone_is_made_anew(bench):
    bench.gadget.is_attached = True
    bench.volume.path.unlink()
    bench.gadget.is_inserted = False
    bench.run(5)
    assert "README.txt" in bench.volume.files()
