"""``python -m tests.benchmarks.map_table``: how good maps are, recipe against recipe.

At least eight sets of clips (``clip_sets``), 12 and 24 loops of each, three seeds. R-VAE's network
is trained for 150 and for 250 epochs; the others have the CPU time that its 150 took, and ours ends
by itself where nothing more is gained. Prints a table, and writes ``build/maps.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from time import process_time

import numpy as np

from tests.benchmarks.clip_sets import clip_sets
from tests.benchmarks.earlier_recipe import train_earlier
from train_host.loops import Loops
from train_host.quality import Decodes, measure
from train_host.recipe import Recipe, default_epochs
from train_host.training import Training

RESULT = Path(__file__).parents[2] / "build" / "maps.json"
COUNTS = 12, 24
SEEDS = 3
SHORT, LONG = 150, 250
RECIPES = f"reference-{SHORT}", f"reference-{LONG}", "earlier", "ours"
COLUMNS = {
    "f1": "F1",
    "f1_default": "F1 at .3",
    "reach": "reach",
    "velocity_error": "velocity",
    "distinct": "distinct",
    "richness": "richness",
    "smoothness": "smooth",
    "neighbour_distance": "Hamming",
    "jumps": "jumps",
    "largest_field": "field",
    "edge_variety": "edge",
    "compound": "compound",
    "seconds": "CPU s",
}
Row = dict[str, float]


def figures(decoder: Decodes, z: np.ndarray, loops: Loops, ticks: int, seconds: float) -> Row:
    parts = loops.onset, loops.velocity, loops.microtiming
    quality = measure(decoder, z, *parts, ticks)
    row = asdict(quality)
    row |= row.pop("map")
    wanted = loops.onset.reshape(len(loops), -1) > 0.5
    decided = decoder.decode(np.clip(z, -3, 3))[0] > 0.3
    row["f1_default"] = 2 * (decided & wanted).sum() / (decided.sum() + wanted.sum())
    return {name: float(row[name]) for name in COLUMNS if name != "seconds"} | {"seconds": seconds}


def compare(loops: Loops, ticks: int, seed: int) -> Iterator[tuple[str, Row]]:
    """Each recipe's figures for one set and seed."""
    parts = loops.onset, loops.velocity, loops.microtiming
    training, spent, budget = Training(*parts, Recipe.as_reference(LONG, seed)), 0.0, 0.0
    start = process_time()
    for progress in training:
        if progress.epoch in (SHORT, LONG):
            spent += process_time() - start
            budget = budget or spent
            now = training.now()
            yield f"reference-{progress.epoch}", figures(now.decoder, now.z, loops, ticks, spent)
            start = process_time()

    start = process_time()
    decoder, z = train_earlier(loops, seed, lambda seconds: int(budget / seconds))
    yield "earlier", figures(decoder, z, loops, ticks, process_time() - start)

    training = Training(*parts, Recipe(default_epochs(len(loops)), seed))
    start = process_time()
    for _ in training:
        if process_time() - start > budget:
            break
    now = training.now()
    yield "ours", figures(now.decoder, now.z, loops, ticks, process_time() - start)


def line(first: str, row: Mapping[str, float]) -> str:
    return f"{first:44}" + "".join(f"{row[name]:>9.3g}" for name in COLUMNS)


def mean(rows: Sequence[Row]) -> Row:
    return {name: float(np.mean([row[name] for row in rows])) for name in COLUMNS}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="map_table", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--sets", nargs="*", default=[], help="only sets whose names have this")
    options = parser.parse_args(arguments)
    print(f"{'':44}" + "".join(f"{title:>9}" for title in COLUMNS.values()))
    result: dict[str, Row] = {}
    for count in COUNTS:
        totals: dict[str, list[Row]] = {recipe: [] for recipe in RECIPES}
        for name, loops, ticks in clip_sets(count):
            if options.sets and not any(part in name for part in options.sets):
                continue
            rows: dict[str, list[Row]] = {recipe: [] for recipe in RECIPES}
            for seed in range(options.first_seed, options.first_seed + options.seeds):
                for recipe, row in compare(loops, ticks, seed):
                    rows[recipe].append(row)
            for recipe, found in rows.items():
                totals[recipe] += found
                result[f"{name}, {len(loops)}, {recipe}"] = mean(found)
                print(line(f"{name}, {len(loops)}, {recipe}", mean(found)), flush=True)
        for recipe, found in totals.items():
            if found:
                result[f"all sets, {count}, {recipe}"] = mean(found)
                print(line(f"ALL SETS, {count}, {recipe}", mean(found)), flush=True)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
