"""In the virtual machine: AlsaMidi's ports with another client, devices that come and go, names."""

import json
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from alsa_midi import (
    READ_PORT,
    WRITE_PORT,
    MidiBytesEvent,
    NoteOffEvent,
    NoteOnEvent,
    SequencerClient,
    SubscriptionQueryType,
)

from firmware.midi.alsa_ports import MAIN_PORT, AlsaMidi
from firmware.midi.message import TimedMessage, note_off, note_on
from tests.vm.raw_midi import RawMidi
from tests.vm.usb_gadget import UsbGadget

MS = 1_000_000
PATIENCE_S = 20
VIRTUAL = [f"Virtual Raw MIDI 0-{i}: VirMIDI 0-{i}" for i in range(4)]
SYNTH = """
import sys, alsa_midi
client = alsa_midi.SequencerClient("Synth")
port = client.create_port("in", alsa_midi.WRITE_PORT)
print("there", flush=True)
sys.stdin.read()
"""
CARD, CARD_DRIVER = "snd_virmidi.0", Path("/sys/bus/platform/drivers/snd_virmidi")


class Box:
    """AlsaMidi with what it told of."""

    def __init__(self) -> None:
        self.outputs = {}
        self.added, self.removed, self.messages = [], [], []
        self._changed = threading.Condition()
        self.midi = AlsaMidi(self._message, self._add, self._remove, Path("connections.json"))

    def _message(self, *message) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def _add(self, output) -> None:
        with self._changed:
            self.outputs[output.name] = output
            self.added.append(output.name)
            self._changed.notify_all()

    def _remove(self, name) -> None:
        with self._changed:
            self.removed.append(name)
            self._changed.notify_all()

    def wait(self, what: Callable[[], object]) -> bool:
        with self._changed:
            return bool(self._changed.wait_for(what, PATIENCE_S))

    def heard(self, count: int) -> list[tuple[str, list[int]]]:
        """Sources and data of that many messages, which are taken."""
        self.wait(lambda: len(self.messages) >= count)
        taken, self.messages[:] = list(self.messages), []
        return [(source, list(data)) for _, source, data in taken]


class Other:
    """Another program, with a port each way."""

    def __init__(self) -> None:
        self.client = SequencerClient("Other")
        self.client.set_client_pool_input(2000)
        self.entry = self.client.create_port("in", WRITE_PORT)
        self.exit = self.client.create_port("out", READ_PORT)
        self.main = self.find("Groovebox", MAIN_PORT)

    def find(self, client: str, port: str):
        ports = self.client.list_ports()
        return next(p for p in ports if (p.client_name, p.name) == (client, port))

    def heard(self, count: int) -> list[int]:
        """Notes, negative as they end."""
        notes = []
        end_s = time.monotonic() + PATIENCE_S
        while len(notes) < count and time.monotonic() < end_s:
            select.select([self.client._fd], [], [], 0.1)
            while self.client.event_input_pending(True):
                event = self.client.event_input()
                if isinstance(event, NoteOnEvent):
                    notes.append(event.note)
                elif isinstance(event, NoteOffEvent):
                    notes.append(-event.note)
        return notes

    def send(self, data: bytes) -> None:
        self.client.event_output(MidiBytesEvent(data), port=self.exit)
        self.client.drain_output()

    def readers(self) -> list[str]:
        """Clients that are connected from the box's main port."""
        readers = self.client.list_port_subscribers(self.main, SubscriptionQueryType.READ)
        return sorted(self.client.get_client_info(each.addr.client_id).name for each in readers)

    def wait_readers(self, name: str) -> bool:
        end_s = time.monotonic() + PATIENCE_S
        while name not in self.readers() and time.monotonic() < end_s:
            time.sleep(0.02)
        return name in self.readers()


