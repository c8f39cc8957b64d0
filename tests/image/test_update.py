"""An update comes over the drive into the other slot; one that does not come up is left again."""

import subprocess

import pytest

from firmware.update.slots import Slots
from tests.image.conftest import NEXT
from tests.image.machine import run

pytestmark = pytest.mark.image


def test_an_update_is_taken_tried_and_kept(machine, scripts, scripts_and_update):
    card = machine.card
    told = run(machine, scripts_and_update, "usb")
    print(told)
    (sentence,) = told["said"]
    assert sentence.endswith(f"Version {NEXT} starts when the box is next switched on.")
    assert card.slots == Slots("b", trial="b")

    told = run(machine, scripts, "plays", "stays")
    assert (told["slot"], told["version"]) == ("b", NEXT)
    assert told["clocks"] > 20
    assert card.slots == Slots("b")


@pytest.mark.parametrize("fault", ["root of noise", "root without a system"])
def test_an_update_that_does_not_come_up_is_left(machine, scripts, fault, tmp_path):
    if fault == "root of noise":
        root = b"\xa5" * (1 << 20)
    else:
        (tmp_path / "empty").mkdir()
        packed = tmp_path / "empty.squashfs"
        subprocess.run(["mksquashfs", tmp_path / "empty", packed, "-quiet"], check=True)
        root = packed.read_bytes()
    is_left(machine, scripts, root, 60)


@pytest.mark.cuts
def test_an_update_whose_box_does_not_start_is_left(machine, scripts, dead_root):
    is_left(machine, scripts, dead_root.read_bytes(), 240)


def is_left(machine, scripts, root, seconds):
    """What is in the second slot ends within ``seconds``, and the first one plays again."""
    card = machine.card
    card.set_slots(Slots("a").on_trial("b"))
    card.write("root-b", root)
    with machine.running():
        machine.wait_for_end(seconds)
    assert card.slots == Slots("a", tried="b")

    told = run(machine, scripts, "plays", "said")
    assert told["slot"] == "a"
    assert told["clocks"] > 20
    (sentence,) = told["said"]
    assert sentence.endswith("The update did not start well: the box is as it was before.")
    assert card.slots == Slots("a")
