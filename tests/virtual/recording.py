"""A virtual board that writes down what was done to it, and a page without a browser."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from websockets.sync.client import ClientConnection

from hardware.pin_map import PinMap
from hardware.virtual.virtual_board import VirtualBoard

WAIT_S = 10.0


class RecordingBoard(VirtualBoard):
    """A virtual board that writes down what the finger did."""

    def __init__(self, pin_map: PinMap | None = None) -> None:
        super().__init__(pin_map)
        self.done: list[tuple[Any, ...]] = []

    def touch(self, x: float, y: float, force: float = 0.5) -> None:
        self.done.append(("touch", x, y, force))
        super().touch(x, y, force)

    def lift(self) -> None:
        self.done.append(("lift",))
        super().lift()

    def turn(self, encoder: int, detents: int) -> None:
        self.done.append(("turn", encoder, detents))
        super().turn(encoder, detents)

    def push(self, encoder: int, down: bool) -> None:
        self.done.append(("push", encoder, down))
        super().push(encoder, down)

    def press(self, button: str, down: bool) -> None:
        self.done.append(("press", button, down))
        super().press(button, down)

    def turned(self, encoder: int) -> int:
        """Detents so far."""
        return sum(done[2] for done in self.done if done[:2] == ("turn", encoder))


class Page:
    """What a browser page does on the socket, without the browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self.socket = connection
        self.frames: list[bytes] = []
        self.hello = self.next("hello")

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def next(self, kind: str) -> dict[str, Any]:
        """The next message of that type; pictures on the way are kept, other messages are not."""
        while True:
            message = self.socket.recv(WAIT_S)
            if isinstance(message, bytes):
                self.frames.append(message)
                continue
            said: dict[str, Any] = json.loads(message)
            if said["type"] == kind:
                return said

    def break_off(self) -> None:
        """Lose the connection without a good-bye."""
        self.socket.socket.shutdown(socket.SHUT_RDWR)

    def sync(self) -> None:
        """Return when the server has obeyed everything said before."""
        self.say(type="ping", page_ms=1.5)
        assert self.next("pong")["page_ms"] == 1.5

    def next_frame(self) -> bytes:
        while not self.frames:
            message = self.socket.recv(WAIT_S)
            if isinstance(message, bytes):
                self.frames.append(message)
        return self.frames.pop(0)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def paint(board: VirtualBoard, colour: int) -> bytes:
    """Fill the emulated display through its bus; returns the picture a page should get."""

    def send(command: int, *parameters: int) -> None:
        board.oled.command(memoryview(bytes([command])))
        board.oled.data(memoryview(bytes(parameters)))

    send(0xAF)  # wake
    send(0xA0, 0x74)  # 16-bit colour, red first, rows from the top
    send(0x15, 0, 127)
    send(0x75, 0, 127)
    picture = struct.pack(">H", colour) * (128 * 128)
    send(0x5C)
    board.oled.data(memoryview(picture))
    return picture
