"""The box's MIDI ports on Linux: they come and go with the devices, and remember their connections.

Every device's port gets a port of ours, connected both ways, with its own MidiOut; programs connect
to the port that is always there. What the kernel announces only says that something changed: each
time all ports and connections are looked at anew, so that nothing depends on an announcement that
got lost.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from firmware.midi.alsa_client import Address, AlsaClient, Link, Peer
from firmware.midi.alsa_connections import Connection, load_connections, save_connections
from firmware.midi.alsa_output import AlsaOut
from firmware.midi.din_bridge import DIN_CLIENT
from firmware.midi.message import MidiOut
from firmware.midi.seq_event import SeqEvent
from firmware.real_time import MIDI_INPUT, set_priority

__all__ = ["DEVICE_CLIENTS", "MAIN_PORT", "AlsaMidi", "port_label"]

CLIENT = MAIN_PORT = "Groovebox"
DEVICE_CLIENTS = (DIN_CLIENT,)
"""Programs whose ports are devices: the bridge to the DIN sockets."""

MIDI_THROUGH = "Midi Through"
"""A kernel client with nothing behind it."""

HOUSEKEEPING_S = 0.25
LAST_S = 0.05
"""So long the last messages have before what is queued is taken back. What is due at once waits for
the timer's next turn, 0.2 to 4 ms later; a stop was lost there on a slow machine."""

_ANNOUNCEMENTS = range(60, 68)  # clients, ports and connections that start, end or change
_SYSEX = 0xF0


@dataclass(frozen=True)
class _Device:
    """A device's port, and our port that is connected to it."""

    peer: Peer
    name: str
    port: int
    out: AlsaOut | None


