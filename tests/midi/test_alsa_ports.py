"""Devices and connections that come and go, with a sequencer that is simulated."""

import json
import os
import sys
import threading
import time

import pytest

from firmware.midi.alsa_client import Incoming, Link, Peer
from firmware.midi.alsa_connections import Connection, load_connections, save_connections
from firmware.midi.alsa_ports import MAIN_PORT, AlsaMidi, port_label
from firmware.midi.alsa_queues import QueueTimer
from firmware.midi.message import CLOCK, STOP, TimedMessage, note_on
from firmware.midi.seq_event import SeqEvent

US = 128
CLIENT_START, CLIENT_EXIT, PORT_START, PORT_EXIT = 60, 61, 63, 64
SUBSCRIBED, UNSUBSCRIBED = 66, 67
KEYS = Peer((20, 0), "Keys", "Keys MIDI 1", True, True)
DRUMS = Peer((24, 0), "Drums", "Drums MIDI 1", False, True)
THROUGH = Peer((14, 0), "Midi Through", "Midi Through Port-0", True, True)
SYNTH = Peer((130, 0), "Synth", "in", False, True)
DIN = Peer((131, 0), "Groovebox DIN", "DIN", True, True)


class Sequencer:
    """In place of AlsaClient: a system with ports and connections, and what it announces."""

    number = US
    timer = QueueTimer("HR timer", 160_000)

    def __init__(self, *peers):
        self.system = list(peers)
        self.made, self.ports, self.connected = {}, {}, set()
        self.sent, self.events = [], []
        self.refused = set()
        self.overflow = self.closed = False
        self.removed_ns = 0
        self._readable, self._tell = os.pipe()
        os.set_blocking(self._readable, False)

    def open(self, name):
        assert name == "Groovebox"
        return self

    # What happens to it

    def happen(self, *kinds, gone=()):
        self.deliver(*(SeqEvent(kind, 0, (0, 1), 1, ()) for kind in kinds), gone=gone)

    def deliver(self, *events, gone=()):
        self.events.append(Incoming(list(events), set(gone)))
        os.write(self._tell, b".")

    def plug(self, peer):
        self.system.append(peer)
        self.happen(PORT_START)

    def unplug(self, *peers):
        for peer in peers:
            self.system.remove(peer)
            self.connected = {link for link in self.connected if link.other != peer.address}
        self.happen(UNSUBSCRIBED, PORT_EXIT, gone={peer.address for peer in peers})

    def others_connect(self, link):
        self.connected.add(link)
        self.happen(SUBSCRIBED)

    def others_disconnect(self, link):
        """As aconnect does it, which is a client as well, and another program ends, too."""
        self.connected.remove(link)
        self.happen(CLIENT_START, UNSUBSCRIBED, CLIENT_EXIT, PORT_EXIT, gone={(199, 0)})

    # AlsaClient

    def create_port(self, name, *, readable, writable, hidden=False):
        number = next(i for i in range(99) if i not in self.ports)
        self.ports[number] = name
        self.made[name] = (readable, writable, hidden)
        return number

    def delete_port(self, number):
        del self.ports[number]
        self.connected = {link for link in self.connected if link.port != number}

    def hear_announcements(self, port):
        assert self.made[self.ports[port]] == (False, True, True)

    def connect(self, source, destination):
        ours, other = (source, destination) if source[0] == US else (destination, source)
        if other in self.refused or all(peer.address != other for peer in self.system):
            raise OSError("refused")
        self.connected.add(Link(ours[1], source[0] == US, other))
        self.happen(SUBSCRIBED)

    def peers(self):
        return list(self.system)

    def links(self):
        return set(self.connected)

    def schedule(self, port, tag, messages):
        self.sent += [(self.ports.get(port), message.data) for message in messages]
        return len(messages)

    def end_now(self, port, tag, ends):
        return len(ends)

    def remove(self, tag):
        self.removed_ns = time.monotonic_ns()

    def follow(self): ...

    def fileno(self):
        return self._readable

    def receive(self):
        try:
            os.read(self._readable, 1)
        except BlockingIOError:
            return Incoming([], set())
        if self.overflow:
            self.overflow = False
            raise OSError("too much")
        return self.events.pop(0)

    def close(self):
        self.closed = True
        os.close(self._readable)
        os.close(self._tell)


