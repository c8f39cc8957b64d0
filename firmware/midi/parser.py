"""A MIDI byte stream, as a UART delivers it, to whole messages.

Own code, because mido 1.3.3's parser does not follow a wire: it knows no running status (of
``99 24 64 26 5A`` it drops the second note), gives up a message when a real-time byte falls inside
it (``99 24 F8 64`` is a clock and no note), and stores a system exclusive message without bound.
It does survive real-time bytes inside system exclusive and undefined bytes, and never raised on
300,000 random bytes. ALSA's own parser would need ALSA wherever the tests run.
"""

from __future__ import annotations

from firmware.midi.message import TimedMessage

__all__ = ["MAX_SYSEX", "MidiParser", "data_length", "is_message"]

MAX_SYSEX = 8192
"""Data bytes after which a system exclusive message counts as one whose end was lost."""

_SYSEX, _SYSEX_END, _REAL_TIME = 0xF0, 0xF7, 0xF8
_UNDEFINED = frozenset((0xF4, 0xF5, 0xF9, 0xFD))
_COMMON_LENGTHS = {0xF1: 1, 0xF2: 2, 0xF3: 1}
_PROGRAM_CHANGE, _CHANNEL_PRESSURE = 0xC0, 0xD0


def data_length(status: int) -> int:
    """How many data bytes follow ``status`` (MIDI 1.0, table of status bytes); not for F0."""
    if status >= _SYSEX:
        return _COMMON_LENGTHS.get(status, 0)
    return 1 if status & 0xF0 in (_PROGRAM_CHANGE, _CHANNEL_PRESSURE) else 2


def is_message(data: bytes) -> bool:
    """Whether ``data`` is exactly one whole, defined MIDI message with its status byte."""
    if not data or data[0] < 0x80 or data[0] in _UNDEFINED or data[0] == _SYSEX_END:
        return False
    body = data[1:]
    if data[0] == _SYSEX:
        if body[-1:] != bytes([_SYSEX_END]):
            return False
        body = body[:-1]
    elif len(body) != data_length(data[0]):
        return False
    return body.isascii()  # every byte below 0x80


class MidiParser:
    """Cuts a byte stream into messages; whatever comes, it goes on with the next status byte.

    Understood: running status, and real-time bytes at any place, also within a message. System
    exclusive is skipped, and so is what is no MIDI: data without a status, undefined bytes,
    messages cut short. ``garbage`` counts the latter bytes (and those of an endless system
    exclusive): many of them are the sign of a wrong speed or of lost framing.
    """

    def __init__(self) -> None:
        self.garbage = 0
        self._status = 0  # of the message that data bytes belong to; 0: none, they are stray
        self._data = bytearray()
        self._sysex_length = 0

    def feed(self, time_ns: int, data: bytes) -> list[TimedMessage]:
        """The messages that ``data`` completes, each stamped ``time_ns``. Never raises.

        Each carries its status byte, whether or not the wire had it.
        """
        messages = []
        for byte in data:
            if byte >= 0x80:
                message = self._take_status(byte)
            elif self._status == _SYSEX:
                message = self._take_sysex_byte()
            elif self._status:
                message = self._take_data(byte)
            else:
                self.garbage += 1
                continue
            if message:
                messages.append(TimedMessage(time_ns, message))
        return messages

    def _take_status(self, byte: int) -> bytes:
        if byte >= _REAL_TIME:
            if byte not in _UNDEFINED:
                return bytes([byte])
            self.garbage += 1  # an undefined real-time byte, too, leaves a message in hand alone
            return b""
        if self._data:
            self.garbage += 1 + len(self._data)  # cut short
            self._data.clear()
        if byte == _SYSEX_END and self._status != _SYSEX:
            self.garbage += 1
        self._status, self._sysex_length = 0, 0
        if byte in _UNDEFINED:
            self.garbage += 1
        elif byte == _SYSEX or data_length(byte):
            self._status = byte
        elif byte != _SYSEX_END:
            return bytes([byte])  # tune request
        return b""

    def _take_sysex_byte(self) -> bytes:
        self._sysex_length += 1
        if self._sysex_length > MAX_SYSEX:
            self.garbage += 1
        return b""

    def _take_data(self, byte: int) -> bytes:
        self._data.append(byte)
        if len(self._data) < data_length(self._status):
            return b""
        message = bytes([self._status]) + self._data
        self._data.clear()
        if self._status >= _SYSEX:
            self._status = 0  # running status is for channel messages alone
        return message