class AlsaMidi:
    """One sequencer client with a MidiOut for the main port and for each device.

    ``on_message(time_ns, source name, data)`` is given every message that comes in, stamped by the
    kernel; system exclusive and what comes from ourselves is left out. ``on_added(output)`` and
    ``on_removed(name)`` tell of outputs. The outputs that are there at the start are told of
    before the constructor returns; all else comes from a thread of its own, which a callback must
    not hold up or call ``close`` from.

    ``connections_file`` keeps the connections with programs; None forgets them. Raises PortError
    where there is no ALSA sequencer.
    """

    def __init__(
        self,
        on_message: Callable[[int, str, bytes], None],
        on_added: Callable[[MidiOut], None],
        on_removed: Callable[[str], None],
        connections_file: Path | None = None,
        device_clients: Collection[str] = DEVICE_CLIENTS,
        open_client: Callable[[str], AlsaClient] = AlsaClient,
    ) -> None:
        self._on_message, self._on_added, self._on_removed = on_message, on_added, on_removed
        self._file, self._device_clients = connections_file, frozenset(device_clients)
        self._wanted = load_connections(connections_file) if connections_file else set()
        self._saved = set(self._wanted)
        self._present: dict[Connection, Address] = {}
        self._devices: dict[Address, _Device] = {}
        self._names: dict[Address, str] = {}
        self._closing = False
        self._client = open_client(CLIENT)
        try:
            number = self._client.create_port(MAIN_PORT, readable=True, writable=True)
            hidden = self._client.create_port(
                "announcements", readable=False, writable=True, hidden=True
            )
            self._client.hear_announcements(hidden)
            self._main = AlsaOut(MAIN_PORT, self._client, number)
            self._main.flush()  # the first one loads code from the disk: not at the first stop
            self._on_added(self._main)
            self._look(None)
        except BaseException:
            self._client.close()
            raise
        self._woken, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._run, name="midi alsa", daemon=True)
        self._thread.start()

    @property
    def timer(self) -> str:
        """What sends the events: a sentence for the log."""
        timer = self._client.timer
        return f"MIDI is timed by the kernel's {timer.name}, every {timer.period_ns / 1e6:g} ms."

    @property
    def lost(self) -> int:
        """Messages for which the kernel had no room, on all ports there are."""
        return sum(out.lost for out in self._outs())

    def close(self) -> None:
        """End every note, and give back all ports."""
        if self._closing:
            return
        self._closing = True
        os.write(self._waker, b".")
        self._thread.join(timeout=2)
        time.sleep(LAST_S)
        for out in self._outs():
            out.close()
        self._client.close()
        os.close(self._woken)
        os.close(self._waker)

    def _outs(self) -> list[AlsaOut]:
        devices = list(self._devices.values())
        return [self._main, *(device.out for device in devices if device.out)]

    # The reader's thread

    def _run(self) -> None:
        set_priority(MIDI_INPUT)
        poll = select.poll()
        poll.register(self._client, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        kept_s = 0.0
        while not self._closing:
            if poll.poll(HOUSEKEEPING_S * 1000):
                self._receive()
            if time.monotonic() - kept_s >= HOUSEKEEPING_S:
                kept_s = time.monotonic()
                self._client.follow()
                for out in self._outs():
                    out.keep_up()

    def _receive(self) -> None:
        try:
            events, gone = self._client.receive()
        except OSError:  # some were lost, and perhaps an announcement among them
            self._look(None)
            return
        for event in events:
            if event.kind not in _ANNOUNCEMENTS and event.source[0] != self._client.number:
                self._pass_on(event)
        if any(event.kind in _ANNOUNCEMENTS for event in events):
            self._look(gone)

    def _pass_on(self, event: SeqEvent) -> None:
        for data in event.messages:
            if data and data[0] != _SYSEX:
                name = self._names.get(event.source, "")
                self._on_message(event.time_ns, name, data)

    # Devices

    def _look(self, gone: set[Address] | None) -> None:
        """Bring our ports into line with the devices and connections that are there.

        ``gone`` are ports that have gone since, though they may be back; None where that is not
        known. What has not gone and is not connected any more somebody disconnected.
        """
        try:
            peers = {peer.address: peer for peer in self._client.peers()}
            links = self._client.links()
        except OSError:  # gone while we looked: that is announced as well
            return
        self._names = {address: self._label(peer) for address, peer in peers.items()}
        for address, device in list(self._devices.items()):
            unplugged = (gone is None or address in gone) and not any(
                link.port == device.port and link.other == address for link in links
            )
            if peers.get(address) != device.peer or unplugged:
                self._unplug(address)
        for peer in peers.values():
            if peer.address not in self._devices and self._is_device(peer):
                self._plug(peer)
        self._remember(peers, links, gone)

    def _is_device(self, peer: Peer) -> bool:
        if not (peer.readable or peer.writable) or peer.client == MIDI_THROUGH:
            return False
        return peer.in_kernel or peer.client in self._device_clients

    def _label(self, peer: Peer) -> str:
        device = self._devices.get(peer.address)
        return device.name if device else port_label(peer.client, peer.port)

    def _plug(self, peer: Peer) -> None:
        name = self._free_name(port_label(peer.client, peer.port))
        number = -1
        try:
            number = self._client.create_port(name, readable=peer.writable, writable=peer.readable)
            ours = (self._client.number, number)
            if peer.writable:
                self._client.connect(ours, peer.address)
            if peer.readable:
                self._client.connect(peer.address, ours)
        except OSError:  # unplugged at once, or another program has it for itself
            if number >= 0:
                self._delete_port(number)
            return
        out = AlsaOut(name, self._client, number) if peer.writable else None
        self._devices[peer.address] = _Device(peer, name, number, out)
        self._names[peer.address] = name
        if out:
            self._on_added(out)

    def _unplug(self, address: Address) -> None:
        device = self._devices.pop(address)
        if device.out:
            device.out.close()
        self._delete_port(device.port)
        if device.out:
            self._on_removed(device.name)

    def _delete_port(self, number: int) -> None:
        with contextlib.suppress(OSError):
            self._client.delete_port(number)

    def _free_name(self, name: str) -> str:
        """The name, or for the second of two like devices one with a number."""
        taken = {MAIN_PORT, *(device.name for device in self._devices.values())}
        names = [name, *(f"{name} ({i})" for i in range(2, len(taken) + 2))]
        return next(free for free in names if free not in taken)

    # Connections with programs

    def _remember(
        self, peers: dict[Address, Peer], links: set[Link], gone: set[Address] | None
    ) -> None:
        """Keep what was connected, forget what was disconnected by hand, connect what is back."""
        ours = {self._main.port: MAIN_PORT}
        ours |= {device.port: device.name for device in self._devices.values()}
        ports = {name: number for number, name in ours.items()}
        present = {
            Connection(ours[link.port], link.outgoing, peer.client, peer.port): link.other
            for link in links
            if link.port in ours
            and (peer := peers.get(link.other))
            and not self._is_own_device(link)
        }
        for connection, other in self._present.items():
            stays = gone is not None and other not in gone and other in peers
            if connection not in present and connection.port in ports and stays:
                self._wanted.discard(connection)
        self._present = present
        self._wanted |= present.keys()
        there = {(peer.client, peer.port): peer.address for peer in peers.values()}
        for back in self._wanted - present.keys():
            if back.port in ports and back[2:] in there:
                self._connect(ports[back.port], back, there[back[2:]])
        self._save()

    def _is_own_device(self, link: Link) -> bool:
        device = self._devices.get(link.other)
        return device is not None and device.port == link.port

    def _connect(self, port: int, connection: Connection, other: Address) -> None:
        ours = (self._client.number, port)
        source, destination = (ours, other) if connection.outgoing else (other, ours)
        with contextlib.suppress(OSError):
            self._client.connect(source, destination)
            self._present[connection] = other

    def _save(self) -> None:
        if self._file and self._wanted != self._saved:
            # A full or read-only disk costs the memory of it, not the music.
            with contextlib.suppress(OSError):
                save_connections(self._file, self._wanted)
            self._saved = set(self._wanted)


def port_label(client: str, port: str) -> str:
    """A name for a port, "client: port", without the client's name said twice."""
    rest = port.removeprefix(client).strip(" :-")
    return f"{client}: {rest}" if rest else client
