"""The player's hands: mouse, touch, wheel and keys reach the board."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="the front panel needs the desk extra")
from playwright.sync_api import Page

from hardware.virtual.front_panel import FrontPanel
from tests.browser.waiting import PHONE, centre, wait_for, wait_until
from tests.virtual.recording import RecordingBoard

pytestmark = pytest.mark.browser


def test_dragging_on_the_pad_moves_the_finger(page: Page, board: RecordingBoard) -> None:
    box = page.locator("#pad").bounding_box()

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * box["width"], box["y"] + (1 - y) * box["height"]

    page.mouse.move(*at(0.25, 0.25))
    page.mouse.down()
    page.mouse.move(*at(0.75, 0.9), steps=8)
    page.mouse.move(*at(1.3, 0.9))  # over the edge: captured, and kept on the pad
    page.mouse.up()
    wait_until(page, lambda: ("lift",) in board.done)
    touches = [done for done in board.done if done[0] == "touch"]
    assert touches[0][1:3] == pytest.approx((0.25, 0.25), abs=0.01)
    assert touches[-1][1:3] == pytest.approx((1.0, 0.9), abs=0.01)
    assert len(touches) >= 5
    assert board.done[-1] == ("lift",)


def test_a_touch_screen_has_one_finger_and_its_pressure(
    open_page: Callable[..., Page], board: RecordingBoard
) -> None:
    page = open_page(viewport=PHONE, has_touch=True)
    page.evaluate(
        """() => {
            const pad = document.getElementById("pad");
            pad.setPointerCapture = () => {};
            const box = pad.getBoundingClientRect();
            const fire = (type, pointerId, pressure, share) =>
                pad.dispatchEvent(new PointerEvent(type, {
                    pointerId, pressure, pointerType: "touch", button: 0,
                    clientX: box.left + share * box.width, clientY: box.top + 0.5 * box.height,
                }));
            fire("pointerdown", 1, 0.8, 0.2);
            fire("pointerdown", 2, 0.8, 0.9);
            fire("pointermove", 2, 0.8, 0.9);
            fire("pointerup", 2, 0, 0.9);
            fire("pointermove", 1, 0.3, 0.4);
            fire("pointerup", 1, 0, 0.4);
        }"""
    )
    wait_until(page, lambda: ("lift",) in board.done)
    assert [done[0] for done in board.done] == ["touch", "touch", "lift"]
    assert board.done[0][1:] == pytest.approx((0.2, 0.5, 0.8), abs=0.01)
    assert board.done[1][1:] == pytest.approx((0.4, 0.5, 0.3), abs=0.01)


def test_wheel_drag_and_click_work_the_encoders(page: Page, board: RecordingBoard) -> None:
    page.mouse.move(*centre(page, ".knob", 0))
    page.mouse.wheel(0, -120)  # away from the player: clockwise
    page.mouse.wheel(0, -120)
    wait_until(page, lambda: board.turned(0) == 2)
    page.mouse.wheel(0, 120)
    wait_until(page, lambda: board.turned(0) == 1)

    x, y = centre(page, ".knob", 2)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 40, steps=10)
    page.mouse.up()
    wait_until(page, lambda: board.turned(2) == 5)
    assert not any(done[0] == "push" for done in board.done)

    page.mouse.click(*centre(page, ".knob", 3))
    wait_until(page, lambda: board.done[-2:] == [("push", 3, True), ("push", 3, False)])


def test_an_encoder_is_turned_while_pushed(page: Page, board: RecordingBoard) -> None:
    x, y = centre(page, ".knob", 1)
    page.mouse.move(x, y)
    page.mouse.down()
    wait_until(page, lambda: board.done == [("push", 1, True)])
    page.mouse.move(x, y + 16, steps=4)
    page.mouse.up()
    wait_until(page, lambda: ("push", 1, False) in board.done)
    assert board.turned(1) == -2
    assert board.done[-1] == ("push", 1, False)


def test_an_encoder_in_focus_takes_the_arrow_keys(page: Page, board: RecordingBoard) -> None:
    page.locator(".knob").nth(1).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("PageUp")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    wait_until(page, lambda: len(board.done) == 7)
    assert board.done == [
        ("turn", 1, 1),
        ("turn", 1, -1),
        ("turn", 1, 4),
        *[("push", 1, True), ("push", 1, False)] * 2,
    ]


def test_every_control_has_a_key(page: Page, board: RecordingBoard) -> None:
    for key, button in zip("poksh", ("play", "stop", "kick", "snare", "hat"), strict=True):
        page.keyboard.press(key)
        wait_until(page, lambda b=button: board.done[-1:] == [("press", b, False)])
        assert board.done[-2] == ("press", button, True)
    board.done.clear()
    page.keyboard.down("Shift")
    page.keyboard.press("K")
    page.keyboard.up("Shift")
    wait_until(page, lambda: ("press", "shift", False) in board.done)
    assert board.done == [
        ("press", "shift", True),
        ("press", "kick", True),
        ("press", "kick", False),
        ("press", "shift", False),
    ]
    board.done.clear()
    for key in "12345678":
        page.keyboard.press(key)
    for key in "qetu":
        page.keyboard.press(key)
    wait_until(page, lambda: ("push", 3, False) in board.done)
    turns = [("turn", encoder, way) for encoder in range(4) for way in (-1, 1)]
    pushes = [("push", encoder, down) for encoder in range(4) for down in (True, False)]
    assert board.done == turns + pushes
    board.done.clear()
    for key in "zxcvbnm,.":
        page.keyboard.press(key)
    wait_until(page, lambda: board.done.count(("lift",)) == 9)
    fields = [done[1:3] for done in board.done if done[0] == "touch"]
    middles = [1 / 6, 3 / 6, 5 / 6]
    assert fields == [pytest.approx((x, y)) for y in reversed(middles) for x in middles]


def test_arrow_keys_move_the_finger_while_held(page: Page, board: RecordingBoard) -> None:
    page.locator(".knob").first.focus()
    page.mouse.click(*centre(page, "#pad"))  # the arrows leave the encoder for the pad
    wait_until(page, lambda: board.done[-1:] == [("lift",)])
    board.done.clear()
    page.keyboard.down("ArrowRight")
    page.keyboard.down("ArrowUp")
    wait_until(page, lambda: len(board.done) > 6)
    page.keyboard.up("ArrowRight")
    page.keyboard.up("ArrowUp")
    wait_until(page, lambda: board.done[-1] == ("lift",))
    touches = [done[1:3] for done in board.done if done[0] == "touch"]
    assert touches[0][0] > 0.5
    assert touches[-1][0] > touches[0][0]
    assert touches[-1][1] > 0.5
    assert board.done.count(("lift",)) == 1


def test_space_plays_and_stops(page: Page, panel: FrontPanel, board: RecordingBoard) -> None:
    page.mouse.click(*centre(page, "[data-button=kick]"))  # must not keep the space key
    page.keyboard.press("Space")
    wait_until(page, lambda: ("press", "play", False) in board.done)
    panel.midi.send([(time.monotonic_ns(), b"\xfa")])
    wait_for(page, "groovebox.running")
    page.keyboard.press("Space")
    wait_until(page, lambda: ("press", "stop", False) in board.done)


def test_keys_are_let_go_when_the_page_loses_focus(page: Page, board: RecordingBoard) -> None:
    page.keyboard.down("h")
    page.keyboard.down("ArrowLeft")
    wait_until(page, lambda: len(board.done) >= 2)
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    wait_until(page, lambda: {("press", "hat", False), ("lift",)} <= set(board.done))


def test_buttons_are_down_while_the_mouse_is(page: Page, board: RecordingBoard) -> None:
    page.mouse.move(*centre(page, "[data-button=snare]"))
    page.mouse.down()
    wait_until(page, lambda: board.done == [("press", "snare", True)])
    page.mouse.move(5, 5)
    page.mouse.up()
    wait_until(page, lambda: board.done[-1] == ("press", "snare", False))


def test_the_help_opens_and_closes(page: Page, board: RecordingBoard) -> None:
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("k")
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.keyboard.press("h")
    wait_until(page, lambda: ("press", "hat", False) in board.done)
    assert not any(done[:2] == ("press", "kick") for done in board.done)
