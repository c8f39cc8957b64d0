"""``python -m firmware.network``: bring up what network.txt asks for. On the card, as root.

Until a maker has written there, nothing of a network runs: no driver is loaded, no program started.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from firmware import sentences
from firmware.network.files import (
    ETHERNET_MODULES,
    WIFI_MODULES,
    authorized_keys,
    radio_firmware_name,
    wpa_supplicant_conf,
)
from firmware.network.host_key import host_key
from firmware.network.settings import FILE, NetworkError, NetworkSettings, Wifi, parse_network
from firmware.update.install import card_here
from firmware.usb.volume import Volume

__all__ = ["Places", "bring_up", "main"]

T = TypeVar("T")

MOST_SETTINGS, MOST_FIRMWARE = 1 << 20, 4 << 20
FIRMWARE = "firmware/"
RADIO_S, CONNECT_S = 30.0, 60.0
"""How long a radio may take to load its firmware, and then to find its network."""
ADDRESSES = ("systemd-networkd.service", "systemd-resolved.service")
SSH, WIFI = "groovebox-ssh.service", "groovebox-wifi@{}.service"


@dataclass(frozen=True)
class Places:
    """``run`` is in memory: what the programs read, by the names in their units. ``firmware_path``
    tells the kernel of one more folder with firmware."""

    run: Path = Path("/run/groovebox/network")
    host_key: Path = Path("/data/network/ssh_host_key")
    firmware_path: Path = Path("/sys/module/firmware_class/parameters/path")
    interfaces: Path = Path("/sys/class/net")


def bring_up(
    boot: Volume,
    say: Callable[[str], None],
    call: Callable[..., None],
    places: Places,
    radio_s: float = RADIO_S,
    connect_s: float = CONNECT_S,
) -> None:
    """All that the boot partition's network.txt asks for. ``say`` tells the player a sentence,
    ``call`` runs a program; ``radio_s`` and ``connect_s`` are how long to wait for Wi-Fi."""
    try:
        settings = _settings(boot)
    except (NetworkError, OSError) as error:
        say(f"The network stays off. {error}")
        return
    if not settings.is_asked_for:
        return
    if settings.ethernet:
        call("modprobe", "-a", *ETHERNET_MODULES)
    _start(call, *ADDRESSES)
    if settings.ssh_keys:
        _bring_up_ssh(settings.ssh_keys, say, call, places)
    if settings.wifi is not None:
        try:
            _prepare_wifi(settings.wifi, boot, places)
        except OSError as error:
            say(f"There is no Wi-Fi: its files cannot be used ({error.strerror or error}).")
            return
        call("modprobe", "-a", *WIFI_MODULES)
        radio = _radio(places.interfaces, radio_s)
        if radio is None:
            say("There is no Wi-Fi: its radio does not start.")
            return
        _start(call, WIFI.format(radio))
        if not _is_up(places.interfaces / radio, connect_s):
            say("Wi-Fi does not connect: look at wifi_name and wifi_password, or go nearer.")


def _settings(boot: Volume) -> NetworkSettings:
    if FILE not in map(str.lower, boot.files()):
        return NetworkSettings()
    return parse_network(boot.read(FILE, MOST_SETTINGS))


def _bring_up_ssh(
    keys: tuple[str, ...], say: Callable[[str], None], call: Callable[..., None], places: Places
) -> None:
    try:
        fingerprint = host_key(places.host_key)
    except OSError as error:
        say(f"There is no ssh: its key cannot be made ({error.strerror or error}).")
        return
    _write(places.run / "ssh/authorized_keys", authorized_keys(keys).encode("ascii"))
    _start(call, SSH)
    say(f"ssh is on: root@groovebox.local, key {fingerprint}.")


def _prepare_wifi(wifi: Wifi, boot: Volume, places: Places) -> None:
    """Put the supplicant's settings and the maker's own firmware where they are looked for."""
    firmware = places.run / "firmware"
    for name in boot.files():
        folder, slash, file = name.rpartition("/")
        if f"{folder}{slash}".lower() == FIRMWARE and (known := radio_firmware_name(file)):
            _write(firmware / "brcm" / known, boot.read(name, MOST_FIRMWARE))
    if firmware.is_dir():
        places.firmware_path.write_text(str(firmware))
    _write(places.run / "wpa_supplicant.conf", wpa_supplicant_conf(wifi).encode("ascii"))


def _radio(interfaces: Path, seconds: float) -> str | None:
    """The name of the first Wi-Fi interface, when there is one."""
    found = _wait(lambda: sorted(interfaces.glob("*/phy80211")), seconds)
    return found[0].parent.name if found else None


def _is_up(interface: Path, seconds: float) -> bool:
    """Whether it is let into its network in time."""

    def state() -> str:
        try:
            return (interface / "operstate").read_text("ascii").strip()
        except OSError:  # it has been taken away
            return ""

    return _wait(lambda: state() == "up", seconds)


def _wait(condition: Callable[[], T], seconds: float) -> T:
    """What ``condition`` gives as soon as that is something, or in the end."""
    end_s = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end_s:
        time.sleep(0.2)
    return found


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _start(call: Callable[..., None], *units: str) -> None:
    call("systemctl", "start", "--no-block", *units)


def _call(*command: str) -> None:
    """What fails tells the journal by itself."""
    subprocess.run(command, stdin=subprocess.DEVNULL, check=False)


def _say(sentence: str) -> None:
    print(sentence, flush=True)
    sentences.leave(sentence)


def main() -> int:
    card = card_here()
    if card is None:
        print("There is no card of a groovebox here.", file=sys.stderr)
        return 1
    os.umask(0o077)  # keys are among what is written
    bring_up(Volume(card.boot), _say, _call, Places())
    return 0


if __name__ == "__main__":
    sys.exit(main())
