"""Model files that take no training: drums that depend on the place in a known way."""

import numpy as np

from firmware.rhythm.model_file import ModelInfo, with_info
from train_host.network import DecoderWeights
from train_host.tflite_writer import write_decoder

CELLS = 9 * 96


def small_model(name: str = "Small", ticks_per_beat: int = 24, **info) -> bytes:
    """A kick on each quarter of the loop everywhere; a snare on every 12th tick that is loud on
    the right and soft on the left; closed hats on every sixth tick in the upper half alone."""
    # Hidden units: z1, -z1, z2, -z2, each kept where positive.
    first = np.array([[1, -1, 0, 0], [0, 0, 1, -1]], np.float32), np.zeros(4, np.float32)
    weights = [np.zeros((4, 9, 96), np.float32) for _ in range(3)]
    biases = [np.full((9, 96), value, np.float32) for value in (-8, 0, 0)]
    biases[0][0, ::24] = 8
    biases[0][1, ::12] = 2
    weights[0][2, 2, ::6], weights[0][3, 2, ::6] = 8, -8
    biases[0][2, ::6] = 0
    weights[1][0, 1], weights[1][1, 1] = 4, -4
    heads = tuple(
        (weight.reshape(4, CELLS), bias.reshape(CELLS))
        for weight, bias in zip(weights, biases, strict=True)
    )
    details = ModelInfo(
        name=name, ticks_per_beat=ticks_per_beat, beats=96 / ticks_per_beat, tempo=150.0, **info
    )
    return with_info(write_decoder(DecoderWeights(first, heads)), details)
