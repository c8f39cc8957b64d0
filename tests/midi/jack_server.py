"""A JACK server with its dummy driver: a real MIDI server where there is no sound hardware."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator

import pytest

# Synchronous (-S): a cycle waits for every client. Otherwise a client that is late on a busy
# machine loses what came in that cycle, and that would look like a fault of the box.
SERVER = ["-S", "-r", "-t", "5000"]
DRIVER = ["-d", "dummy", "-r", "48000", "-p", "256"]


@contextlib.contextmanager
def jack_server() -> Iterator[dict[str, str]]:
    """Start a server of its own name; yields the environment its clients need. Skips without."""
    if not shutil.which("jackd"):
        pytest.skip("no JACK server is installed (jackd2)")
    name = f"groovebox-{uuid.uuid4().hex[:8]}"
    environment = {
        "JACK_DEFAULT_SERVER": name,
        "JACK_NO_START_SERVER": "1",
        "JACK_NO_AUDIO_RESERVATION": "1",
    }
    server = subprocess.Popen(
        ["jackd", "-n", name, *SERVER, *DRIVER],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        waited = subprocess.run(
            ["jack_wait", "-s", name, "-w", "-t", "10"],
            capture_output=True,
            text=True,
            timeout=30,
            env=os.environ | environment,
        )
        if "server is available" not in waited.stdout:
            pytest.skip(f"the JACK server does not start: {waited.stdout.strip()}")
        yield environment
    finally:
        server.terminate()
        server.wait(timeout=10)
