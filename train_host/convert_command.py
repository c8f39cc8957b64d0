"""``groovebox-train convert``: a model of R-VAE or RhythmVAE becomes a model file of ours."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from numpy.linalg import LinAlgError

from firmware.rhythm.model_file import ModelInfo
from train_host.convert import ConvertError, convert
from train_host.deep_decoder import DeepDecoder
from train_host.export import Agreement, ExportError, model_bytes, output_fault, save

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        type=Path,
        metavar="MODEL.json",
        help="the TensorFlow.js model of an R-VAE decoder, or its folder",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="MODEL.tflite")
    parser.add_argument("--name", help="the model's name (default: its folder's)")
    parser.add_argument(
        "--cymbals",
        action="store_true",
        help="the last two drums are crash and ride, not clap and rim",
    )
    parser.add_argument("--tempo", type=float, default=120.0, help="usual tempo in BPM (120)")
    parser.add_argument("--licence", default="", help="the model's licence")
    parser.add_argument("--provenance", help="where the model comes from")


def run(options: argparse.Namespace, tool: str = "groovebox-train", date: str = "") -> None:
    """Convert ``options.model``, print what was done. Raises ConvertError, ExportError, OSError."""
    output: Path = options.output
    if (fault := output_fault(output)) is not None:
        raise ConvertError(fault)
    if not 10 <= options.tempo <= 1000:
        raise ConvertError(f"{options.tempo:g} is not a tempo from 10 to 1000 BPM.")
    converted = convert(options.model, options.name, options.cymbals)
    info = replace(
        converted.info, tempo=options.tempo, licence=options.licence, tool=tool, date=date
    )
    if options.provenance is not None:
        info = replace(info, provenance=options.provenance)
    content, agreement, in_float = smallest_good(converted.decoder, info)
    save(output, content)
    for remark in converted.remarks:
        print(remark)
    kind = "float32, as int8 would not play alike" if in_float else "int8"
    print(
        f"{output}: {len(content) / 1000:.0f} kB, {kind}; in the runtime {agreement.onsets:.4%} "
        f"of the onsets are as in the original"
    )


def smallest_good(decoder: DeepDecoder, info: ModelInfo) -> tuple[bytes, Agreement, bool]:
    """The model file in int8; in float32, and then True, where int8 does not play like it."""
    try:
        return *model_bytes(decoder, info), False
    except (ExportError, LinAlgError):
        return *model_bytes(decoder, info, in_float=True), True
