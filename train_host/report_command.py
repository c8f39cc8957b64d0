"""``groovebox-train report``: what is on a model's map, as a page to look at and listen to."""

from __future__ import annotations

import argparse
from pathlib import Path

from train_host.extras import require
from train_host.report.study import FileDecoder, Study

__all__ = ["add_arguments", "needed", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL.tflite")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="(the model's name, with -report)"
    )
    for name, which in (("--from", "start"), ("--to", "end")):
        parser.add_argument(
            name,
            dest=which,
            nargs=2,
            type=float,
            metavar=("Z1", "Z2"),
            help="an end of the interpolation (default: two clips far apart)",
        )


def run(options: argparse.Namespace) -> None:
    """Write the report of ``options.model``. Raises ModelError, ExportError and OSError."""
    needed()
    from train_host.report.write import write_report

    decoder = FileDecoder(options.model.read_bytes())
    folder = options.output or options.model.with_name(f"{options.model.stem}-report")
    ends = (tuple(end) if end else None for end in (options.start, options.end))
    print(write_report(folder, Study(decoder.info, decoder), *ends))


def needed() -> None:
    """Raises ExportError, with what to install, where a report cannot be made."""
    require("A report", "report", "jinja2", "matplotlib")
