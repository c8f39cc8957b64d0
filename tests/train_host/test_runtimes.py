"""A real model as int8, in both runtimes, against the float network it was trained as."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from firmware.rhythm.latent_map import cell_centres
from firmware.rhythm.model_file import ModelInfo
from firmware.rhythm.runtime import RUNTIMES
from train_host.export import model_bytes

ROOT = Path(__file__).parents[2]
GRID = cell_centres(64).reshape(-1, 2)
THRESHOLDS = np.arange(1, 8) / 10


def sweep():
    """3,000 points along a slow figure of eight over the pad."""
    turn = np.linspace(0, 2 * np.pi, 3000)
    return np.stack([2.9 * np.sin(turn), 2.9 * np.sin(2 * turn)], axis=1).astype(np.float32)


@pytest.fixture(scope="module", params=RUNTIMES)
def played(request, footwork, tmp_path_factory):
    """What the runtime makes of the exported model, by name."""
    if importlib.util.find_spec(RUNTIMES[request.param].partition(".")[0]) is None:
        pytest.skip(f"{request.param} is not installed (it has no wheel for every Python)")
    folder = tmp_path_factory.mktemp("runtime")
    content, _ = model_bytes(footwork.trained.decoder, ModelInfo())
    (folder / "model.tflite").write_bytes(content)
    np.save(folder / "z.npy", sweep())
    files = [str(folder / name) for name in ("model.tflite", "z.npy", "out.npz")]
    subprocess.run(
        [sys.executable, "-m", "tests.train_host.run_model", *files],
        cwd=ROOT,
        env={**os.environ, "GROOVEBOX_RUNTIME": request.param},
        check=True,
        timeout=120,
    )
    with np.load(folder / "out.npz") as out:
        parts = {name: out[name] for name in out.files}
    assert str(parts.pop("runtime")) == request.param
    return {name: part.reshape(len(part), -1) for name, part in parts.items()}


@pytest.fixture(scope="module")
def exact(footwork):
    return footwork.trained.decoder.decode(GRID)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_onset_decisions_agree(played, exact, threshold):
    assert ((played["grid_onset"] > threshold) == (exact[0] > threshold)).mean() >= 0.9999


def test_onset_decisions_agree_in_the_cells_that_clips_use(footwork, played, exact):
    used = footwork.loops.onset.any(axis=0).ravel()
    for threshold in THRESHOLDS:
        same = (played["grid_onset"] > threshold) == (exact[0] > threshold)
        assert same[:, used].mean() >= 0.9999


def test_velocity_is_at_most_one_midi_step_off(played, exact):
    steps, wanted = (1 + np.rint(126 * part) for part in (played["grid_velocity"], exact[1]))
    assert np.abs(steps - wanted).max() <= 1


def test_microtiming_is_within_a_fiftieth_of_a_tick(played, exact):
    assert np.abs(played["grid_microtiming"] - exact[2]).max() <= 0.02


def test_a_slow_sweep_neither_flickers_nor_climbs_stairs(footwork, played):
    def changes(onset):
        sounding = onset > 0.3
        return int((sounding[1:] != sounding[:-1]).any(axis=1).sum())

    in_float = changes(footwork.trained.decoder.decode(sweep())[0])
    assert in_float > 100
    assert abs(changes(played["one_onset"]) - in_float) <= 0.05 * in_float
