"""Sets of loops that maps are compared on: our styles, published R-VAE grids, real drumming.

The grids and the drumming are not part of the product: where they are absent, their sets are.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from firmware.rhythm.drums import DRUM_COUNT
from firmware.rhythm.pattern import TICKS
from train_host.drum_map import GENERAL_MIDI, load_drum_map
from train_host.loops import ClipError, Loops
from train_host.sources import gather

__all__ = ["STYLES", "clip_sets", "style_loops"]

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("GROOVEBOX_TEST_DATA", ROOT.parent / "shared" / "data"))
STYLES = sorted(path.parent.name for path in (ROOT / "models").glob("*/*.clips"))
DRUMMING = {
    "drumming: funk": (("funk",), "4-4"),
    "drumming: swing": (("jazz/swing", "jazz", "blues/shuffle"), "4-4"),
    "drumming: samba": (("latin/brazilian-samba", "latin/brazilian-songo"), "4-4"),
    "drumming: 6/8": (("",), "6-8"),
}
"""Styles (as a beginning) and metre of the Groove MIDI Dataset (Gillick and others, ICML 2019)."""
PUBLISHED_THRESHOLD = 0.3


def style_loops(style: str) -> Loops:
    """All loops of one of our styles."""
    return gather([ROOT / "models" / style], GENERAL_MIDI, 24).loops


def clip_sets(count: int) -> Iterator[tuple[str, Loops, int]]:
    """Name, ``count`` loops (fewer where there are not so many), and ticks a quarter note."""
    for style in STYLES:
        yield style, spread(style_loops(style), count), 24
    for path in sorted((DATA / "rvae_grids").glob("*.npz")):
        yield f"published: {path.stem}", published_loops(path, count), 12
    for name, (styles, metre) in DRUMMING.items():
        found = drumming_loops(styles, metre)
        if found is not None:
            loops, ticks = found
            yield name, spread(loops, count), ticks


def spread(loops: Loops, count: int) -> Loops:
    """``count`` of the loops, evenly through the list."""
    rows = np.linspace(0, len(loops) - 1, min(count, len(loops))).round().astype(int)
    return loops.select(np.unique(rows))


def drumming_loops(styles: tuple[str, ...], metre: str) -> tuple[Loops, int] | None:
    """Loops of at least six onsets of the performances in these styles and this metre."""
    info = DATA / "groove" / "info.csv"
    if not info.is_file():
        return None
    with info.open(newline="") as file:
        rows = list(csv.DictReader(file))
    paths = [
        info.parent / row["midi_filename"]
        for row in rows
        if row["time_signature"] == metre and row["style"].startswith(styles)
    ]
    try:
        sources = gather(sorted(paths), load_drum_map("roland_td11"))
    except ClipError:
        return None
    loops = sources.loops
    full = np.flatnonzero(loops.onset.sum(axis=(1, 2)) >= 6)
    return loops.select(full), sources.ticks_per_beat


def published_loops(path: Path, count: int) -> Loops:
    """Loops decided from a published map's onset probabilities, far from one another.

    The maps hold no velocities: they are made of the probability and the place in the beat.
    """
    probability = np.load(path)["onset_probability"].reshape(-1, DRUM_COUNT, TICKS) / np.float32(
        255
    )
    patterns, first = np.unique(probability > PUBLISHED_THRESHOLD, axis=0, return_index=True)
    full = patterns.sum(axis=(1, 2)) >= 6
    patterns, probability = patterns[full], probability[first[full]]
    flat = patterns.reshape(len(patterns), -1).astype(np.float32)
    chosen = [int(flat.sum(axis=1).argmax())]
    distance = np.full(len(flat), np.inf)
    while len(chosen) < min(count, len(flat)):
        distance = np.minimum(distance, np.abs(flat - flat[chosen[-1]]).sum(axis=1))
        chosen.append(int(distance.argmax()))
    onset = patterns[chosen].astype(np.float32)
    beat = np.where(np.arange(TICKS) % 12 == 0, 0.25, 0.0)
    velocity = onset * np.clip(0.2 + 0.5 * probability[chosen] + beat, 0, 1).astype(np.float32)
    names = tuple(f"{path.stem} {index}" for index in chosen)
    return Loops(onset, velocity, np.zeros_like(onset), names)
