"""Whether the box plays, which slot it is, and what it has said."""

import subprocess
from pathlib import Path

from listen import BOX, Listener, mounts
from told import property_of, tell, wait_for

LOG = Path("/data/groovebox/log.txt")


def started():
    """What the initramfs has left."""
    lines = Path("/run/groovebox/start").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def said(words):
    """What the box has told the player with these words in it, from its log."""
    try:
        lines = LOG.read_text().splitlines()
    except OSError:
        return []
    return [line for line in lines if words in line]


def journal():
    command = ["journalctl", "--boot", "--output=cat"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    wait_for(lambda: property_of(BOX, "ActiveState") == "active")
    listener = Listener()
    clocks, notes = listener.listen(3)
    tell(
        slot=started()["SLOT"],
        version=Path("/usr/lib/groovebox/version").read_text().strip(),
        clocks=len(clocks),
        notes=notes,
        data=mounts()["/data"][1],
    )
