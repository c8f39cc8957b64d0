"""ALSA sequencer events as the kernel's own bytes, read and written on a client's descriptor.

The layout is ``struct snd_seq_event`` of Linux's include/uapi/sound/asequencer.h (28 bytes; a
system exclusive message follows its event). alsa-midi, which opens clients, ports and queues, takes
30 to 50 us of a desktop core to make or read one event object, several hundred on a small Pi: more
than the event's three bytes take on a DIN wire. This takes 2 us.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["DIRECT", "PORT_UNSUBSCRIBED", "READ_SIZE", "SeqEvent", "decode", "encode", "ports_gone"]

DIRECT = 253
"""In place of a queue: deliver at once."""

_PORT_EXIT, PORT_UNSUBSCRIBED = 64, 67
READ_SIZE = 16_384
"""Bytes to read at once: an event that is longer than the room left is not delivered."""

_HEADER = struct.Struct("=BBBBIIBBBB")  # type, flags, tag, queue, time (s, ns), source, destination
_NOTE = struct.Struct("=BBBBI4x")  # channel, note, velocity, off velocity, duration
_CONTROL = struct.Struct("=B3xIi")  # channel, parameter, value
_LENGTH = struct.Struct("=I8x")
_SIZE = _HEADER.size + _NOTE.size

_REAL_TIME_STAMP, _VARIABLE_LENGTH, _LENGTH_MASK = 1, 1 << 2, 3 << 2
_SUBSCRIBERS, _UNKNOWN_PORT = 254, 253
_CONTROLLER, _PITCH_BEND, _CONTROL14, _NRPN, _RPN, _SONG_POSITION, _SYSEX = (
    10,
    13,
    14,
    15,
    16,
    20,
    130,
)

_NOTE_KINDS = {7: 0x80, 6: 0x90, 8: 0xA0}
_VALUE_KINDS = {11: 0xC0, 12: 0xD0, 21: 0xF3, 22: 0xF1}
_PLAIN_KINDS = {40: 0xF6, 36: 0xF8, 30: 0xFA, 31: 0xFB, 32: 0xFC, 42: 0xFE, 41: 0xFF}
_KIND_OF = {
    status: kind
    for kinds in (_NOTE_KINDS, _VALUE_KINDS, _PLAIN_KINDS)
    for kind, status in kinds.items()
}
_KIND_OF |= {0xB0: _CONTROLLER, 0xE0: _PITCH_BEND, 0xF2: _SONG_POSITION, 0xF0: _SYSEX}


class SeqEvent(NamedTuple):
    """One event. ``kind`` is its number in asequencer.h.

    ``time_ns`` is the kernel's stamp: time of the queue that the port is stamped by, 0 without one.
    ``source`` and ``port`` say where it came from (client, port) and to which port of ours.
    ``messages`` are MIDI: none for other events, two or four for a 14-bit or (N)RPN controller;
    system exclusive comes in pieces of 256 bytes where the sender cut it.
    """

    kind: int
    time_ns: int
    source: tuple[int, int]
    port: int
    messages: tuple[bytes, ...]


def decode(data: bytes) -> list[SeqEvent]:
    """The events in what a read of the client's descriptor gave. Ignores an incomplete last one."""
    events = []
    for (kind, flags, _, _, seconds, ns, client, port, _, to), body, tail in _cells(data):
        if tail is not None:
            messages: tuple[bytes, ...] = (tail,) if kind == _SYSEX else ()
        else:
            messages = _messages(kind, body)
        time_ns = seconds * 1_000_000_000 + ns if flags & _REAL_TIME_STAMP else 0
        events.append(SeqEvent(kind, time_ns, (client, port), to, messages))
    return events


def ports_gone(data: bytes) -> set[tuple[int, int]]:
    """The ports (client, port) whose end the kernel announces in what a read gave."""
    return {(body[0], body[1]) for header, body, _ in _cells(data) if header[0] == _PORT_EXIT}


