import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.midi.parser import data_length, is_message
from firmware.midi.seq_event import DIRECT, PORT_UNSUBSCRIBED, decode, encode

DATA = st.integers(0, 0x7F)
STATUS = st.integers(0x80, 0xEF) | st.sampled_from(
    (0xF1, 0xF2, 0xF3, 0xF6, 0xF8, 0xFA, 0xFB, 0xFC, 0xFE, 0xFF)
)


@st.composite
def message(draw: st.DrawFn) -> bytes:
    status = draw(STATUS)
    return bytes([status, *(draw(DATA) for _ in range(data_length(status)))])


SYSEX = st.lists(DATA, max_size=80).map(lambda body: bytes([0xF0, *body, 0xF7]))


def as_read(written: bytes) -> bytes:
    """What the kernel gives a reader: system exclusive in cells of 28 bytes."""
    return written + bytes(-len(written) % 28)


@settings(deadline=None)
@given(st.lists(st.tuples(message() | SYSEX, st.integers(0, 10**13)), max_size=8))
def test_every_message_comes_back_with_its_time(sent: list[tuple[bytes, int]]):
    read = b"".join(as_read(encode(data, 3, 1, time_ns)) for data, time_ns in sent)
    assert [(e.messages, e.time_ns) for e in decode(read)] == [((d,), t) for d, t in sent]


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_only_whole_messages(data: bytes):
    for event in decode(data):
        if event.kind != 130:
            assert all(is_message(each) for each in event.messages)


def event(kind: int, *body: int) -> bytes:
    return bytes([kind, 0, 0, DIRECT, *bytes(8), 20, 1, 128, 2, *body, *bytes(12 - len(body))])


@pytest.mark.parametrize(
    ("kind", "parameter", "value", "messages"),
    [
        (14, 12, 0x81, [b"\xb3\x0c\x01", b"\xb3\x2c\x01"]),
        (14, 64, 5, [b"\xb3\x40\x05"]),
        (15, 0x82, 0x103, [b"\xb3\x63\x01", b"\xb3\x62\x02", b"\xb3\x06\x02", b"\xb3\x26\x03"]),
        (16, 0, 2, [b"\xb3\x65\x00", b"\xb3\x64\x00", b"\xb3\x06\x00", b"\xb3\x26\x02"]),
    ],
)
def test_wide_controllers_are_several_messages(
    kind: int, parameter: int, value: int, messages: list[bytes]
):
    low, high = parameter.to_bytes(4, "little"), value.to_bytes(4, "little")
    assert list(decode(event(kind, 3, 0, 0, 0, *low, *high))[0].messages) == messages


def test_other_events_say_what_they_are_and_where_from():
    unsubscribed, tempo = decode(event(PORT_UNSUBSCRIBED) + event(35) + b"\x06\x00")
    assert unsubscribed == (PORT_UNSUBSCRIBED, 0, (20, 1), 2, ())
    assert tempo.messages == ()


@pytest.mark.parametrize(
    "data",
    [
        b"\x99\x24\x64",
        b"\x89\x24\x40",
        b"\xb0\x0c\x01",
        b"\xc5\x07",
        b"\xe2\x01\x40",
        b"\xf2\x10\x01",
        b"\xf8",
        b"\xfa",
        b"\xfb",
        b"\xfc",
    ],
)
def test_the_bytes_are_those_of_alsas_own_library(data: bytes):
    library = pytest.importorskip("alsa_midi._ffi", reason="needs alsa-midi and libasound2")
    alsa, ffi = library.alsa, library.ffi
    theirs, coder = ffi.new("snd_seq_event_t *"), ffi.new("snd_midi_event_t **")
    alsa.snd_midi_event_new(64, coder)
    alsa.snd_midi_event_encode(coder[0], ffi.from_buffer(data), len(data), theirs)
    alsa.snd_midi_event_free(coder[0])
    ours = encode(data, 0)
    assert ours[0] == theirs.type
    assert ours[16:] == bytes(ffi.buffer(theirs))[16:28]