class Box:
    """AlsaMidi, and what it told of."""

    def __init__(self, sequencer, file=None):
        self.sequencer = sequencer
        self.outputs, self.removed, self.messages = {}, [], []
        self._changed = threading.Condition()
        self.midi = AlsaMidi(
            lambda *message: self._note(self.messages.append, message),
            lambda output: self._note(self.outputs.__setitem__, output.name, output),
            lambda name: self._note(self.removed.append, name),
            file,
            open_client=sequencer.open,
        )

    def _note(self, do, *what):
        with self._changed:
            do(*what)
            self._changed.notify_all()

    def wait(self, what):
        with self._changed:
            assert self._changed.wait_for(what, 5)

    def settle(self):
        """Until all that has happened has been looked at."""
        last = (1, "", CLOCK)
        self.sequencer.deliver(SeqEvent(36, 1, (99, 0), 0, (CLOCK,)))
        self.wait(lambda: last in self.messages)
        self.messages.remove(last)


@pytest.fixture
def start(monkeypatch):
    """Opens a box on a system with these ports; closes it."""
    monkeypatch.setattr(sys, "setswitchinterval", lambda seconds: None)
    monkeypatch.setattr(os, "sched_setscheduler", lambda *arguments: None, raising=False)
    boxes = []

    def open_box(*peers, file=None, connected=()):
        sequencer = Sequencer(*peers)
        sequencer.connected.update(connected)
        boxes.append(Box(sequencer, file))
        return boxes[-1]

    yield open_box
    for box in boxes:
        box.midi.close()


def of(box, name):
    """Connections of our port of that name, by direction and the other's address."""
    ports = box.sequencer.ports
    return {(link[1], link[2]) for link in box.sequencer.connected if ports[link[0]] == name}


def test_each_device_gets_a_port_connected_both_ways(start):
    box = start(KEYS, DRUMS, THROUGH, SYNTH, DIN)
    assert list(box.outputs) == [MAIN_PORT, "Keys: MIDI 1", "Drums: MIDI 1", "Groovebox DIN: DIN"]
    assert of(box, "Keys: MIDI 1") == {(True, (20, 0)), (False, (20, 0))}
    assert of(box, "Drums: MIDI 1") == {(True, (24, 0))}
    assert of(box, MAIN_PORT) == set()
    assert box.sequencer.made["Drums: MIDI 1"] == (True, False, False)
    assert box.sequencer.made[MAIN_PORT] == (True, True, False)
    box.outputs["Keys: MIDI 1"].send([TimedMessage(0, CLOCK)])
    box.outputs[MAIN_PORT].send([TimedMessage(0, note_on(9, 36, 1))])
    assert box.sequencer.sent == [("Keys: MIDI 1", CLOCK), (MAIN_PORT, note_on(9, 36, 1))]


def test_an_input_alone_is_heard_but_is_no_output(start):
    pads = Peer((22, 0), "Pads", "Pads MIDI 1", True, False)
    box = start(pads)
    assert list(box.outputs) == [MAIN_PORT]
    assert of(box, "Pads: MIDI 1") == {(False, (22, 0))}
    box.sequencer.deliver(SeqEvent(6, 5, (22, 0), 2, (note_on(9, 36, 1),)))
    box.wait(lambda: box.messages == [(5, "Pads: MIDI 1", note_on(9, 36, 1))])
    box.sequencer.unplug(pads)
    box.settle()
    assert box.removed == []
    assert "Pads: MIDI 1" not in box.sequencer.ports.values()


def test_devices_come_and_go(start):
    box = start(KEYS)
    box.sequencer.plug(DRUMS)
    box.wait(lambda: "Drums: MIDI 1" in box.outputs)
    gone = box.outputs["Keys: MIDI 1"]
    box.sequencer.unplug(KEYS)
    box.wait(lambda: box.removed == ["Keys: MIDI 1"])
    gone.send([TimedMessage(0, CLOCK)])
    assert box.sequencer.sent == []
    assert set(box.sequencer.ports.values()) == {MAIN_PORT, "announcements", "Drums: MIDI 1"}
    box.sequencer.plug(KEYS)
    box.wait(lambda: box.outputs["Keys: MIDI 1"] is not gone)
    assert of(box, "Keys: MIDI 1") == {(True, (20, 0)), (False, (20, 0))}


