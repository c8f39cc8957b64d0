"""In the virtual machine: the box as a drive and a MIDI device, with this same machine as the
computer at the other end of the cable, and a USB stick in it.

The controllers are Linux's dummy ones, in pairs with a bus.
"""

import contextlib
import fcntl
import json
import os
import random
import subprocess
import time
from itertools import pairwise
from pathlib import Path

from firmware.box import Box
from firmware.engine.controls import Set
from firmware.library.library import Library
from firmware.midi.alsa_ports import AlsaMidi
from firmware.usb.gadget import INQUIRY, Gadget
from firmware.usb.volume import Volume
from hardware.virtual.virtual_board import VirtualBoard
from tests.vm.raw_midi import RawMidi

HOME = Path("/tmp/box")
BPM = 120
TICK_S = 60 / BPM / 24
EJECT, UNLOCK = 0x5309, 0x5381  # CDROMEJECT of cdrom.h, SCSI_IOCTL_DOORUNLOCK of scsi_ioctl.h
R_VAE_BYTES = 8_500_000
FILE = Path("/sys/kernel/config/usb_gadget/groovebox/functions/mass_storage.usb0/lun.0/file")
MOUNTED, DESKTOP = Path("/tmp/mounted"), Path("/tmp/desktop")
seen: dict = {}


def small_model(name):
    """As the host made it beforehand."""
    return Path(f"{name}.tflite").read_bytes()


def wait_for(condition, seconds=200.0):
    """What the condition gives, when it gives something, and how long that took; or fail."""
    began_s = time.monotonic()
    while not (found := condition()):
        if time.monotonic() - began_s > seconds:
            raise TimeoutError(f"it did not happen; said: {said}, seen: {seen}")
        time.sleep(0.05)
    return found, time.monotonic() - began_s


def run(*command):
    subprocess.run(command, check=True)


# The computer. What it does for long is done by programs: it shares this one's interpreter.


def lay_out_files():
    """What will be dragged onto the drive."""
    DESKTOP.mkdir()
    (DESKTOP / "mystyle.tflite").write_bytes(small_model("My style"))
    garbage = bytearray(random.Random(1).randbytes(R_VAE_BYTES))
    garbage[4:8] = b"TFL3"
    (DESKTOP / "rvae.tflite").write_bytes(garbage)
    (DESKTOP / "cut.tflite").write_bytes(small_model("Cut")[:20_000])
    (DESKTOP / ".DS_Store").write_bytes(b"litter")
    (DESKTOP / "._mystyle.tflite").write_bytes(b"litter")


def disk_named(inquiry):
    for place in Path("/sys/class/block").glob("sd*"):
        with contextlib.suppress(OSError):
            vendor = (place / "device/vendor").read_text().strip()
            model = (place / "device/model").read_text().strip()
            if f"{vendor:8}{model}" == inquiry and int((place / "size").read_text()) > 0:
                return Path("/dev", place.name)
    return None


@contextlib.contextmanager
def mounted(disk, *options):
    MOUNTED.mkdir(exist_ok=True)
    run("mount", "-t", "vfat", *options, str(disk), str(MOUNTED))
    try:
        yield MOUNTED
    finally:
        run("umount", str(MOUNTED))


