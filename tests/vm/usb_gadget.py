"""In the virtual machine: a USB MIDI device made of Linux's own gadget driver, on a dummy bus."""

import contextlib
import subprocess
from pathlib import Path

_MODULES = ["dummy_hcd", "libcomposite", "usb_f_midi", "snd-usb-audio"]
_CONFIG = Path("/sys/kernel/config")


class UsbGadget:
    """Plugged in while used as a context.

    It is two cards of this machine, as both ends of the cable are here: what is sent to one comes
    in at the other.
    """

    def __init__(self, product: str) -> None:
        subprocess.run(["modprobe", "-a", *_MODULES], check=True)
        if not (_CONFIG / "usb_gadget").exists():
            subprocess.run(["mount", "-t", "configfs", "none", str(_CONFIG)], check=True)
        self._gadget = _CONFIG / "usb_gadget" / "synth"
        strings, function = self._gadget / "strings/0x409", self._gadget / "functions/midi.usb0"
        config = self._gadget / "configs/c.1"
        for folder in (strings, function, config):
            folder.mkdir(parents=True)
        (self._gadget / "idVendor").write_text("0x1d6b")  # the Linux Foundation's, for tests
        (self._gadget / "idProduct").write_text("0x0104")
        (strings / "manufacturer").write_text("Nobody")
        (strings / "product").write_text(product)
        (function / "id").write_text("gadget")
        (config / "midi.usb0").symlink_to(function)

    def __enter__(self) -> None:
        (bus,) = (path.name for path in Path("/sys/class/udc").iterdir())
        (self._gadget / "UDC").write_text(bus)

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(OSError):
            (self._gadget / "UDC").write_text("\n")
