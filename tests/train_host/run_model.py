"""Decodes points in the runtime that GROOVEBOX_RUNTIME names; the two clash in one process.

``python -m tests.train_host.run_model MODEL.tflite Z.npy OUT.npz``: the map by batches of 256, and
the points of Z one at a time, as the box plays them.
"""

import sys
from pathlib import Path

import numpy as np

from firmware.rhythm.decoder import OUTPUTS, Decoder
from firmware.rhythm.latent_map import cell_centres
from firmware.rhythm.runtime import runtime_name

if __name__ == "__main__":
    model, points, out = map(Path, sys.argv[1:])
    content = model.read_bytes()
    grid = Decoder(content, 256).decode_many(cell_centres(64).reshape(-1, 2))
    one = Decoder(content).decode_many(np.load(points))
    named = {f"grid_{name}": part for name, part in zip(OUTPUTS, grid, strict=True)}
    named |= {f"one_{name}": part for name, part in zip(OUTPUTS, one, strict=True)}
    np.savez(out, runtime=runtime_name(), **named)
