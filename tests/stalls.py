"""When the machine itself stood still: a sleeper on each processor, before every other program.

A virtual machine's processors are taken away by its host now and then, for ten milliseconds and
more, and nothing that runs in it can help that. What happened in such a moment is the host's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from firmware.real_time import KERNEL_TIMERS, set_priority

__all__ = ["Stalls", "near"]

NEAR_NS = 50_000_000
"""What is noticed so soon after a stall may be its doing: who watches looks every 10 ms."""
PERIOD_NS = 1_000_000
LATE_NS = 3_000_000
"""A sleeper that wakes so late has been kept from it."""


class Stalls:
    """Watches until it is closed; ``folder`` keeps what the sleepers write."""

    def __init__(self, folder: Path) -> None:
        self._files = [folder / f"stalls_{cpu}" for cpu in sorted(os.sched_getaffinity(0))]
        self._sleepers = [
            subprocess.Popen([sys.executable, "-m", __name__, file.name.split("_")[1], str(file)])
            for file in self._files
        ]

    def close(self) -> list[tuple[int, int]]:
        """The stalls, (begin, end) of each on the monotonic clock in ns, in order."""
        for sleeper in self._sleepers:
            sleeper.terminate()
            sleeper.wait()
        lines = [line for file in self._files for line in file.read_text().splitlines()]
        return sorted((int(begin), int(end)) for begin, end in map(str.split, lines))


def near(when_ns: int, stalls: list[tuple[int, int]]) -> bool:
    return any(begin - NEAR_NS < when_ns < end + NEAR_NS for begin, end in stalls)


def _sleep(cpu: int, file: Path) -> None:
    os.sched_setaffinity(0, {cpu})
    set_priority(KERNEL_TIMERS)
    with file.open("w", buffering=1) as stalls:
        due_ns = time.monotonic_ns()
        while True:
            due_ns += PERIOD_NS
            time.sleep(max(due_ns - time.monotonic_ns(), 0) / 1e9)
            now_ns = time.monotonic_ns()
            if now_ns - due_ns > LATE_NS:
                stalls.write(f"{due_ns} {now_ns}\n")
                due_ns = now_ns


if __name__ == "__main__":
    _sleep(int(sys.argv[1]), Path(sys.argv[2]))
