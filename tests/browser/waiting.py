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


def centre(page: Page, selector: str, index: int = 0) -> tuple[float, float]:
    box = page.locator(selector).nth(index).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
