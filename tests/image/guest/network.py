"""What there is of a network once network.txt has been read."""

import contextlib
from pathlib import Path

from told import property_of, tell, wait_for

PROGRAMS = {"dbus-daemon", "dropbear", "systemd-network", "systemd-resolve", "wpa_supplicant"}
DRIVERS = {"brcmfmac", "cfg80211", "genet", "lan78xx", "mac80211", "smsc95xx", "virtio_net"}
LISTENS = "0A"


def sockets():
    """Protocols and ports of the TCP sockets that listen, and of all others but the kernel's own
    and those of one conversation."""
    found = set()
    for protocol in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        for line in Path("/proc/net", protocol).read_text().splitlines()[1:]:
            _, address, _, state, *_ = line.split()
            if state == LISTENS or not protocol.startswith("tcp"):
                found.add(f"{protocol} {int(address.rpartition(':')[2], 16)}")
    return sorted(found)


def programs():
    found = set()
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found.add(path.read_text().strip())
    return sorted(found & PROGRAMS)


def drivers():
    lines = Path("/proc/modules").read_text().splitlines()
    return sorted({line.split()[0] for line in lines} & DRIVERS)


if __name__ == "__main__":
    wait_for(lambda: property_of("groovebox-network.service", "ActiveState") == "active", 300)
    tell(
        sockets=sockets(),
        programs=programs(),
        drivers=drivers(),
        interfaces=sorted(path.name for path in Path("/sys/class/net").iterdir()),
    )
