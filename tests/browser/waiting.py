"""Small steps the browser tests share."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

WAIT_S = 15.0
PHONE = {"width": 390, "height": 844}


def wait_until(page: Page, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        page.wait_for_timeout(10)


def wait_for(page: Page, expression: str) -> None:
    """Wait until JavaScript is true (playwright's own way is refused by the page's policy)."""
    wait_until(page, lambda: bool(page.evaluate(expression)))


def pixels(page: Page, part: str) -> bytes:
    """A picture of the element whose data-part it is."""
    return page.locator(f"[data-part={part}]").screenshot()


def centre(page: Page, selector: str, index: int = 0) -> tuple[float, float]:
    box = page.locator(selector).nth(index).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def on_pad(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where on the page the pad's (x, y) is; (0, 0) is its bottom left."""
    box = page.locator("#pad").bounding_box()
    return box["x"] + x * box["width"], box["y"] + (1 - y) * box["height"]


class Fingers:
    """Fingers on the page's touch screen, each by its number, as the browser's own input."""

    def __init__(self, page: Page) -> None:
        self._cdp = page.context.new_cdp_session(page)
        self._down: dict[int, tuple[float, float]] = {}

    def down(self, finger: int, place: tuple[float, float]) -> None:
        self._down[finger] = place
        self._send("touchStart", self._down)

    def move(self, finger: int, place: tuple[float, float]) -> None:
        self._down[finger] = place
        self._send("touchMove", self._down)

    def up(self, finger: int) -> None:
        self._send("touchEnd", {finger: self._down.pop(finger)})

    def cancel(self) -> None:
        """The system takes the touch for itself: a call comes in, a gesture of its own."""
        self._down.clear()
        self._send("touchCancel", {})

    def _send(self, kind: str, fingers: dict[int, tuple[float, float]]) -> None:
        points = [{"id": finger, "x": x, "y": y} for finger, (x, y) in fingers.items()]
        self._cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
