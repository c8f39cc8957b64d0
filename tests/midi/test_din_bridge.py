"""The bridge over a pseudo-terminal, by the real pyserial at 31,250 baud."""

import contextlib
import errno
import fcntl
import os
import select
import socket
import struct
import sys
import threading
import time
import tty
import types
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from firmware.midi import din_bridge, uart
from firmware.midi.din_bridge import DinBridge, first_notes
from firmware.midi.din_wire import DinWire
from firmware.midi.message import CLOCK, START, TimedMessage, note_off, note_on
from firmware.midi.parser import MidiParser
from firmware.midi.seq_event import PORT_UNSUBSCRIBED, decode, encode
from firmware.midi.sync_lines import SyncOut
from firmware.midi.sync_wire import Line as SyncLine
from firmware.midi.uart import BAUD, FramingGuard, Uart

KICK, SNARE, HAT = 36, 38, 42
PATIENCE_S = 5
MS = 1_000_000


class FakeEnd:
    """A far end that is played on and that remembers what it was sent."""

    def __init__(self) -> None:
        self.sent: list[TimedMessage] = []
        self.closed = self.broken = False
        self._due: deque[TimedMessage] = deque()
        self._readable, self._tell = os.pipe()
        self._changed = threading.Condition()

    def play(self, *data: bytes, time_ns: int | None = None) -> None:
        now_ns = time.monotonic_ns() if time_ns is None else time_ns
        self._due.extend(TimedMessage(now_ns, each) for each in data)
        os.write(self._tell, b".")

    def break_down(self) -> None:
        self.broken = True
        os.write(self._tell, b".")

    def wait_for(self, *data: bytes) -> list[TimedMessage]:
        """All that has been sent, once its last messages are ``data``."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: [m.data for m in self.sent[-len(data) :]] == list(data), PATIENCE_S
            ), self.sent
            return list(self.sent)

    def fileno(self) -> int:
        return self._readable

    def receive(self) -> list[TimedMessage]:
        os.read(self._readable, 4096)
        if self.broken:
            raise OSError("no more ALSA")
        return [self._due.popleft() for _ in range(len(self._due))]

    def send(self, messages: Sequence[TimedMessage]) -> None:
        with self._changed:
            self.sent += messages
            self._changed.notify_all()

    def close(self) -> None:
        self.closed = True


class Line:
    """What is at the other end of the UART. Its device comes and goes under one path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._parser = MidiParser()
        self._ends: tuple[int, int] | None = None

    def plug(self) -> None:
        self._ends = os.openpty()
        tty.setraw(self._ends[1])
        self.path.symlink_to(os.ttyname(self._ends[1]))

    def unplug(self) -> None:
        self.path.unlink()
        for end in self._ends or ():
            os.close(end)
        self._ends = None

    @property
    def baud(self) -> int:
        settings = bytearray(44)
        fcntl.ioctl(self._ends[1], 0x802C542A, settings)  # TCGETS2
        return struct.unpack_from("<II", settings, 36)[1]

    def transmit(self, data: bytes) -> None:
        os.write(self._ends[0], data)

    def hear(self, length: int) -> bytes:
        """That many bytes from the bridge."""
        heard = b""
        while len(heard) < length:
            assert select.select([self._ends[0]], [], [], PATIENCE_S)[0], heard
            heard += os.read(self._ends[0], length - len(heard))
        return heard

    def hear_messages(self, *expected: bytes) -> None:
        """As many messages from the bridge, which are ``expected``."""
        heard: list[bytes] = []
        while len(heard) < len(expected):
            heard += [message.data for message in self._parser.feed(0, self.hear(1))]
        assert heard == list(expected)


class Sync:
    """What is at the other end of the DIN sync socket."""

    def __init__(self) -> None:
        self.seen: list[tuple[SyncLine, bool]] = []
        self.closed = False
        self._changed = threading.Condition()

    def set(self, line: SyncLine, up: bool) -> None:
        with self._changed:
            self.seen.append((line, up))
            self._changed.notify_all()

    def close(self) -> None:
        self.closed = True

    def wait_for(self, *edges: tuple[SyncLine, bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.seen) >= len(edges), PATIENCE_S)
            assert self.seen == list(edges)


