"""``groovebox-train``: from clips to a model file, and from clip notation to MIDI."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from firmware.rhythm.model_file import ClipPlace, ModelInfo
from firmware.rhythm.pattern import TICKS
from train_host import convert_command
from train_host.clip_midi import compile_folder
from train_host.drum_map import BUILT_IN, DrumMapError, load_drum_map
from train_host.export import ExportError, model_bytes, output_fault, save
from train_host.loops import ClipError, Loops
from train_host.notation import NotationError
from train_host.quality import Quality, measure
from train_host.sources import Sources, gather
from train_host.tfjs_model import ConvertError
from train_host.training import Progress, Recipe, Trained, default_epochs, fit

__all__ = ["main"]

USER_ERROR = 2
STOPPED = 130
"""Exit status of a program ended by Ctrl-C, as shells have it."""
MAX_PLACES = 4096
"""Loops whose places are kept in the model: its metadata are read by a small computer."""
MAX_NAME = 64


class UserError(Exception):
    """Something to put right; its text is one sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 2 for a user's error, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (UserError, ClipError, ConvertError, DrumMapError, NotationError, ExportError) as error:
        print(f"groovebox-train: {error}", file=sys.stderr)
        return USER_ERROR
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"groovebox-train: {where}{error.strerror or error}.", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("groovebox-train: stopped, nothing was written.", file=sys.stderr)
        return STOPPED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="groovebox-train", description="Make models for the groovebox from drum clips."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("fit", help="learn a model from clips")
    command.set_defaults(run=_fit)
    command.add_argument(
        "clips",
        nargs="+",
        type=Path,
        metavar="CLIPS",
        help="MIDI files, .clips files (the text notation), or folders of them",
    )
    command.add_argument("-o", "--output", type=Path, required=True, metavar="MODEL.tflite")
    command.add_argument("--name", help="the model's name (default: the clips' style, or the file)")
    command.add_argument(
        "--epochs", type=_whole(1), help="how long to train (by the number of loops, 500 for a few)"
    )
    command.add_argument("--seed", type=_whole(0), default=0, help="same seed, same model (0)")
    grid = command.add_mutually_exclusive_group()
    grid.add_argument(
        "--ticks-per-beat",
        type=_whole(1, TICKS),
        help="24 puts one 4/4 bar in a loop, 12 two (default: by the clips' metre; 24 for 4/4)",
    )
    grid.add_argument(
        "--bars-per-loop",
        type=_whole(1, 32),
        help="put so many bars in a loop, whatever each clip's metre",
    )
    command.add_argument(
        "--channel",
        type=_whole(1, 16),
        help="the drums' MIDI channel (default: 10, else tracks named as drums, else all)",
    )
    command.add_argument(
        "--drum-map",
        default="general_midi",
        metavar="MAP",
        help=f"{', '.join(BUILT_IN)}, or a TOML file (general_midi)",
    )
    command.add_argument("--tempo", type=_tempo, help="usual tempo in BPM (default: the clips')")
    command.add_argument("--licence", help="the clips' licence")
    command.add_argument("--provenance", help="where the clips come from")
    command.add_argument(
        "--float", action="store_true", help="float32 weights, four times the size, to compare"
    )

    command = commands.add_parser("convert", help="make a model file of an R-VAE model")
    command.set_defaults(
        run=lambda options: convert_command.run(options, f"groovebox-train {_version()}", _date())
    )
    convert_command.add_arguments(command)

    command = commands.add_parser("clips", help="compile clip notation to MIDI files")
    command.set_defaults(run=_clips)
    command.add_argument("folder", type=Path, help="a .clips file, or a folder of them")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    return parser


