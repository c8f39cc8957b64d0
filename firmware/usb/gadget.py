"""The box as a USB device: MIDI and a drive on one cable, by Linux's gadget framework.

Everything is files of configfs (Documentation/usb/gadget_configfs.rst, and
Documentation/ABI/testing/configfs-usb-gadget-{midi,mass-storage}). A gadget outlives the process
that made it: one that is there is taken over as it is, so that neither the music on the cable nor a
computer's drive is torn away by a restart.
"""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

__all__ = ["INQUIRY", "Gadget"]

CONFIGFS = Path("/sys/kernel/config")
CONTROLLERS = Path("/sys/class/udc")
MODULES = ("libcomposite", "usb_f_midi", "usb_f_mass_storage")
NAME = "groovebox"
VENDOR, PRODUCT = 0x1D6B, 0x0104
"""The Linux Foundation's, for gadgets of several functions."""
USB_2 = 0x0200
MILLIAMPERES = 250
INQUIRY = f"{'Groove':8}Groovebox"
"""What the drive calls itself: eight letters for a maker, up to sixteen for a product."""
LANGUAGE = "0x409"


class Gadget:
    """One configuration with a MIDI port and a removable disk. All raise OSError."""

    def __init__(
        self, serial: str, configfs: Path = CONFIGFS, controllers: Path = CONTROLLERS
    ) -> None:
        self._serial, self._configfs, self._controllers = serial, configfs, controllers
        self._gadget = configfs / "usb_gadget" / NAME
        self._disk = self._gadget / "functions/mass_storage.usb0/lun.0"

    @property
    def is_bound(self) -> bool:
        """Whether a computer can see it already."""
        return bool(_text(self._gadget / "UDC"))

    def make(self) -> None:
        """Describe the device, if it is not there yet. No computer sees it before :meth:`bind`."""
        if self.is_bound:
            return
        _prepare(self._configfs)
        gadget = self._gadget
        config, midi = gadget / "configs/c.1", gadget / "functions/midi.usb0"
        for folder in (
            gadget / "strings" / LANGUAGE,
            config / "strings" / LANGUAGE,
            midi,
            self._disk.parent,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        _write(gadget / "idVendor", f"{VENDOR:#06x}")
        _write(gadget / "idProduct", f"{PRODUCT:#06x}")
        _write(gadget / "bcdUSB", f"{USB_2:#06x}")
        strings = gadget / "strings" / LANGUAGE
        _write(strings / "manufacturer", "Groovebox")
        _write(strings / "product", "Groovebox")
        _write(strings / "serialnumber", self._serial)
        _write(config / "MaxPower", str(MILLIAMPERES))
        _write(config / "strings" / LANGUAGE / "configuration", "MIDI and models")
        with contextlib.suppress(OSError):  # both are fixed once a gadget has been bound
            _write(midi / "id", NAME)
            _write(midi / "in_ports", "1")
            _write(midi / "out_ports", "1")
        _write(self._disk / "removable", "1")
        with contextlib.suppress(OSError):
            _write(self._disk / "inquiry_string", INQUIRY)
        for function in (midi, self._disk.parent):
            link = config / function.name
            if not link.is_symlink():
                link.symlink_to(function)

    def bind(self) -> None:
        """Let computers see it, on the first USB device controller. Raises OSError without one."""
        if self.is_bound:
            return
        controllers = sorted(path.name for path in self._controllers.glob("*"))
        if not controllers:
            raise OSError("This board has no USB device port.")
        _write(self._gadget / "UDC", controllers[0])

    def unbind(self) -> None:
        with contextlib.suppress(OSError):
            _write(self._gadget / "UDC", "\n")

    @property
    def is_attached(self) -> bool:
        """Whether a computer has set it up."""
        controller = _text(self._gadget / "UDC")
        state = _text(self._controllers / controller / "state") if controller else ""
        return state in ("configured", "suspended")

    @property
    def is_inserted(self) -> bool:
        """Whether there is a volume in the disk; a computer that ejects it takes it out."""
        return bool(_text(self._disk / "file"))

    def insert(self, volume: Path) -> None:
        _write(self._disk / "file", str(volume.resolve()))

    def withdraw(self) -> None:
        """Take the volume out, even where a computer holds on to it."""
        if not self.is_inserted:
            return
        try:
            _write(self._disk / "file", "\n")
        except OSError:
            _write(self._disk / "forced_eject", "1")


def _prepare(configfs: Path) -> None:
    """Load what is needed; on the box it is there already."""
    for command in (
        ["modprobe", "-a", *MODULES],
        ["mount", "-t", "configfs", "none", str(configfs)],
    ):
        if not (configfs / "usb_gadget").is_dir():
            with contextlib.suppress(OSError):
                subprocess.run(command, capture_output=True, timeout=30, check=False)
    if not (configfs / "usb_gadget").is_dir():
        raise OSError("This system cannot be a USB device (no configfs).")


def _write(path: Path, value: str) -> None:
    path.write_text(value)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError):
        return ""
