"""The front panel of the virtual board, served to a browser by a small web server of its own.

The server runs in a thread beside the box and touches nothing but the virtual board and a
``PageMidi``. It listens on this computer only unless told otherwise, and it talks only to pages
it served itself: a web page from elsewhere cannot play with the box.

One WebSocket at ``/panel`` carries everything.

Server to page, binary: one picture of the OLED, all its pixels as big-endian RGB565, top row
first, left to right; sent when it changed, newest only, and at most two ahead of what the page
has drawn.

Server to page, JSON text:

- ``{"type": "hello", "drums": [[key, note], ...], "running": bool, "display": [width, height]}``:
  first message; the nine drums in their order with the MIDI note each sounds on, whether the box
  plays, and the size of its OLED in pixels.
- ``{"type": "lights", "play": 0..1, "pixels": [[r, g, b] * 4], "oled": [r, g, b]}``: brightness
  of the play LED, colours of the encoders' NeoPixels in 0..255, brightness of the OLED's red,
  green and blue in 0..1.
- ``{"type": "midi", "events": [[time_ns, [byte, ...]], ...]}``: MIDI messages and when they are
  due on the server's monotonic clock; up to about 30 ms ahead.
- ``{"type": "flush"}``: drop what has not sounded, end every note.
- ``{"type": "pong", "page_ms": ..., "server_ns": ...}``: answer to a ping: the page's own stamp
  and the server's clock, from which the page learns the difference of the clocks.

Page to server, JSON text; anything else is ignored:

- ``{"type": "touch", "x": 0..1, "y": 0..1, "force": 0..1}``, (0, 0) at the bottom left, and
  ``{"type": "lift"}``.
- ``{"type": "turn", "encoder": 0..3, "detents": int}``, clockwise positive;
  ``{"type": "push", "encoder": 0..3, "down": bool}``.
- ``{"type": "press", "button": "play" | "stop" | "shift" | "kick" | "snare" | "hat",
  "down": bool}``.
- ``{"type": "drawn", "frames": int}``: that many more pictures have been drawn or skipped.
- ``{"type": "ping", "page_ms": number}``.

What a page holds down is released when it goes away or its connection breaks.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from firmware.rhythm.drums import DRUMS
from hardware.virtual.local_server import LocalServer, is_same_origin
from hardware.virtual.page_midi import PageMidi
from hardware.virtual.page_session import Hands, PageSession, midi_texts
from hardware.virtual.virtual_board import VirtualBoard

__all__ = ["FrontPanel"]

PAGE = Path(__file__).parent / "page"
LOOKS_PER_SECOND = 70
_log = logging.getLogger(__name__)


class FrontPanel:
    """Serves ``board`` and the sound of ``midi`` at ``url``; port 0 takes any free port."""

    def __init__(
        self,
        board: VirtualBoard,
        host: str = "127.0.0.1",
        port: int = 8808,
        midi: PageMidi | None = None,
    ) -> None:
        self.midi = PageMidi() if midi is None else midi
        self._board = board
        self._hands = Hands(board)
        self._sessions: set[PageSession] = set()
        self._server = LocalServer(
            [
                WebSocketRoute("/panel", self._serve_page),
                Mount("/", StaticFiles(directory=PAGE, html=True)),
            ],
            host,
            port,
            "front panel's web server",
            self._lifespan,
        )

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        return self._server.url

    def start(self) -> None:
        """Listen, and return once pages can be opened; ServerError if the port is not free."""
        self._server.start()

    def close(self) -> None:
        """Release what the pages hold, say good-bye to them and stop; safe to call twice."""
        self._server.close()

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watch.cancel()

    async def _watch(self) -> None:
        """Pass on what the engine sent, and let the pages look at the board."""
        while True:
            await asyncio.sleep(1 / LOOKS_PER_SECOND)
            texts = midi_texts(self.midi.take())
            for session in self._sessions:
                session.post(texts)

    async def _serve_page(self, websocket: WebSocket) -> None:
        if not is_same_origin(websocket.headers):
            await websocket.close(1008)
            return
        await websocket.accept()
        session = PageSession(websocket, self._board, self._hands)
        session.post([self._hello()])
        self._sessions.add(session)
        tasks = {asyncio.create_task(session.read()), asyncio.create_task(session.write())}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._sessions.discard(session)
            self._hands.release(session)
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                gone = (asyncio.CancelledError, WebSocketDisconnect)
                if isinstance(result, BaseException) and not isinstance(result, gone):
                    _log.error("A page of the front panel was dropped.", exc_info=result)

    def _hello(self) -> str:
        drums = [[drum.key, note] for drum, note in zip(DRUMS, self.midi.notes, strict=True)]
        display = [self._board.oled.WIDTH, self._board.oled.HEIGHT]
        return json.dumps(
            {"type": "hello", "drums": drums, "running": self.midi.running, "display": display}
        )
