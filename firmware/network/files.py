"""What network.txt asks for, as the programs that do it read it. Pure.

The network's name and key go there in hexadecimal: whatever they hold, they are no syntax.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from firmware.network.settings import Wifi

__all__ = [
    "ETHERNET_MODULES",
    "WIFI_MODULES",
    "authorized_keys",
    "radio_firmware_name",
    "wpa_supplicant_conf",
]

ETHERNET_MODULES = ("genet", "lan78xx", "smsc95xx", "virtio_net")
"""Kernel modules: Raspberry Pi 4, 3 B+, 3 B, the emulator's machine."""
WIFI_MODULES = ("brcmfmac",)
RADIO_FILE = re.compile(r"brcmfmac[0-9a-z]+-sdio\.[\w,.-]*(bin|txt|clm_blob)", re.ASCII)
ZERO_2_W = "raspberrypi,model-zero-2-w"
RENAMED = {
    "brcmfmac43436-sdio": "brcmfmac43430b0-sdio",
    "brcmfmac43436s-sdio": f"brcmfmac43430-sdio.{ZERO_2_W}",
}
"""The radio's files of the Zero 2 W: as Raspberry Pi names them, and as Debian's kernel does. The
second radio has the chip number of the 3 B's, so that only its board tells them apart."""


def wpa_supplicant_conf(wifi: Wifi) -> str:
    """See wpa_supplicant.conf(5). WPA2 or an open network."""
    security = ["key_mgmt=NONE"]
    if wifi.key is not None:
        security = ["key_mgmt=WPA-PSK", "proto=RSN", f"psk={wifi.key.hex()}"]
    lines = [
        f"country={wifi.country}",
        "p2p_disabled=1",
        "network={",
        f"\tssid={wifi.name.hex()}",
        "\tscan_ssid=1",  # a network that hides its name is found too
        *(f"\t{line}" for line in security),
        "}",
    ]
    return "\n".join(lines) + "\n"


def authorized_keys(keys: Sequence[str]) -> str:
    """The file that the ssh server looks into."""
    return "".join(f"{key}\n" for key in keys)


def radio_firmware_name(name: str) -> str | None:
    """By which name the kernel looks for the radio's file ``name``; None: that is none."""
    if not RADIO_FILE.fullmatch(name):
        return None
    stem, _, kind = name.partition(".")
    if (kernels := RENAMED.get(stem)) is None:
        return name
    return f"{kernels}.{kind.removeprefix(f'{ZERO_2_W}.')}"
