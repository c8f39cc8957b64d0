"""The FAT volume: what is written comes back, and what is damaged ends nothing."""

import contextlib
import os
import random

import pytest

from firmware.usb.volume import VolumeError
from tests.usb.fat import SIZE, volume_at

NAMES = [
    "plain.tflite",
    "with space [x] (1).tflite",
    "été ñandú 鼓.tflite",
    "models/deep/er/file.txt",
    "UPPER.TXT",
    "a" * 200 + ".tflite",
    "'quoted' & $HOME `x`.tflite",
]


@pytest.fixture
def volume(tmp_path):
    volume = volume_at(tmp_path / "drive.img")
    volume.make()
    return volume


def test_files_come_back_whole_by_any_name(volume):
    contents = {name: name.encode() * 1000 for name in NAMES}
    for name, content in contents.items():
        volume.write(name, content)
    assert set(NAMES) <= set(volume.files())
    for name, content in contents.items():
        assert volume.read(name, 1 << 20) == content
    volume.write(NAMES[1], b"other")
    assert volume.read(NAMES[1], 100) == b"other"
    for name in NAMES:
        volume.remove(name)
    assert not set(NAMES) & set(volume.files())
    assert volume.repair()


def test_a_name_with_signs_is_that_file_alone(volume):
    volume.write("a[bc].tflite", b"signs")
    volume.write("ab.tflite", b"plain")
    volume.remove("a[bc].tflite")
    assert volume.files() == ["ab.tflite"]


def test_what_is_too_large_or_not_there_is_one_sentence(volume):
    volume.write("large", b"x" * 3000)
    with pytest.raises(VolumeError, match="large is larger than 0 MB"):
        volume.read("large", 2000)
    with pytest.raises(VolumeError, match="absent cannot be read"):
        volume.read("absent", 2000)
    with pytest.raises(VolumeError):
        volume.remove("absent")


def test_a_full_volume_refuses_and_keeps_what_it_has(volume):
    volume.write("kept", b"here")
    with pytest.raises(VolumeError):
        volume.write("much", os.urandom(SIZE))
    assert volume.files() == ["kept"]
    assert volume.read("kept", 100) == b"here"


def test_a_stamp_tells_of_each_write(volume):
    stamps = {volume.stamp()}
    for _ in range(3):
        volume.write("x", b"y")
        stamps.add(volume.stamp())
        volume.files()
        volume.read("x", 10)
        stamps.add(volume.stamp())
    assert len(stamps) == 4
    volume.path.unlink()
    assert volume.stamp() == 0


def test_a_dirty_volume_is_repaired(volume):
    """As a cable that is pulled leaves it: Linux and Windows set a flag in the boot sector, and a
    file's clusters may be written before its name."""
    volume.write("kept", b"here" * 1000)
    with volume.path.open("r+b") as file:
        file.seek(0x25)  # FAT16: the flags of the extended boot record
        file.write(b"\x01")
    assert volume.repair()
    assert volume.read("kept", 10_000) == b"here" * 1000


@pytest.mark.parametrize("what", ["empty", "noise", "short", "zeros"])
def test_what_is_no_volume_is_made_anew(volume, what):
    content = {
        "empty": b"",
        "noise": random.Random(1).randbytes(1 << 20),
        "short": volume.path.read_bytes()[:700],
        "zeros": bytes(SIZE),
    }[what]
    volume.path.write_bytes(content)
    assert not volume.repair()
    volume.make()
    assert volume.repair()
    assert volume.files() == []
    assert volume.path.stat().st_size == SIZE


def test_no_damage_ends_in_anything_but_an_answer(volume):
    """Bytes changed all over the tables: every answer is a list, contents, or a sentence."""
    for name in ("a.tflite", "b.tflite", "models/c.tflite"):
        volume.write(name, name.encode() * 5000)
    whole = volume.path.read_bytes()
    for seed in range(15):
        rng, damaged = random.Random(seed), bytearray(whole)
        for _ in range(rng.choice((1, 10, 1000))):
            damaged[rng.randrange(120_000)] = rng.randrange(256)
        volume.path.write_bytes(damaged)
        if not volume.repair():
            volume.make()
        for name in volume.files():
            with contextlib.suppress(VolumeError):
                volume.read(name, 1 << 20)
        volume.write("REPORT.txt", b"still")
        assert volume.read("REPORT.txt", 100) == b"still"


def test_a_partition_that_nothing_was_written_to_yet_is_there(volume, tmp_path, monkeypatch):
    """As at each start of the box: a volume without a stamp is made anew, with all that is on it
    lost."""
    statistics = tmp_path / "block" / volume.path.name / "stat"
    statistics.parent.mkdir(parents=True)
    monkeypatch.setattr("firmware.usb.volume.BLOCK", tmp_path / "block")
    monkeypatch.setattr(type(volume.path), "is_block_device", lambda path: True)
    stamps = set()
    for sectors in (0, 8):
        statistics.write_text(f"12 0 96 1 1 0 {sectors} 4 0 5 5 0 0 0 0 0 0\n")
        stamps.add(volume.stamp())
    assert len(stamps) == 2
    assert 0 not in stamps
