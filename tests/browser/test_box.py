"""The whole box under the page: what a player does in the browser is heard and seen there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="the front panel needs the desk extra")
from playwright.sync_api import Page

from firmware.box import Box
from tests.browser.waiting import centre, wait_for, wait_until

pytestmark = pytest.mark.browser

NOTES = "groovebox.seen.lastNotes"
PICTURE = "document.querySelector('canvas').toDataURL()"


@pytest.fixture
def page(box: Box, open_page: Callable[..., Page]) -> Page:
    return open_page()


def snares(page: Page) -> list[int]:
    """Velocities of the last snares the page was sent (loud on the right of the small model)."""
    found: list[int] = page.evaluate(
        f"{NOTES}.filter(note => note.drum === 'snare').map(note => note.velocity)"
    )
    return found[-3:]


def test_a_drag_on_the_pad_changes_what_is_played_and_the_picture(page: Page) -> None:
    pad = page.locator("#pad").bounding_box()
    assert pad is not None
    middle = pad["y"] + pad["height"] / 2
    page.mouse.move(pad["x"] + pad["width"] - 4, middle)
    page.mouse.down()
    wait_until(page, lambda: snares(page) and min(snares(page)) > 115)
    right = page.evaluate(PICTURE)
    page.mouse.move(pad["x"] + 4, middle, steps=5)
    wait_until(page, lambda: max(snares(page)) < 12)
    page.mouse.up()
    assert page.evaluate(PICTURE) != right


def test_the_canvas_pulses_while_the_box_plays(page: Page) -> None:
    pictures: set[str] = set()
    wait_until(page, lambda: pictures.add(page.evaluate(PICTURE)) or len(pictures) > 8)


def test_keys_stop_and_start_and_mute(page: Page, box: Box) -> None:
    state = lambda: box.engine_loop.engine.state  # noqa: E731
    page.keyboard.press("Space")
    wait_until(page, lambda: not state().playing)
    wait_for(page, "!groovebox.running")
    page.keyboard.press("Space")
    wait_until(page, lambda: state().playing)
    page.keyboard.press("k")
    wait_until(page, lambda: state().controls.muted == {"kick"})
    page.evaluate("groovebox.seen.notes = 0")
    wait_until(page, lambda: page.evaluate("groovebox.seen.notes") > 12)
    assert page.evaluate(f"{NOTES}.slice(-8).every(note => note.drum !== 'kick')")


def test_encoders_turn_tempo_and_model(page: Page, box: Box) -> None:
    state = lambda: box.engine_loop.engine.state  # noqa: E731
    page.mouse.move(*centre(page, ".encoder", 2))
    page.mouse.wheel(0, -300)
    wait_until(page, lambda: state().controls["tempo"] > 15_000)
    page.mouse.move(*centre(page, ".encoder", 3))
    page.mouse.wheel(0, -100)
    wait_until(page, lambda: state().info.name == "Beta")


def test_the_drums_sound(page: Page) -> None:
    page.locator("#sound").click()
    wait_for(page, "groovebox.sound.on")
    wait_for(page, "groovebox.sound.counts.scheduled > 10")
    levels = page.evaluate("groovebox.renderOffline([36, 38, 42, 46, 45, 48, 50, 39, 37], 100)")
    assert len(levels) == 9
    assert all(level["finite"] and level["rms"] > 0.001 for level in levels.values())
