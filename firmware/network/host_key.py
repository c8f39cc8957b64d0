"""The key by which an ssh client knows the box: made at the first need, kept with the data."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from firmware.atomic_file import write_atomically

__all__ = ["host_key"]

LONGEST_S = 60
FINGERPRINT = re.compile(r"^Fingerprint: (\S+)", re.MULTILINE)


def host_key(path: Path, tool: str = "dropbearkey") -> str:
    """The fingerprint of the key in ``path``, which is made where there is none or a damaged one.
    Raises OSError."""
    if found := _fingerprint(path, tool):
        return found
    # In memory first, so that a power cut leaves no half of it.
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder, "key")
        _call(tool, "-t", "ed25519", "-f", str(new))
        write_atomically(path, new.read_bytes())
    if not (found := _fingerprint(path, tool)):
        raise OSError(f"{path.name} is not what was written")
    return found


def _fingerprint(path: Path, tool: str) -> str:
    """Empty where there is no whole key."""
    if not path.is_file():
        return ""
    found = FINGERPRINT.search(_call(tool, "-y", "-f", str(path)))
    return found[1] if found else ""


def _call(*command: str) -> str:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"{command[0]} takes too long") from None
    return done.stdout.decode("utf-8", "replace")
