"""``groovebox-train place``: where clips lie on a map that was trained without them."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from firmware.rhythm.decoder import Decoder
from firmware.rhythm.model_file import ClipPlace, with_info, without_info
from train_host import arguments
from train_host.drum_map import load_drum_map
from train_host.export import ExportError, output_fault, save
from train_host.placing import Place, place
from train_host.sources import Sources, gather

__all__ = ["add_arguments", "run"]

BATCH = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, metavar="MODEL.tflite")
    arguments.add_reading(parser)
    parser.add_argument("--json", action="store_true", help="print the places as JSON")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="NEW.tflite",
        help="write a copy of the model whose map shows these clips beside its own",
    )


def run(options: argparse.Namespace) -> None:
    """Find the places and print them. Raises ClipError, ModelError, ExportError and OSError."""
    if options.output and (fault := output_fault(options.output)) is not None:
        raise ExportError(fault)
    content = options.model.read_bytes()
    decoder = Decoder(content, BATCH)
    sources = _read(options, decoder.info.ticks_per_beat)
    places = place(decoder.decode_many, sources.loops, decoder.info.z_extent)
    if options.json:
        told = [asdict(one) | {"verdict": one.verdict} for one in places]
        print(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        _print(places)
    if options.output:
        added = tuple(ClipPlace(one.name[:64], one.z) for one in places)
        info = replace(decoder.info, clips=decoder.info.clips + added)
        save(options.output, with_info(without_info(content), info))


def _read(options: argparse.Namespace, ticks_per_beat: int) -> Sources:
    """The clips at the model's own ticks, unless told otherwise."""
    if options.ticks_per_beat or options.bars_per_loop:
        return arguments.read(options)
    drum_map = load_drum_map(options.drum_map)
    return gather(options.clips, drum_map, ticks_per_beat, channel=options.channel)


def _print(places: list[Place]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("clip", "z1", "z2", "F1", "velocity", "microtiming", ""):
        table.add_column(title, justify="left" if title in ("clip", "") else "right")
    for one in places:
        table.add_row(
            escape(one.name),
            f"{one.z[0]:.2f}",
            f"{one.z[1]:.2f}",
            f"{one.f1:.2f}",
            f"{one.velocity_error:.1f}",
            f"{one.microtiming_error:.3f}",
            one.verdict,
        )
    Console().print(table)