class Running:
    """A bridge on its thread, between a ``FakeEnd`` and a ``Line``."""

    def __init__(self, path: Path) -> None:
        self.far, self.line = FakeEnd(), Line(path)
        self.said: list[str] = []
        self.error: OSError | None = None
        self.uart = Uart(str(path))
        wire = DinWire(first_notes(["36", "38"]), din_bridge.AHEAD_NS)
        self._said_changed = threading.Condition()
        self.sync = Sync()
        sync = SyncOut(self.sync, self._say)
        self.bridge = DinBridge(self.uart, self.far, wire, say=self._say, sync=sync)
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()
        self.wait_until_said("is open.")

    def stop(self) -> None:
        self.bridge.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def wait_until_said(self, ending: str) -> None:
        with self._said_changed:
            assert self._said_changed.wait_for(
                lambda: bool(self.said) and self.said[-1].endswith(ending), PATIENCE_S
            ), self.said

    def _run(self) -> None:
        try:
            self.bridge.run()
        except OSError as error:
            self.error = error

    def _say(self, sentence: str) -> None:
        with self._said_changed:
            self.said.append(sentence)
            self._said_changed.notify_all()


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(uart, "RETRY_NS", 20 * MS)
    running = Running(tmp_path / "ttyAMA0")
    running.line.plug()
    running.start()
    yield running
    running.stop()
    with contextlib.suppress(OSError):
        running.line.unplug()


def test_the_line_runs_at_31250_baud(running: Running):
    assert running.line.baud == BAUD == 31_250


def test_what_is_played_goes_out_with_running_status_kick_first(running: Running):
    running.far.play(note_on(9, HAT, 90), note_on(9, SNARE, 80), note_on(9, KICK, 100), CLOCK)
    assert running.line.hear(8) == bytes([0xF8, 0x99, SNARE, 80, KICK, 100, HAT, 90])


def test_messages_for_later_wait_until_they_are_due(running: Running):
    due_ns = time.monotonic_ns() + 40 * MS
    running.far.play(note_on(9, KICK, 100), time_ns=due_ns)
    running.far.play(CLOCK)
    running.line.hear_messages(CLOCK)
    running.line.hear_messages(note_on(9, KICK, 100))
    assert time.monotonic_ns() >= due_ns


def test_what_comes_in_is_parsed_and_stamped(running: Running):
    before_ns = time.monotonic_ns()
    running.line.transmit(b"\xfa\x99\x24\xf8\x64\x26\x5a\xf0\x01\xf8\x02\xf7\xf8")
    messages = running.far.wait_for(
        START, CLOCK, note_on(9, KICK, 100), note_on(9, SNARE, 90), CLOCK, CLOCK
    )
    times = [message.time_ns for message in messages]
    assert times == sorted(times)
    assert before_ns <= times[0]
    assert times[-1] <= time.monotonic_ns()


def test_both_directions_at_once(running: Running):
    beats = [note_on(9, KICK, 1 + n) for n in range(60)]
    for beat in beats:
        running.far.play(beat)
        running.line.transmit(beat)
    running.line.hear_messages(*beats)
    assert [m.data for m in running.far.wait_for(beats[-1])] == beats


def test_garbage_opens_the_uart_again_and_does_no_other_harm(running: Running):
    opened: list[bool] = []
    reopen = running.uart.reopen
    running.uart.reopen = lambda now_ns: opened.append(reopen(now_ns)) or opened[-1]
    running.far.play(note_on(9, KICK, 100))
    running.line.hear_messages(note_on(9, KICK, 100))
    running.line.transmit(note_on(9, 50, 1) + b"\xf4")  # is ended when the receiver starts anew
    deadline_s = time.monotonic() + PATIENCE_S
    while not opened and time.monotonic() < deadline_s:
        running.line.transmit(b"\x00\x7f\xf5\x00")
        time.sleep(0.01)
    assert opened == [True]
    running.far.wait_for(note_on(9, 50, 1), note_off(9, 50))
    running.line.transmit(b"\x00" + note_on(9, SNARE, 90))
    running.far.wait_for(note_on(9, SNARE, 90))
    running.far.play(note_on(9, KICK, 101))
    assert running.line.hear(3) == note_on(9, KICK, 101)  # with its status byte
    assert running.said == [f"DIN MIDI: {running.line.path} is open."]


