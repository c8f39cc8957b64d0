"""The boot partition: what the Pi's own processor reads, and a folder for each slot's kernel."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from firmware.network.settings import FILE as NETWORK_FILE
from firmware.update.slots import Slots
from hardware.pin_map import PinMap
from image_build.device_tree import compile_tree
from image_build.kernel import Kernel
from image_build.recipe import BOARDS, FIRMWARE_FILES

__all__ = ["NETWORK", "PLACE", "SLOT_FILE", "fill_boot", "fill_slot"]

SLOT_FILE = "slot.txt"
PLACE = "00000000"
"""Of the slot's sector on the card, in each cmdline.txt; written in when the card is laid out."""

CONFIG = """\
# Read by the Raspberry Pi before anything else; Raspberry Pi's documentation has all its words.
# What is soldered is in the device trees, which are made from hardware/board.toml.
arm_64bit=1
upstream_kernel=1
kernel=kernel.img
initramfs initramfs.img followkernel
disable_splash=1
boot_delay=0
# A steady clock for the UART's 31,250 baud and for SPI, and no slow start.
core_freq=250
force_turbo=1
# MIDI has the good UART.
enable_uart=0
gpu_mem=16
avoid_warnings=1
# Which slot: one sector that is written whole. Do not edit it with the box running.
include slot.txt
"""
COMMAND_LINE = (
    "groovebox.slot={slot} groovebox.slot_at={place} quiet loglevel=3 panic=5 "
    "snd_seq.seq_default_timer_class=1 spidev.bufsiz=65536 cpuidle.off=1 "
    "systemd.show_status=false fsck.mode=skip\n"
)
READ_ME = """\
The groovebox's boot partition. Nothing here is music: models go onto the drive GROOVEBOX, which
appears when the box is plugged into a computer. The box has no network until network.txt here asks
for one.
"""
NETWORK = """\
# The groovebox has no network: no Wi-Fi, no Ethernet, no ssh. To have one, take the # away from the
# lines that you want and fill in your own. The box reads this when it is switched on. What is wrong
# here is told on its display, and in LOG.txt on the drive GROOVEBOX.

# Wi-Fi: the country where the box is (DE, US, GB), the network's name and its password (WPA2), just
# as they are, whatever letters they have. Who has this card can read the password.
#country = DE
#wifi_name = My Wi-Fi
#wifi_password = its password

# Ethernet, of a Raspberry Pi 3 or 4:
#ethernet = yes

# ssh, as root@groovebox.local: by your public key alone, the one line of a file whose name ends in
# .pub; a line like this for each key. Without one there is no ssh.
#ssh_key = ssh-ed25519 AAAA... you@your-computer
"""


def fill_slot(folder: Path, slot: str, kernel: Kernel, initramfs: Path, pin_map: PinMap) -> None:
    """A slot's folder: kernel, initramfs, device trees, command line."""
    folder.mkdir(parents=True)
    image = kernel.image.read_bytes()
    # The firmware unpacks a compressed 64-bit kernel, which is read from the card much sooner.
    (folder / "kernel.img").write_bytes(gzip.compress(image, 9, mtime=0))
    shutil.copy(initramfs, folder / "initramfs.img")
    (folder / "cmdline.txt").write_text(COMMAND_LINE.format(slot=slot, place=PLACE))
    for board in BOARDS:
        compile_tree(kernel.device_trees / f"{board}.dtb", pin_map, folder / f"{board}.dtb")


def fill_boot(folder: Path, kernel: Kernel, initramfs: Path, pin_map: PinMap) -> None:
    """All files of the boot partition; both slots begin alike."""
    folder.mkdir(parents=True)
    (folder / SLOT_FILE).write_bytes(Slots("a").sector())
    (folder / "config.txt").write_text(CONFIG)
    (folder / "README.txt").write_text(READ_ME)
    # As any editor wants it.
    (folder / NETWORK_FILE).write_text(NETWORK, newline="\r\n")
    for name in FIRMWARE_FILES:
        shutil.copy(kernel.firmware / name, folder)
    for slot in "ab":
        fill_slot(folder / slot, slot, kernel, initramfs, pin_map)