class Synth:
    """A program of its own process; ends when closed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SYNTH], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.process.stdout.readline()

    def close(self) -> None:
        self.process.communicate()


def exchange(box: Box, other: Other) -> dict[str, object]:
    """Notes handed over in disorder, all kinds of messages back, and our own to ourselves."""
    other.client.subscribe_port(other.main, other.entry)
    other.client.subscribe_port(other.exit, other.main)
    other.client.subscribe_port(other.main, other.main)
    now = time.monotonic_ns() + 500 * MS
    order = sorted(range(1, 101), key=lambda i: i * 37 % 101)
    for part in range(0, 100, 20):
        box.outputs[MAIN_PORT].send(
            [TimedMessage(now + i * 2 * MS, note_on(9, i, 100)) for i in order[part : part + 20]]
        )
    notes = other.heard(100)
    back = [
        [0x99, 36, 100], [0x89, 36, 64], [0xB3, 12, 99], [0xC0, 5], [0xE0, 1, 65],
        [0xF2, 16, 1], [0xFA], [0xF8], [0xFB], [0xFC], [0xB0, 1, 2],
    ]  # fmt: skip
    for data in back[:-1]:
        other.send(bytes(data))
    other.send(bytes([0xF0, *range(100), 0xF7]))
    other.send(bytes(back[-1]))
    box.outputs[MAIN_PORT].flush()
    ends = other.heard(100)
    return {"notes": notes, "ends": ends, "back": box.heard(len(back)), "expected_back": back}


def flush(box: Box) -> dict[str, object]:
    """A flush in the middle of notes that overlap."""
    raw = RawMidi(0)
    output = box.outputs[VIRTUAL[0]]
    now = time.monotonic_ns()
    for i in range(60):
        due = now + i * 10 * MS
        output.send([TimedMessage(due, note_on(9, 30 + i, 100))])
        output.send([TimedMessage(due + 35 * MS, note_off(9, 30 + i))])
    time.sleep(0.3)
    output.flush()
    time.sleep(0.1)
    first = [list(data) for _, data in raw.received()]
    time.sleep(0.5)
    later = [list(data) for _, data in raw.received()]
    raw.close()
    return {"first": first, "later": later}


def too_much(box: Box, other: Other) -> dict[str, object]:
    """More than the kernel keeps."""
    output = box.outputs[MAIN_PORT]
    now = time.monotonic_ns() + 100_000 * MS
    for i in range(1500):
        on, off = note_on(9, i % 128, 100), note_off(9, i % 128)
        output.send([TimedMessage(now + i * MS, on), TimedMessage(now + i * MS + 1, off)])
    lost = box.midi.lost
    output.flush()
    output.send([TimedMessage(time.monotonic_ns(), note_on(9, 77, 1))])
    return {"lost": lost, "then": other.heard(1)}


def hot_plug(box: Box, other: Other) -> dict[str, object]:
    """The card of virtual devices goes and comes back while the main port plays on."""
    seen: dict[str, object] = {"at_start": list(box.added)}
    now = time.monotonic_ns() + 50 * MS
    playing = [TimedMessage(now + i * 20 * MS, note_on(9, 1 + i % 100, 100)) for i in range(100)]
    box.outputs[MAIN_PORT].send(playing)
    box.added.clear()
    (CARD_DRIVER / "unbind").write_text(CARD)
    box.wait(lambda: len(box.removed) == 4)
    seen["removed"] = list(box.removed)
    box.outputs[VIRTUAL[0]].send([TimedMessage(0, note_on(9, 1, 1))])  # has gone: nothing happens
    (CARD_DRIVER / "bind").write_text(CARD)
    box.wait(lambda: len(box.added) == 4)
    seen["added"] = list(box.added)
    seen["meanwhile"] = other.heard(100)
    raw = RawMidi(2)
    box.outputs[VIRTUAL[2]].send([TimedMessage(0, note_on(9, 51, 1))])
    select.select([raw], [], [], PATIENCE_S)
    seen["out"] = [list(data) for _, data in raw.received()]
    raw.play(bytes([0x99, 40, 1, 41, 2, 0xF8]))
    seen["in"] = box.heard(3)
    raw.close()
    return seen


def usb(box: Box) -> dict[str, object]:
    """A USB MIDI device, whose other end is another card of this machine."""
    box.added.clear()
    box.removed.clear()
    with UsbGadget("Test Synth"):
        box.wait(lambda: len(box.added) >= 2)
        added = list(box.added)
        for name in added:
            box.outputs[name].send([TimedMessage(0, note_on(9, 60 + added.index(name), 1))])
        heard = sorted(box.heard(2))
    box.wait(lambda: len(box.removed) >= 2)
    return {"added": added, "heard": heard, "removed": list(box.removed)}


def names(box: Box, other: Other) -> tuple[Box, dict[str, object]]:
    """A connection outlives the other program and ourselves, until somebody takes it away."""
    seen: dict[str, object] = {}
    synth = Synth()
    subprocess.run(["aconnect", "Groovebox:0", "Synth:0"], check=True)
    other.wait_readers("Synth")
    time.sleep(0.5)
    synth.close()
    synth = Synth()
    seen["after_its_restart"] = other.wait_readers("Synth")
    box.midi.close()
    box = Box()
    other.main = other.find("Groovebox", MAIN_PORT)
    seen["after_ours"] = other.readers()
    seen["file"] = json.loads(Path("connections.json").read_text())["connections"]
    subprocess.run(["aconnect", "-d", "Groovebox:0", "Synth:0"], check=True)
    time.sleep(2)  # the port has to have noticed before its peer ends
    synth.close()
    synth = Synth()
    time.sleep(0.5)
    seen["taken_away"] = other.readers()
    seen["file_then"] = json.loads(Path("connections.json").read_text())["connections"]
    synth.close()
    return box, seen


box = Box()
other = Other()
seen = {
    "exchange": exchange(box, other),
    "flush": flush(box),
    "too_much": too_much(box, other),
    "hot_plug": hot_plug(box, other),
    "usb": usb(box),
}
box, seen["names"] = names(box, other)
box.midi.close()
seen["left"] = [port.client_name for port in other.client.list_ports()]
print(json.dumps(seen))
