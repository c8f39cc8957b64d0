"""The DIN sockets as one more ALSA port: ``python -m firmware.midi.din_bridge``.

MIDI in and out, and DIN sync, which has the clock and the transport of MIDI out. A small process
of its own at real-time priority, so that nothing the box does delays a byte. Debian's kernels lack
snd-serial-generic, which would do the MIDI in the kernel.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import importlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from firmware.midi import seq_event
from firmware.midi.din_wire import BYTE_NS, DinWire
from firmware.midi.message import SoundingNotes, TimedMessage
from firmware.midi.parser import MidiParser
from firmware.midi.sync_lines import GPIO_CHIP, GpioLines, SyncOut
from firmware.midi.uart import FramingGuard, Uart
from firmware.real_time import DIN_BRIDGE, set_priority
from firmware.rhythm.drums import DRUMS

__all__ = ["AHEAD_NS", "DELAY_NS", "DIN_CLIENT", "AlsaEnd", "DinBridge", "FarEnd", "main"]

DIN_CLIENT = "Groovebox DIN"
"""The bridge's name among ALSA's clients."""

AHEAD_NS = 4 * BYTE_NS
"""Bytes go to the UART up to this long before their turn: a late wake-up leaves no gap."""

DELAY_NS = 2_000_000
"""A constant delay that buys order: the wire knows what is due this long before it has to go, so
that a kick goes before the hat of its moment and a clock finds the wire free."""

LAST_WORDS_NS = 100_000_000
SETTLED_NS = 2_000_000
"""The wire has to be idle for this long before the UART may be closed: its FIFO is empty then."""


class FarEnd(Protocol):
    """The other end of the bridge. OSError from any method ends the bridge."""

    def fileno(self) -> int:
        """Readable when ``receive`` has something."""

    def receive(self) -> list[TimedMessage]:
        """Whole messages for the wire, with the times they are due. Does not block."""

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Whole messages from the wire, with the times they arrived."""

    def close(self) -> None:
        """Let go of the port."""


class DinBridge:
    """Carries messages between a UART and a far end until it is stopped.

    While the UART is gone, messages for it are lost. When it comes back, and at the end, every
    note that was begun on it is ended; so is, at the far end, every note that came in from it.
    ``sync`` plays with or without it. ``say`` is given one sentence whenever the UART goes or comes
    back.
    """

    def __init__(
        self,
        uart: Uart,
        far: FarEnd,
        wire: DinWire,
        delay_ns: int = DELAY_NS,
        say: Callable[[str], None] = lambda sentence: None,
        clock: Callable[[], int] = time.monotonic_ns,
        sync: SyncOut | None = None,
    ) -> None:
        self._uart, self._far, self._wire, self._sync = uart, far, wire, sync
        self._delay_ns, self._say, self._clock = delay_ns, say, clock
        self._parser, self._guard = MidiParser(), FramingGuard()
        self._incoming = SoundingNotes()
        self._misframed = False
        self._said: str | None = None
        self._stopping, self._stop_lock = False, threading.RLock()
        self._woken, self._waker = os.pipe()

    def run(self) -> None:
        """Carry until ``stop``. OSError: the far end is gone."""
        try:
            while not self._stopping:
                self._turn()
            self._end_wire()
            self._end_incoming()
        finally:
            if self._sync is not None:
                self._sync.close()
            self._uart.close()
            self._far.close()
            with self._stop_lock:
                self._stopping = True
                os.close(self._woken)
                os.close(self._waker)

    def stop(self) -> None:
        """End ``run`` soon; for a signal handler or another thread."""
        with self._stop_lock:
            if not self._stopping:
                self._stopping = True
                os.write(self._waker, b".")

    def _turn(self) -> None:
        now_ns = self._clock()
        if self._uart.open(now_ns):
            self._wire.reset(now_ns)
            self._parser = MidiParser()
        elif self._misframed and self._wire.idle(now_ns - SETTLED_NS):
            self._start_receiver_anew(now_ns)
        if self._sync is not None:
            self._sync.play(now_ns)
        self._write(now_ns)
        self._report()
        readable = self._wait()
        if self._uart in readable:
            self._read()
        if self._far in readable:
            messages = [
                TimedMessage(m.time_ns + self._delay_ns, m.data) for m in self._far.receive()
            ]
            self._wire.put(messages)
            if self._sync is not None:
                self._sync.put(messages)

    def _write(self, now_ns: int) -> None:
        if self._uart.is_open:
            data = self._wire.write(now_ns)
            if data:
                self._uart.write(data)

    def _wait(self) -> list[object]:
        sources: list[Any] = [self._far, self._woken]
        times: list[int | None] = [self._uart.retry_ns]
        if self._uart.is_open:
            sources.append(self._uart)
            times = [self._wire.next_ns()]
        if self._sync is not None:
            times.append(self._sync.next_ns())
        due_ns = min((time_ns for time_ns in times if time_ns is not None), default=None)
        wait_s = None if due_ns is None else max(due_ns - self._clock(), 0) / 1e9
        return list(select.select(sources, [], [], wait_s)[0])

    def _read(self) -> None:
        data, now_ns = self._uart.read(), self._clock()
        garbage = self._parser.garbage
        messages = self._parser.feed(now_ns, data)
        if self._guard.lost(now_ns, len(data), self._parser.garbage - garbage):
            self._misframed = True
        for message in messages:
            self._incoming.track(message.data)
        if messages:
            self._far.send(messages)

    def _start_receiver_anew(self, now_ns: int) -> None:
        self._misframed = False
        self._end_incoming()
        self._parser = MidiParser()
        if self._uart.reopen(now_ns):
            self._wire.forget_status()

    def _report(self) -> None:
        """Say once that the UART is gone or there; end what its going has left sounding."""
        fault = self._uart.fault
        if fault is not None:
            self._end_incoming()
        sentence = fault or f"{self._uart.device} is open."
        if sentence != self._said:
            self._said = sentence
            self._say(f"DIN MIDI: {sentence}")

    def _end_incoming(self) -> None:
        ends = [TimedMessage(self._clock(), data) for data in self._incoming.end_all()]
        if ends:
            self._far.send(ends)

    def _end_wire(self) -> None:
        now_ns = self._clock()
        until_ns = now_ns + LAST_WORDS_NS
        self._wire.reset(now_ns)
        while self._uart.is_open and now_ns < until_ns:
            self._write(now_ns)
            next_ns = self._wire.next_ns()
            if next_ns is None:
                if self._wire.idle(now_ns - SETTLED_NS):
                    return
                next_ns = now_ns + SETTLED_NS
            time.sleep(max(next_ns - now_ns, 0) / 1e9)
            now_ns = self._clock()


