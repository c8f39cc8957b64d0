"""Nothing sticks: what is held ends with the hand, and with the page, wherever that goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="the front panel needs the desk extra")
from playwright.sync_api import Browser, Page, WebSocketRoute

from hardware.virtual.front_panel import FrontPanel
from tests.browser.waiting import PHONE, Fingers, centre, on_pad, wait_for, wait_until
from tests.virtual.recording import RecordingBoard

pytestmark = pytest.mark.browser

SHIFT, MODEL = ("[data-button=shift]", 0), (".knob", 3)
ALL_LET_GO = {("press", "shift", False), ("push", 3, False), ("lift",)}


def hold_everything(page: Page, board: RecordingBoard) -> Fingers:
    """A finger on SHIFT, one on MODEL and one on the pad."""
    fingers = Fingers(page)
    fingers.down(1, centre(page, *SHIFT))
    fingers.down(2, centre(page, *MODEL))
    fingers.down(3, on_pad(page, 0.5, 0.5))
    wait_until(page, lambda: ("push", 3, True) in board.done and board.done[-1][0] == "touch")
    return fingers


def held_looks(page: Page) -> int:
    """How many controls look held."""
    count: int = page.evaluate("document.querySelectorAll('.down, .latched, .touched').length")
    return count


@pytest.fixture
def phone(open_page: Callable[..., Page]) -> Page:
    return open_page(viewport=PHONE, has_touch=True, is_mobile=True)


def test_fingers_are_independent(phone: Page, board: RecordingBoard) -> None:
    fingers = hold_everything(phone, board)
    fingers.up(1)
    wait_until(phone, lambda: ("press", "shift", False) in board.done)
    fingers.move(3, on_pad(phone, 0.9, 0.1))
    wait_until(phone, lambda: board.done[-1][0] == "touch" and board.done[-1][1] > 0.85)
    fingers.up(2)
    wait_until(phone, lambda: board.done[-1] == ("push", 3, False))
    assert ("lift",) not in board.done
    fingers.up(3)
    wait_until(phone, lambda: board.done[-1] == ("lift",))
    assert board.turned(3) == 0


def test_a_touch_the_system_takes_away_lets_go(phone: Page, board: RecordingBoard) -> None:
    hold_everything(phone, board).cancel()
    wait_until(phone, lambda: set(board.done) >= ALL_LET_GO)
    assert held_looks(phone) == 0


@pytest.mark.parametrize(
    "event",
    [
        "window.dispatchEvent(new Event('blur'))",
        """Object.defineProperty(document, 'hidden', {value: true, configurable: true});
        document.dispatchEvent(new Event('visibilitychange'))""",
    ],
)
def test_a_page_left_lets_go(phone: Page, board: RecordingBoard, event: str) -> None:
    fingers = hold_everything(phone, board)
    phone.evaluate(f"() => {{ {event} }}")
    wait_until(phone, lambda: set(board.done) >= ALL_LET_GO)
    done = len(board.done)
    fingers.move(3, on_pad(phone, 0.2, 0.2))  # still on the glass: it has to come down anew
    fingers.cancel()
    phone.wait_for_timeout(50)
    assert len(board.done) == done


def test_a_page_closed_lets_go(phone: Page, board: RecordingBoard) -> None:
    hold_everything(phone, board)
    context = phone.context
    phone.close()
    other = context.new_page()
    wait_until(other, lambda: set(board.done) >= ALL_LET_GO)


def test_a_latch_holds_until_a_click_or_escape(page: Page, board: RecordingBoard) -> None:
    def right_click(control: tuple[str, int]) -> None:
        page.mouse.click(*centre(page, *control), button="right")

    right_click(SHIFT)
    wait_until(page, lambda: board.done == [("press", "shift", True)])
    assert "latched" in page.locator(SHIFT[0]).get_attribute("class")
    page.mouse.click(*centre(page, "[data-button=kick]"))
    wait_until(page, lambda: board.done[-1] == ("press", "kick", False))
    page.mouse.click(*centre(page, *SHIFT))
    wait_until(page, lambda: board.done[-1] == ("press", "shift", False))
    assert board.done.count(("press", "shift", True)) == 1

    right_click(MODEL)
    wait_until(page, lambda: board.done[-1] == ("push", 3, True))
    x, y = centre(page, *MODEL)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 40, steps=5)
    page.mouse.up()
    wait_until(page, lambda: board.turned(3) == 5)
    assert ("push", 3, False) not in board.done, "turned while pressed, and yet let go"
    right_click(MODEL)
    wait_until(page, lambda: board.done[-1] == ("push", 3, False))

    right_click(SHIFT)
    page.keyboard.press("Escape")
    wait_until(page, lambda: board.done[-1] == ("press", "shift", False))
    assert held_looks(page) == 0


def test_a_long_touch_is_no_latch(phone: Page, board: RecordingBoard) -> None:
    fingers = Fingers(phone)
    for control in (SHIFT, MODEL):
        fingers.down(1, centre(phone, *control))
        phone.wait_for_timeout(1200)  # a phone's long press: its browser asks for a menu
        fingers.up(1)
    wait_until(phone, lambda: board.done[-1:] == [("push", 3, False)])
    assert ("press", "shift", False) in board.done
    assert held_looks(phone) == 0


def test_a_focused_button_is_held_by_its_own_key_alone(page: Page, board: RecordingBoard) -> None:
    page.locator(SHIFT[0]).focus()
    page.keyboard.down("Enter")
    page.keyboard.press("k")
    wait_until(page, lambda: ("press", "kick", False) in board.done)
    assert ("press", "shift", False) not in board.done
    page.keyboard.up("Enter")
    wait_until(page, lambda: board.done[-1] == ("press", "shift", False))


def test_a_box_that_goes_takes_nothing_held_along(
    chromium: Browser, panel: FrontPanel, board: RecordingBoard
) -> None:
    # Not by open_page: the browser itself reports refused connections as errors.
    context = chromium.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(panel.url)
    wait_for(page, "window.groovebox?.connected")
    fingers = hold_everything(page, board)
    panel.close()
    assert set(board.done) >= ALL_LET_GO
    wait_for(page, "!groovebox.connected")
    assert held_looks(page) == 0
    board.done.clear()
    again = FrontPanel(board, port=int(panel.url.rstrip("/").rsplit(":", 1)[1]))
    again.start()
    try:
        wait_for(page, "groovebox.connected")
        fingers.move(3, on_pad(page, 0.1, 0.1))
        fingers.cancel()
        fingers.down(1, centre(page, "[data-button=hat]"))
        wait_until(page, lambda: ("press", "hat", True) in board.done)
        assert board.done == [("press", "hat", True)], "held across the gap"
    finally:
        again.close()
        context.close()


def test_a_connection_that_died_silently_is_given_up(
    open_page: Callable[..., Page], board: RecordingBoard
) -> None:
    page = open_page()
    page.clock.install()
    connections: list[WebSocketRoute] = []
    dead: list[WebSocketRoute] = []

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda said: None if socket in dead else socket.send(said))
        socket.on_close(lambda code, reason: None)  # a good-bye goes nowhere either
        connections.append(socket)

    page.route_web_socket("**/panel", route)
    page.reload()
    wait_for(page, "window.groovebox?.connected")
    page.keyboard.down("h")
    wait_until(page, lambda: ("press", "hat", True) in board.done)
    dead += connections
    for _ in range(10):
        page.clock.run_for(1000)
    wait_until(page, lambda: page.clock.run_for(500) or len(connections) == 2)
    wait_for(page, "groovebox.connected")
    assert held_looks(page) == 0
