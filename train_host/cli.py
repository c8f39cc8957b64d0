"""``groovebox-train``: from clips to a model file, and what else is done with clips and models."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from firmware.rhythm.model_file import ModelError
from train_host import (
    convert_command,
    fit_command,
    live_command,
    place_command,
    report_command,
)
from train_host.clip_midi import compile_folder
from train_host.drum_map import DrumMapError
from train_host.export import ExportError
from train_host.loops import ClipError
from train_host.notation import NotationError
from train_host.steps import today, tool
from train_host.tfjs_model import ConvertError

__all__ = ["main"]

USER_ERROR = 2
STOPPED = 130
"""Exit status of a program ended by Ctrl-C, as shells have it."""
USER_ERRORS = (ClipError, ConvertError, DrumMapError, NotationError, ExportError, ModelError)
"""Something for the user to put right; the text is one sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 2 for a user's error, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except USER_ERRORS as error:
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
    command.set_defaults(run=fit_command.run)
    fit_command.add_arguments(command)

    command = commands.add_parser("live", help="learn again whenever a clip is saved")
    command.set_defaults(run=live_command.run)
    live_command.add_arguments(command)

    command = commands.add_parser("report", help="make a page of a model, to look and listen")
    command.set_defaults(run=report_command.run)
    report_command.add_arguments(command)

    command = commands.add_parser("place", help="find where clips lie on a model's map")
    command.set_defaults(run=place_command.run)
    place_command.add_arguments(command)

    command = commands.add_parser("convert", help="make a model file of an R-VAE model")
    command.set_defaults(run=lambda options: convert_command.run(options, tool(), today()))
    convert_command.add_arguments(command)

    command = commands.add_parser("clips", help="compile clip notation to MIDI files")
    command.set_defaults(run=_clips)
    command.add_argument("folder", type=Path, help="a .clips file, or a folder of them")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    return parser


def _clips(options: argparse.Namespace) -> None:
    files = compile_folder(options.folder, options.output)
    print(f"{len(files)} MIDI files in {options.output}")
