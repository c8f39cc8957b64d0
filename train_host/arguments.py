"""What several commands ask for alike: which clips, how they are read, how training goes."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from firmware.rhythm.pattern import TICKS
from train_host.drum_map import BUILT_IN, load_drum_map
from train_host.recipe import Recipe
from train_host.sources import Sources, gather
from train_host.steps import About

__all__ = ["about", "add_about", "add_reading", "add_training", "read", "recipe", "tempo", "whole"]


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers from ``low`` to ``high``."""

    def read_whole(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if value < low or (high is not None and value > high):
            limits = f"{low} or more" if high is None else f"{low} to {high}"
            raise argparse.ArgumentTypeError(f"{text} is not {limits}")
        return value

    return read_whole


def tempo(text: str) -> float:
    """A reader of tempos, beats per minute."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 10 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a tempo from 10 to 1000 BPM")
    return value


def add_reading(command: argparse.ArgumentParser) -> None:
    """The clips, and how they are read: for :func:`read`."""
    command.add_argument(
        "clips",
        nargs="+",
        type=Path,
        metavar="CLIPS",
        help="MIDI files, .clips files (the text notation), or folders of them",
    )
    grid = command.add_mutually_exclusive_group()
    grid.add_argument(
        "--ticks-per-beat",
        type=whole(1, TICKS),
        help="24 puts one 4/4 bar in a loop, 12 two (default: by the clips' metre; 24 for 4/4)",
    )
    grid.add_argument(
        "--bars-per-loop",
        type=whole(1, 32),
        help="put so many bars in a loop, whatever each clip's metre",
    )
    command.add_argument(
        "--channel",
        type=whole(1, 16),
        help="the drums' MIDI channel (default: 10, else tracks named as drums, else all)",
    )
    command.add_argument(
        "--drum-map",
        default="general_midi",
        metavar="MAP",
        help=f"{', '.join(BUILT_IN)}, or a TOML file (general_midi)",
    )


def read(options: argparse.Namespace) -> Sources:
    """The clips that :func:`add_reading` asked for. Raises ClipError and DrumMapError."""
    return gather(
        options.clips,
        load_drum_map(options.drum_map),
        options.ticks_per_beat,
        options.bars_per_loop,
        options.channel,
    )


def add_training(command: argparse.ArgumentParser) -> None:
    """How training goes: for :func:`recipe`."""
    command.add_argument(
        "--epochs",
        type=whole(1),
        help="train so long at most (by the number of loops, 720 for a few); it ends by itself "
        "when nothing more is gained",
    )
    command.add_argument("--seed", type=whole(0), default=0, help="same seed, same model (0)")
    command.add_argument(
        "--network",
        choices=("small", "reference"),
        default="small",
        help="small: ours; reference: R-VAE's own network and recipe, to compare",
    )
    command.add_argument(
        "--threads",
        type=whole(1),
        help="processor cores to use (1; with hundreds of loops 2 save a fifth of the time)",
    )


def recipe(options: argparse.Namespace) -> Recipe:
    if options.network == "reference":
        return Recipe.as_reference(options.epochs or 250, options.seed)
    return Recipe(options.epochs, options.seed)


def add_about(command: argparse.ArgumentParser) -> None:
    """What the model says of itself: for :func:`about`."""
    command.add_argument("--name", help="the model's name (default: the clips' style, or the file)")
    command.add_argument("--tempo", type=tempo, help="usual tempo in BPM (default: the clips')")
    command.add_argument("--licence", help="the clips' licence")
    command.add_argument("--provenance", help="where the clips come from")


def about(options: argparse.Namespace) -> About:
    return About(
        name=options.name,
        tempo=options.tempo,
        licence=options.licence,
        provenance=options.provenance,
        fallback_name=options.output.stem,
        made_to_measure=options.bars_per_loop is not None,
    )