def test_a_device_vanishes_and_comes_back_and_no_note_hangs_on_either_side(running: Running):
    running.far.play(note_on(9, KICK, 100))
    running.line.hear_messages(note_on(9, KICK, 100))
    running.line.transmit(note_on(0, 60, 1))
    running.far.wait_for(note_on(0, 60, 1))
    running.line.unplug()
    running.far.wait_for(note_off(0, 60))
    running.wait_until_said("cannot be opened (No such file or directory).")
    running.far.play(note_on(9, HAT, 100), CLOCK)  # for nobody
    running.line.plug()
    running.wait_until_said("is open.")
    running.line.hear_messages(bytes([0x99, KICK, 0]))
    running.far.play(note_on(9, SNARE, 100))
    running.line.hear_messages(note_on(9, SNARE, 100))
    running.line.transmit(START)
    running.far.wait_for(START)


def test_stopping_ends_what_sounds_on_both_sides(running: Running):
    running.far.play(note_on(9, KICK, 100))
    running.line.hear_messages(note_on(9, KICK, 100))
    running.line.transmit(note_on(0, 60, 1))
    running.far.wait_for(note_on(0, 60, 1))
    threading.Timer(0, running.bridge.stop).start()
    running.line.hear_messages(bytes([0x99, KICK, 0]))
    running.far.wait_for(note_off(0, 60))
    running.stop()
    assert running.far.closed
    assert not running.uart.is_open


def test_din_sync_has_the_clock_of_midi_out_with_and_without_a_uart(running: Running):
    running.far.play(START, CLOCK)
    running.line.hear_messages(START, CLOCK)
    pulse = [(SyncLine.CLOCK, True), (SyncLine.CLOCK, False)]
    running.sync.wait_for((SyncLine.RUN, True), *pulse)
    running.line.unplug()
    running.wait_until_said("cannot be opened (No such file or directory).")
    running.far.play(CLOCK)
    running.sync.wait_for((SyncLine.RUN, True), *pulse, *pulse)
    assert not running.sync.closed
    running.stop()
    assert running.sync.closed


def test_a_far_end_that_is_gone_ends_the_bridge(running: Running):
    running.far.break_down()
    running.stop()
    assert str(running.error) == "no more ALSA"
    assert not running.uart.is_open


# The UART


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing", "No such file or directory"), ("file", "Inappropriate ioctl for device")],
)
def test_what_cannot_be_opened_is_named_and_tried_again(tmp_path: Path, name: str, reason: str):
    (tmp_path / "file").touch()
    device = Uart(str(tmp_path / name))
    assert not device.open(0)
    assert device.fault is not None
    assert device.fault.startswith(f"{device.device} cannot be opened (")
    assert reason in device.fault
    assert device.retry_ns == uart.RETRY_NS
    device.close()


def test_a_line_that_takes_nothing_is_given_up_and_does_not_hang(tmp_path: Path):
    line = Line(tmp_path / "tty")
    line.plug()
    device = Uart(str(line.path))
    assert device.open(0)
    device.write(bytes(1 << 20))
    assert device.fault == f"{line.path} takes no more bytes."
    assert device.open(uart.RETRY_NS)
    line.unplug()


def test_a_device_in_use_is_refused(tmp_path: Path):
    line = Line(tmp_path / "tty")
    line.plug()
    first, second = Uart(str(line.path)), Uart(str(line.path))
    assert first.open(0)
    assert not second.open(0)
    first.close()
    assert second.open(uart.RETRY_NS)
    second.close()
    line.unplug()