class AlsaEnd:
    """An ALSA sequencer port that other clients connect to, in both directions.

    When a client that was playing disconnects or dies, or events were lost because too many came,
    the notes that were begun are ended.
    """

    def __init__(self, client: str, clock: Callable[[], int] = time.monotonic_ns) -> None:
        try:
            alsa: Any = importlib.import_module("alsa_midi")
        except ImportError as error:
            raise OSError("alsa-midi or libasound2 is not installed") from error
        self._clock = clock
        self._sounding = SoundingNotes()
        try:
            self._client = alsa.SequencerClient(client)
            self._port = self._client.create_port("DIN", alsa.RW_PORT)  # lives as long as this
        except alsa.ALSAError as error:
            raise OSError(f"ALSA says: {error}") from error

    def fileno(self) -> int:
        return int(self._client._fd)  # alsa-midi 1.0.4 has no public name for it

    def receive(self) -> list[TimedMessage]:
        now_ns = self._clock()  # one time for all: what arrives together is one burst
        received: list[bytes] = []
        try:
            for event in seq_event.decode(os.read(self.fileno(), seq_event.READ_SIZE)):
                for data in event.messages:
                    self._sounding.track(data)
                received += event.messages
                if event.kind == seq_event.PORT_UNSUBSCRIBED:
                    received += self._sounding.end_all()
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            received += self._sounding.end_all()
        return [TimedMessage(now_ns, data) for data in received]

    def send(self, messages: Sequence[TimedMessage]) -> None:
        port = self._port.port_id
        events = b"".join(seq_event.encode(message.data, port) for message in messages)
        with contextlib.suppress(BlockingIOError):  # nobody takes them
            os.write(self.fileno(), events)

    def close(self) -> None:
        self._client.close()


def first_notes(names: Sequence[str]) -> Callable[[int, int], bool]:
    """``36`` is that note on every channel, ``10:36`` on channel 10 (1 to 16). ValueError else."""
    wanted: set[tuple[int, int]] = set()
    for name in names:
        channel, _, note = name.rpartition(":")
        channels = range(16) if not channel else (int(channel) - 1,)
        if not 0 <= int(note) <= 127 or not all(0 <= c <= 15 for c in channels):
            raise ValueError(name)
        wanted.update((c, int(note)) for c in channels)
    return lambda channel, note: (channel, note) in wanted


def _sync_out(lines: Sequence[int] | None, chip: str, say: Callable[[str], None]) -> SyncOut | None:
    if lines is None:
        return None
    clock, run = lines
    try:
        return SyncOut(GpioLines(clock, run, chip), say)
    except OSError as error:
        say(f"DIN sync: {chip} gives no lines {clock} and {run} ({error.strerror or error}).")
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bridge until SIGTERM or SIGINT; 1 when there is no ALSA."""
    parser = argparse.ArgumentParser(prog="python -m firmware.midi.din_bridge", description=__doc__)
    parser.add_argument("--device", default="/dev/ttyAMA0", help="the UART of the DIN sockets")
    parser.add_argument("--name", default=DIN_CLIENT, help="name of the ALSA client")
    parser.add_argument(
        "--first",
        nargs="*",
        default=[str(drum.note) for drum in DRUMS[:2]],
        metavar="[CHANNEL:]NOTE",
        help="notes that open a burst (default: kick and snare of General MIDI)",
    )
    parser.add_argument(
        "--delay-ms", type=float, default=DELAY_NS / 1e6, help="constant delay of the output"
    )
    parser.add_argument(
        "--sync", nargs=2, type=int, metavar=("CLOCK", "RUN"), help="GPIO lines of DIN sync"
    )
    parser.add_argument("--sync-chip", default=GPIO_CHIP, help="the GPIO chip they are on")
    options = parser.parse_args(arguments)

    def say(sentence: str) -> None:
        print(sentence, file=sys.stderr)

    try:
        goes_first = first_notes(options.first)
    except ValueError as error:
        parser.error(f"--first takes notes 0 to 127, or 10:36 with a channel ({error}).")
    if not 0 <= options.delay_ms <= 50:
        parser.error("--delay-ms is 0 to 50.")
    delay_ns = round(options.delay_ms * 1e6)
    try:
        far = AlsaEnd(options.name)
        wire = DinWire(goes_first, min(AHEAD_NS, max(delay_ns - BYTE_NS, 0)))
        uart = Uart(options.device)
        sync = _sync_out(options.sync, options.sync_chip, say)
        bridge = DinBridge(uart, far, wire, delay_ns, say, sync=sync)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: bridge.stop())
        set_priority(DIN_BRIDGE)
        gc.freeze()  # what is loaded stays: a collection need not look at it again
        bridge.run()
    except OSError as error:
        print(f"The DIN bridge cannot go on: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
