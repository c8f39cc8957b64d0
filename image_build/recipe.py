"""What the card is made of: packages, kernel modules, partitions. Nothing else names them."""

from __future__ import annotations

from dataclasses import dataclass

from firmware.network.files import ETHERNET_MODULES, WIFI_MODULES

__all__ = [
    "BOARDS",
    "BOOT_MODULES",
    "DISK_ID",
    "EPOCH",
    "FIRMWARE_FILES",
    "KERNEL",
    "LAYOUT",
    "MACHINE",
    "MODULES",
    "NETWORK_MODULES",
    "PACKAGES",
    "PYTHON",
    "RADIO_FILES",
    "RADIO_FIRMWARE",
    "SUITE",
    "Partition",
]

SUITE, MACHINE, PYTHON = "bookworm", "arm64", "3.11"
"""Debian 12 for its Python 3.11: tflite-runtime, python-rtmidi and lgpio have aarch64 wheels for
it, and none for a later one."""

PACKAGES = (
    "systemd-sysv",
    "udev",
    "kmod",
    "python3-minimal",
    "python3",
    "python3-spidev",  # has no wheel
    "libasound2",
    "mtools",
    "dosfstools",
    "e2fsprogs",
    "signify-openbsd",
    "systemd-resolved",
    "wpasupplicant",
    "wireless-regdb",
    "dropbear-bin",  # makes no key when it is installed, and needs a tenth of OpenSSH
)
KERNEL = "linux-image-arm64"
FIRMWARE = "raspi-firmware"
"""What the Pi's own processor starts with; from Debian's non-free-firmware."""

FIRMWARE_FILES = ("bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat")

RADIO_FIRMWARE = "firmware-brcm80211"
"""Of the Raspberry Pi 3's and 4's Wi-Fi, from there too; Debian 12 has none for the Zero 2 W."""

RADIO_FILES = (
    "brcmfmac43430-sdio.bin",
    "brcmfmac43430-sdio.clm_blob",
    "brcmfmac43430-sdio.raspberrypi,3-model-b.txt",
    "brcmfmac43455-sdio.bin",
    "brcmfmac43455-sdio.clm_blob",
    "brcmfmac43455-sdio.raspberrypi,3-model-a-plus.txt",
    "brcmfmac43455-sdio.raspberrypi,3-model-b-plus.txt",
    "brcmfmac43455-sdio.raspberrypi,4-model-b.txt",
)

BOARDS = (
    "bcm2837-rpi-zero-2-w",
    "bcm2837-rpi-3-b",
    "bcm2837-rpi-3-b-plus",
    "bcm2837-rpi-3-a-plus",
    "bcm2711-rpi-4-b",
)
"""Device trees, as Debian's kernel names them."""

BOOT_MODULES = (
    "mmc_block",
    "bcm2835",
    "sdhci-iproc",
    "squashfs",
    "ext4",
    "virtio_mmio",
    "virtio_pci",
    "virtio_blk",
)
"""What finds the root: the Pi's two SD controllers, and the emulator's disk."""

NETWORK_MODULES = (*ETHERNET_MODULES, *WIFI_MODULES)
"""Loaded by their names alone, when network.txt asks for a network: see root.py."""

MODULES = (
    *NETWORK_MODULES,
    "broadcom",  # what is behind Ethernet's drivers: the Pi 4's, 3 B+'s, 3 B's
    "microchip",
    "smsc",
    "mac80211_hwsim",  # for tests: radios in the kernel, and how they encrypt
    "ccm",
    "ctr",
    "vfat",
    "nls_ascii",
    "nls_cp437",
    "i2c-bcm2835",
    "i2c-dev",
    "spi-bcm2835",
    "bcm2835_wdt",
    "raspberrypi-cpufreq",
    "gpio-keys",  # the power button
    "leds-gpio",  # the light ACT
    "dwc2",
    "phy-generic",
    "libcomposite",
    "usb_f_midi",
    "usb_f_mass_storage",
    "evdev",
    "dummy_hcd",  # for tests: the box as its own computer
    "snd-seq",
    "snd-seq-midi",
    "snd-hrtimer",
    "snd-usb-audio",
    "usb-storage",
    "uas",
    "sd_mod",
    "pcie-brcmstb",  # the Pi 4's USB sockets
    "xhci-pci",
    "reset-raspberrypi",
    "loop",
    "i6300esb",  # the emulator's watchdog
)

EPOCH = 1_750_000_000
"""Every file's time, and what stands for the time of making: two builds are to be alike."""

DISK_ID = 0x67726F6F
"""Of the partition table; the initramfs knows the card by it."""


@dataclass(frozen=True)
class Partition:
    name: str
    megabytes: int
    kind: int
    """of the partition table: 0x0c FAT, 0x83 Linux"""


LAYOUT = (
    Partition("boot", 96, 0x0C),
    Partition("root-a", 160, 0x83),
    Partition("root-b", 160, 0x83),
    Partition("models", 160, 0x0C),
    Partition("data", 2048, 0x83),
)
"""In this order on the card. The image ends where ``data`` begins, which is made at the first
start; ``models`` and ``data`` are logical partitions, for a Raspberry Pi 3 starts from a table of
four primary ones only."""
