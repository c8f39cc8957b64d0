"""Reads TensorFlow.js layers models: ``model.json`` (layers, and a list of weights) and the weights
in binary files beside it.

The format as TensorFlow.js saves and documents it (tensorflow.org/js/guide/save_load, and the
types WeightsManifestEntry and ModelJSON of tfjs-core): the files of a group are read one after
another, and hold its weights in the order of the list, little-endian. A quantised weight is stored
as uint8 or uint16, worth ``value * scale + min``, or as float16.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from train_host.network import Array

__all__ = ["ConvertError", "TfjsModel", "read_tfjs"]

MAX_JSON = 16 << 20
MAX_WEIGHTS = 256 << 20
"""Bytes of all weights, once they are float32; the whole of R-VAE, with its encoder, has 17 MB."""
MAX_DEPTH = 8
"""Models within models."""
_STORED = {name: np.dtype(name).newbyteorder("<") for name in ("float32", "int32", "bool")}
_QUANTISED = {name: np.dtype(name).newbyteorder("<") for name in ("uint8", "uint16", "float16")}


class ConvertError(ValueError):
    """A model that cannot be converted; its text is one sentence for a musician."""


@dataclass(frozen=True)
class TfjsModel:
    """``graphs`` are the model's configuration and those of the models within it, outermost first;
    ``weights`` are float32 by name (``layer/kernel``)."""

    graphs: tuple[dict[str, Any], ...]
    weights: dict[str, Array]
    made_by: str

    def weight(self, layer: str, name: str) -> Array | None:
        """The weight ``name`` of ``layer``, or None; models saved from Keras put a path before."""
        wanted = f"{layer}/{name}"
        if wanted in self.weights:
            return self.weights[wanted]
        found = [key for key in self.weights if key.endswith(f"/{wanted}")]
        return self.weights[found[0]] if len(found) == 1 else None


def read_tfjs(path: Path) -> TfjsModel:
    """Read ``path``, a ``model.json``, and the files of weights that it names.

    Raises ConvertError, in one sentence, and OSError where ``path`` itself cannot be opened.
    """
    if path.stat().st_size > MAX_JSON:
        raise ConvertError(f"{path.name} is too large to describe a model.")
    try:
        raw = json.loads(path.read_bytes())
        topology = _topology(path, raw)
        graphs = tuple(_graphs(topology, 0))
        weights = _weights(path.parent, raw["weightsManifest"])
    except ConvertError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ConvertError(f"{path.name} is not a TensorFlow.js layers model.") from error
    return TfjsModel(graphs, weights, str(raw.get("generatedBy") or "TensorFlow.js")[:64])


def _topology(path: Path, raw: dict[str, Any]) -> dict[str, Any]:
    if raw.get("format") == "graph-model":
        raise ConvertError(
            f"{path.name} is a TensorFlow.js graph model: only a layers model names its layers."
        )
    topology = raw["modelTopology"]
    # Models that come from Keras have the layers one level deeper.
    return topology.get("model_config") or topology


def _graphs(model: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    config = model["config"]
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        raise ConvertError("The model is a plain chain of layers, not R-VAE's decoder.")
    yield config
    for layer in config["layers"]:
        if layer["class_name"] in ("Model", "Functional") and depth < MAX_DEPTH:
            yield from _graphs(layer, depth + 1)


def _weights(folder: Path, manifest: list[dict[str, Any]]) -> dict[str, Array]:
    if not isinstance(manifest, list):
        raise TypeError("no list of weights")
    total = sum(_count(entry) for group in manifest for entry in group["weights"])
    if 4 * total > MAX_WEIGHTS:
        raise ConvertError("The model is too large to be R-VAE's.")
    weights: dict[str, Array] = {}
    for group in manifest:
        stored = [_stored(entry) for entry in group["weights"]]
        sizes = [
            _count(entry) * kind.itemsize
            for entry, kind in zip(group["weights"], stored, strict=True)
        ]
        content = _joined(folder, group["paths"], sum(sizes))
        start = 0
        for entry, kind, size in zip(group["weights"], stored, sizes, strict=True):
            flat = np.frombuffer(content, kind, _count(entry), start)
            weights[str(entry["name"])] = _dequantised(entry, flat).reshape(entry["shape"])
            start += size
    return weights


def _count(entry: dict[str, Any]) -> int:
    shape = entry["shape"]
    if not all(type(size) is int and size >= 0 for size in shape):
        raise TypeError("not a shape")
    return math.prod(shape)


def _stored(entry: dict[str, Any]) -> np.dtype[Any]:
    quantised = entry.get("quantization")
    known, name = (_QUANTISED, quantised["dtype"]) if quantised else (_STORED, entry["dtype"])
    if name not in known:
        raise ConvertError(f"The weight {entry['name']} is of the unknown type {name}.")
    return known[name]


def _dequantised(entry: dict[str, Any], stored: Array) -> Array:
    quantised = entry.get("quantization")
    value = stored.astype(np.float32)
    if quantised and quantised["dtype"] != "float16":
        value = value * np.float32(quantised["scale"]) + np.float32(quantised["min"])
    return value


def _joined(folder: Path, paths: list[str], size: int) -> bytes:
    """The files of a group, one after another; ``size`` bytes in all."""
    content = bytearray()
    for name in paths:
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            raise ConvertError(f"The weights {name} are not beside model.json.")
        file = folder / parts
        try:
            with file.open("rb") as stream:
                content += stream.read(size + 1 - len(content))
        except FileNotFoundError:
            raise ConvertError(
                f"The weights {name} are missing: keep them in the folder of model.json."
            ) from None
        except OSError as error:
            raise ConvertError(f"The weights {name} cannot be read: {error.strerror}.") from error
        if len(content) > size:
            break
    if len(content) != size:
        kind = "more" if len(content) > size else "fewer"
        raise ConvertError(
            f"The weights in {', '.join(paths)} have {kind} bytes than model.json says."
        )
    return bytes(content)