def test_a_device_that_went_and_came_back_between_two_looks_is_connected_anew(start):
    box = start(KEYS)
    before = box.outputs["Keys: MIDI 1"]
    box.sequencer.connected.clear()
    box.sequencer.happen(UNSUBSCRIBED, PORT_EXIT, PORT_START, gone={KEYS.address})
    box.wait(lambda: box.outputs["Keys: MIDI 1"] is not before)
    assert box.removed == ["Keys: MIDI 1"]
    assert of(box, "Keys: MIDI 1") == {(True, (20, 0)), (False, (20, 0))}


def test_a_device_disconnected_by_hand_is_left_so(start):
    box = start(KEYS)
    (port,) = (number for number, name in box.sequencer.ports.items() if name == "Keys: MIDI 1")
    box.sequencer.others_disconnect(Link(port, True, KEYS.address))
    box.settle()
    box.sequencer.others_disconnect(Link(port, False, KEYS.address))
    box.settle()
    assert box.removed == []
    assert of(box, "Keys: MIDI 1") == set()


def test_two_like_devices_have_names_of_their_own(start):
    twin = KEYS._replace(address=(28, 0))
    box = start(KEYS, twin)
    assert list(box.outputs) == [MAIN_PORT, "Keys: MIDI 1", "Keys: MIDI 1 (2)"]
    box.sequencer.deliver(SeqEvent(36, 5, (28, 0), 3, (CLOCK,)))
    box.wait(lambda: box.messages == [(5, "Keys: MIDI 1 (2)", CLOCK)])
    box.sequencer.unplug(KEYS)
    box.wait(lambda: box.removed == ["Keys: MIDI 1"])


def test_a_device_that_another_program_holds_is_left_alone(start):
    box = start()
    box.sequencer.refused.add(KEYS.address)
    box.sequencer.plug(KEYS)
    box.settle()
    assert list(box.outputs) == [MAIN_PORT]
    assert set(box.sequencer.ports.values()) == {MAIN_PORT, "announcements"}
    box.sequencer.refused.clear()
    box.sequencer.happen(PORT_START)
    box.wait(lambda: "Keys: MIDI 1" in box.outputs)


def test_our_own_events_and_system_exclusive_are_left_out(start):
    box = start(SYNTH)
    box.sequencer.deliver(
        SeqEvent(36, 1, (US, 0), 0, (CLOCK,)),
        SeqEvent(130, 2, SYNTH.address, 0, (b"\xf0\x01\xf7",)),
        SeqEvent(14, 3, SYNTH.address, 0, (b"\xb0\x01\x02", b"\xb0\x21\x03")),
    )
    box.settle()
    assert box.messages == [(3, "Synth: in", b"\xb0\x01\x02"), (3, "Synth: in", b"\xb0\x21\x03")]


def test_after_an_overflow_everything_is_looked_at_anew(start):
    box = start()
    box.sequencer.system.append(KEYS)
    box.sequencer.overflow = True
    box.sequencer.happen()
    box.wait(lambda: "Keys: MIDI 1" in box.outputs)


def test_a_connection_is_kept_over_a_restart_of_either_side(start, tmp_path):
    file = tmp_path / "state" / "connections.json"
    box = start(SYNTH, file=file)
    box.sequencer.others_connect(Link(0, True, SYNTH.address))
    box.settle()
    assert load_connections(file) == {Connection(MAIN_PORT, True, "Synth", "in")}
    box.sequencer.unplug(SYNTH)
    box.settle()
    reborn = SYNTH._replace(address=(140, 3))
    box.sequencer.plug(reborn)
    box.settle()
    assert of(box, MAIN_PORT) == {(True, (140, 3))}
    box.midi.close()
    again = SYNTH._replace(address=(150, 0))
    box = start(again, file=file)
    assert of(box, MAIN_PORT) == {(True, (150, 0))}


