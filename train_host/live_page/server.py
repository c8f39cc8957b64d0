"""Training in the browser: progress, curves, and the map forming and playing.

One WebSocket at ``/training``; the server alone speaks. JSON text:

- ``{"type": "hello", "name": str}``
- ``{"type": "losses", "rows": [[epoch, epochs, onset, velocity, microtiming, kl, training,
  validation, seconds left], ...]}``: what is new since the last; null for what is unknown.
- ``{"type": "map", "epoch": int, "header": {...}}``: see ``map_view.map_data``; its values follow,
  binary.
- ``{"type": "end", "summary": [[what, value], ...]}``: nothing more is learned.

A page has all rows and maps from the first on, whenever it comes. Training waits for none.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread

from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from hardware.virtual.local_server import LocalServer, is_same_origin
from train_host.live_page.film import Film
from train_host.map_view import DRUMS_JS, MAP_PLAYER_JS
from train_host.training import Trained, Training

__all__ = ["LivePage"]

PAGE = Path(__file__).with_name("page")
SHARED = DRUMS_JS, DRUMS_JS.with_name("icon.svg"), MAP_PLAYER_JS
LOOK_S = 0.1


class LivePage:
    """The page of one training, at ``url`` from ``start`` to ``close``. The training's thread calls
    the rest; none of it waits for a page."""

    def __init__(self, name: str, film: Film) -> None:
        self._name, self._film = name, film
        self._rows: list[list[float | None]] = []
        self._summary: list[tuple[str, str]] | None = None
        self._viewers = 0
        self._seen = Event()
        routes: list[BaseRoute] = [
            Route(f"/{path.name}", lambda request, path=path: FileResponse(path)) for path in SHARED
        ]
        routes += [
            WebSocketRoute("/training", self._serve),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ]
        self._server = LocalServer(routes, name="training page's web server")
        self._developing = Thread(target=film.develop, name="training page's maps", daemon=True)

    @property
    def url(self) -> str:
        return self._server.url

    def start(self) -> None:
        """Serve it. Raises ServerError."""
        self._server.start()
        self._developing.start()

    def close(self) -> None:
        self._film.end()
        self._server.close()

    def look(self, training: Training, seconds_left: float, now_ns: int) -> None:
        """After each epoch."""
        progress = training.history[-1]
        losses = progress.training
        values = (
            losses.onset,
            losses.velocity,
            losses.microtiming,
            losses.kl,
            losses.total,
            progress.validation.total,
            seconds_left,
        )
        numbers = [round(value, 4) if math.isfinite(value) else None for value in values]
        self._rows.append([progress.epoch, progress.epochs, *numbers])
        self._film.look(training, now_ns)

    def finished(self, trained: Trained, summary: Sequence[tuple[str, str]]) -> None:
        """The map as it was saved; nothing more comes. ``summary`` is what and its value."""
        self._film.end()
        self._developing.join()
        self._film.add(trained)
        self._summary = list(summary)

    def wait_for_viewer(self, seconds: float) -> None:
        """Until a page is open, or so long."""
        self._seen.wait(seconds)

    def wait_for_end(self, seconds: float) -> None:
        """Until no page has been open for so long; KeyboardInterrupt ends it too."""
        quiet_from = time.monotonic()
        while time.monotonic() < quiet_from + seconds:
            if self._viewers:
                quiet_from = time.monotonic()
            time.sleep(0.1)

    async def _serve(self, websocket: WebSocket) -> None:
        if not is_same_origin(websocket.headers):
            await websocket.close(1008)
            return
        await websocket.accept()
        self._viewers += 1
        self._seen.set()
        try:
            gone = asyncio.create_task(_gone(websocket))
            sending = asyncio.create_task(self._send(websocket))
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
            for task in (gone, sending):
                task.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)
        finally:
            self._viewers -= 1

    async def _send(self, websocket: WebSocket) -> None:
        await websocket.send_text(json.dumps({"type": "hello", "name": self._name}))
        sent, number, ended = 0, 0, False
        while True:
            summary, rows = self._summary, self._rows[sent:]
            if rows:
                sent += len(rows)
                await websocket.send_text(json.dumps({"type": "losses", "rows": rows}))
            for picture in self._film.since(number):
                number = picture.number
                about = {"type": "map", "epoch": picture.epoch, "header": picture.header}
                await websocket.send_text(json.dumps(about))
                await websocket.send_bytes(picture.values)
            if summary is not None and not ended:
                ended = True
                await websocket.send_text(json.dumps({"type": "end", "summary": summary}))
            await asyncio.sleep(LOOK_S)


async def _gone(websocket: WebSocket) -> None:
    """Until the page goes away; what it says is not for us."""
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await websocket.receive_text()
