"""The sector of the slots, and that the initramfs reads and writes it alike."""

import shutil
import subprocess
from pathlib import Path

import pytest

from firmware.update.slots import SECTOR, Slots

INIT = Path(__file__).parents[2] / "image_build/initramfs_init.sh"
ALL = [Slots("a"), Slots("b"), Slots("b", trial="b"), Slots("a", tried="b"), Slots("a", trial="a")]


@pytest.mark.parametrize("slots", ALL)
def test_what_is_written_is_read(slots):
    sector = slots.sector()
    assert len(sector) == SECTOR
    assert sector.endswith(b"\n")
    assert Slots.parse(sector) == slots


@pytest.mark.parametrize("sector", [b"", b"\0" * SECTOR, b"os_prefix=c/\n#\n", b"os_prefix=a/"])
def test_what_is_none_is_refused(sector):
    with pytest.raises(ValueError, match="damaged"):
        Slots.parse(sector)


def test_the_life_of_an_update():
    slots = Slots("a").on_trial("b")
    assert slots.start == "b"
    begun = slots.begun()
    assert (begun.start, begun.tried) == ("a", "b"), "the next start is the old one"
    assert begun.begun() == begun
    assert begun.confirmed("b") == Slots("b")
    assert begun.told() == Slots("a")


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
@pytest.mark.parametrize("slots", ALL)
def test_the_initramfs_does_the_same(slots, tmp_path):
    """Its own lines, with this system's tools in place of busybox."""
    text = INIT.read_text()
    begin, end = text.index("write_slot() {"), text.index("if ! $b mount -t squashfs")
    disk = tmp_path / "disk"
    disk.write_bytes(b"x" * SECTOR + slots.sector() + b"y" * SECTOR)
    slot = slots.start
    other = {"a": "b", "b": "a"}[slot]
    setting = f"b= disk={disk} slot_at=1 slot={slot} other={other}\n"
    subprocess.run(["sh", "-c", setting + text[begin:end]], check=True)
    content = disk.read_bytes()
    assert content[:SECTOR] == b"x" * SECTOR
    assert content[2 * SECTOR :] == b"y" * SECTOR
    assert Slots.parse(content[SECTOR : 2 * SECTOR]) == slots.begun()
