"""The box as a service: it tells systemd when it plays and that it still does (sd_notify(3))."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable

__all__ = ["STARTING", "notify", "watch"]

USUAL_S = 1.0
READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"
STARTING = "EXTEND_TIMEOUT_USEC=60000000"
"""Not yet ready, and well: another minute until the next word."""


def notify(state: str) -> None:
    """Tell the service manager, where one listens; it is no matter if it does not."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # an abstract name
        address = f"\0{address[1:]}"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as talk:
        talk.connect(address)
        talk.send(state.encode("ascii"))


def watch(stop: threading.Event, turns: Callable[[], int]) -> None:
    """Say that the box is ready, then that it is alive for as long as ``turns`` counts on, until
    ``stop``. What hangs is not told of: the service manager starts it anew."""
    # A third of what it waits for, so that one word that comes late is no matter.
    interval_s = min(int(os.environ.get("WATCHDOG_USEC", "0")) / 3e6 or USUAL_S, 5.0)
    last = turns()
    notify(READY)
    while not stop.wait(interval_s):
        now = turns()
        if now != last:
            notify(ALIVE)
        last = now
    notify(STOPPING)
