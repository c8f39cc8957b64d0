"""z -> pattern: the model's decoder, run by the TFLite runtime on one thread."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from firmware.rhythm.drums import DRUM_COUNT
from firmware.rhythm.model_file import MAX_BYTES, ModelError, ModelInfo, read_info
from firmware.rhythm.pattern import TICKS, FloatArray, Pattern
from firmware.rhythm.runtime import interpreter_class

__all__ = ["OUTPUTS", "Decoder"]

OUTPUTS = ("onset", "velocity", "microtiming")
FLAT = DRUM_COUNT * TICKS


class Decoder:
    """A model ready to play.

    ``batch`` rows are decoded at each call of the runtime; its tensors are allocated once, here,
    so that playing allocates nothing that grows. Not to be shared between threads.
    Raises ModelError, in one sentence, for a file that is not a model.
    """

    def __init__(self, content: bytes, batch: int = 1) -> None:
        if len(content) > MAX_BYTES:
            raise ModelError(f"The model is larger than {MAX_BYTES >> 20} MB.")
        if content[4:8] != b"TFL3":
            raise ModelError("This is not a TFLite model file.")
        self.info: ModelInfo = read_info(content) or ModelInfo()
        self.batch = batch
        try:
            self._interpreter = interpreter_class()(model_content=content, num_threads=1)
            inputs = self._interpreter.get_input_details()
            outputs = self._interpreter.get_output_details()
        except (ValueError, RuntimeError) as error:
            raise ModelError("The TFLite runtime cannot open this model.") from error
        self._input = self._check_input(inputs)
        self._outputs = [self._find_output(outputs, name) for name in OUTPUTS]
        try:
            self._interpreter.resize_tensor_input(self._input, (batch, 2))
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError("The TFLite runtime cannot prepare this model.") from error
        self._z = np.zeros((batch, 2), np.float32)
        if not all(np.isfinite(part).all() for part in self.decode_many(self._z)):
            raise ModelError("The model gives no numbers at the centre of its map.")

    @staticmethod
    def _check_input(inputs: list[dict]) -> int:
        if len(inputs) != 1 or inputs[0]["dtype"] != np.float32 or inputs[0]["shape"][-1] != 2:
            raise ModelError("The model's input is not one float32 point (z1, z2).")
        return int(inputs[0]["index"])

    @staticmethod
    def _find_output(outputs: list[dict], name: str) -> int:
        # Runtimes name an output after its tensor or its signature ("StatefulPartitionedCall:0").
        found = [detail for detail in outputs if name in detail["name"].lower()]
        if len(found) != 1 or found[0]["dtype"] != np.float32 or found[0]["shape"][-1] != FLAT:
            raise ModelError(f"The model has no float32 output '{name}' of {FLAT} values.")
        return int(found[0]["index"])

    def decode(self, z1: float, z2: float) -> Pattern:
        """The pattern at one point of the latent plane."""
        self._z[:] = (z1, z2)
        onset, velocity, microtiming = (part[0] for part in self._run())
        return Pattern(onset, velocity, microtiming)

    def decode_many(self, z: npt.ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Onset, velocity and microtiming, each (n, 9, 96), at n points z of shape (n, 2)."""
        points = np.asarray(z, np.float32).reshape(-1, 2)
        parts = tuple(np.empty((len(points), DRUM_COUNT, TICKS), np.float32) for _ in OUTPUTS)
        for i in range(math.ceil(len(points) / self.batch)):
            rows = points[i * self.batch : (i + 1) * self.batch]
            self._z[: len(rows)] = rows
            for part, decoded in zip(parts, self._run(), strict=True):
                part[i * self.batch : i * self.batch + len(rows)] = decoded[: len(rows)]
        return parts  # type: ignore[return-value]

    def _run(self) -> list[FloatArray]:
        self._interpreter.set_tensor(self._input, self._z)
        self._interpreter.invoke()
        scale = np.float32(self.info.microtiming_scale)
        onset, velocity, microtiming = (
            self._interpreter.get_tensor(index).reshape(self.batch, DRUM_COUNT, TICKS)
            for index in self._outputs
        )
        return [onset, velocity, microtiming * scale if scale != 1 else microtiming]