def _cells(data: bytes) -> Iterator[tuple[tuple[int, ...], bytes, bytes | None]]:
    """Header, body, and what follows an event of variable length (None for others)."""
    place = 0
    while place + _SIZE <= len(data):
        header = _HEADER.unpack_from(data, place)
        body = data[place + _HEADER.size : place + _SIZE]
        place += _SIZE
        tail = None
        if header[1] & _LENGTH_MASK == _VARIABLE_LENGTH:
            length = _LENGTH.unpack(body)[0]
            tail = data[place : place + length]
            place += -(-length // _SIZE) * _SIZE  # read in whole cells of an event's size
        yield header, body, tail


def encode(data: bytes, port: int, queue: int = DIRECT, time_ns: int = 0) -> bytes:
    """What to write to send one whole MIDI message from ``port`` to all its subscribers.

    On a ``queue``, the kernel delivers it at ``time_ns`` of the queue's real time. Several of these
    can be written at once.
    """
    status, channel = (data[0], 0) if data[0] >= 0xF0 else (data[0] & 0xF0, data[0] & 0x0F)
    kind = _KIND_OF[status]
    tail = b""
    flags = _REAL_TIME_STAMP
    if kind == _SYSEX:
        flags |= _VARIABLE_LENGTH
        body, tail = _LENGTH.pack(len(data)), data
    elif kind in _NOTE_KINDS:
        body = _NOTE.pack(channel, data[1], data[2], 0, 0)
    elif kind == _CONTROLLER:
        body = _CONTROL.pack(channel, data[1], data[2])
    elif kind in _VALUE_KINDS:
        body = _CONTROL.pack(channel, 0, data[1])
    elif kind in (_PITCH_BEND, _SONG_POSITION):
        zero = 8192 if kind == _PITCH_BEND else 0
        body = _CONTROL.pack(channel, 0, (data[1] | data[2] << 7) - zero)
    else:
        body = bytes(_CONTROL.size)
    seconds, ns = divmod(time_ns, 1_000_000_000)
    address = (0, port, _SUBSCRIBERS, _UNKNOWN_PORT)  # the kernel fills our client in
    return _HEADER.pack(kind, flags, 0, queue, seconds, ns, *address) + body + tail


def _messages(kind: int, body: bytes) -> tuple[bytes, ...]:
    if kind in _PLAIN_KINDS:
        return (bytes([_PLAIN_KINDS[kind]]),)
    if kind in _NOTE_KINDS:
        channel, note, velocity, *_ = _NOTE.unpack(body)
        return (bytes([_NOTE_KINDS[kind] | channel & 0x0F, note & 0x7F, velocity & 0x7F]),)
    channel, parameter, value = _CONTROL.unpack(body)
    channel &= 0x0F
    if kind in _VALUE_KINDS:
        status = _VALUE_KINDS[kind]
        return (bytes([status if status >= 0xF0 else status | channel, value & 0x7F]),)
    if kind == _SONG_POSITION:
        return (bytes([0xF2, *_two_bytes(value)]),)
    if kind == _PITCH_BEND:
        return (bytes([0xE0 | channel, *_two_bytes(value + 8192)]),)
    return tuple(bytes([0xB0 | channel, *pair]) for pair in _controllers(kind, parameter, value))


def _controllers(kind: int, parameter: int, value: int) -> list[tuple[int, int]]:
    low, high = _two_bytes(value)
    if kind == _CONTROLLER or (kind == _CONTROL14 and parameter >= 32):
        return [(parameter & 0x7F, low)]
    if kind == _CONTROL14:
        return [(parameter, high), (parameter + 32, low)]
    if kind in (_NRPN, _RPN):
        fine, coarse = (98, 99) if kind == _NRPN else (100, 101)
        number_low, number_high = _two_bytes(parameter)
        return [(coarse, number_high), (fine, number_low), (6, high), (38, low)]
    return []


def _two_bytes(value: int) -> tuple[int, int]:
    """The low and the high seven bits."""
    return value & 0x7F, value >> 7 & 0x7F