def _whole(low: int, high: int | None = None) -> Callable[[str], int]:
    def whole(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if value < low or (high is not None and value > high):
            limits = f"{low} or more" if high is None else f"{low} to {high}"
            raise argparse.ArgumentTypeError(f"{text} is not {limits}")
        return value

    return whole


def _tempo(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 10 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a tempo from 10 to 1000 BPM")
    return value


def _clips(options: argparse.Namespace) -> None:
    files = compile_folder(options.folder, options.output)
    print(f"{len(files)} MIDI files in {options.output}")


def _fit(options: argparse.Namespace) -> None:
    output: Path = options.output
    if (fault := output_fault(output)) is not None:
        raise UserError(fault)
    drum_map = load_drum_map(options.drum_map)
    sources = gather(
        options.clips, drum_map, options.ticks_per_beat, options.bars_per_loop, options.channel
    )
    loops = sources.loops
    for file in sources.files:
        for line in file.lines:
            print(line, file=sys.stderr)
    print(f"{len({name.partition(' #')[0] for name in loops.names})} clips, {len(loops)} loops")

    recipe = Recipe(epochs=options.epochs or default_epochs(len(loops)), seed=options.seed)
    start = time.monotonic()
    trained = _train(loops, recipe)
    seconds = time.monotonic() - start
    quality = measure(trained.decoder, trained.z, loops.onset, loops.velocity, loops.microtiming)
    info = _info(options, sources, trained, quality, seconds)
    content, agreement = model_bytes(trained.decoder, info, options.float)
    save(output, content)
    _print_summary(trained, quality, seconds)
    print(
        f"{output}: {len(content) / 1000:.0f} kB; in the runtime {agreement.onsets:.4%} of the "
        f"onsets are as in training"
    )


def _train(loops: Loops, recipe: Recipe) -> Trained:
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[training]:.2f}, validation {task.fields[validation]:.2f}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=recipe.epochs, training=math.nan, validation=math.nan)

        def report(progress: Progress) -> None:
            bar.update(
                task,
                completed=progress.epoch,
                training=progress.training.total,
                validation=progress.validation.total,
            )

        return fit(loops.onset, loops.velocity, loops.microtiming, recipe, report)


def _info(
    options: argparse.Namespace,
    sources: Sources,
    trained: Trained,
    quality: Quality,
    seconds: float,
) -> ModelInfo:
    loops, headers = sources.loops, sources.headers
    styles = " + ".join(dict.fromkeys(header.style for header in headers))
    licences = ", ".join(dict.fromkeys(header.licence for header in headers if header.licence))
    origins = "\n".join(dict.fromkeys(source for header in headers for source in header.sources))
    # Where bars are fitted to the loop, the loops' tempos are those of its beats.
    own = len(headers) == 1 and options.bars_per_loop is None
    tempo = headers[0].tempo if own else loops.tempo
    places = [
        ClipPlace(name[:MAX_NAME], (round(float(z1), 4), round(float(z2), 4)))
        for name, (z1, z2) in zip(loops.names, trained.z, strict=True)
    ]
    last = trained.last
    losses = {
        "training": last.training.total,
        "validation": last.validation.total,
        "onset": last.training.onset,
        "velocity": last.training.velocity,
        "microtiming": last.training.microtiming,
        "kl": last.training.kl,
    }
    return ModelInfo(
        name=(options.name or styles or options.output.stem)[:MAX_NAME],
        ticks_per_beat=sources.ticks_per_beat,
        beats=TICKS / sources.ticks_per_beat,
        tempo=options.tempo or tempo,
        clips=tuple(places[:MAX_PLACES]),
        bars=len(loops),
        epochs=last.epoch,
        losses={name: round(value, 3) for name, value in losses.items()},
        quality=quality.figures() | _training_time(seconds),
        licence=licences if options.licence is None else options.licence,
        provenance=origins if options.provenance is None else options.provenance,
        tool=f"groovebox-train {_version()}",
        date=_date(),
    )


def _version() -> str:
    try:
        return version("groovebox")
    except PackageNotFoundError:
        return "from source"


def _training_time(seconds: float) -> dict[str, float]:
    """How long training took; left out of files that are to be the same on any day."""
    return {} if "SOURCE_DATE_EPOCH" in os.environ else {"training_seconds": round(seconds, 1)}


def _date() -> str:
    """Today; or what SOURCE_DATE_EPOCH says, for files that are to be the same on any day."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    when = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return when.date().isoformat()


def _print_summary(trained: Trained, quality: Quality, seconds: float) -> None:
    last = trained.last
    if trained.interrupted:
        print(f"stopped early: the best so far, epoch {last.epoch} of {last.epochs}, is kept")
    print(
        f"trained in {seconds:.1f} s\n"
        f"onset F1 on its own clips  {quality.f1:.3f} (threshold {quality.threshold:.2f})\n"
        f"distinct patterns          {quality.distinct} of 900 heads (threshold 0.3)\n"
        f"between neighbours         {quality.neighbour_distance:.1f} onsets differ\n"
        f"velocity error             {quality.velocity_error:.1f} MIDI steps\n"
        f"microtiming error          {quality.microtiming_error:.3f} ticks"
    )