def feed_seconds(guard: FramingGuard, start_s: int, seconds: int, garbage: int) -> list[int]:
    """The seconds in which the guard wants to open again; 40 bytes come in each."""
    found = []
    for step in range(start_s * 10, (start_s + seconds) * 10):
        if guard.lost(step * 100 * MS, 4, garbage):
            found.append(step // 10)
    return found


def test_the_framing_guard_tells_garbage_from_music():
    guard = FramingGuard()
    assert feed_seconds(guard, 0, 10, 0) == []
    assert len(feed_seconds(guard, 10, 1, 2)) == 1
    assert feed_seconds(guard, 11, 10, 0) == []
    assert not any(guard.lost(s * 10**9, 1, 1) for s in range(30, 36))  # a few stray bytes


def test_a_line_that_stays_bad_is_opened_at_growing_intervals():
    times = feed_seconds(FramingGuard(), 0, 600, 4)
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert 8 <= len(times) <= 20
    assert gaps == sorted(gaps)


# The command


def test_first_notes():
    first = first_notes(["36", "10:38"])
    assert first(0, 36)
    assert first(9, 38)
    assert not first(0, 38)
    assert not first(9, 42)


@pytest.mark.parametrize("name", ["kick", "128", "17:36", "0:36", ":", ""])
def test_notes_that_are_none_are_refused(name: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(ValueError):  # noqa: PT011
        first_notes([name])
    with pytest.raises(SystemExit):
        din_bridge.main(["--first", name])
    assert "--first takes notes" in capsys.readouterr().err


def test_without_alsa_the_command_says_so(monkeypatch, capsys: pytest.CaptureFixture[str]):
    def no_alsa(client: str) -> None:
        raise OSError("alsa-midi or libasound2 is not installed")

    monkeypatch.setattr(din_bridge, "AlsaEnd", no_alsa)
    assert din_bridge.main([]) == 1
    said = capsys.readouterr().err
    assert said == "The DIN bridge cannot go on: alsa-midi or libasound2 is not installed.\n"


def test_the_alsa_end_gives_whole_messages_and_ends_what_a_lost_client_left(monkeypatch):
    # A socket stands for the sequencer's descriptor, and events on it for the kernel's.
    ours, kernel = socket.socketpair()
    ours.setblocking(False)
    port = types.SimpleNamespace(port_id=3)
    client = types.SimpleNamespace(_fd=ours.fileno(), create_port=lambda name, caps: port)
    alsa = types.SimpleNamespace(SequencerClient=lambda name: client, RW_PORT=0, ALSAError=OSError)
    monkeypatch.setitem(sys.modules, "alsa_midi", alsa)
    end = din_bridge.AlsaEnd("test", clock=lambda: 7)
    assert end.receive() == []
    sent = [note_on(9, KICK, 100), note_on(9, HAT, 100), note_off(9, HAT), CLOCK]
    unsubscribed = bytes([PORT_UNSUBSCRIBED]) + bytes(27)
    kernel.send(b"".join(encode(data, 0) for data in sent) + unsubscribed)
    assert end.receive() == [TimedMessage(7, data) for data in (*sent, note_off(9, KICK))]
    end.send([TimedMessage(0, CLOCK), TimedMessage(0, note_on(9, KICK, 1))])
    written = decode(kernel.recv(4096))
    assert [event.messages for event in written] == [(CLOCK,), (note_on(9, KICK, 1),)]
    kernel.close()
    ours.close()


def test_events_lost_by_the_kernel_end_what_sounds(monkeypatch):
    port, client = types.SimpleNamespace(port_id=0), types.SimpleNamespace(_fd=-1)
    client.create_port = lambda name, caps: port
    alsa = types.SimpleNamespace(SequencerClient=lambda name: client, RW_PORT=0, ALSAError=OSError)
    monkeypatch.setitem(sys.modules, "alsa_midi", alsa)
    end = din_bridge.AlsaEnd("test", clock=lambda: 7)
    reads = iter([encode(note_on(9, KICK, 100), 0), OSError(errno.ENOSPC, ""), OSError(9, "gone")])

    def read(descriptor: int, size: int) -> bytes:
        read = next(reads)
        if isinstance(read, OSError):
            raise read
        return read

    monkeypatch.setattr(os, "read", read)
    assert end.receive() == [TimedMessage(7, note_on(9, KICK, 100))]
    assert end.receive() == [TimedMessage(7, note_off(9, KICK))]
    with pytest.raises(OSError, match="gone"):
        end.receive()
