"""A key of the tests' own."""

import shutil
import subprocess

import pytest

__all__ = ["make_keys"]


def make_keys(folder):
    """The public and the secret key; a skip where signify is not installed."""
    tool = shutil.which("signify-openbsd") or shutil.which("signify")
    if tool is None:
        pytest.skip("signify-openbsd is not installed")
    public, secret = folder / "key.pub", folder / "key.sec"
    command = [tool, "-G", "-n", "-p", public, "-s", secret]
    subprocess.run(command, check=True, capture_output=True)
    return public, secret
