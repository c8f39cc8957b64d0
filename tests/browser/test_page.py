"""What the page shows: display, lights, connection, small screens."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="the front panel needs the desk extra")
from playwright.sync_api import Browser, Page

from hardware.virtual.front_panel import FrontPanel
from tests.browser.waiting import PHONE, wait_for, wait_until
from tests.virtual.recording import RecordingBoard

pytestmark = pytest.mark.browser

SMALL = {"width": 320, "height": 640}
LYING = {"width": PHONE["height"], "height": PHONE["width"]}


def test_the_canvas_shows_the_emulated_display(page: Page, board: RecordingBoard) -> None:
    def send(command: int, *parameters: int) -> None:
        board.oled.command(memoryview(bytes([command])))
        board.oled.data(memoryview(bytes(parameters)))

    send(0xAF)  # wake
    send(0xA0, 0x74)  # 16-bit colour, red first, rows from the top
    send(0xFD, 0xB1)
    send(0xA2, 0)  # no offset
    send(0xC1, 0xFF, 0xFF, 0xFF)
    send(0x15, 10, 11)
    send(0x75, 20, 21)
    send(0x5C)
    colours = (0xF800, 0x07E0, 0x001F, 0xFFFF)
    for n in range(9):  # more pictures than may be under way: they must keep coming
        board.oled.data(memoryview(struct.pack(">4H", *[n] * 4)))
        page.wait_for_timeout(40)
    board.oled.data(memoryview(struct.pack(">4H", *colours)))
    read = """() => {
        const context = document.getElementById("oled").getContext("2d");
        return [...context.getImageData(10, 20, 2, 2).data];
    }"""
    red, green, blue = [255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]
    expected = [*red, *green, *blue, *[255] * 4]
    wait_until(page, lambda: page.evaluate(read) == expected)
    send(0xC7, 0)  # master contrast to its least: the canvas dims
    wait_until(page, lambda: float(page.evaluate("+oled.style.opacity")) < 0.5)


def test_lights_show(page: Page, board: RecordingBoard) -> None:
    led = board.pin_factory.pin(board.pin_map.led["play"])
    led.function = "output"
    led.state = 1
    lit = "() => document.getElementById('play-led').style.getPropertyValue('--lit')"
    wait_until(page, lambda: page.evaluate(lit) == "1")


def test_it_reconnects_when_the_box_comes_back(
    chromium: Browser, panel: FrontPanel, board: RecordingBoard
) -> None:
    # Not by open_page: the browser itself reports refused connections as errors.
    page = chromium.new_page()
    page.goto(panel.url)
    wait_for(page, "window.groovebox?.connected")
    panel.close()
    wait_for(page, "!groovebox.connected")
    assert "lost" in page.locator("#status").inner_text()
    again = FrontPanel(board, port=int(panel.url.rstrip("/").rsplit(":", 1)[1]))
    again.start()
    try:
        wait_for(page, "groovebox.connected")
        assert page.locator("#status").inner_text() == "connected"
        page.keyboard.press("k")
        wait_until(page, lambda: ("press", "kick", False) in board.done)
    finally:
        again.close()
        page.close()


CONTROLS = ("#oled", "#pad", ".knob", ".cap", "#sound", "#help-open", "#midi-ask", "#status")
TOUCHED = ("#pad", ".knob", ".cap", "#sound", "#help-open", "#midi-ask")
FINGER_PX = 40


@pytest.mark.parametrize("board", ["ssd1351", "ssd1306"], indirect=True)
@pytest.mark.parametrize("viewport", [PHONE, SMALL, LYING])
def test_a_phone_shows_everything_without_scrolling_sideways(
    open_page: Callable[..., Page], viewport: dict[str, int]
) -> None:
    page = open_page(viewport=viewport, device_scale_factor=3, has_touch=True, is_mobile=True)
    width, height = viewport["width"], viewport["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for selector in CONTROLS:
        for control in page.locator(selector).all():
            box = control.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            if selector in TOUCHED:
                assert box["width"] >= FINGER_PX
                assert box["height"] >= FINGER_PX
    if viewport is not SMALL:  # and the pad, the display and their controls without any scrolling
        for selector in ("#oled", "#pad", ".knob", ".cap", "#sound"):
            for box in (control.bounding_box() for control in page.locator(selector).all()):
                assert box["y"] >= 0
                assert box["y"] + box["height"] <= height
    page.locator("#help-open").click()
    assert page.evaluate("help.scrollWidth <= help.clientWidth")
