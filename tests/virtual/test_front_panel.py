"""The front panel's server, over real sockets: protocol, hands, pictures, MIDI, strangers."""

from __future__ import annotations

import contextlib
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="the front panel needs the desk extra")
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from firmware.rhythm.drums import DRUMS
from hardware.virtual import page_session
from hardware.virtual.front_panel import FrontPanel
from hardware.virtual.local_server import ServerError
from hardware.virtual.page_session import FRAMES_AHEAD
from tests.virtual.recording import WAIT_S, Page, RecordingBoard, paint, wait_until


@pytest.fixture
def board() -> Iterator[RecordingBoard]:
    board = RecordingBoard()
    yield board
    board.close()


@pytest.fixture
def panel(board: RecordingBoard) -> Iterator[FrontPanel]:
    panel = FrontPanel(board, port=0)
    panel.start()
    yield panel
    panel.close()


@pytest.fixture
def open_page(panel: FrontPanel) -> Iterator[Callable[[], Page]]:
    origin: Any = panel.url.rstrip("/")
    address = panel.url.replace("http", "ws") + "panel"
    with contextlib.ExitStack() as stack:

        def open_page() -> Page:
            connection = connect(address, origin=origin, compression=None, open_timeout=WAIT_S)
            return Page(stack.enter_context(connection))

        yield open_page


def test_page_and_its_modules_are_served_and_may_load_nothing_else(panel: FrontPanel) -> None:
    for path, kind in (("", "text/html"), ("panel.js", "text/javascript"), ("case.css", "css")):
        with urllib.request.urlopen(panel.url + path, timeout=WAIT_S) as answer:
            assert kind in answer.headers["content-type"]
            assert answer.headers["cache-control"] == "no-cache"
            assert "default-src 'self'" in answer.headers["content-security-policy"]
            assert b"http://" not in answer.read().replace(b"http://localhost", b"")


def test_hello_names_the_drums_and_their_notes(
    panel: FrontPanel, open_page: Callable[[], Page]
) -> None:
    hello = open_page().hello
    assert hello["drums"] == [[drum.key, drum.note] for drum in DRUMS]
    assert hello["running"] is False
    assert hello["display"] == [128, 128]
    panel.midi.send([(1, b"\xfa")])
    assert open_page().hello["running"] is True


def test_pong_carries_the_monotonic_clock(open_page: Callable[[], Page]) -> None:
    page = open_page()
    before = time.monotonic_ns()
    page.say(type="ping", page_ms=12345.678)
    pong = page.next("pong")
    assert pong["page_ms"] == 12345.678
    assert before <= pong["server_ns"] <= time.monotonic_ns()


def test_every_control_reaches_the_board(
    board: RecordingBoard, open_page: Callable[[], Page]
) -> None:
    page = open_page()
    page.say(type="touch", x=0.25, y=1, force=0.5)
    page.say(type="lift")
    page.say(type="turn", encoder=3, detents=-2)
    page.say(type="push", encoder=0, down=True)
    page.say(type="push", encoder=0, down=False)
    for button in ("play", "stop", "shift", "kick", "snare", "hat"):
        page.say(type="press", button=button, down=True)
        page.say(type="press", button=button, down=False)
    page.sync()
    assert board.done[:5] == [
        ("touch", 0.25, 1.0, 0.5),
        ("lift",),
        ("turn", 3, -2),
        ("push", 0, True),
        ("push", 0, False),
    ]
    assert len(board.done) == 5 + 12
    assert {name for _, name, _ in board.done[5:]} == set(board.pin_map.buttons)


MALFORMED = [
    "",
    "{",
    "null",
    "[]",
    "7",
    "[" * 3000,
    '{"type": 1}',
    '{"type": "explode"}',
    '{"type": "touch"}',
    '{"type": "touch", "x": NaN, "y": 0.5, "force": 0.5}',
    '{"type": "touch", "x": 1e999, "y": 0.5, "force": 0.5}',
    '{"type": "touch", "x": 1' + "0" * 3000 + ', "y": 0.5, "force": 0.5}',
    '{"type": "touch", "x": "0.5", "y": 0.5, "force": 0.5}',
    '{"type": "touch", "x": true, "y": 0.5, "force": 0.5}',
    '{"type": "touch", "x": -0.01, "y": 0.5, "force": 0.5}',
    '{"type": "touch", "x": 0.5, "y": 0.5, "force": 1.01}',
    '{"type": "turn", "encoder": 4, "detents": 1}',
    '{"type": "turn", "encoder": -1, "detents": 1}',
    '{"type": "turn", "encoder": true, "detents": 1}',
    '{"type": "turn", "encoder": 0, "detents": 1.5}',
    '{"type": "turn", "encoder": 0, "detents": 1000000}',
    '{"type": "push", "encoder": 9, "down": true}',
    '{"type": "push", "encoder": 0, "down": 1}',
    '{"type": "press", "button": "eject", "down": true}',
    '{"type": "press", "button": ["play"], "down": true}',
    '{"type": "press", "button": "play", "down": "yes"}',
    '{"type": "drawn", "frames": -5}',
    '{"type": "ping", "page_ms": NaN}',
    '{"type": "lift"}',  # a finger that was never there
]


def test_malformed_messages_are_ignored(
    board: RecordingBoard, open_page: Callable[[], Page]
) -> None:
    page = open_page()
    for text in MALFORMED:
        page.socket.send(text)
        page.socket.send(text.encode())
        page.sync()
        assert board.done == [], text


def test_a_huge_message_ends_that_page_only(open_page: Callable[[], Page]) -> None:
    page, other = open_page(), open_page()
    page.socket.send("x" * 100_000)
    with pytest.raises(ConnectionClosed):
        page.next("never")
    other.sync()


