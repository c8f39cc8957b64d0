"""The keys that updates are signed with: the maker's own, made at the first build."""

from __future__ import annotations

from image_build.steps import run
from image_build.wheels import CHECKOUT

__all__ = ["KEYS", "PUBLIC", "SECRET", "make_keys"]

KEYS = CHECKOUT / "image_build/keys"
"""Not part of the repository. Who loses the secret one cannot update boxes that are out."""
PUBLIC, SECRET = KEYS / "update.pub", KEYS / "update.sec"


def make_keys() -> None:
    """Where there are none yet."""
    if PUBLIC.is_file() and SECRET.is_file():
        return
    KEYS.mkdir(mode=0o700, exist_ok=True)
    run("signify-openbsd", "-G", "-n", "-c", "groovebox updates", "-p", PUBLIC, "-s", SECRET)
    SECRET.chmod(0o600)
