"""An output for ports that know no time stamps: a thread waits and sends each message when due."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Sequence

from firmware.midi.message import SoundingNotes, TimedMessage

__all__ = ["WaitingPort"]


class WaitingPort:
    """Sends messages through ``write(bytes)`` at their times; ``shut`` lets go of the port.

    A port whose ``write`` raises OSError or RuntimeError is lost: ``fault`` says so in a sentence,
    and what follows is dropped.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[bytes], None],
        shut: Callable[[], None],
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = name
        self.fault: str | None = None
        self._write, self._shut, self._clock = write, shut, clock
        self._order = itertools.count()
        self._queue: list[tuple[int, int, bytes]] = []
        self._sounding = SoundingNotes()
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"midi {name}", daemon=True)
        self._thread.start()

    def send(self, messages: Sequence[TimedMessage]) -> None:
        with self._changed:
            if self._closed or self.fault:
                return
            for message in messages:
                entry = (message.time_ns, next(self._order), message.data)
                heapq.heappush(self._queue, entry)
            self._changed.notify()

    def flush(self) -> None:
        with self._changed:
            self._queue.clear()
            for off in self._sounding.end_all():
                self._write_now(off)

    def close(self) -> None:
        with self._changed:
            if self._closed:
                return
            # Due already, or a stop that the engine sent a moment ago: out with it first.
            self._send_due()
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=2)
        self.flush()
        self._shut()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                self._send_due()
                wait_s = (self._queue[0][0] - self._clock()) / 1e9 if self._queue else None
                self._changed.wait(wait_s)

    def _send_due(self) -> None:
        while self._queue and self._queue[0][0] <= self._clock():
            self._write_now(heapq.heappop(self._queue)[2])

    def _write_now(self, data: bytes) -> None:
        if self.fault:
            return
        try:
            self._write(data)
        except (OSError, RuntimeError) as error:
            self.fault = f"MIDI port {self.name} is gone ({error})."
            self._queue.clear()
        else:
            self._sounding.track(data)
