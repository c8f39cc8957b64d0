"""Debian's packages for the card and for the tests' virtual machine: from where they come."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

__all__ = ["KEYRING", "apt_sources"]

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MIRROR, SECURITY = "http://deb.debian.org/debian", "http://deb.debian.org/debian-security"


def apt_sources(suite: str, components: Sequence[str] = ("main",)) -> list[str]:
    """Lines for apt: from where this machine has the suite, else from Debian's own mirror."""
    found = _own_sources(suite)
    if not found:  # apt knows what its sources are once it has their lists
        subprocess.run(["apt-get", "update", "-qq"], capture_output=True, check=False)
        found = _own_sources(suite)
    if not found:
        found = [(MIRROR, suite), (MIRROR, f"{suite}-updates"), (SECURITY, f"{suite}-security")]
    parts = " ".join(components)
    return [f"deb [signed-by={KEYRING}] {uri} {codename} {parts}" for uri, codename in found]


def _own_sources(suite: str) -> list[tuple[str, str]]:
    listing = ["$(ORIGIN)", "$(CODENAME)", "$(REPO_URI)", "$(COMPONENT)"]
    form = ["apt-get", "indextargets", "--format", "|".join(listing), "Created-By: Packages"]
    try:
        told = subprocess.run(form, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return []
    found: dict[tuple[str, str], None] = {}
    for line in told.splitlines():
        origin, codename, uri, component = line.split("|")
        if origin == "Debian" and codename.partition("-")[0] == suite and component == "main":
            found[uri, codename] = None
    return list(found)
