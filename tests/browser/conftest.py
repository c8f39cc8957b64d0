"""The front panel's page in headless Chromium, on a virtual board with or without firmware."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.waiting import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from firmware.box import Box
    from hardware.virtual.front_panel import FrontPanel
    from tests.virtual.recording import RecordingBoard

ARGS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--no-first-run",
]


# Not for the whole session: while it is open, playwright's event loop runs in this thread, and
# tests elsewhere could start none of their own.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("needs Chromium (on Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens a page that is not the front panel's; any error, word on the console or request that
    goes elsewhere fails."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    errors: list[str] = []

    def visit(url: str) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        own = ("file:" if url.startswith("file:") else url, "data:", "blob:")
        page.on("request", lambda r: None if r.url.startswith(own) else errors.append(r.url))
        page.goto(url)
        return page

    yield visit
    assert errors == []
    context.close()


@pytest.fixture
def board(request: pytest.FixtureRequest) -> Iterator[RecordingBoard]:
    """The board; a test's parameter names another display than ``board.toml`` has."""
    from hardware.pin_map import load_pin_map
    from tests.virtual.recording import RecordingBoard

    wiring = load_pin_map()
    board = RecordingBoard(wiring.with_display(getattr(request, "param", wiring.oled.kind)))
    yield board
    board.close()


@pytest.fixture
def panel(board: RecordingBoard) -> Iterator[FrontPanel]:
    from hardware.virtual.front_panel import FrontPanel

    panel = FrontPanel(board, port=0)
    panel.start()
    yield panel
    panel.close()


@pytest.fixture
def box(board: RecordingBoard, panel: FrontPanel, tmp_path: Path) -> Iterator[Box]:
    """The whole box on that board, playing the first of two small models."""
    from firmware.box import Box
    from tests.small_models import small_model

    (tmp_path / "a.tflite").write_bytes(small_model("Alpha"))
    (tmp_path / "b.tflite").write_bytes(small_model("Beta", ticks_per_beat=12))
    box = Box(board, [panel.midi], [tmp_path])
    box.start(play=True)
    yield box
    box.close()


@pytest.fixture
def open_page(chromium: Browser, panel: FrontPanel) -> Iterator[Callable[..., Page]]:
    """Opens the page in a fresh profile and waits for its connection; any error fails the test."""
    contexts: list[Any] = []
    errors: list[str] = []

    def open_page(**options: Any) -> Page:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 860}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.goto(panel.url)
        wait_for(page, "window.groovebox?.clock.roundTripMs != null")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()
