"""``groovebox-train fit``: from clips to a model file, in the terminal."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from train_host import arguments, report_command
from train_host.clip_fate import count
from train_host.export import ExportError, output_fault, save
from train_host.extras import require
from train_host.loops import Loops
from train_host.quality import Decodes
from train_host.recipe import Recipe
from train_host.sources import Sources
from train_host.steps import About, Made, make_model
from train_host.training import Progress, Trained, Training
from train_host.watching import TerminalView

if TYPE_CHECKING:
    from train_host.live_page.session import Live

__all__ = ["add_arguments", "run", "threads", "train"]

STAGES = 10, 100, 1000
"""Epochs whose maps the report shows, as figure 5 of Vigliensoni and others does."""

Watcher = Callable[[Training, Progress, float], None]
"""Is called after each epoch with the training, its progress and the seconds left."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_reading(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="MODEL.tflite")
    arguments.add_training(parser)
    arguments.add_about(parser)
    parser.add_argument(
        "--live", action="store_true", help="watch it in the browser: the map forming, and playing"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FOLDER", help="write a page about the map and its training"
    )
    parser.add_argument(
        "--float", action="store_true", help="float32 weights, four times the size, to compare"
    )


def run(options: argparse.Namespace) -> None:
    """Train, write the model, print what came of it.

    Raises ClipError, DrumMapError, ExportError and OSError; KeyboardInterrupt where it comes before
    there is anything to keep.
    """
    output: Path = options.output
    if (fault := output_fault(output)) is not None:
        raise ExportError(fault)
    if options.report:
        report_command.needed()
    if options.live:
        require("--live", "desk", "starlette", "uvicorn", "websockets")
    sources = arguments.read(options)
    loops = sources.loops
    print_fates(sources)
    print(counted(sources))
    about = arguments.about(options)
    with _page(options.live, sources, about) as live, threads(options.threads):
        stages = Stages()
        watchers: list[Watcher] = [stages] if options.report else []
        start = time.monotonic()
        trained = train(loops, arguments.recipe(options), *watchers, *([live] if live else []))
        seconds = time.monotonic() - start
        made = make_model(sources, trained, about, seconds, options.float)
        save(output, made.content)
        print_summary(trained, made, seconds)
        print(
            f"{output}: {len(made.content) / 1000:.0f} kB; in the runtime "
            f"{made.agreement.onsets:.4%} of the onsets are as in training"
        )
        if options.report:
            try:
                _report(options.report, sources, trained, made, stages)
            except KeyboardInterrupt:
                print("stopped: the model is written, its report is not")
        if live:
            live.finished(trained, summary(made, seconds))


def _page(shown: bool, sources: Sources, about: About) -> AbstractContextManager[Live | None]:
    if not shown:
        return nullcontext()
    from train_host.live_page.session import live

    return live(sources, about)


class Stages:
    """Keeps the map as it was after 10, 100 and 1000 epochs."""

    def __init__(self) -> None:
        self.kept: dict[int, Decodes] = {}

    def __call__(self, training: Training, progress: Progress, seconds_left: float) -> None:
        if progress.epoch in STAGES:
            self.kept[progress.epoch] = training.now().decoder


def _report(folder: Path, sources: Sources, trained: Trained, made: Made, stages: Stages) -> None:
    from train_host.report.study import Study
    from train_host.report.write import write_report

    study = Study(
        made.info, trained.decoder, trained.history, stages.kept, sources.files, sources.loops
    )
    print(write_report(folder, study))


def threads(count: int | None) -> AbstractContextManager[object]:
    """Has ``count`` threads do the matrix products; as many as before where it is None."""
    return nullcontext() if count is None else threadpool_limits(count)


def train(loops: Loops, recipe: Recipe, *watchers: Watcher) -> Trained:
    """Train in the terminal's view; Ctrl-C keeps the best so far."""
    training = Training(loops.onset, loops.velocity, loops.microtiming, recipe)
    try:
        with TerminalView(training.epochs) as view:
            for progress in training:
                view.show(progress)
                for watch in watchers:
                    watch(training, progress, view.seconds_left)
    except KeyboardInterrupt:
        if not training.history:
            raise
        return training.best()
    return training.now()


def print_fates(sources: Sources) -> None:
    for file in sources.files:
        for line in file.lines:
            print(line, file=sys.stderr)


def counted(sources: Sources) -> str:
    """How many clips and loops there are, and how many files gave none."""
    clips = len({name.partition(" #")[0] for name in sources.loops.names})
    loops, refused = len(sources.loops), len(sources.skipped)
    counts = [count(clips, "clip"), count(loops, "loop")]
    return ", ".join(counts) + (f"; none in {count(refused, 'file')}" if refused else "")


def print_summary(trained: Trained, made: Made, seconds: float) -> None:
    last = trained.last
    if trained.interrupted:
        print(f"stopped early: the best so far, epoch {last.epoch} of {last.epochs}, is kept")
    elif trained.complete:
        print(f"nothing more to gain after {last.epoch} epochs")
    for what, value in summary(made, seconds):
        print(f"{what:<27}{value}")


def summary(made: Made, seconds: float) -> list[tuple[str, str]]:
    """What came of a training of so many ``seconds``: what, and its value."""
    quality = made.quality
    return [
        ("trained in", f"{seconds:.1f} s"),
        ("onset F1 on its own clips", f"{quality.f1:.3f} (threshold {quality.threshold:.2f})"),
        ("clips the pad plays", f"{quality.reach:.0%} (threshold 0.3)"),
        ("distinct patterns", f"{quality.map.distinct} of 900 heads (threshold 0.3)"),
        ("richness", f"worth {quality.map.richness:.1f} wholly different patterns"),
        ("smoothness", f"{quality.map.smoothness:.2f} of 1"),
        ("between neighbours", f"{quality.map.neighbour_distance:.1f} onsets differ"),
        ("compound metre", f"{quality.map.compound:.0%} of the map"),
        ("velocity error", f"{quality.velocity_error:.1f} MIDI steps"),
        ("microtiming error", f"{quality.microtiming_error:.3f} ticks"),
    ]