def eject(disk):
    handle = os.open(disk, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.ioctl(handle, UNLOCK)
    fcntl.ioctl(handle, EJECT)
    os.close(handle)


def readable(disk):
    """Whether there is a disk in the drive again."""
    try:
        with disk.open("rb") as stream:
            return bool(stream.read(512))
    except OSError:
        return False


def card_named(name):
    for place in Path("/proc/asound").glob("card[0-9]*"):
        if (place / "usbid").exists() and name in Path("/proc/asound/cards").read_text():
            return int(place.name.removeprefix("card"))
    return None


# The stick: another gadget, of which the box knows nothing


def make_stick(image):
    volume = Volume(image, 16 << 20)
    volume.make()
    volume.write("From stick.tflite", small_model("From stick"))
    volume.write("broken.tflite", small_model("Broken")[:3000])
    stick = Gadget("stick")
    stick._gadget = stick._gadget.with_name("stick")
    stick._disk = stick._gadget / "functions/mass_storage.usb0/lun.0"
    folders = [stick._gadget / "strings/0x409", stick._disk.parent, stick._gadget / "configs/c.1"]
    for folder in folders:
        folder.mkdir(parents=True)
    (stick._gadget / "idVendor").write_text("0x1d6b")
    (stick._gadget / "idProduct").write_text("0x0105")
    (stick._disk / "removable").write_text("1")
    (stick._disk / "inquiry_string").write_text("SomebodyStick")
    (folders[2] / "mass_storage.usb0").symlink_to(stick._disk.parent)
    stick.insert(image)
    free = {path.name for path in Path("/sys/class/udc").iterdir()}
    free -= {(Path("/sys/kernel/config/usb_gadget/groovebox") / "UDC").read_text().strip()}
    (stick._gadget / "UDC").write_text(free.pop())
    return volume, stick


# The box

HOME.mkdir()
lay_out_files()
run("modprobe", "dummy_hcd", "num=2")
run("modprobe", "-a", "snd-usb-audio", "usb-storage", "sd_mod", "vfat")
# The far end of the cable is another machine's in real life: the box leaves its card alone here.
is_device = AlsaMidi._is_device
AlsaMidi._is_device = lambda self, peer: peer.client != "Groovebox" and is_device(self, peer)

said: list[str] = []
library = Library(HOME / "models")
box = Box(VirtualBoard(), [], library, HOME / "state.json", log=said.append)
box.engine_loop.post(Set("tempo", BPM * 100))
box.start(play=True)
midi = AlsaMidi(box.receive, box.add_output, box.remove_output, HOME / "connections.json")
box.connect_usb(
    [
        f"--library={library.folder}",
        f"--drive={HOME / 'drive.img'}",
        f"--sticks={HOME / 'stick'}",
        f"--state={HOME / 'state.json'}",
    ]
)


def playing():
    return box.engine_loop.engine.state.info.name


try:
    disk, seen["disk_s"] = wait_for(lambda: disk_named(INQUIRY))
    card, _ = wait_for(lambda: card_named("Groovebox"))
    cable = RawMidi(0, card)
    heard = []
    wait_for(lambda: heard.extend(cable.received()) or len(heard) > 48)
    began_ns = time.monotonic_ns()
    with mounted(disk) as folder:
        seen["label"] = (folder / "README.txt").read_text().splitlines()[0]
        run("cp", "-r", f"{DESKTOP}/.", str(folder))
    eject(disk)
    ejected_s = time.monotonic()
    assert not FILE.read_text().strip()
    _, seen["eject_to_playing_s"] = wait_for(lambda: playing() == "My style")
    wait_for(lambda: FILE.read_text().strip())
    wait_for(lambda: readable(disk))
    seen["eject_to_back_s"] = time.monotonic() - ejected_s
    with mounted(disk, "-o", "ro") as folder:
        seen["report"] = (folder / "REPORT.txt").read_text().splitlines()
        seen["files"] = sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        )
        seen["backup_is_whole"] = (folder / "models/mystyle.tflite").read_bytes() == small_model(
            "My style"
        )
    seen["library"] = [model.path.name for model in library.models() if not model.factory]
    seen["said_after_eject"] = said[:]

    # Without ejecting: the computer keeps its drive, and the box takes the model all the same.
    with mounted(disk) as folder:
        (folder / "second.tflite").write_bytes(small_model("Second"))
        os.sync()
        _, seen["quiet_to_playing_s"] = wait_for(lambda: playing() == "Second")
        seen["still_there"] = (folder / "second.tflite").read_bytes() == small_model("Second")
        (folder / "notes.txt").write_text("the computer's own")
    heard += cable.received()
    ended_ns = time.monotonic_ns()

    # The process is killed: the cable and the computer's drive stay as they are.
    with mounted(disk) as folder:
        box._usb._process.kill()
        (folder / "third.tflite").write_bytes(small_model("Third"))
        os.sync()
        wait_for(lambda: playing() == "Third")
        seen["notes_kept"] = (folder / "notes.txt").read_text()
    heard += cable.received()

    volume, stick = make_stick(HOME / "stick.img")
    wait_for(lambda: playing() == "From stick")
    wait_for(lambda: "Refused" in said[-1])
    seen["stick_said"] = said[-1]
    box._usb.copy_to_stick()
    wait_for(lambda: "on the stick" in said[-1])
    stick.withdraw()
    seen["stick_files"] = volume.files()
finally:
    midi.close()
    box.close()

clocks = [message.time_ns for message in heard if message.data == b"\xf8"]
meanwhile = [when for when in clocks if began_ns <= when <= ended_ns]
gaps = sorted(((b - a) / 1e9 / TICK_S, (a - began_ns) / 1e9) for a, b in pairwise(meanwhile))
seen["ticks"] = len(meanwhile)
seen["seconds"] = (ended_ns - began_ns) / 1e9
seen["gap_ticks"] = {
    "median": gaps[len(gaps) // 2][0],
    "p99": gaps[len(gaps) * 99 // 100][0],
    "worst": gaps[-1][0],
}
seen["long_gaps_at_s"] = {at_s: ticks for ticks, at_s in gaps if ticks > 1.5}
notes = [message.data for message in heard if message.data[0] & 0xF0 in (0x80, 0x90)]
seen["notes"] = len(notes)
print(json.dumps(seen))
