"""From a trained decoder to a model file that is known to play like it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firmware.rhythm.decoder import Decoder
from firmware.rhythm.latent_map import cell_centres
from firmware.rhythm.model_file import ModelError, ModelInfo, with_info
from firmware.rhythm.runtime import runtime_name
from train_host.deep_decoder import DeepDecoder, round_deep
from train_host.network import Array, DecoderWeights
from train_host.rounding import round_decoder
from train_host.tflite_writer import write_decoder

__all__ = ["Agreement", "ExportError", "compare", "model_bytes", "output_fault", "save"]

CELLS = 64
BATCH = 256
THRESHOLDS = np.arange(1, 8) / 10
LEAST_AGREEMENT = 0.9999
MOST_VELOCITY = 1
MOST_MICROTIMING = 0.02
VELOCITY_STEPS = 126


class ExportError(RuntimeError):
    """A model that was not written; its text is one sentence."""


@dataclass(frozen=True)
class Agreement:
    """How a model file plays beside the float decoder, on 64 x 64 heads."""

    onsets: float
    """smallest share of equal onset decisions, of the thresholds 0.1 to 0.7"""
    velocity: float
    """largest difference, in MIDI steps"""
    microtiming: float
    """largest difference, in ticks"""

    @property
    def good(self) -> bool:
        return (
            self.onsets >= LEAST_AGREEMENT
            and self.velocity <= MOST_VELOCITY
            and self.microtiming <= MOST_MICROTIMING
        )


def compare(
    content: bytes, decoder: DecoderWeights | DeepDecoder, extent: float = 3.0
) -> Agreement:
    """Run the model file ``content`` in the TFLite runtime beside ``decoder``, in NumPy.

    Raises ModelError where the runtime or the box would refuse the file.
    """
    z = cell_centres(CELLS, extent).reshape(-1, 2)
    played = Decoder(content, BATCH)
    onset, velocity, microtiming = (part.reshape(len(z), -1) for part in played.decode_many(z))
    exact = decoder.decode(z)
    steps, exact_steps = (np.rint(VELOCITY_STEPS * part) for part in (velocity, exact[1]))
    return Agreement(
        min(float(((onset > t) == (exact[0] > t)).mean()) for t in THRESHOLDS),
        _largest(steps, exact_steps),
        _largest(microtiming, played.info.microtiming_scale * exact[2]),
    )


def _largest(a: Array, b: Array) -> float:
    """Largest difference; infinite where one is no number."""
    difference = np.abs(a - b).max()
    return float(difference) if np.isfinite(difference) else np.inf


def output_fault(output: Path) -> str | None:
    """Why no model could be written to ``output``, in a sentence; None where one could."""
    if output.is_dir():
        return f"{output} is a folder: name the model file to write."
    if output.exists() and not output.is_file():
        return f"{output} is not a file: name the model file to write."
    if not output.parent.is_dir():
        return f"There is no folder {output.parent} to write the model to."
    try:
        handle, name = _temporary(output)
    except OSError as error:
        return f"{output} cannot be written: {error.strerror or error}."
    os.close(handle)
    Path(name).unlink()
    return None


def model_bytes(
    decoder: DecoderWeights | DeepDecoder, info: ModelInfo, in_float: bool = False
) -> tuple[bytes, Agreement]:
    """The model file of ``decoder``, int8 unless ``in_float``, and how it plays.

    Raises ExportError where it does not play like ``decoder`` in the runtime that is installed.
    """
    if in_float:
        flatbuffer = write_decoder(decoder)
    elif isinstance(decoder, DeepDecoder):
        flatbuffer = write_decoder(round_deep(decoder))
    else:
        flatbuffer = write_decoder(round_decoder(decoder))
    content = with_info(flatbuffer, info)
    try:
        agreement = compare(content, decoder, info.z_extent)
    except ModelError as error:
        raise ExportError(
            f"The exported model does not run in {runtime_name()}: {error}"
        ) from error
    if not agreement.good:
        raise ExportError(
            f"The exported model does not play like the trained one in {runtime_name()}: "
            f"{agreement.onsets:.3%} of the onsets agree, velocity is up to "
            f"{agreement.velocity:.0f} steps off, microtiming up to "
            f"{agreement.microtiming:.3f} ticks."
        )
    return content, agreement


def save(path: Path, content: bytes) -> None:
    """Write ``path`` whole or not at all; a link keeps what it points to. Raises ExportError."""
    path = Path(os.path.realpath(path))
    try:
        handle, name = _temporary(path)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp lets only its owner read; a model is a file like any other.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ExportError(f"{path} could not be written: {error.strerror or error}.") from error


def _temporary(path: Path) -> tuple[int, str]:
    return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
