"""A FAT volume as a computer would write it."""

from __future__ import annotations

import shutil

import pytest

from firmware.usb.volume import Volume, _missing

SIZE = 24 << 20


def volume_at(path, size=SIZE):
    """A volume in ``path``, or a skip where the tools are missing."""
    if missing := _missing():
        pytest.skip(f"{', '.join(missing)} not installed (mtools, dosfstools)")
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is not installed (util-linux)")
    return Volume(path, size)
