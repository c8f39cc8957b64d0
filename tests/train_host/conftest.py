"""A model trained once on real clips, and small sets of loops that train in a moment."""

import signal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from train_host.drum_map import GENERAL_MIDI
from train_host.loops import Loops
from train_host.sources import gather
from train_host.training import Trained, fit

FOOTWORK = Path(__file__).parents[2] / "models" / "footwork"


class TrainedModel(NamedTuple):
    loops: Loops
    trained: Trained


@pytest.fixture(scope="session")
def footwork():
    """Twelve clips of one style, trained as the command does."""
    loops = gather([FOOTWORK], GENERAL_MIDI, 24).loops
    clips = list(dict.fromkeys(name.partition(" #")[0] for name in loops.names))[:12]
    rows = [i for i, name in enumerate(loops.names) if name.partition(" #")[0] in clips]
    loops = loops.select(rows)
    return TrainedModel(loops, fit(loops.onset, loops.velocity, loops.microtiming))


@pytest.fixture
def hears_ctrl_c():
    """For a process that is started: one begun in the background of a shell ignores Ctrl-C, and
    hands that on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def three_loops():
    """Onset, velocity and microtiming of three loops that share some of their hits."""
    onset, velocity, microtiming = np.zeros((3, 3, 9, 96), np.float32)
    for loop, ticks in enumerate([(0, 48), (0, 36, 72), (12, 48, 84)]):
        onset[loop, 0, list(ticks)] = 1
        onset[loop, 2, ::12] = 1
        onset[loop, 1, 24 + 12 * loop] = 1
    velocity[onset > 0] = np.linspace(0.2, 1, int(onset.sum()))
    microtiming[onset > 0] = np.linspace(-0.4, 0.4, int(onset.sum()))
    return onset, velocity, microtiming
