"""Finds the decoder among the layers of a TensorFlow.js model, and folds it to dense layers.

From each output back to z: dense layers, batch normalisations (folded: without training they are a
scale and an offset), LeakyReLU, and one kind of joint, where a layer reads conditions too. A whole
VAE holds its decoder as a model within the model, or as the layers after z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from train_host.network import LATENT, Array
from train_host.tfjs_model import ConvertError, TfjsModel

__all__ = ["FoundDecoder", "find_decoder"]

SQUASHES = ("sigmoid", "sigmoid", "tanh")
"""Of onset, velocity and microtiming, in the order of R-VAE's outputs."""
IDLE_LAYERS = ("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout")
"""Layers that do something in training only."""


@dataclass(frozen=True)
class FoundDecoder:
    """Dense layers, (weights, bias), from z to what the three heads read, and of each head;
    LeakyReLU of ``slope`` between them. ``conditions`` inputs beside z were set to 0."""

    trunk: tuple[tuple[Array, Array], ...]
    heads: tuple[tuple[tuple[Array, Array], ...], ...]
    slope: float
    conditions: int

    @property
    def cells(self) -> int:
        return len(self.heads[0][-1][1])


@dataclass
class _Dense:
    weights: Array
    bias: Array
    activation: str = "linear"
    slope: float = 0.0

    @property
    def pair(self) -> tuple[Array, Array]:
        return self.weights.astype(np.float32), self.bias.astype(np.float32)


def find_decoder(model: TfjsModel) -> FoundDecoder:
    """The decoder that ``model`` is, or holds.

    Raises ConvertError with what is wrong with the likeliest part: the one that is called decoder,
    or the outermost.
    """
    reasons: dict[str, ConvertError] = {}
    for graph in model.graphs:
        try:
            return _from_graph(model, graph)
        except ConvertError as error:
            reasons.setdefault(str(graph.get("name")), error)
        except (TypeError, KeyError, IndexError, ValueError, AttributeError) as error:
            problem = ConvertError("The layers of the model cannot be followed.")
            problem.__cause__ = error
            reasons.setdefault(str(graph.get("name")), problem)
    raise reasons.get("decoder") or next(iter(reasons.values()))


def _from_graph(model: TfjsModel, graph: dict[str, Any]) -> FoundDecoder:
    layers = {str(layer["name"]): layer for layer in graph["layers"]}
    outputs = [str(output[0]) for output in graph["output_layers"]]
    units = [layers[name].get("config", {}).get("units") for name in outputs]
    if LATENT in units:
        raise ConvertError("This is the encoder of a VAE: convert the decoder, saved beside it.")
    if len(outputs) != len(SQUASHES):
        raise ConvertError(
            f"The model has {len(outputs)} outputs, not the onset, velocity and microtiming of "
            f"R-VAE's decoder."
        )
    chains = [_chain(model, layers, name) for name in outputs]
    shared = 0
    while shared < min(map(len, chains)) and len({chain[shared] for chain in chains}) == 1:
        shared += 1
    if shared and layers[chains[0][shared - 1]]["class_name"] == "Concatenate":
        shared -= 1  # what it joins is read by each head's own dense layer
    conditions: set[str] = set()
    trunk = _folded(model, layers, chains[0][:shared], LATENT, conditions)
    width = len(trunk[-1].bias) if trunk else LATENT
    heads = [_folded(model, layers, chain[shared:], width, conditions) for chain in chains]

    if not trunk or not all(heads):
        raise ConvertError("The three outputs of the model do not share a first layer.")
    hidden = [*trunk, *(layer for head in heads for layer in head[:-1])]
    slopes = {layer.slope for layer in hidden if layer.activation == "leaky_relu"}
    if any(layer.activation != "leaky_relu" for layer in hidden) or len(slopes) != 1:
        raise ConvertError("Between its layers the model has not one LeakyReLU, as R-VAE's have.")
    found = tuple(head[-1].activation for head in heads)
    if found != SQUASHES:
        raise ConvertError(
            f"The outputs of the model are {', '.join(found)}, not R-VAE's {', '.join(SQUASHES)}."
        )
    if len({len(head[-1].bias) for head in heads}) != 1:
        raise ConvertError("The outputs of the model do not have the same number of values.")
    parts = [part for head in (trunk, *heads) for layer in head for part in layer.pair]
    if not all(np.isfinite(part).all() for part in parts):
        raise ConvertError("The model holds weights that are no numbers.")
    return FoundDecoder(
        tuple(layer.pair for layer in trunk),
        tuple(tuple(layer.pair for layer in head) for head in heads),
        slopes.pop(),
        len(conditions),
    )


