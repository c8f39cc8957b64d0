"""A client of the Linux kernel's MIDI sequencer: its ports, connections and events.

alsa-midi opens, names and connects. What happens all the time, writing and reading events, goes to
the kernel directly: alsa-midi's objects take 30 us an event, its output waits where the kernel is
full, and libasound's buffers are not for two threads.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from firmware.midi import seq_event
from firmware.midi.alsa_queues import AlsaQueues, QueueTimer
from firmware.midi.message import TimedMessage
from firmware.midi.rtmidi_port import PortError
from firmware.midi.seq_event import SeqEvent

__all__ = ["Address", "AlsaClient", "Incoming", "Link", "Peer"]

POOL = 2000
"""Events that the kernel keeps for a client: its maximum, some 20 ticks of ten ports."""

SEQUENCER = Path("/dev/snd/seq")

_KERNEL_CLIENTS = range(1, 128)  # number 0 is the sequencer itself; programs begin at 128
_ANNOUNCE = (0, 1)
_EVENT_SIZE = 28  # of struct snd_seq_event in asequencer.h
_WHEN_AT, _WHEN = 2, struct.Struct("=BBII")  # its tag, queue, seconds and nanoseconds

Address = tuple[int, int]
"""Client and port number."""


class Peer(NamedTuple):
    """Another client's port."""

    address: Address
    client: str
    port: str
    readable: bool
    writable: bool

    @property
    def in_kernel(self) -> bool:
        return self.address[0] in _KERNEL_CLIENTS


class Link(NamedTuple):
    """A connection of one of our ports; ``outgoing`` from it, or else to it."""

    port: int
    outgoing: bool
    other: Address


class Incoming(NamedTuple):
    """Events, and the ports of others whose end was among what they announce."""

    events: list[SeqEvent]
    gone: set[Address]


