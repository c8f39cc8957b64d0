"""``groovebox-train live``: the map follows the clips.

Watches clips and folders; when something is saved there, trains again and writes the model anew,
which a running box takes in. The new map begins with what the last one has learnt: what both have
stays where it was, under the player's finger, and training is short.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from watchfiles import Change, watch

from train_host import arguments
from train_host.drum_map import DrumMapError
from train_host.export import ExportError, output_fault, save
from train_host.fit_command import print_fates, threads
from train_host.loops import ClipError
from train_host.midi_reader import SUFFIXES
from train_host.notation import NotationError
from train_host.recipe import Recipe, default_epochs
from train_host.sources import NOTATION_SUFFIX
from train_host.steps import make_model
from train_host.training import Trained, Training

__all__ = ["Changes", "add_arguments", "run"]

MENDABLE = (ClipError, DrumMapError, ExportError, NotationError, OSError)
"""What the next save may put right: told, and waited for."""
SHORTER = 3
"""A training that begins with the last map takes a third of the epochs: measured on three styles
with one clip of sixteen replaced, 250 epochs have all but 0 or 1 onsets in their places, and clips
move by .2 to .35 of a map of 6 (from the start anew: by 2.4 to 3.0)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_reading(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="MODEL.tflite")
    arguments.add_training(parser)
    arguments.add_about(parser)


def run(options: argparse.Namespace) -> None:
    """Train, and again whenever a clip changes, until Ctrl-C. Raises ExportError and ClipError for
    what cannot be watched."""
    output: Path = options.output
    if (fault := output_fault(output)) is not None:
        raise ExportError(fault)
    for path in options.clips:
        if not path.exists():
            raise ClipError(f"{path}: no such file or folder.")
    trainer = _Trainer(options)
    with Changes(options.clips) as changes:
        print(f"watching {', '.join(map(str, options.clips))}; Ctrl-C ends it", flush=True)
        try:
            while True:
                changes.clear()
                try:
                    trainer.train(changes.pending)
                except MENDABLE as error:
                    print(f"groovebox-train: {error}", file=sys.stderr, flush=True)
                for name in changes.wait():
                    print(f"changed: {name}", flush=True)
        except KeyboardInterrupt:
            print(trainer.last or "nothing was written")


class Changes:
    """What has been saved in the watched places since the last ``clear``. A thread looks."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._folders = {path if path.is_dir() else path.parent for path in paths}
        self._files = {path.resolve() for path in paths if not path.is_dir()}
        self._watched = [path.resolve() for path in paths if path.is_dir()]
        self._names: set[str] = set()
        self._some, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._look, name="clips", daemon=True)

    def __enter__(self) -> Changes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(timeout=5)

    def pending(self) -> bool:
        return self._some.is_set()

    def clear(self) -> None:
        self._some.clear()
        self._names.clear()

    def wait(self) -> list[str]:
        """Until there is a change; the names of the files."""
        while not self._some.wait(0.5):  # a wait without end hears no Ctrl-C on Windows
            pass
        return sorted(self._names)

    def _look(self) -> None:
        for changes in watch(
            *self._folders,
            watch_filter=self._matters,
            recursive=bool(self._watched),  # not all that lies beside a single file
            debounce=400,
            stop_event=self._end,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            self._names |= {Path(path).name for _, path in changes}
            self._some.set()

    def _matters(self, change: Change, path: str) -> bool:
        file = Path(path)
        if file.suffix.lower() not in {*SUFFIXES, NOTATION_SUFFIX} or file.name.startswith("."):
            return False
        file = file.resolve()
        return file in self._files or any(map(file.is_relative_to, self._watched))


class _Trainer:
    """Trains again and again, each time from where it came to."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._learnt: Training | None = None
        self.last = ""
        """what was written last, and when"""

    def train(self, broken_off: Callable[[], bool]) -> None:
        """Read, train, write, tell; do nothing more once ``broken_off``."""
        start = time.monotonic()
        options = self._options
        sources = arguments.read(options)
        loops = sources.loops
        if self._learnt is None:
            print_fates(sources)
        training = Training(
            loops.onset, loops.velocity, loops.microtiming, self._recipe(len(loops))
        )
        if self._learnt is not None:
            training.go_on_from(self._learnt)
        with threads(options.threads):
            for _ in _until(broken_off, training):
                pass
            if broken_off():
                return
            trained: Trained = training.now()
            about = arguments.about(options)
            made = make_model(sources, trained, about, time.monotonic() - start)
        save(options.output, made.content)
        self._learnt = training
        self.last = (
            f"{datetime.now():%H:%M:%S} {options.output}: {len(loops)} loops in "
            f"{time.monotonic() - start:.1f} s, F1 {made.quality.f1:.3f}, "
            f"{made.quality.map.distinct} patterns"
        )
        print(self.last, flush=True)

    def _recipe(self, count: int) -> Recipe:
        recipe = arguments.recipe(self._options)
        if self._learnt is None or recipe.epochs is not None:
            return recipe
        return replace(recipe, epochs=max(default_epochs(count) // SHORTER, 1))


def _until(broken_off: Callable[[], bool], training: Training) -> Iterator[None]:
    for _ in training:
        if broken_off():
            return
        yield
