"""A small web server on a thread of its own, for pages on this computer.

It talks only to pages that it served itself, tells them not to keep old copies, and lets them load
nothing from elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import logging
import mimetypes
import socket
import threading
from collections.abc import AsyncIterator, Callable, Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LocalServer", "ServerError", "is_same_origin"]

PAGE_HEADERS = (
    # The page changes with the program: a browser must ask before it uses its copy.
    (b"cache-control", b"no-cache"),
    (
        b"content-security-policy",
        b"default-src 'self'; connect-src 'self' ws:",
    ),
    (b"x-content-type-options", b"nosniff"),
)
_log = logging.getLogger(__name__)

Lifespan = Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]


class ServerError(Exception):
    """A page cannot be served; the text says why in one sentence."""


class LocalServer:
    """Serves ``routes`` at ``url`` from ``start`` to ``close``; port 0 takes any free port."""

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        host: str = "127.0.0.1",
        port: int = 0,
        name: str = "web server",
        lifespan: Lifespan | None = None,
    ) -> None:
        """``lifespan`` runs beside the server; ``name`` is for messages."""
        self._routes, self._host, self._port, self._name = list(routes), host, port, name
        self._lifespan = lifespan or _idle
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/"

    def start(self) -> None:
        """Listen, and return once pages can be opened; ServerError if the port is not free."""
        if self._thread is not None:
            raise RuntimeError(f"the {self._name} is already started")
        listener = self._listen()
        self._port = listener.getsockname()[1]
        # Windows takes the type of .js from its registry, where other programs may have changed it.
        mimetypes.add_type("text/javascript", ".js")
        app = Starlette(
            routes=self._routes,
            middleware=[Middleware(_PageHeaders)],
            lifespan=self._alive,
        )
        config = uvicorn.Config(
            app,
            loop="asyncio",
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            ws_max_size=4096,
            ws_per_message_deflate=False,
            # A computer that fell asleep with a finger on the pad lets go after ten seconds.
            ws_ping_interval=5.0,
            ws_ping_timeout=5.0,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._run, args=(self._server, listener), name=self._name, daemon=True
        )
        self._thread.start()
        if not self._ready.wait(10.0) or not self._thread.is_alive():
            raise ServerError(f"The {self._name} did not start.")

    def close(self) -> None:
        """Say good-bye to the pages and stop; safe to call twice."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(5.0)

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            return socket.create_server((self._host, self._port), family=family)
        except OSError as error:
            where = f"Port {self._port} on {self._host}"
            if error.errno == errno.EADDRINUSE:
                why = "is in use by another program: close that program or choose another port."
            elif error.errno == errno.EACCES:
                why = "may not be opened: choose a port above 1023."
            else:
                why = f"cannot be opened: {error.strerror or error}."
            raise ServerError(f"{where} {why}") from error
        except OverflowError as error:
            raise ServerError(f"Port {self._port} is not between 0 and 65535.") from error

    def _run(self, server: uvicorn.Server, listener: socket.socket) -> None:
        try:
            with listener:
                server.run(sockets=[listener])
        except Exception:
            _log.exception("The %s stopped.", self._name)
        finally:
            self._ready.set()

    @contextlib.asynccontextmanager
    async def _alive(self, app: Starlette) -> AsyncIterator[None]:
        async with self._lifespan(app):
            self._ready.set()
            yield


def is_same_origin(headers: Headers) -> bool:
    """Whether the page that asks came from this server.

    The origin must be the very host that is asked, and that host must be an address or
    ``localhost``: a name of another site can be made to point here (DNS rebinding), an address
    cannot.
    """
    host = headers.get("host", "")
    if not host or headers.get("origin") != f"http://{host}":
        return False
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    name = name.strip("[]")
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@contextlib.asynccontextmanager
async def _idle(app: Starlette) -> AsyncIterator[None]:
    yield


class _PageHeaders:
    """Adds ``PAGE_HEADERS`` to every HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *PAGE_HEADERS]
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