class AlsaClient:
    """One sequencer client with its queues. Raises PortError where there is no sequencer.

    ``schedule``, ``end_now``, ``remove`` and ``receive`` may be called from different threads.
    """

    def __init__(self, name: str, clock: Callable[[], int] = time.monotonic_ns) -> None:
        try:
            self._alsa: Any = importlib.import_module("alsa_midi")
        except (ImportError, OSError) as error:
            raise PortError("No ALSA port: alsa-midi or libasound2 is not installed.") from error
        if not SEQUENCER.exists():  # libasound would complain on stderr, too
            raise PortError("No ALSA port: this system has no ALSA sequencer (snd-seq).")
        self._clock = clock
        self._ports: dict[int, Any] = {}
        try:
            with self._errors():
                self._client = self._alsa.SequencerClient(name)
                self.number = int(self._client.client_id)
                self._descriptor = int(self._client._fd)  # alsa-midi 1.0.4 has no public name
                self._client.set_client_pool_output(POOL)
                self._client.set_client_pool_input(POOL)
                self._queues = AlsaQueues(self._client, self._descriptor, clock)
        except OSError as error:
            raise PortError(f"No ALSA port: {error}.") from error

    @property
    def timer(self) -> QueueTimer:
        """What drives the queues."""
        return self._queues.timer

    def fileno(self) -> int:
        """Readable when ``receive`` has something."""
        return self._descriptor

    def follow(self) -> None:
        """Keep up with the queues' clocks; to be called a few times a second."""
        self._queues.follow()

    def close(self) -> None:
        self._client.close()
        self._descriptor = -1

    # Ports and connections. These raise OSError.

    def create_port(
        self, name: str, *, readable: bool, writable: bool, hidden: bool = False
    ) -> int:
        """A port that others may connect from (``readable``) and to (``writable``); its number."""
        caps = self._alsa.PortCaps
        flags = caps.NO_EXPORT if hidden else caps(0)
        flags |= self._alsa.READ_PORT if readable else caps(0)
        flags |= self._alsa.WRITE_PORT if writable else caps(0)
        with self._errors():
            port = self._client.create_port(
                name,
                flags,
                timestamping=True,
                timestamp_real=True,
                timestamp_queue=self._queues.stamping,
            )
        self._ports[port.port_id] = port  # alsa-midi deletes a port that nobody keeps
        return int(port.port_id)

    def delete_port(self, number: int) -> None:
        with self._errors():
            self._ports.pop(number).close()

    def hear_announcements(self, port: int) -> None:
        """Have the kernel tell this port of clients, ports and connections that come and go."""
        self.connect(_ANNOUNCE, (self.number, port))

    def connect(self, source: Address, destination: Address) -> None:
        with self._errors():
            self._client.subscribe_port(source, destination)

    def peers(self) -> list[Peer]:
        """Every MIDI port of other clients."""
        caps = self._alsa.PortCaps
        with self._errors():
            ports = self._client.list_ports(sort=False)
        return [
            Peer(
                (port.client_id, port.port_id),
                port.client_name,
                port.name,
                bool(port.capability & caps.SUBS_READ),
                bool(port.capability & caps.SUBS_WRITE),
            )
            for port in ports
            if port.client_id != self.number
        ]

    def links(self) -> set[Link]:
        """Every connection of our ports with other clients."""
        readers = self._alsa.SubscriptionQueryType.READ
        with self._errors():
            found = {
                Link(number, query.type == readers, (query.addr.client_id, query.addr.port_id))
                for number in self._ports
                for query in self._client.list_port_subscribers((self.number, number))
            }
        return {link for link in found if link.other[0] not in (0, self.number)}

    # Events

    def schedule(self, port: int, tag: int, messages: Sequence[TimedMessage]) -> int:
        """Hand messages to the kernel, each to be sent when it is due; how many it took.

        It takes fewer when it has no room. ``tag`` 1 to 255 marks them for ``remove``.
        """
        place = self._queues.place
        return self._write(port, tag, [(data, *place(time_ns)) for time_ns, data in messages])

    def end_now(self, port: int, tag: int, ends: Sequence[TimedMessage]) -> int:
        """Send note-offs at once; each has the time of the note-on it ends. How many were taken.

        Each goes through its note-on's queue, which sends strictly in order even where another
        processor is just sending the note-on.
        """
        place = self._queues.place
        return self._write(port, tag, [(data, place(time_ns)[0], 0) for time_ns, data in ends])

    def remove(self, tag: int) -> None:
        """Take back what has not been sent of the messages with this tag."""
        with contextlib.suppress(OSError), self._errors():
            self._client.remove_events(self._alsa.RemoveCondition.OUTPUT, tag=tag)

    def receive(self) -> Incoming:
        """What has come in, stamped with the monotonic clock; does not block.

        Raises OSError when events were lost, as more came than the kernel keeps.
        """
        try:
            data = os.read(self._descriptor, seq_event.READ_SIZE)
        except BlockingIOError:
            return Incoming([], set())
        stamped_at = self._queues.stamped_at
        events = [
            event._replace(time_ns=stamped_at(event.time_ns) if event.time_ns else self._clock())
            for event in seq_event.decode(data)
        ]
        return Incoming(events, seq_event.ports_gone(data))

    def _write(self, port: int, tag: int, messages: Sequence[tuple[bytes, int, int]]) -> int:
        events = bytearray(b"".join([_event(data, port) for data, _, _ in messages]))
        place = _WHEN_AT
        for _, queue, queue_ns in messages:
            _WHEN.pack_into(events, place, tag, queue, *divmod(queue_ns, 1_000_000_000))
            place += _EVENT_SIZE
        try:
            return os.write(self._descriptor, events) // _EVENT_SIZE
        except OSError:  # no room, or closed
            return 0

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (self._alsa.ALSAError, UnicodeDecodeError) as error:  # names may be anything
            raise OSError(f"ALSA says: {error}") from error


@functools.lru_cache(maxsize=4096)
def _event(data: bytes, port: int) -> bytes:
    return seq_event.encode(data, port)
