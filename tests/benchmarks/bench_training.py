"""Training a dozen clips, against R-VAE's network and recipe, in NumPy and in TensorFlow.js."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from statistics import median
from time import monotonic_ns, perf_counter

from tests.benchmarks import tfjs_training
from tests.benchmarks.entry import entry
from tests.benchmarks.twelve_clips import twelve_clips
from train_host.live_page.film import Film
from train_host.live_page.server import LivePage
from train_host.loops import Loops
from train_host.network import Array
from train_host.quality import best_threshold
from train_host.recipe import Recipe
from train_host.training import Training, fit

EPOCHS = 150
RUNS = 3
SCORES = (0.97, 0.99)
LOOK_EVERY = 5
"""Epochs between two looks at the score; the clock stands still meanwhile."""
MOST_EPOCHS = 1000


def train_12_clips() -> dict[str, dict[str, object]]:
    """Arrays to weights, validation included."""
    loops = twelve_clips()
    parts = loops.onset, loops.velocity, loops.microtiming
    ours, other = [], []
    for seed in range(RUNS):
        for times, recipe in (
            (ours, Recipe(EPOCHS, seed)),
            (other, Recipe.as_reference(EPOCHS, seed)),
        ):
            start = perf_counter()
            fit(*parts, recipe)
            times.append(perf_counter() - start)
    return {
        "train_12_clips": entry(
            median(ours),
            median(other),
            f"R-VAE's network in NumPy, {EPOCHS} epochs as ours",
            "s",
            RUNS,
        )
    }


def time_to_f1() -> dict[str, dict[str, object]]:
    """Training time until the clips' onsets are reconstructed this well, seeds 0 to 2."""
    loops = twelve_clips()
    ours = [_seconds_to(loops, Recipe(seed=seed)) for seed in range(RUNS)]
    other = [_seconds_to(loops, Recipe.as_reference(MOST_EPOCHS, seed)) for seed in range(RUNS)]
    return {
        f"time_to_f1_{100 * score:.0f}": entry(
            median(run[i] for run in ours),
            median(run[i] for run in other),
            "R-VAE's network and recipe in NumPy",
            "s",
            RUNS,
        )
        for i, score in enumerate(SCORES)
    }


def time_to_f1_tfjs() -> dict[str, dict[str, object]]:
    """The same against TensorFlow.js; one run, for it takes minutes."""
    loops = twelve_clips()
    ours = _seconds_to(loops, Recipe())
    with tfjs_training.training(loops, 0, MOST_EPOCHS, LOOK_EVERY) as looks:
        reached = _reached(loops, ((look.seconds, look.onset) for look in looks))
    about = "R-VAE's network and recipe in TensorFlow.js, wasm: not its native back end"
    return {
        f"time_to_f1_tfjs_{100 * score:.0f}": entry(mine, other, about, "s", 1)
        for score, mine, other in zip(SCORES, ours, reached, strict=True)
    }


def live_page() -> dict[str, dict[str, object]]:
    """Training that is shown in a browser (``fit --live``), without the browser's own work."""
    loops = twelve_clips()
    shown, alone = [], []
    for seed in range(2 * RUNS):
        page = LivePage("bench", Film(loops.names, 24, 160))
        page.start()
        with closing(page):
            shown.append(_seconds(loops, seed, page))
        alone.append(_seconds(loops, seed))
    return {
        "live_page": entry(
            median(shown), median(alone), "the same training without its page", "s", 2 * RUNS
        )
    }


def _seconds(loops: Loops, seed: int, page: LivePage | None = None) -> float:
    training = Training(loops.onset, loops.velocity, loops.microtiming, Recipe(seed=seed))
    start = perf_counter()
    for _ in training:
        if page:
            page.look(training, 0, monotonic_ns())
    return perf_counter() - start


def _seconds_to(loops: Loops, recipe: Recipe) -> list[float]:
    """Seconds of training after which the F1 score was first at each of ``SCORES``."""
    training = Training(loops.onset, loops.velocity, loops.microtiming, recipe)

    def looks() -> Iterator[tuple[float, Array]]:
        seconds, start = 0.0, perf_counter()
        for progress in training:
            if progress.epoch % LOOK_EVERY:
                continue
            seconds += perf_counter() - start
            now = training.now()
            yield seconds, now.decoder.decode(now.z)[0]
            start = perf_counter()

    return _reached(loops, looks())


def _reached(loops: Loops, looks: Iterable[tuple[float, Array]]) -> list[float]:
    """The seconds of the first looks whose onsets have each of ``SCORES``."""
    wanted = loops.onset.reshape(len(loops), -1) > 0.5
    reached: list[float] = []
    for seconds, onset in looks:
        score = best_threshold(onset, wanted)[0]
        while len(reached) < len(SCORES) and score >= SCORES[len(reached)]:
            reached.append(seconds)
        if len(reached) == len(SCORES):
            return reached
    raise RuntimeError(f"training reached {reached} of {SCORES} only")
