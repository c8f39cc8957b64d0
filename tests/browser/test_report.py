"""The report in a browser: its map plays, its corners are heard, its way is drawn."""

import pytest

from tests.browser.waiting import pixels, wait_for
from tests.models_table import MODELS
from train_host.report.study import FileDecoder, Study
from train_host.report.write import write_report

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    decoder = FileDecoder((MODELS / "house" / "house.tflite").read_bytes())
    return write_report(tmp_path_factory.mktemp("report"), Study(decoder.info, decoder))


@pytest.fixture
def page(visit, report):
    page = visit(report.as_uri())
    page.wait_for_function("window.player?.map")
    return page


def test_a_corner_is_heard_and_stopped(page):
    page.click('[data-z="3 3"]')
    wait_for(page, "player.played > 4")
    assert page.inner_text("[data-part=where]") == "z1 3.00, z2 3.00"
    page.click("[data-part=play]")
    assert not page.evaluate("player.playing")
    heard = page.evaluate("player.played")
    page.wait_for_timeout(400)
    assert page.evaluate("player.played") == heard


def test_a_finger_moves_the_head_and_a_clip_says_its_name(page):
    canvas = page.locator("[data-part=map]")
    box = canvas.bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.1 * box["height"])
    assert page.evaluate("player.head") == pytest.approx([0.25, 0.9], abs=0.01)
    canvas.press("ArrowRight")
    assert page.evaluate("player.head[0]") == pytest.approx(0.275, abs=0.01)
    hear = page.locator("text=Hear").first
    name = hear.get_attribute("aria-label").removeprefix("Hear ")
    hear.click()
    assert page.inner_text("[data-part=where]") == name


def test_the_page_plays_what_the_file_decodes(page):
    decoder = FileDecoder((MODELS / "house" / "house.tflite").read_bytes())
    for clip in decoder.info.clips[:5]:
        x, y = ((part / 3 + 1) / 2 for part in clip.z)
        hits = page.evaluate(
            f"player.map.hits({x}, {y}, 0.3).map((hit) => hit.drum * 96 + hit.tick)"
        )
        onset = decoder.decode([clip.z])[0][0]
        exact = set((onset > 0.3).nonzero()[0].tolist())
        assert len(exact & set(hits)) >= 0.9 * max(len(exact), len(hits))


def test_the_threshold_and_the_ends_change_the_way(page):
    before = pixels(page, "way")
    page.locator("[data-part=threshold]").fill("0.9")
    after = pixels(page, "way")
    assert after != before
    page.select_option("[data-part=to]", index=0)
    assert pixels(page, "way") != after


def test_it_fits_a_telephone(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
