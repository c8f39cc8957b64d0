"""Two things at once on the whole box: SHIFT or MODEL held, and the pad, a knob or a button."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="the front panel needs the desk extra")
from playwright.sync_api import Page

from firmware.box import Box
from firmware.engine.controls import Controls
from tests.browser.waiting import PHONE, Fingers, centre, on_pad, wait_until

pytestmark = pytest.mark.browser

SHIFT, MODEL = ("[data-button=shift]", 0), (".knob", 3)
RIM = (5 / 6, 1 / 6)
"""The middle of the pad's last field."""
TAP_MS = 150
"""A person's, and longer than a busy machine stands still: a press between two looks is lost."""
STORE_MS = 900
BETWEEN_MS = 100
"""No hand lifts a finger and has it on another place sooner."""
HERE, THERE = (0.15, 0.8), (0.7, 0.4)


@pytest.fixture
def controls(box: Box) -> Callable[[], Controls]:
    return lambda: box.engine_loop.engine.state.controls


def press(page: Page, key: str, ms: int = TAP_MS) -> None:
    page.keyboard.press(key, delay=ms)
    page.wait_for_timeout(BETWEEN_MS)


def is_at(controls: Controls, place: tuple[float, float]) -> bool:
    return all(abs(controls[name] - at) < 0.05 for name, at in zip("xy", place, strict=True))


def test_two_fingers_mute_a_drum_by_its_field(
    box: Box, open_page: Callable[..., Page], controls: Callable[[], Controls]
) -> None:
    page = open_page(viewport=PHONE, has_touch=True, is_mobile=True)
    fingers, before = Fingers(page), controls()
    for muted in ({"rim"}, set()):
        fingers.down(1, centre(page, *SHIFT))
        fingers.down(2, on_pad(page, *RIM))
        wait_until(page, lambda muted=muted: controls().muted == muted)
        page.wait_for_timeout(TAP_MS)
        fingers.up(2)
        fingers.up(1)
        page.wait_for_timeout(BETWEEN_MS)
    assert (controls()["x"], controls()["y"]) == (before["x"], before["y"])


def test_two_fingers_store_a_snapshot_and_recall_it(
    box: Box, open_page: Callable[..., Page], controls: Callable[[], Controls]
) -> None:
    page = open_page(viewport=PHONE, has_touch=True, is_mobile=True)
    fingers = Fingers(page)

    def tap(place: tuple[float, float], ms: int = TAP_MS) -> None:
        fingers.down(2, on_pad(page, *place))
        page.wait_for_timeout(ms)
        fingers.up(2)
        page.wait_for_timeout(BETWEEN_MS)

    tap(HERE)
    wait_until(page, lambda: is_at(controls(), HERE))
    fingers.down(1, centre(page, *MODEL))
    tap(RIM, STORE_MS)  # at once: the page does not wait to see whether the knob is to be turned
    fingers.up(1)
    wait_until(page, lambda: box.panel.snapshots[8] is not None)
    assert is_at(controls(), HERE)

    tap(THERE)
    wait_until(page, lambda: is_at(controls(), THERE))
    fingers.down(1, centre(page, *MODEL))
    tap(RIM)
    fingers.up(1)
    wait_until(page, lambda: is_at(controls(), HERE))
    page.wait_for_timeout(300)
    assert controls()["page"] == 0, "the release of MODEL was taken for a click"


def test_one_mouse_does_it_with_the_right_button(
    box: Box, open_page: Callable[..., Page], controls: Callable[[], Controls]
) -> None:
    page = open_page()

    def click_pad(place: tuple[float, float], ms: int = TAP_MS) -> None:
        page.mouse.move(*on_pad(page, *place))
        page.mouse.down()
        page.wait_for_timeout(ms)
        page.mouse.up()
        page.wait_for_timeout(BETWEEN_MS)

    def latch(control: tuple[str, int]) -> None:
        page.mouse.click(*centre(page, *control), button="right")

    def free(control: tuple[str, int]) -> None:
        page.mouse.click(*centre(page, *control))

    latch(SHIFT)
    click_pad(RIM)
    wait_until(page, lambda: controls().muted == {"rim"})
    page.mouse.move(*centre(page, ".knob", 1))
    swing = controls()["swing"]
    page.mouse.wheel(0, -100)
    wait_until(page, lambda: controls()["swing"] > swing)
    free(SHIFT)

    click_pad(HERE)
    wait_until(page, lambda: is_at(controls(), HERE))
    latch(MODEL)
    click_pad(RIM, STORE_MS)
    wait_until(page, lambda: box.panel.snapshots[8] is not None)
    page.mouse.click(*centre(page, "[data-button=snare]"), delay=TAP_MS)
    wait_until(page, lambda: box.panel.snapshots[1] is not None)
    free(MODEL)

    click_pad(THERE)
    wait_until(page, lambda: is_at(controls(), THERE))
    latch(MODEL)
    click_pad(RIM)
    wait_until(page, lambda: is_at(controls(), HERE))
    free(MODEL)
    page.wait_for_timeout(300)
    assert controls()["page"] == 0
    assert controls().muted == {"rim"}


def test_keys_play_stop_and_reach_both_layers(
    box: Box, open_page: Callable[..., Page], controls: Callable[[], Controls]
) -> None:
    page = open_page()
    state = lambda: box.engine_loop.engine.state  # noqa: E731
    press(page, "o")
    wait_until(page, lambda: not state().playing)
    press(page, "Shift+p")
    wait_until(page, lambda: state().playing)

    press(page, "Shift+.")
    wait_until(page, lambda: controls().muted == {"rim"})
    press(page, "z")  # without SHIFT the pad is the pad
    wait_until(page, lambda: is_at(controls(), (1 / 6, 5 / 6)))
    page.keyboard.down("u")
    press(page, "m", STORE_MS)
    page.keyboard.up("u")
    wait_until(page, lambda: box.panel.snapshots[6] is not None)
    press(page, "b")
    wait_until(page, lambda: is_at(controls(), (3 / 6, 3 / 6)))
    page.keyboard.down("u")
    press(page, "m")
    page.keyboard.up("u")
    wait_until(page, lambda: is_at(controls(), (1 / 6, 5 / 6)))


def test_keys_open_the_menu_and_edit_in_it(
    box: Box, open_page: Callable[..., Page], controls: Callable[[], Controls]
) -> None:
    page = open_page()
    picture = lambda: page.evaluate("oled.toDataURL()")  # noqa: E731
    press(page, "o")
    wait_until(page, lambda: not box.engine_loop.engine.state.playing)
    page.wait_for_timeout(1500)  # the overlay and the pulse have gone
    before = picture()
    assert controls()["change"] == 0
    press(page, "Shift+u")
    wait_until(page, lambda: picture() != before)
    press(page, "u")  # into the first section
    press(page, "8")  # its second row, and back to the first
    press(page, "7")
    press(page, "u")
    press(page, "8")
    wait_until(page, lambda: controls()["change"] == 1)
    press(page, "Shift+u")  # leave it
    page.keyboard.press("8")
    wait_until(page, lambda: box.engine_loop.engine.state.info.name == "Beta")
