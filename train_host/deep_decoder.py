"""A decoder with more than one hidden layer, as R-VAE's are, and its weights in int8.

R-VAE's decoder: z -> 512 or 1024 -> three heads, each of 512 -> 864. Its heads read a curved sheet
as ours do, so they are rounded in the same way, one layer after another, each on the sheet that the
rounded layers before it make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from train_host.network import SLOPE, Array, sigmoid
from train_host.rounding import RoundedHead, Rounder, sheet

__all__ = ["DeepDecoder", "Layer", "round_deep"]

Layer = tuple[Array, Array] | RoundedHead
"""Weights (inputs, outputs) and bias (outputs,), in float32 or rounded."""


@dataclass(frozen=True)
class DeepDecoder:
    """``trunk`` leads from z (2) to what the three ``heads`` read; a head's last layer gives its
    cells, in the order onset, velocity, microtiming. LeakyReLU of ``slope`` between layers."""

    trunk: tuple[Layer, ...]
    heads: tuple[tuple[Layer, ...], ...]
    slope: float = SLOPE

    def decode(self, z: npt.ArrayLike) -> tuple[Array, Array, Array]:
        """Onset, velocity and microtiming, each (n, cells), at z (n, 2)."""
        hidden = np.asarray(z, np.float32)
        for layer in self.trunk:
            hidden = self._active(hidden, layer)
        onset, velocity, microtiming = (self._head(hidden, head) for head in self.heads)
        return sigmoid(onset), sigmoid(velocity), np.tanh(microtiming)

    def _head(self, hidden: Array, head: Sequence[Layer]) -> Array:
        for layer in head[:-1]:
            hidden = self._active(hidden, layer)
        return _sum(hidden, head[-1])

    def _active(self, inputs: Array, layer: Layer) -> Array:
        total = _sum(inputs, layer)
        return np.where(total > 0, total, total.dtype.type(self.slope) * total)


def _sum(inputs: Array, layer: Layer) -> Array:
    weights, bias = layer.dequantised() if isinstance(layer, RoundedHead) else layer
    return inputs @ weights + bias


def round_deep(decoder: DeepDecoder) -> DeepDecoder:
    """``decoder`` with every layer but the first in int8, one scale a layer.

    The first stays float: with an int8 input the map would be a staircase.
    """
    hidden = decoder._active(sheet().astype(np.float32), decoder.trunk[0])
    trunk = [decoder.trunk[0]]
    for layer in decoder.trunk[1:]:
        trunk.append(Rounder(hidden).round(*_floats(layer)))
        hidden = decoder._active(hidden, trunk[-1])
    common = Rounder(hidden)
    heads = []
    for head in decoder.heads:
        inputs, rounder, rounded = hidden, common, []
        for layer in head:
            rounded.append(rounder.round(*_floats(layer)))
            if layer is not head[-1]:
                inputs = decoder._active(inputs, rounded[-1])
                rounder = Rounder(inputs)
        heads.append(tuple(rounded))
    return replace(decoder, trunk=tuple(trunk), heads=tuple(heads))


def _floats(layer: Layer) -> tuple[Array, Array]:
    return layer.dequantised() if isinstance(layer, RoundedHead) else layer
