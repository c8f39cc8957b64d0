"""Who may open a session, and how waiting MIDI becomes messages."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("starlette", reason="the front panel needs the desk extra")
from starlette.datastructures import Headers

from firmware.midi.message import TimedMessage
from hardware.virtual.local_server import is_same_origin
from hardware.virtual.page_midi import Flush
from hardware.virtual.page_session import midi_texts


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        ("127.0.0.1:8808", "http://127.0.0.1:8808", True),
        ("localhost:8808", "http://localhost:8808", True),
        ("[::1]:8808", "http://[::1]:8808", True),
        ("192.168.1.7:8808", "http://192.168.1.7:8808", True),  # when bound to the network
        ("127.0.0.1", "http://127.0.0.1", True),
        ("127.0.0.1:8808", None, False),
        ("127.0.0.1:8808", "null", False),
        ("127.0.0.1:8808", "http://example.com", False),
        ("127.0.0.1:8808", "http://127.0.0.1:9999", False),
        ("127.0.0.1:8808", "https://127.0.0.1:8808", False),
        ("example.com:8808", "http://example.com:8808", False),  # a name made to point here
        ("localhost.example.com", "http://localhost.example.com", False),
        ("", "http://", False),
    ],
)
def test_only_pages_of_this_server_are_same_origin(
    host: str, origin: str | None, expected: bool
) -> None:
    headers = {"host": host} | ({} if origin is None else {"origin": origin})
    assert is_same_origin(Headers(headers)) is expected


def test_batches_do_not_cross_a_flush() -> None:
    texts = midi_texts(
        [TimedMessage(1, b"\xf8"), Flush(), TimedMessage(2, b"\xf8"), TimedMessage(3, b"\xf8")]
    )
    assert [json.loads(text)["type"] for text in texts] == ["midi", "flush", "midi"]
    assert json.loads(texts[2])["events"] == [[2, [0xF8]], [3, [0xF8]]]
