"""What the trainer asks of a computer: memory, time to start, room on the disk."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median
from time import perf_counter

from packaging.requirements import Requirement

from tests import tfjs_package
from tests.benchmarks import tfjs_training
from tests.benchmarks.entry import entry
from tests.benchmarks.twelve_clips import twelve_clips

RUNS = 5
EPOCHS = 20
PROGRAM = """
import pathlib, resource, sys
from tests.benchmarks.entry import entry
from tests.benchmarks.twelve_clips import twelve_clips
from train_host.recipe import Recipe
from train_host.training import fit
loops = twelve_clips()
recipe = Recipe.as_reference({epochs}) if "reference" in sys.argv else Recipe({epochs})
fit(loops.onset, loops.velocity, loops.microtiming, recipe)
status = pathlib.Path("/proc/self/status")
if status.exists():
    # getrusage counts what the process was before it became this program, too.
    print(next(int(line.split()[1]) for line in status.open() if "VmHWM" in line) / 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20))
"""


def training_memory() -> dict[str, dict[str, object]]:
    """The most memory that a process takes to train a dozen clips."""
    about = "R-VAE's network in NumPy"
    return {"training_memory": entry(_memory(), _memory("reference"), about, "MB", 1)}


def training_memory_tfjs() -> dict[str, dict[str, object]]:
    with tfjs_training.training(twelve_clips(), 0, EPOCHS, EPOCHS) as looks:
        other = next(looks).memory
    about = "R-VAE's network in TensorFlow.js (wasm)"
    return {"training_memory_tfjs": entry(_memory(), other, about, "MB", 1)}


@cache
def _memory(*arguments: str) -> float:
    command = [sys.executable, "-c", PROGRAM.format(epochs=EPOCHS), *arguments]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def trainer_start() -> dict[str, dict[str, object]]:
    """From nothing until training could begin: all modules loaded."""
    command = [sys.executable, "-c", "import train_host.fit_command"]
    ours, other = [], []
    for _ in range(RUNS):
        start = perf_counter()
        subprocess.run(command, check=True)
        ours.append(perf_counter() - start)
        other.append(tfjs_training.ready_seconds())
    about = "node with TensorFlow.js (wasm)"
    return {"trainer_start": entry(median(ours), median(other), about, "s", RUNS)}


def trainer_install() -> dict[str, dict[str, object]]:
    """Room for the trainer and all it needs, the TFLite runtime included, without Python."""
    ours = sum(_size(name) for name in _closure("groovebox", {"train"}))
    modules = tfjs_package.install() / "node_modules"
    other = sum(path.stat().st_size for path in modules.rglob("*") if path.is_file()) / 1e6
    return {"trainer_install": entry(ours, other, "TensorFlow.js, without node", "MB", 1)}


def _closure(name: str, extras: set[str], seen: set[str] | None = None) -> set[str]:
    """``name`` and what it needs of packages, as they are installed here."""
    seen = set() if seen is None else seen
    try:
        wanted = distribution(name).requires or []
    except PackageNotFoundError:
        return seen
    seen.add(re.sub(r"[-_.]+", "-", name).lower())
    for requirement in map(Requirement, wanted):
        marker = requirement.marker
        here = marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras})
        key = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if here and key not in seen:
            _closure(requirement.name, set(requirement.extras), seen)
    return seen


def _size(name: str) -> float:
    """MB of a package's files; of this project, which is installed in place, its three parts."""
    if name == "groovebox":
        root = Path(__file__).parents[2]
        parts = (root / part for part in ("firmware", "hardware", "train_host"))
        files = [path for part in parts for path in part.rglob("*") if path.is_file()]
    else:
        files = [Path(str(path.locate())) for path in distribution(name).files or []]
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6