def test_what_a_page_holds_is_released_when_it_goes(
    board: RecordingBoard, open_page: Callable[[], Page]
) -> None:
    page = open_page()
    page.say(type="touch", x=0.5, y=0.5, force=0.5)
    page.say(type="push", encoder=2, down=True)
    page.say(type="press", button="shift", down=True)
    page.say(type="press", button="kick", down=True)
    page.say(type="press", button="kick", down=False)
    page.sync()
    board.done.clear()
    page.break_off()
    wait_until(lambda: len(board.done) == 3)
    assert set(board.done) == {("lift",), ("push", 2, False), ("press", "shift", False)}


def test_what_pages_hold_is_released_when_the_panel_closes(
    panel: FrontPanel, board: RecordingBoard, open_page: Callable[[], Page]
) -> None:
    page = open_page()
    page.say(type="touch", x=0.5, y=0.5, force=0.5)
    page.sync()
    panel.close()
    assert board.done[-1] == ("lift",)


def test_a_button_is_down_while_any_page_holds_it(
    board: RecordingBoard, open_page: Callable[[], Page]
) -> None:
    first, second = open_page(), open_page()
    for page in (first, second):
        page.say(type="press", button="hat", down=True)
        page.sync()
    first.say(type="press", button="hat", down=False)
    first.sync()
    assert board.done == [("press", "hat", True)]
    second.socket.close()
    wait_until(lambda: board.done == [("press", "hat", True), ("press", "hat", False)])


def test_the_pad_belongs_to_the_page_that_touched_last(
    board: RecordingBoard, open_page: Callable[[], Page]
) -> None:
    first, second = open_page(), open_page()
    for x, page in ((0.1, first), (0.9, second)):
        page.say(type="touch", x=x, y=0.5, force=0.5)
        page.sync()
    first.say(type="lift")
    first.sync()
    assert board.done[-1][:2] == ("touch", 0.9)
    second.say(type="lift")
    second.sync()
    assert board.done[-1] == ("lift",)


def test_pictures_come_when_they_change_and_the_newest_wins(
    board: RecordingBoard, open_page: Callable[[], Page]
) -> None:
    page = open_page()
    assert page.next_frame() == bytes(32768)  # asleep
    red = paint(board, 0xF800)
    while page.next_frame() != red:  # pictures half painted may be seen, as on glass
        page.say(type="drawn", frames=1)
    page.say(type="drawn", frames=FRAMES_AHEAD)
    page.sync()
    time.sleep(0.1)
    page.sync()
    assert page.frames == [], "unchanged, yet sent again"


def test_a_slow_page_skips_pictures(board: RecordingBoard, open_page: Callable[[], Page]) -> None:
    page = open_page()
    for colour in range(1, 30):
        last = paint(board, colour)
        time.sleep(0.02)
    page.sync()
    assert len(page.frames) == FRAMES_AHEAD
    assert last not in page.frames
    page.frames.clear()
    page.say(type="drawn", frames=FRAMES_AHEAD)
    assert page.next_frame() == last


def test_lights_follow_the_board(board: RecordingBoard, open_page: Callable[[], Page]) -> None:
    page = open_page()
    lights = page.next("lights")
    assert lights["play"] == 0
    assert lights["pixels"] == [[0, 0, 0]] * 4
    led = board.pin_factory.pin(board.pin_map.led["play"])
    led.function = "output"
    led.state = 1
    assert page.next("lights")["play"] == 1


def test_midi_reaches_every_page_with_its_stamps(
    panel: FrontPanel, open_page: Callable[[], Page]
) -> None:
    pages = [open_page(), open_page()]
    panel.midi.send([(5_000_000_001, b"\x99\x24\x64"), (5_000_000_002, b"\xf8")])
    for page in pages:
        assert page.next("midi")["events"] == [
            [5_000_000_001, [0x99, 0x24, 0x64]],
            [5_000_000_002, [0xF8]],
        ]
    panel.midi.flush()
    for page in pages:
        page.next("flush")


def test_a_page_that_does_not_read_holds_up_nobody(
    panel: FrontPanel, open_page: Callable[[], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_session, "OUTBOX", 8)
    sleeper, reader = open_page(), open_page()
    big = b"\xf0" + bytes(60_000) + b"\xf7"
    for n in range(100):  # some 12 MB: more than the sockets' buffers take
        panel.midi.send([(n, big)])
        assert reader.next("midi")["events"][-1][0] == n
    reader.sync()
    sleeper.next("flush")


@pytest.mark.parametrize("origin", [None, "http://example.com"])
def test_a_stranger_is_turned_away(panel: FrontPanel, origin: Any) -> None:
    address = panel.url.replace("http", "ws") + "panel"
    with (
        pytest.raises(InvalidStatus) as refusal,
        connect(address, origin=origin, open_timeout=WAIT_S),
    ):
        pass
    assert refusal.value.response.status_code == 403


def test_a_taken_port_is_one_sentence(panel: FrontPanel, board: RecordingBoard) -> None:
    port = int(panel.url.rstrip("/").rsplit(":", 1)[1])
    with pytest.raises(ServerError, match=rf"^Port {port} on 127.0.0.1 is in use .*\.$"):
        FrontPanel(board, port=port).start()
    with pytest.raises(ServerError, match="not between 0 and 65535"):
        FrontPanel(board, port=70_000).start()


def test_closing_frees_the_port_and_ends_the_pages(
    panel: FrontPanel, board: RecordingBoard, open_page: Callable[[], Page]
) -> None:
    page = open_page()
    panel.close()
    panel.close()
    with pytest.raises(ConnectionClosed):
        page.next("never")
    again = FrontPanel(board, port=int(panel.url.rstrip("/").rsplit(":", 1)[1]))
    again.start()
    again.close()
