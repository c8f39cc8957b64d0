"""Stand-ins for what the engine plays from and plays to."""

import numpy as np

from firmware.rhythm.model_file import ModelInfo
from firmware.rhythm.pattern import Pattern


class FakeDecoder:
    """A kick on every beat, and a snare on every tick whose velocity tells z1 (-3..3 to 0..1)."""

    def __init__(self, ticks_per_beat: int = 24, microtiming: float = 0.0) -> None:
        self.info = ModelInfo(ticks_per_beat=ticks_per_beat, beats=96 / ticks_per_beat)
        self.microtiming = microtiming
        self.asked: list[tuple[float, float]] = []

    def decode(self, z1: float, z2: float) -> Pattern:
        self.asked.append((z1, z2))
        onset, velocity = np.zeros((2, 9, 96), np.float32)
        microtiming = np.full((9, 96), self.microtiming, np.float32)
        onset[0, :: self.info.ticks_per_beat] = 0.9
        onset[1] = 0.5
        velocity[1] = (z1 + 3) / 6
        velocity[0] = 1
        return Pattern(onset, velocity, microtiming)


class EveryDrum(FakeDecoder):
    """All nine on every eighth tick."""

    def decode(self, z1, z2):
        pattern = super().decode(z1, z2)
        pattern.onset[:] = 0
        pattern.onset[:, ::8] = 0.9
        return pattern


class Recorder:
    """An output that keeps what it is given, with the time of the step that gave it."""

    name = "recorder"

    def __init__(self) -> None:
        self.messages = []
        self.flushes = 0

    def send(self, messages) -> None:
        self.messages += messages

    def flush(self) -> None:
        self.flushes += 1

    def close(self) -> None: ...

    def of(self, status: int, note: int | None = None) -> list:
        return [
            message
            for message in self.messages
            if (message.data[0] if message.data[0] >= 0xF0 else message.data[0] & 0xF0) == status
            and (note is None or message.data[1] == note)
        ]