def _inbound(layer: dict[str, Any]) -> list[str]:
    nodes = layer["inbound_nodes"]
    if not nodes:
        return []
    if len(nodes) != 1 or not isinstance(nodes[0], list):
        raise ConvertError(f"The layer {layer['name']} is not connected as in R-VAE's decoder.")
    return [str(source[0]) for source in nodes[0]]


def _chain(model: TfjsModel, layers: dict[str, dict[str, Any]], output: str) -> list[str]:
    """Names of the layers that lead from z to ``output``, without what gives z."""
    chain: list[str] = []
    name = output
    while len(chain) <= len(layers):
        chain.append(name)
        kernel = model.weight(name, "kernel")
        if kernel is not None and kernel.shape[0] == LATENT:
            return chain[::-1]
        sources = _inbound(layers[name])
        if layers[name]["class_name"] == "Concatenate":
            sources = [source for source in sources if not _condition(layers[source])]
            if len(sources) == 1 and _input_width(layers[sources[0]]) == LATENT:
                return chain[::-1]
        if len(sources) != 1:
            break
        name = sources[0]
    raise ConvertError("The model is not R-VAE's decoder: its outputs do not come from z alone.")


def _input_width(layer: dict[str, Any]) -> int | None:
    if layer["class_name"] != "InputLayer":
        return None
    config = layer["config"]
    shape = config.get("batch_input_shape") or config.get("batch_shape")
    return int(shape[-1])


def _condition(layer: dict[str, Any]) -> bool:
    return _input_width(layer) not in (None, LATENT)


def _folded(
    model: TfjsModel,
    layers: dict[str, dict[str, Any]],
    chain: Sequence[str],
    width: int,
    conditions: set[str],
) -> list[_Dense]:
    """The dense layers of ``chain``, which reads ``width`` values, everything else folded in."""
    dense: list[_Dense] = []
    first_row = 0
    for name in chain:
        layer = layers[name]
        kind, config = layer["class_name"], layer["config"]
        last = dense[-1] if dense else None
        if kind == "Dense":
            weights = _needed(model, name, "kernel")
            rows = slice(first_row, first_row + (len(last.bias) if last else width))
            weights, first_row = weights[rows], 0
            bias = model.weight(name, "bias")
            if weights.ndim != 2 or len(weights) != rows.stop - rows.start:
                raise ConvertError(f"The weights of the layer {name} do not fit the one before.")
            bias = np.zeros(weights.shape[1], np.float32) if bias is None else bias
            dense.append(_Dense(weights, bias, str(config.get("activation") or "linear")))
        elif kind == "Concatenate":
            sources = _inbound(layer)
            before = [source for source in sources if _condition(layers[source])]
            conditions.update(before)
            for source in sources:
                if not _condition(layers[source]):
                    break
                first_row += _input_width(layers[source]) or 0
        elif kind == "BatchNormalization" and last and last.activation == "linear":
            _normalise(model, name, config, last)
        elif kind == "LeakyReLU" and last and last.activation == "linear":
            last.activation = "leaky_relu"
            last.slope = float(config.get("alpha", config.get("negative_slope", 0.3)))
        elif kind == "Activation" and last and last.activation == "linear":
            last.activation = str(config["activation"])
        elif kind not in IDLE_LAYERS:
            raise ConvertError(f"R-VAE's decoder has no layer like {name} ({kind}).")
    return dense


def _needed(model: TfjsModel, layer: str, name: str) -> Array:
    value = model.weight(layer, name)
    if value is None:
        raise ConvertError(f"The weights of the layer {layer} are missing.")
    return value


def _normalise(model: TfjsModel, name: str, config: dict[str, Any], layer: _Dense) -> None:
    """Fold a batch normalisation into the dense layer before it: it is a scale and an offset."""
    mean, variance = (_needed(model, name, part) for part in ("moving_mean", "moving_variance"))
    gamma, beta = (model.weight(name, part) for part in ("gamma", "beta"))
    epsilon = float(config.get("epsilon", 1e-3))
    scale = 1 / np.sqrt(variance.astype(np.float64) + epsilon)
    scale = scale if gamma is None else scale * gamma
    offset = -mean * scale if beta is None else beta - mean * scale
    layer.weights = (layer.weights * scale).astype(np.float32)
    layer.bias = (layer.bias * scale + offset).astype(np.float32)
