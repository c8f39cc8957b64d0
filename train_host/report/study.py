"""What a report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from firmware.rhythm.decoder import Decoder
from firmware.rhythm.model_file import ModelInfo
from train_host.clip_fate import FileFate
from train_host.loops import Loops
from train_host.network import Array
from train_host.quality import Decodes
from train_host.training import Progress

__all__ = ["FileDecoder", "Study"]

BATCH = 256


@dataclass(frozen=True)
class Study:
    """A model, and what is known of its training; what is not is left out of the report."""

    info: ModelInfo
    decoder: Decodes
    history: Sequence[Progress] = ()
    stages: Mapping[int, Decodes] = field(default_factory=dict)
    """the map as it was after so many epochs"""
    files: Sequence[FileFate] = ()
    loops: Loops | None = None
    """what it was trained on, in the order of ``info.clips``"""


class FileDecoder:
    """A model file as a decoder of rows; microtiming is in ticks, whatever the file's scale."""

    def __init__(self, content: bytes) -> None:
        """Raises ModelError."""
        self._decoder = Decoder(content, BATCH)
        self.info = self._decoder.info

    def decode(self, z: npt.ArrayLike) -> tuple[Array, Array, Array]:
        parts = self._decoder.decode_many(np.asarray(z, np.float32))
        onset, velocity, microtiming = (part.reshape(len(part), -1) for part in parts)
        return onset, velocity, microtiming
