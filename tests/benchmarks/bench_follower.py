"""``follower``: how well an external clock is followed, beside the other ways, in simulated time.

The error of a follower is the time for which it expects the next pulse less the time at which the
master sent it; constant lateness (the mean of the arrivals) is taken off, for it is no jitter.
Prints the whole table and returns four lines of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

import numpy as np

from tests.benchmarks import clocks
from tests.benchmarks.followers import FOLLOWERS, ClockFollower

SEEDS = 8
LEAD = 40
"""Beats before anything happens; the first half is for locking."""
SETTLED_MS = 1.5

Row = tuple[str, dict[str, float]]


def _errors(
    make: Callable[[], ClockFollower], ideal: np.ndarray, arrivals: np.ndarray
) -> np.ndarray:
    """Errors in ms, by pulse; NaN for the first two, which nothing can predict."""
    follower, expected = make(), np.full(len(arrivals), np.nan)
    for n, time in enumerate(arrivals):
        if n >= 2:
            expected[n] = follower.next()
        follower.pulse(float(time))
    lead = slice(0, LEAD * clocks.PULSES - 24)
    return expected - ideal - float(np.mean(arrivals[lead] - ideal[lead]))


def _median(make: Callable[[], ClockFollower], jitter: str, clock, figure) -> float:
    """Median over the seeds of ``figure`` of the errors on ``clock(seed)``."""
    results = []
    for seed in range(SEEDS):
        ideal = clock(seed)
        arrivals = clocks.JITTERS[jitter](ideal, np.random.default_rng(seed))
        results.append(float(figure(_errors(make, ideal, arrivals))))
    return median(results)


def _row(name: str, jitter: str, clock, figure) -> Row:
    return name, {peer: _median(make, jitter, clock, figure) for peer, make in FOLLOWERS.items()}


def _rms_steady(errors: np.ndarray) -> float:
    return float(np.std(errors[LEAD // 2 * clocks.PULSES :]))


def _after_step(errors: np.ndarray) -> np.ndarray:
    """From the second pulse after the change on: of the first, nobody can know."""
    return np.abs(errors[LEAD * clocks.PULSES + 2 :])


def _worst_after(errors: np.ndarray) -> float:
    return float(_after_step(errors).max())


def _settle(errors: np.ndarray) -> float:
    """Beats until the error stays below SETTLED_MS."""
    off = np.flatnonzero(_after_step(errors) > SETTLED_MS)
    return (off[-1] + 1) / clocks.PULSES if len(off) else 0.0


def _during(bars: int) -> slice:
    """A ramp and the bar after it."""
    return slice(LEAD * clocks.PULSES, (LEAD + bars * 4 + 4) * clocks.PULSES)


def _rows() -> Iterator[Row]:
    for bpm, jitters in ((120.0, tuple(clocks.JITTERS)), (125.1, ("usb",)), (60.0, ("gauss 1",))):
        for jitter in jitters:
            yield _row(
                f"steady {bpm:g}, {jitter}: rms",
                jitter,
                lambda _, bpm=bpm: clocks.steady(bpm, 60),
                _rms_steady,
            )
    for jitter, percents in (
        ("usb", (1, -1, 5, -5, 20, -20, 100)),
        ("gauss 1", (5,)),
        ("clean", (5,)),
    ):
        for percent in percents:
            clock = lambda _, percent=percent: clocks.step(120, 1 + percent / 100, LEAD, 10)  # noqa: E731
            yield _row(f"step {percent:+d} %, {jitter}: worst", jitter, clock, _worst_after)
            yield _row(f"step {percent:+d} %, {jitter}: settle", jitter, clock, _settle)
    for jitter in ("usb", "gauss 1", "clean"):
        for bars in (4, 16):
            clock = lambda _, bars=bars: clocks.ramp(120, 140, bars, LEAD, 6)  # noqa: E731
            during = _during(bars)
            yield _row(
                f"ramp {bars} bars, {jitter}: lag",
                jitter,
                clock,
                lambda errors, bars=bars: abs(
                    float(np.mean(errors[LEAD * 24 + 24 : (LEAD + bars * 4) * 24]))
                ),
            )
            yield _row(
                f"ramp {bars} bars, {jitter}: rms",
                jitter,
                clock,
                lambda errors, during=during: float(np.sqrt(np.mean(errors[during] ** 2))),
            )
            yield _row(
                f"ramp {bars} bars, {jitter}: worst",
                jitter,
                clock,
                lambda errors, during=during: float(np.abs(errors[during]).max()),
            )
        for per_beat in (0.002, 0.005):
            yield _row(
                f"drift {per_beat:.1%} a beat, {jitter}: rms",
                jitter,
                lambda seed, per_beat=per_beat: clocks.drift(120, 80, per_beat, seed),
                _rms_steady,
            )


def _gap_rows() -> Iterator[Row]:
    """A gap of 300 ms: lost pulses, or a clock that paused; worst error in the four beats after."""
    for name, lost, pause in (
        ("1 pulse lost", 1, 0.0),
        ("14 pulses lost (300 ms)", 14, 0.0),
        ("clock paused 300 ms", 0, 300.0),
    ):
        figures = {}
        for peer, make in FOLLOWERS.items():
            worst = []
            for seed in range(SEEDS):
                ideal = clocks.steady(120, LEAD + 10)
                at = LEAD * clocks.PULSES
                ideal[at:] += pause
                arrivals = clocks.usb(ideal, np.random.default_rng(seed))
                kept = np.delete(np.arange(len(ideal)), slice(at, at + lost))
                errors = _errors(make, ideal[kept], arrivals[kept])
                worst.append(float(np.abs(errors[at + 1 : at + 97]).max()))
            figures[peer] = median(worst)
        yield f"{name}, usb: worst after", figures


def _table(rows: dict[str, dict[str, float]]) -> str:
    lines = [f"{'(ms; settle in beats)':36}" + "".join(f"{peer:>13}" for peer in FOLLOWERS)]
    for name, figures in rows.items():
        lines.append(f"{name:36}" + "".join(f"{figures[peer]:13.3f}" for peer in FOLLOWERS))
    return "\n".join(lines)


def follower() -> dict[str, dict[str, object]]:
    rows = dict(_rows()) | dict(_gap_rows())
    print(_table(rows))

    def entry(row: str, other: str, unit: str = "ms") -> dict[str, object]:
        return {
            "ours": rows[row]["ours"],
            "other": rows[row][other],
            "other_is": f"{other} ({row})",
            "unit": unit,
            "lower_is_better": True,
            "runs": SEEDS,
        }

    return {
        "follower_rms_usb": entry("steady 120, usb: rms", "DLL 0.3 Hz"),
        "follower_rms_gauss": entry("steady 120, gauss 1: rms", "DLL 0.3 Hz"),
        "follower_step_worst": entry("step +5 %, usb: worst", "DLL 2 Hz"),
        "follower_step_settle": entry("step +5 %, usb: settle", "DLL 2 Hz", "beats"),
    }
