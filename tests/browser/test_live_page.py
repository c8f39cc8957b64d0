"""A training in a browser: the map forms, plays while it does, and stays when it is learnt."""

import contextlib
import threading

import numpy as np
import pytest

from tests.browser.waiting import PHONE, pixels, wait_for
from tests.models_table import MODELS
from train_host.drum_map import GENERAL_MIDI
from train_host.live_page.film import Film
from train_host.live_page.server import LivePage
from train_host.recipe import Recipe
from train_host.sources import gather
from train_host.training import Training

pytestmark = pytest.mark.browser


class Trainer:
    """A real training on a thread of its own, in steps that the test allows."""

    def __init__(self):
        loops = gather([MODELS / "house"], GENERAL_MIDI).loops
        self.training = Training(loops.onset, loops.velocity, loops.microtiming, Recipe(300))
        self.page = LivePage("House", Film(loops.names, 24, 124))
        self.second_half = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        for progress in self.training:
            self.page.look(self.training, 0.01 * (300 - progress.epoch), 0)
            if progress.epoch == 100:
                self.second_half.wait(60)
        self.page.finished(self.training.now(), [("onset F1 on its own clips", "1.000")])


@pytest.fixture
def trainer():
    trainer = Trainer()
    trainer.page.start()
    with contextlib.closing(trainer.page):
        yield trainer
        trainer.second_half.set()
        if trainer.thread.ident:
            trainer.thread.join(60)


@pytest.fixture
def page(visit, trainer):
    return visit(trainer.page.url)


def onsets(page):
    return np.array(page.evaluate("Array.from(training.player.map.at(0.2, 0.8).onset)"))


def test_the_map_forms_and_plays_while_it_is_learnt(page, trainer):
    assert page.inner_text("[data-part=state]") == "waiting for the first epoch"
    assert page.is_disabled("[data-part=play]")
    trainer.thread.start()
    wait_for(page, "training.shown > 2 && training.rows.length >= 100")
    assert page.inner_text("h1") == "House"
    page.click("[data-part=play]")
    wait_for(page, "training.player.played > 4")
    wait_for(page, "document.querySelector('[data-part=state]').textContent.includes('s left')")
    wait_for(page, "training.shown === training.film.length - 1")
    before, curves, films = onsets(page), pixels(page, "curves"), page.evaluate("training.shown")
    trainer.second_half.set()
    wait_for(page, "training.ended && training.shown === training.film.length - 1")
    assert page.evaluate("training.shown") > films
    after = onsets(page)
    assert after.shape != before.shape or abs(after - before).max() > 0.1
    assert pixels(page, "curves") != curves
    assert page.evaluate("training.player.playing")
    assert "1.000" in page.inner_text("[data-part=summary]")
    epochs = trainer.training.history[-1].epoch
    assert page.inner_text("[data-part=state]") == f"trained for {epochs} epochs"
    assert page.inner_text("[data-part=film-value]") == f"epoch {epochs}"


def test_who_comes_after_it_may_watch_it_form_again_and_look_back(page, trainer):
    trainer.second_half.set()
    trainer.thread.start()
    trainer.thread.join(60)
    page.reload()
    wait_for(page, "training.ended && training.shown >= 0")
    assert page.evaluate("training.shown < training.film.length - 1")  # it is shown bit by bit
    wait_for(page, "training.shown === training.film.length - 1")
    page.locator("[data-part=film]").fill("0")
    assert page.inner_text("[data-part=film-value]") == "epoch 1"
    page.wait_for_timeout(500)
    assert page.evaluate("training.shown") == 0
    page.locator("[data-part=threshold]").fill("0.9")
    assert page.evaluate("training.player.threshold") == 0.9


def test_a_training_that_is_broken_off_is_told(page, trainer):
    trainer.thread.start()
    wait_for(page, "training.rows.length >= 100")
    trainer.page.close()
    wait_for(page, "document.querySelector('[data-part=state]').textContent.includes('ended')")


def test_it_fits_a_telephone(page, trainer):
    trainer.second_half.set()
    trainer.thread.start()
    page.set_viewport_size(PHONE)
    wait_for(page, "training.ended")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
