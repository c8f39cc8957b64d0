"""R-VAE's network and recipe in TensorFlow.js, on its wasm back end.

R-VAE's authors train on the native one, which is seven times faster (its binary is no npm package
but a download from elsewhere); wasm is what a browser, or a plain ``npm install``, gives.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tests import tfjs_package
from train_host.loops import Loops

__all__ = ["Look", "ready_seconds", "training"]

PROGRAM = Path(__file__).with_name("tfjs_training.cjs")


class Look(NamedTuple):
    """What is known after some epochs: ``onset`` (n, 864) as decoded, ``memory`` in MB."""

    epoch: int
    seconds: float
    memory: float
    onset: npt.NDArray[np.float64]


@contextmanager
def training(loops: Loops, seed: int, epochs: int, look: int) -> Iterator[Iterator[Look]]:
    """Train on ``loops``, looking every ``look`` epochs; it ends when it is left. Raises Missing
    where there is no TensorFlow.js."""
    task: dict[str, object] = {"seed": seed, "epochs": epochs, "look": look}
    for name in ("onset", "velocity", "microtiming"):
        part = getattr(loops, name).reshape(len(loops), -1)
        task[name] = part.astype(float).round(5).tolist()
    with _started() as process:
        assert process.stdin
        assert process.stdout
        json.loads(process.stdout.readline())
        process.stdin.write(json.dumps(task))
        process.stdin.close()
        yield (_look(json.loads(line)) for line in process.stdout)


def ready_seconds() -> float:
    """From the start of the program to a back end that is ready. Raises Missing."""
    tfjs_package.install()
    start = perf_counter()
    with _started() as process:
        assert process.stdout
        assert json.loads(process.stdout.readline())["backend"] == "wasm"
        return perf_counter() - start


@contextmanager
def _started() -> Iterator[subprocess.Popen[str]]:
    command = [tfjs_package.node(), str(PROGRAM), str(tfjs_package.install())]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        with suppress(BrokenPipeError, ValueError):
            process.communicate()


def _look(message: dict[str, object]) -> Look:
    onset = np.array(message["onset"], float)
    epoch, seconds, memory = (float(message[key]) for key in ("epoch", "seconds", "memory"))  # type: ignore[arg-type]
    return Look(int(epoch), seconds, memory, onset)
