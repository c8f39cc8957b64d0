"""The computer itself: is it quick, large and healthy enough to play?"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from firmware.engine.controls import Controls, Play, Set
from firmware.engine.engine import Engine
from firmware.engine.loop import EngineLoop
from firmware.engine.route import Route
from firmware.library.models import factory_folder, find_models, read_model
from firmware.midi.message import START, STOP, TimedMessage
from firmware.rhythm.decoder import Decoder
from firmware.selftest.report import Line, failed, passed, skipped

__all__ = ["check_card", "check_memory", "check_power", "check_timing"]

AT_ONCE = (START, STOP)
BPM = 174
SECONDS = 5.0
LEAST_MB = 64
"""Available at least before the box starts: it takes some 100 MB, most of them shared."""
MEBIBYTE = 1 << 20
SLOWEST_S = 2.0
"""A megabyte on a card that is worn or counterfeit; a sound one of class 10 takes 0.1 s."""


class _Watch:
    """An output that notes how long before its moment each message is handed over."""

    name = "self-test"

    def __init__(self) -> None:
        self.ahead_ns: list[int] = []

    def send(self, messages: Sequence[TimedMessage]) -> None:
        now_ns = time.monotonic_ns()
        # Start and stop are due at once, whenever that is.
        self.ahead_ns += [
            message.time_ns - now_ns for message in messages if message.data not in AT_ONCE
        ]

    def flush(self) -> None: ...

    def close(self) -> None: ...


def check_timing(seconds: float = SECONDS) -> Iterator[Line]:
    """Every processor is kept busy by another program, and the interpreter by a thread."""
    watch, closing = _Watch(), threading.Event()
    decoder = Decoder(read_model(find_models([factory_folder()])[0].path))
    controls = Controls.defaults().apply(Set("tempo", BPM * 100)).apply(Set("threshold", 0.1))
    engine = Engine(decoder, [Route(watch)], controls, 1)
    loop = EngineLoop(engine)
    command = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]

    def draw() -> None:
        while not closing.wait(0.01):
            sum(range(50_000))

    threading.Thread(target=draw, daemon=True).start()
    try:
        loop.start()
        loop.post(Play())
        closing.wait(seconds)
    finally:
        loop.close()
        closing.set()
        for process in busy:
            process.kill()
            process.wait()
    ahead_ms = sorted(ahead_ns / 1e6 for ahead_ns in watch.ahead_ns)
    if not ahead_ms:
        yield failed("Timing", "nothing was played.", "See the log.")
        return
    late = sum(ahead < 0 for ahead in ahead_ms)
    text = (
        f"{len(ahead_ms)} messages under load, handed over {ahead_ms[len(ahead_ms) // 2]:.1f} ms "
        f"ahead, at least {ahead_ms[0]:.1f} ms; {late} late."
    )
    if late:
        advice = "Does it run with real-time priority (as root, or by the image's service)?"
        yield failed("Timing", text, advice)
    else:
        yield passed("Timing", text)


def check_memory(proc: Path = Path("/proc")) -> Iterator[Line]:
    try:
        lines = (proc / "meminfo").read_text().splitlines()
        kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        available = kilobytes["MemAvailable"] // 1024
        total = kilobytes["MemTotal"] // 1024
    except (OSError, KeyError, ValueError, IndexError):
        yield skipped("Memory", "this system does not tell.")
        return
    text = f"{available} of {total} MB are free."
    if available < LEAST_MB:
        yield failed("Memory", text, f"{LEAST_MB} MB are needed: what else runs?")
    else:
        yield passed("Memory", text)


def check_card(
    folder: Path, sys_ext4: Path = Path("/sys/fs/ext4"), clock: Callable[[], float] = time.monotonic
) -> Iterator[Line]:
    """Write a megabyte where the state is kept, read it back, and ask the file systems."""
    content = os.urandom(MEBIBYTE)
    path = folder / f"self-test.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before_s = clock()
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if hasattr(os, "posix_fadvise"):  # from the card, not from memory
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        took_s = clock() - before_s
        same = path.read_bytes() == content
    except OSError as error:
        advice = "Is the card full, worn or write-protected?"
        yield failed("Card", f"it cannot be written ({error.strerror or error}).", advice)
        return
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
    errors = 0
    for counter in sys_ext4.glob("*/errors_count"):
        try:
            errors += int(counter.read_text())
        except (OSError, ValueError):
            continue
    text = f"1 MB written in {took_s:.2f} s"
    worn = "Copy your models off by the drive, and write a new card."
    if not same:
        yield failed("Card", "what is read is not what was written.", worn)
    elif errors:
        yield failed("Card", f"its file systems have seen {errors} errors.", worn)
    elif took_s > SLOWEST_S:
        yield failed("Card", f"{text}.", "It is slow: worn, or not what it says it is.")
    else:
        yield passed("Card", f"{text} and read back.")


def check_power(hwmon: Path = Path("/sys/class/hwmon")) -> Iterator[Line]:
    """By the Pi's own detector (the kernel's raspberrypi-hwmon driver)."""
    for sensor in sorted(hwmon.glob("*")):
        try:
            if (sensor / "name").read_text().strip() != "rpi_volt":
                continue
            low = int((sensor / "in0_lcrit_alarm").read_text())
        except (OSError, ValueError):
            continue
        if low:
            advice = "Use a supply of 5.1 V and 2.5 A, and a short cable."
            yield failed("Power", "it has been below 4.63 V.", advice)
        else:
            yield passed("Power", "it has been above 4.63 V since the start.")
        return
    yield skipped("Power", "this machine does not measure it.")
