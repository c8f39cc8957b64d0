"""In the virtual machine: the far side of a MIDI device, and when each byte got there.

A raw MIDI device can stamp what it receives with the monotonic clock, in the kernel, at the moment
a driver gets it (framing mode of SNDRV_RAWMIDI_IOCTL_PARAMS, Linux 5.14, asound.h). So nobody's
wake-up counts, and no sequencer queue's clock, which stands still when its timer is held up.
"""

from __future__ import annotations

import fcntl
import os
import struct

from firmware.midi.message import TimedMessage
from firmware.midi.parser import MidiParser

_PARAMS = struct.Struct("@iNNII12x4x")  # stream, buffer size, minimum available, flags, mode
_INPUT, _BUFFER_SIZE, _FRAMED_BY_MONOTONIC_CLOCK = 1, 1 << 19, 1 | 2 << 3
_VERSION = struct.pack("@i", 2 << 16 | 2)  # of the protocol: framing came with 2.0.2
_FRAME = struct.Struct("=BBxxIQ16s")  # kind, length, ns, s, data


def _request(direction: int, size: int, number: int) -> int:
    return direction << 30 | size << 16 | ord("W") << 8 | number


class RawMidi:
    """A raw MIDI device of the first card, open for input and output."""

    def __init__(self, device: int, card: int = 0) -> None:
        self._file = os.open(f"/dev/snd/midiC{card}D{device}", os.O_RDWR | os.O_NONBLOCK)
        self._parser = MidiParser()
        fcntl.ioctl(self._file, _request(1, len(_VERSION), 0x02), _VERSION)
        params = bytearray(_PARAMS.pack(_INPUT, _BUFFER_SIZE, 1, 0, _FRAMED_BY_MONOTONIC_CLOCK))
        fcntl.ioctl(self._file, _request(3, len(params), 0x10), params)
        self.received()  # only a first read begins to listen

    def fileno(self) -> int:
        return self._file

    def received(self) -> list[TimedMessage]:
        """What has come since the last call."""
        messages = []
        while True:
            try:
                data = os.read(self._file, 1 << 16)
            except BlockingIOError:
                return messages
            for _, length, ns, seconds, body in _FRAME.iter_unpack(data):
                messages += self._parser.feed(seconds * 10**9 + ns, body[:length])

    def play(self, data: bytes) -> None:
        os.write(self._file, data)

    def close(self) -> None:
        os.close(self._file)
