"""The open pages of the front panel: what each is sent, and what each holds down on the board."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from starlette.websockets import WebSocket, WebSocketState

from firmware.midi.message import TimedMessage
from hardware.virtual.page_midi import Flush
from hardware.virtual.seesaw import ENCODERS
from hardware.virtual.virtual_board import VirtualBoard

__all__ = ["Hands", "PageSession", "midi_texts"]

# Pictures a page may have received and not yet drawn. Two keep a 60 Hz screen busy; with more, a
# slow page would show the past.
FRAMES_AHEAD = 2
# Text messages that may wait for a page that does not read: some seconds of music.
OUTBOX = 512
# No one turns an encoder further than this between two messages.
MAX_DETENTS = 64


def _text(**message: Any) -> str:
    return json.dumps(message, separators=(",", ":"))


def midi_texts(items: Sequence[TimedMessage | Flush]) -> list[str]:
    """The JSON messages for what waits in a ``PageMidi``: one batch between two flushes."""
    texts: list[str] = []
    batch: list[list[Any]] = []
    for item in items:
        if isinstance(item, TimedMessage):
            batch.append([item.time_ns, list(item.data)])
            continue
        if batch:
            texts.append(_text(type="midi", events=batch))
            batch = []
        texts.append(FLUSH)
    if batch:
        texts.append(_text(type="midi", events=batch))
    return texts


FLUSH = _text(type="flush")


class Hands:
    """Puts the hands of all pages on one board: a control is down while any page holds it down.

    The pad has room for one finger: the page that touched last owns it, and only its lift counts.
    """

    def __init__(self, board: VirtualBoard) -> None:
        self._board = board
        self._finger: object | None = None
        self._holders: dict[tuple[str, str | int], set[object]] = {}

    def touch(self, page: object, x: float, y: float, force: float) -> None:
        self._finger = page
        self._board.touch(x, y, force)

    def lift(self, page: object) -> None:
        if self._finger is page:
            self._finger = None
            self._board.lift()

    def turn(self, encoder: int, detents: int) -> None:
        self._board.turn(encoder, detents)

    def push(self, page: object, encoder: int, down: bool) -> None:
        if self._changes(page, ("push", encoder), down):
            self._board.push(encoder, down)

    def press(self, page: object, button: str, down: bool) -> None:
        if self._changes(page, ("press", button), down):
            self._board.press(button, down)

    def release(self, page: object) -> None:
        """Take away everything ``page`` still holds."""
        self.lift(page)
        for kind, which in [key for key, holders in self._holders.items() if page in holders]:
            if kind == "push":
                self.push(page, int(which), False)
            else:
                self.press(page, str(which), False)

    def _changes(self, page: object, control: tuple[str, str | int], down: bool) -> bool:
        holders = self._holders.setdefault(control, set())
        was_down = bool(holders)
        (holders.add if down else holders.discard)(page)
        return was_down != bool(holders)


class PageSession:
    """One page: its queue of messages to send, and the reading of what it sends."""

    def __init__(self, socket: WebSocket, board: VirtualBoard, hands: Hands) -> None:
        self._socket = socket
        self._board = board
        self._hands = hands
        self._outbox: deque[str] = deque()
        self._wake = asyncio.Event()
        self._undrawn = 0
        self._version: int | None = None
        self._lights = ""

    def post(self, texts: Sequence[str]) -> None:
        """Queue text messages (or none), and let the writer look at the board.

        A page that does not read loses all that waits, and gets a flush.
        """
        if len(self._outbox) + len(texts) > OUTBOX:
            self._outbox.clear()
            self._outbox.append(FLUSH)
        self._outbox.extend(texts)
        self._wake.set()

    async def write(self) -> None:
        """Send until cancelled: text first, then lights and the newest picture if changed."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._outbox:
                await self._socket.send_text(self._outbox.popleft())
            lights = _text(
                type="lights",
                play=round(self._board.led(), 3),
                pixels=self._board.colours(),
                oled=[round(level, 3) for level in self._board.oled.light],
            )
            if lights != self._lights:
                self._lights = lights
                await self._socket.send_text(lights)
            if self._undrawn < FRAMES_AHEAD and self._board.oled.version != self._version:
                self._version, frame = self._board.oled.snapshot()
                self._undrawn += 1
                await self._socket.send_bytes(frame)

    async def read(self) -> None:
        """Obey the page until it goes away; what is not understood is ignored."""
        while self._socket.client_state is WebSocketState.CONNECTED:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                said = json.loads(message.get("text") or "null")
            except (ValueError, RecursionError):
                continue
            if isinstance(said, dict):
                self._obey(said)

    def _obey(self, said: dict[str, Any]) -> None:
        match said:
            case {"type": "touch", "x": x, "y": y, "force": force}:
                if all(map(_is_unit, (x, y, force))):
                    self._hands.touch(self, float(x), float(y), float(force))
            case {"type": "lift"}:
                self._hands.lift(self)
            case {"type": "turn", "encoder": encoder, "detents": detents}:
                if _is_index(encoder) and type(detents) is int and abs(detents) <= MAX_DETENTS:
                    self._hands.turn(encoder, detents)
            case {"type": "push", "encoder": encoder, "down": bool(down)}:
                if _is_index(encoder):
                    self._hands.push(self, encoder, down)
            case {"type": "press", "button": str(button), "down": bool(down)}:
                if button in self._board.pin_map.buttons:
                    self._hands.press(self, button, down)
            case {"type": "drawn", "frames": int(frames)}:
                self._undrawn = max(0, self._undrawn - max(0, frames))
                self._wake.set()
            case {"type": "ping", "page_ms": float(page_ms) | int(page_ms)}:
                if abs(page_ms) < 1e15:
                    self.post([_text(type="pong", page_ms=page_ms, server_ns=time.monotonic_ns())])


def _is_unit(value: object) -> bool:
    """A number (not true or false, NaN or infinity) in 0..1."""
    return type(value) in (int, float) and 0 <= value <= 1  # type: ignore[operator]


def _is_index(value: object) -> bool:
    return type(value) is int and 0 <= value < ENCODERS