def test_a_program_that_starts_again_between_two_looks_is_connected_again(start, tmp_path):
    file = tmp_path / "connections.json"
    box = start(SYNTH, file=file)
    box.sequencer.others_connect(Link(0, True, SYNTH.address))
    box.settle()
    box.sequencer.connected.clear()
    box.sequencer.happen(UNSUBSCRIBED, PORT_EXIT, PORT_START, gone={SYNTH.address})
    box.settle()
    assert of(box, MAIN_PORT) == {(True, SYNTH.address)}
    assert load_connections(file) == {Connection(MAIN_PORT, True, "Synth", "in")}


def test_one_that_was_taken_away_is_forgotten(start, tmp_path):
    file = tmp_path / "connections.json"
    box = start(SYNTH, KEYS, file=file)
    box.sequencer.others_connect(Link(0, True, SYNTH.address))
    box.settle()
    box.sequencer.others_disconnect(Link(0, True, SYNTH.address))
    box.settle()
    assert load_connections(file) == set()
    box.sequencer.unplug(SYNTH)
    box.sequencer.plug(SYNTH)
    box.settle()
    assert of(box, MAIN_PORT) == set()


def test_connections_that_are_there_at_the_start_are_kept_and_devices_are_not_saved(
    start, tmp_path
):
    file = tmp_path / "connections.json"
    box = start(SYNTH, KEYS, file=file, connected={Link(0, True, SYNTH.address)})
    box.settle()
    assert load_connections(file) == {Connection(MAIN_PORT, True, "Synth", "in")}


def test_without_a_file_nothing_is_written_and_a_full_disk_does_no_harm(start, tmp_path):
    box = start(SYNTH, file=tmp_path / "file" / "connections.json")
    (tmp_path / "file").write_text("in the way")
    box.sequencer.others_connect(Link(0, True, SYNTH.address))
    box.settle()
    assert box.midi.lost == 0


@pytest.mark.parametrize("text", ["", "[]", '{"connections": [{"port": 1}]}', "\xff", "{"])
def test_a_broken_file_counts_as_none(tmp_path, text):
    file = tmp_path / "connections.json"
    file.write_text(text, "latin-1")
    assert load_connections(file) == set()
    assert load_connections(tmp_path / "none") == set()


def test_the_file_reads_well_and_is_whole(tmp_path):
    file = tmp_path / "connections.json"
    kept = {Connection("a", True, "é", "in"), Connection("b", False, "c", "out")}
    save_connections(file, kept)
    save_connections(file, kept)
    assert load_connections(file) == kept
    assert json.loads(file.read_text())["connections"][1]["direction"] == "in"
    assert [path.name for path in tmp_path.iterdir()] == ["connections.json"]


def test_closing_gives_everything_back(start):
    box = start(KEYS)
    box.midi.close()
    box.midi.close()
    assert box.sequencer.closed
    box.outputs[MAIN_PORT].send([TimedMessage(0, CLOCK)])
    assert box.sequencer.sent == []


def test_what_is_due_at_once_goes_out_before_the_queue_is_emptied(start):
    box = start(KEYS)
    sent_ns = time.monotonic_ns()
    box.outputs[MAIN_PORT].send([TimedMessage(sent_ns, STOP)])
    box.midi.close()
    assert box.sequencer.removed_ns - sent_ns > 10_000_000, "the slowest timer's turn is 4 ms"


def test_a_callback_that_fails_at_the_start_gives_the_client_back():
    failing = Sequencer()

    def fail(output):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        AlsaMidi(lambda *m: None, fail, lambda name: None, open_client=failing.open)
    assert failing.closed


def test_the_log_says_what_times_the_music(start):
    box = start()
    assert box.midi.timer == "MIDI is timed by the kernel's HR timer, every 0.16 ms."


@pytest.mark.parametrize(
    ("client", "port", "label"),
    [
        ("UM-ONE", "UM-ONE MIDI 1", "UM-ONE: MIDI 1"),
        ("f_midi", "f_midi", "f_midi"),
        ("Synth", "in", "Synth: in"),
        ("Midi Through", "Midi Through Port-0", "Midi Through: Port-0"),
    ],
)
def test_a_port_is_named_after_the_other_side(client, port, label):
    assert port_label(client, port) == label
