"""Training: a dozen clips, from arrays to weights, validation included."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from tests.benchmarks.reference_network import train_reference
from tests.benchmarks.twelve_clips import twelve_clips
from train_host.training import Recipe, fit

EPOCHS = 150
RUNS = 3


def train_12_clips() -> dict[str, dict[str, object]]:
    loops = twelve_clips()
    parts = [loops.onset, loops.velocity, loops.microtiming]
    flat = [part.reshape(len(loops), -1) for part in parts]
    ours, other = [], []
    for _ in range(RUNS):
        start = perf_counter()
        fit(*parts, Recipe(epochs=EPOCHS))
        ours.append(perf_counter() - start)
        start = perf_counter()
        train_reference(flat, EPOCHS)
        other.append(perf_counter() - start)
    return {
        "train_12_clips": {
            "ours": median(ours),
            "other": median(other),
            "other_is": f"R-VAE's network in NumPy, {EPOCHS} epochs as ours",
            "unit": "s",
            "lower_is_better": True,
            "runs": RUNS,
        }
    }
