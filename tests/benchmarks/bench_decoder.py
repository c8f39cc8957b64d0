"""Decoding: one point as the player moves, and the whole map when a model is loaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from statistics import median
from time import perf_counter

import numpy as np

from firmware.rhythm.decoder import Decoder
from firmware.rhythm.latent_map import BATCH, CELLS, LatentMap, cell_centres
from firmware.rhythm.pattern import Pattern
from firmware.rhythm.runtime import runtime_name
from tests.benchmarks.entry import entry
from tests.benchmarks.twelve_clips import twelve_clips
from train_host.deep_decoder import round_deep
from train_host.quality import Decodes
from train_host.rounding import RoundedDecoder, round_decoder
from train_host.tflite_writer import write_decoder
from train_host.training import Recipe, fit

POINTS = 1000
MAPS = 7


@cache
def _model() -> tuple[RoundedDecoder, bytes]:
    loops = twelve_clips()
    trained = fit(loops.onset, loops.velocity, loops.microtiming, Recipe(epochs=50))
    rounded = round_decoder(trained.decoder)
    return rounded, write_decoder(rounded)


def _milliseconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1000


def decode_one() -> dict[str, dict[str, object]]:
    rounded, content = _model()
    return {"decode_one": _one(content, rounded.dequantised())}


def decode_deep() -> dict[str, dict[str, object]]:
    """One point of R-VAE's own decoder, as converted models have it: a million weights."""
    loops = twelve_clips()
    trained = fit(loops.onset, loops.velocity, loops.microtiming, Recipe.as_reference(20))
    return {"decode_deep": _one(write_decoder(round_deep(trained.decoder)), trained.decoder)}


def _one(content: bytes, network: Decodes) -> dict[str, object]:
    decoder = Decoder(content)
    points = np.random.default_rng(0).uniform(-3, 3, (POINTS, 2)).astype(np.float32)

    def in_numpy(z1: float, z2: float) -> Pattern:
        decoded = network.decode(np.array([(z1, z2)], np.float32))
        return Pattern(*(part.reshape(9, 96) for part in decoded))

    ours, other = [], []
    for z1, z2 in points.tolist():
        ours.append(_milliseconds(lambda z=(z1, z2): decoder.decode(*z)))
        other.append(_milliseconds(lambda z=(z1, z2): in_numpy(*z)))
    return entry(median(ours), median(other), "the same weights in NumPy float32", "ms", POINTS)


def decode_map_1024() -> dict[str, dict[str, object]]:
    _, content = _model()
    batched, single = Decoder(content, BATCH), Decoder(content)
    points = cell_centres(CELLS).reshape(-1, 2).tolist()

    def one_by_one() -> None:
        for z1, z2 in points:
            single.decode(z1, z2)

    ours, other = [], []
    for _ in range(MAPS):
        ours.append(_milliseconds(lambda: LatentMap.decode(batched)))
        other.append(_milliseconds(one_by_one))
    return {
        "decode_map_1024": entry(
            median(ours),
            median(other),
            f"the same file in {runtime_name()}, point by point",
            "ms",
            MAPS,
        )
    }
