"""Sticks: which devices are some, and what is done with their files. Mounting is the kernel's: the
virtual machine's test does that."""

import contextlib
from pathlib import Path

import pytest

from firmware.library.library import Library
from firmware.usb.gadget import INQUIRY
from firmware.usb.stick import Stick, StickError, find_sticks
from tests.small_models import small_model


def disk(block, bus, name, partitions=0, size=1000, inquiry=("SanDisk ", "Cruzer          ")):
    """A disk of /sys/class/block, with its partitions."""
    place = block.parent / "devices" / bus / "block" / name
    (place / "device").mkdir(parents=True)
    (place / "device/vendor").write_text(inquiry[0])
    (place / "device/model").write_text(inquiry[1])
    (place / "size").write_text(f"{size}\n")
    (block / name).symlink_to(place)
    for number in range(1, partitions + 1):
        part = place / f"{name}{number}"
        part.mkdir()
        (part / "partition").write_text(f"{number}\n")
        (part / "size").write_text("500\n")
        (block / part.name).symlink_to(part)


def test_sticks_are_usb_disks_that_may_hold_files(tmp_path):
    block = tmp_path / "block"
    block.mkdir()
    disk(block, "pci0/usb1/1-1", "sda", partitions=2)
    disk(block, "pci0/usb1/1-2", "sdb")
    disk(block, "pci0/usb1/1-3", "sdc", size=0)  # a card reader without a card
    disk(block, "pci0/ata1", "sdd", partitions=1)
    disk(block, "dummy/usb2/2-1", "sde", inquiry=(INQUIRY[:8], INQUIRY[8:]))
    assert find_sticks(block) == ["sda1", "sda2", "sdb"]


@pytest.fixture
def stick(tmp_path, monkeypatch):
    """A stick whose files are those of a folder."""
    stick = Stick("sdx1", tmp_path / "mounted")

    @contextlib.contextmanager
    def mounted(writable=False):
        yield tmp_path / "files"

    monkeypatch.setattr(stick, "_mounted", mounted)
    (tmp_path / "files/deep").mkdir(parents=True)
    (tmp_path / "files/a.tflite").write_bytes(small_model("Alpha"))
    (tmp_path / "files/deep/b.TFLITE").write_bytes(small_model("Beta"))
    (tmp_path / "files/._a.tflite").write_bytes(b"litter")
    (tmp_path / "files/link.tflite").symlink_to("/etc/passwd")
    return stick


def test_models_are_counted_and_taken(stick, tmp_path):
    library = Library(tmp_path / "own", tmp_path / "none", lambda content: None)
    assert stick.count() == 2
    assert [(v.file, v.new) for v in stick.take_in(library)] == [
        ("a.tflite", True),
        ("deep/b.TFLITE", True),
    ]
    assert [model.name for model in library.models()] == ["Alpha", "Beta"]


def test_models_and_settings_are_copied_out(stick, tmp_path):
    library = Library(tmp_path / "own", tmp_path / "none", lambda content: None)
    library.import_model(small_model("Gamma"), "g.tflite")
    (tmp_path / "state.json").write_text("{}")
    papers = {"state.json": tmp_path / "state.json", "midi.toml": tmp_path / "absent"}
    assert stick.put_out(library, papers) == 1
    written = tmp_path / "files/groovebox"
    assert sorted(p.relative_to(written).as_posix() for p in written.rglob("*.*")) == [
        "models/g.tflite",
        "state.json",
    ]


def test_a_stick_that_cannot_be_mounted_is_one_sentence(tmp_path):
    with pytest.raises(StickError, match="The stick cannot be"):
        Stick("no-such-device", Path(tmp_path / "mounted")).count()
