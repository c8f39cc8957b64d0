"""What the page sounds like, when, and what it sends by Web MIDI."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="the front panel needs the desk extra")
from playwright.sync_api import Page

from firmware.rhythm.drums import DRUMS
from hardware.virtual.front_panel import FrontPanel
from tests.browser.waiting import wait_for, wait_until

pytestmark = pytest.mark.browser
MIDI_STUB = """
    window.midiSent = [];
    const output = {
        id: "1", name: "Synth", state: "connected",
        send: (bytes, at) => window.midiSent.push([[...bytes], at]),
    };
    navigator.requestMIDIAccess = async () => ({ outputs: new Map([["1", output]]) });
"""


def hits(drums: dict[int, int], ahead_ms: float = 20.0) -> list[tuple[int, bytes]]:
    due = time.monotonic_ns() + round(ahead_ms * 1e6)
    return [(due, bytes([0x99, note, velocity])) for note, velocity in drums.items()]


def render(page: Page, hits: list[dict[str, Any]], seconds: float) -> list[float]:
    """The left channel of what the page's drums sound like, at 44.1 kHz."""
    samples: list[float] = page.evaluate(
        """async ([hits, seconds]) => {
            const { renderHits } = await import("/drums.js");
            return [...(await renderHits(hits, seconds)).getChannelData(0)];
        }""",
        [hits, seconds],
    )
    return samples


def rms(samples: list[float]) -> float:
    return math.sqrt(sum(x * x for x in samples) / len(samples))


def test_notes_are_scheduled_in_time_and_together(page: Page, panel: FrontPanel) -> None:
    page.locator("#sound").click()
    wait_for(page, "groovebox.sound.on")
    page.wait_for_timeout(500)  # the clocks have been compared a few times
    for _ in range(20):
        panel.midi.send([*hits({36: 100, 42: 80}), (time.monotonic_ns(), b"\xf8")])
        page.wait_for_timeout(50)
    wait_until(page, lambda: page.evaluate("groovebox.seen.notes") == 40)
    notes = page.evaluate("groovebox.seen.lastNotes")
    counts = page.evaluate("groovebox.sound.counts")
    assert counts["scheduled"] + counts["dropped"] == 40
    assert {note["drum"] for note in notes} == {"kick", "closed_hat"}
    pairs = [(a, b) for a, b in zip(notes[::2], notes[1::2], strict=True) if a["when"]]
    assert len(pairs) >= 10
    assert all(a["when"] == b["when"] for a, b in pairs)
    # One constant lies between the box's stamps and the audio clock, whenever a note arrived
    # (a machine too busy to deliver notes in time plays some late: those are not counted).
    offsets = [a["when"] * 1000 - a["dueMs"] for a, _ in pairs if a["aheadMs"] > 5]
    assert max(offsets) - min(offsets) < 15


def test_late_notes_are_dropped_and_a_flush_drops_what_waits(page: Page, panel: FrontPanel) -> None:
    page.locator("#sound").click()
    wait_for(page, "groovebox.sound.on")
    panel.midi.send(hits({36: 100}, ahead_ms=-1000))
    wait_until(page, lambda: page.evaluate("groovebox.sound.counts.dropped") == 1)
    panel.midi.send(hits({36: 100}, ahead_ms=5000))
    wait_until(page, lambda: page.evaluate("groovebox.sound.counts.scheduled") == 1)
    assert page.evaluate("groovebox.sound.waiting") == 1
    panel.midi.flush()
    wait_until(page, lambda: page.evaluate("groovebox.seen.flushes") == 1)
    assert page.evaluate("groovebox.sound.waiting") == 0


def test_all_nine_drums_sound_and_none_clips(page: Page) -> None:
    notes = [drum.note for drum in DRUMS]
    loud = page.evaluate("notes => groovebox.renderOffline(notes, 127)", notes)
    soft = page.evaluate("notes => groovebox.renderOffline(notes, 30)", notes)
    assert len({level["drum"] for level in loud.values()}) == 9
    for note in map(str, notes):
        for level in (loud[note], soft[note]):
            assert level["finite"]
            assert level["rms"] > 0.001
            assert level["peak"] < 1
        assert loud[note]["rms"] > 0.02
        assert soft[note]["rms"] < 0.5 * loud[note]["rms"]


def test_a_closed_hat_chokes_the_open_one(page: Page) -> None:
    opened = {"drum": "open_hat", "velocity": 110, "when": 0}
    closed = {"drum": "closed_hat", "velocity": 1, "when": 0.1}
    ringing = render(page, [opened], 0.3)[int(0.16 * 44100) :]
    choked = render(page, [opened, closed], 0.3)[int(0.16 * 44100) :]
    assert rms(choked) < 0.1 * rms(ringing)


def test_hits_start_on_their_sample_and_nine_at_once_do_not_clip(page: Page) -> None:
    kick = render(page, [{"drum": "kick", "velocity": 127, "when": 0.1}], 0.2)
    first = next(i for i, x in enumerate(kick) if abs(x) > 1e-4)
    assert first == pytest.approx(4410, abs=2)
    drums = [drum.key for drum in DRUMS]
    chord = render(page, [{"drum": drum, "velocity": 127, "when": 0} for drum in drums], 0.5)
    assert max(map(abs, chord)) < 1


def test_notes_and_clock_go_to_a_web_midi_output(
    panel: FrontPanel, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    page.add_init_script(MIDI_STUB)
    page.reload()
    wait_for(page, "window.groovebox?.clock.roundTripMs != null")
    page.locator("#midi-ask").click()
    page.locator("#midi-output").select_option(label="Synth")
    due = time.monotonic_ns()
    panel.midi.send([(due, b"\xf8"), (due, b"\x99\x24\x64"), (due + 10_000_000, b"\xf8")])
    wait_until(page, lambda: page.evaluate("midiSent.length") == 3)
    (clock, at), (note, note_at), (_, next_at) = page.evaluate("midiSent")
    assert (clock, note) == ([0xF8], [0x99, 0x24, 0x64])
    assert note_at >= at
    assert next_at > at
    panel.midi.flush()
    wait_until(page, lambda: page.evaluate("midiSent.length") == 5)
    (now, _), (later, after) = page.evaluate("midiSent.slice(3)")
    assert now == later == [0x89, 36, 0]
    assert after > next_at, "the note handed over for later would hang"


def test_without_web_midi_the_page_says_so(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.add_init_script("delete Navigator.prototype.requestMIDIAccess")
    page.reload()
    wait_for(page, "window.groovebox")
    assert "has no Web MIDI" in page.locator("#midi-note").inner_text()
    assert not page.locator("#midi-ask").is_visible()


def test_sound_comes_with_the_first_gesture_and_can_be_switched_off(page: Page) -> None:
    assert page.locator("#sound").inner_text() == "Sound on"
    assert "blocks the sound" in page.locator("#sound-note").inner_text()
    page.wait_for_timeout(300)
    assert page.locator("#sound-note").is_visible()
    page.keyboard.press("k")
    wait_for(page, "groovebox.sound.on")
    assert not page.locator("#sound-note").is_visible()
    page.locator("#sound").click()
    wait_for(page, "!groovebox.sound.on")
    assert not page.locator("#sound-note").is_visible(), "the player's wish, not the browser's"
    page.reload()
    wait_for(page, "window.groovebox?.connected")
    page.keyboard.press("k")
    page.wait_for_timeout(200)
    assert not page.evaluate("groovebox.sound.on"), "switched off, and yet it came back"
