"""Simulated clocks: when each pulse should come, and when it arrives. Times in ms, 24 a beat."""

from __future__ import annotations

import numpy as np

PULSES = 24


def periods(bpm: float, pulses: int) -> np.ndarray:
    return np.full(pulses, 60e3 / bpm / PULSES)


def times(lengths: np.ndarray) -> np.ndarray:
    """Pulse times from the lengths between them, beginning at 0."""
    return np.concatenate([[0.0], np.cumsum(lengths)])


def steady(bpm: float, beats: float) -> np.ndarray:
    return times(periods(bpm, round(beats * PULSES)))


def step(bpm: float, factor: float, before: float, after: float) -> np.ndarray:
    """A tempo that changes by ``factor`` at once, after ``before`` beats."""
    return times(
        np.concatenate(
            [
                periods(bpm, round(before * PULSES)),
                periods(bpm * factor, round(after * PULSES)),
            ]
        )
    )


def ramp(start: float, end: float, bars: int, before: float, after: float) -> np.ndarray:
    """A tempo that grows evenly over ``bars`` of four beats."""
    tempo = np.linspace(start, end, bars * 4 * PULSES)
    return times(
        np.concatenate(
            [
                periods(start, round(before * PULSES)),
                60e3 / tempo / PULSES,
                periods(end, round(after * PULSES)),
            ]
        )
    )


def drift(bpm: float, beats: float, per_beat: float, seed: int) -> np.ndarray:
    """A hand-played tempo: a random walk by ``per_beat`` (standard deviation, a part) a beat."""
    steps = np.random.default_rng(seed + 1000).normal(
        0, per_beat / np.sqrt(PULSES), round(beats * PULSES)
    )
    return times(60e3 / bpm / PULSES * np.exp(np.cumsum(steps)))


def usb(ideal: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Delivered at the next millisecond of the host's frames."""
    return np.ceil(ideal + random.uniform(0, 1))


def gauss(sigma: float):
    """Normal jitter; pulses keep their order."""

    def arrivals(ideal: np.ndarray, random: np.random.Generator) -> np.ndarray:
        return np.maximum.accumulate(ideal + random.normal(0, sigma, len(ideal)))

    return arrivals


def thread(ideal: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A thread that sleeps and sends: never early, exponentially late, 1 ms in the mean."""
    return np.maximum.accumulate(ideal + random.exponential(1.0, len(ideal)))


def uneven(ideal: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Every other pulse 1.5 ms late."""
    return ideal + 1.5 * (np.arange(len(ideal)) % 2) + random.normal(0, 0.05, len(ideal))


def hiccups(ideal: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Good to 0.1 ms, but for one pulse in a hundred that is 3 to 10 ms late."""
    late = (random.random(len(ideal)) < 0.01) * random.uniform(3, 10, len(ideal))
    return np.maximum.accumulate(ideal + random.exponential(0.1, len(ideal)) + late)


JITTERS = {
    "usb": usb,
    "gauss 1": gauss(1.0),
    "gauss 0.3": gauss(0.3),
    "clean": gauss(0.02),
    "thread": thread,
    "uneven": uneven,
    "hiccups": hiccups,
}
