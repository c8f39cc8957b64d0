"""What the box tells a service manager."""

import socket
import threading
from contextlib import closing
from functools import partial

import pytest

from firmware.__main__ import _test_before_playing
from firmware.library.log import Log
from firmware.selftest import command as selftest_command
from firmware.selftest.command import self_test
from firmware.service import ALIVE, READY, STARTING, STOPPING, notify, watch
from hardware.virtual.virtual_board import VirtualBoard


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path, monkeypatch):
    """The socket of one that listens."""
    address = str(tmp_path / "notify") if request.param == "path" else f"@groovebox{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        listening.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield listening


def test_it_is_ready_alive_and_ends(manager, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "60000")
    stop, count = threading.Event(), iter(range(1000))
    thread = threading.Thread(target=watch, args=[stop, lambda: next(count)])
    thread.start()
    told = [manager.recv(64).decode() for _ in range(4)]
    stop.set()
    thread.join()
    assert told == [READY, ALIVE, ALIVE, ALIVE]
    told = []
    while not told or told[-1] != STOPPING:
        told.append(manager.recv(64).decode())


def test_what_hangs_is_not_told_of(manager, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "30000")
    stop = threading.Event()
    thread = threading.Thread(target=watch, args=[stop, lambda: 7])
    thread.start()
    threading.Event().wait(0.2)
    stop.set()
    thread.join()
    assert [manager.recv(64).decode() for _ in range(2)] == [READY, STOPPING]


def test_without_a_manager_nothing_happens(monkeypatch, tmp_path):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify(READY)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify(READY)


def test_a_self_test_before_playing_is_kept_and_has_time(manager, monkeypatch, tmp_path):
    """It takes minutes where hands are asked for, and the box has no terminal."""
    log = Log(tmp_path / "log.txt")
    with closing(VirtualBoard()) as board:
        monkeypatch.setattr(
            selftest_command, "self_test", partial(self_test, groups=["memory"], patience_s=0.0)
        )
        _test_before_playing(board, log, None)
    kept = (tmp_path / "log.txt").read_text().splitlines()
    assert any("Memory" in line for line in kept)
    assert any(line.endswith("not tested.") for line in kept)
    assert [manager.recv(64).decode() for _ in kept] == [STARTING] * len(kept)
