"""When will the next clock pulse come? A few models compete, each a small Kalman filter.

A clock that keeps its tempo is best predicted by the straight line through every pulse since the
last change of tempo: the longer, the quieter. A clock whose tempo moves needs a short memory.
Which of these is true is decided by the pulses themselves, by Bayes' rule:

- **Straight lines**, one since each of the last moments at which the tempo may have changed. Every
  pulse starts a new one, whose tempo is free, as a hypothesis of small prior weight; a line that
  predicts badly dies out (Adams and MacKay, "Bayesian online changepoint detection", 2007;
  Harrison and Stevens, "Bayesian forecasting", 1976).
- **A wandering period**, a random walk: a hand on the tempo knob, a slow one and a quick one. In
  the steady state this filter is the second order delay-locked loop of Adriaensen, "Using a DLL to
  filter time", 2005.
- **A bend**, a period that changes evenly: a tempo ramp.

The prediction is the mean of theirs, each by its weight. The recursions are the textbook Kalman
filter for a target of constant velocity (acceleration) whose place is measured, written out
(Bar-Shalom, Li and Kirubarajan, "Estimation with applications to tracking and navigation", 2001,
chapter 6); what a pulse says, ``Jitter.judge`` tells. Covariances are kept in units of the jitter's
variance, so that a line's gains are those of least squares whatever the jitter is.

The priors below were chosen by trial on simulated clocks (tests/benchmarks/bench_follower.py).
"""

from __future__ import annotations

from math import exp, sqrt

from firmware.clock.jitter import FRAME_NS, Jitter

__all__ = ["PulseModels"]

CHANGE = 1.5e-3
"""Prior probability that the tempo changes at a pulse: once in about 28 beats."""

STEADY = 3e-5
"""The same for a wandering or bending tempo to become steady. So rare, for the straight lines that
fit a wandering tempo by chance for a while mislead."""

REVIVAL, BEND_REVIVAL = 6e-3, 2.5e-2
"""Weight that each wandering and the bending model always keep, so as to take over in time; in
frames the bending one keeps no more than the others, for there a few pulses decide."""

LOST = 1e-6
"""A model of less weight than this has lost the clock and starts again from the best."""

LINES = 4
"""Straight lines kept from pulse to pulse."""

MEMORY = 600
"""Pulses after which a straight line begins to forget: 25 beats."""

FORGET = 1 + 1 / MEMORY

WANDERS = (5e-4, 1e-3)
"""Standard deviations of a pulse's step in the random walk of the period, as parts of it: 0.25 and
0.5 % a beat."""

BEND, BEND_WANDER = 2e-5, 3e-4
"""The same for the bending model: of the change of its period from pulse to pulse, and of the
period besides. A ramp from 120 to 140 bpm in 4 bars changes it by 3.7e-4 a pulse."""

NEW_TEMPO = 0.004
"""Least uncertainty of the period of a new line, as a part of it."""

SHIFT = 0.6
"""A pulse that is off by more of a period than this has shifted: no tempo changes that much."""

SPAN_MEMORY = 2048
"""A tempo in step with the frames leaves a pattern of few errors that does not fill the frame:
pulses in which the bound of a model's errors shrinks towards those that come."""


class _Line:
    """Time of the next pulse, period, and their covariance: straight if ``wander`` is 0."""

    __slots__ = ("age", "next_ns", "period", "pp", "span", "steady", "tp", "tt", "wander", "weight")

    def __init__(self, next_ns: float, period: float, wander: float = 0.0) -> None:
        self.weight = REVIVAL
        self.next_ns, self.period, self.wander = next_ns, period, wander
        self.steady = not wander
        self.tt = self.tp = self.pp = 0.0
        self.age = 0
        self.span = FRAME_NS / 2
        """largest error that the frames explain, in ns"""

    def like(self, other: _Line) -> None:
        """Take another model's estimate over."""
        self.next_ns, self.period = other.next_ns, other.period
        self.tt, self.tp, self.pp = other.tt, other.tp, other.pp

    def loosen(self, phase: float, period: float) -> None:
        """Add the variance of a phase shift, and of a change of tempo one pulse ago."""
        self.tt += phase + period
        self.tp += period
        self.pp += period

    def correct(self, pull: float, information: float) -> None:
        """A pulse came; ``Jitter.judge`` tells the two."""
        self.next_ns += self.tt * pull
        self.period += self.tp * pull
        self.pp -= self.tp * self.tp * information
        left = 1 - self.tt * information
        self.tp *= left
        self.tt *= left

    def see(self, error: float) -> None:
        """Narrow or widen the bound of the errors."""
        shrunk = self.span * (1 - 1 / SPAN_MEMORY)
        self.span = min(max(abs(error), shrunk, FRAME_NS / 4), FRAME_NS / 2)

    def advance(self, jitter: float) -> None:
        """One pulse on. ``jitter``: standard deviation in ns."""
        self.age += 1
        self.next_ns += self.period
        self.tt += 2 * self.tp + self.pp
        self.tp += self.pp
        if self.wander:
            self.pp += (self.wander * self.period / jitter) ** 2
        else:
            self.tt *= FORGET
            self.tp *= FORGET
            self.pp *= FORGET


class _Bend(_Line):
    """A line whose period changes by ``curve`` a pulse, itself a slow random walk."""

    __slots__ = ("cc", "curve", "pc", "tc")

    def __init__(self, next_ns: float, period: float) -> None:
        super().__init__(next_ns, period)
        self.steady = False
        self.curve = self.tc = self.pc = self.cc = 0.0

    def like(self, other: _Line) -> None:
        super().like(other)
        self.curve = self.tc = self.pc = self.cc = 0.0

    def correct(self, pull: float, information: float) -> None:
        self.curve += self.tc * pull
        self.cc -= self.tc * self.tc * information
        self.pc -= self.tp * self.tc * information
        self.tc *= 1 - self.tt * information
        super().correct(pull, information)

    def advance(self, jitter: float) -> None:
        self.next_ns += self.period
        self.period += self.curve
        self.tt += 2 * self.tp + self.pp
        self.tp += self.pp + self.tc + self.pc
        self.pp += 2 * self.pc + self.cc + (BEND_WANDER * self.period / jitter) ** 2
        self.tc += self.pc
        self.pc += self.cc
        self.cc += (BEND * self.period / jitter) ** 2


class PulseModels:
    """Predicts the next pulse. Times are floats in ns from an origin of the caller's choosing.

    After every call ``next_ns`` is when the next pulse is due, ``period`` how long after it the
    one after that, and ``best`` the model that is most likely to be true.
    """

    def __init__(self, time: float, period: float) -> None:
        self._arrivals = Jitter(time, period)
        self.anchor(time, period, 0.0, 1.0)

    @property
    def jitter(self) -> float:
        """Standard deviation of a pulse's arrival about its true time."""
        return self._arrivals.sigma

    @jitter.setter
    def jitter(self, sigma: float) -> None:
        self._arrivals.assume(sigma)

    def forget_jitter(self) -> None:
        """What has been learned of the jitter was wrong."""
        self._arrivals = Jitter(0.0, self.period)

    @property
    def uncertainty(self) -> float:
        """Standard deviation of the next arrival about ``next_ns``."""
        return self.jitter * sqrt(1 + self.best.tt)

    @property
    def period_uncertainty(self) -> float:
        """Standard deviation of the best model's period."""
        return self.jitter * sqrt(self.best.pp)

    def anchor(self, time: float, period: float, phase: float, tempo: float) -> None:
        """Begin anew at a pulse at ``time``; what is known of the jitter is kept.

        ``phase`` is the standard deviation of how far the pulse may be off, in ns, ``tempo`` that
        of ``period``, as a part of it.
        """
        self._arrivals.hear(time, period)
        line = _Line(time, period)
        line.tt = 1.0
        line.loosen((phase / self.jitter) ** 2, 0.0)
        line.pp = (tempo * period / self.jitter) ** 2
        line.advance(self.jitter)
        self._loose = [*(_Line(time, period, wander) for wander in WANDERS), _Bend(time, period)]
        for model in self._loose:
            model.like(line)
        line.weight = 1.0
        self._lines = [line]
        self.best: _Line = line
        self.next_ns, self.period = line.next_ns, period

    def skip(self, pulses: int) -> None:
        """``pulses`` did not arrive."""
        for model in (*self._loose, *self._lines):
            for _ in range(pulses):
                model.advance(self.jitter)
        self._predict((*self._loose, *self._lines))

    def observe(self, time: float) -> None:
        """The next pulse has come."""
        if self._arrivals.hear(time, self.period):
            # The jitter is another than was thought, so all that was concluded from it is doubtful.
            for model in (*self._loose, *self._lines):
                model.loosen(1.0, (NEW_TEMPO * self.period / self.jitter) ** 2)
        jitter = self.jitter
        self._lines.append(self._newborn(time - self.best.next_ns))
        models = (*self._loose, *self._lines)
        judged = self._weigh(models, time)
        best = self.best
        self._arrivals.learn(time - self.next_ns, time - best.next_ns, 1 + best.tt, self.period)
        for model, (_, pull, information) in zip(models, judged, strict=True):
            model.see(time - model.next_ns)
            model.correct(pull, information)
            model.advance(jitter)
        self._predict(models)
        self._prune()

    def _newborn(self, error: float) -> _Line:
        """The hypothesis that the tempo changed with the pulse that came ``error`` off.

        Any change is as likely as any other on a logarithmic scale, hence a variance that follows
        the error. An error of most of a period is rather a shift of the phase.
        """
        period = self.best.period
        line = _Line(0.0, period)
        line.like(self.best)
        steady = sum(model.weight for model in self._lines)
        loose = sum(model.weight for model in self._loose)
        line.weight = CHANGE * steady + STEADY * loose
        if abs(error) > SHIFT * period:
            line.loosen((error / self.jitter) ** 2, 0.0)
        else:
            line.loosen(0.0, (max(NEW_TEMPO * period, abs(error)) / self.jitter) ** 2)
        return line

    def _weigh(self, models: tuple[_Line, ...], time: float) -> list[tuple[float, float, float]]:
        """Bayes' rule: weights times likelihoods of this pulse. Returns what it says of each."""
        judge = self._arrivals.judge
        judged = [
            judge(time - model.next_ns, model.tt, model.steady, model.span) for model in models
        ]
        highest, total = max(likelihood for likelihood, _, _ in judged), 0.0
        for model, (likelihood, _, _) in zip(models, judged, strict=True):
            model.weight *= exp(likelihood - highest)
            total += model.weight
        for model in models:
            model.weight /= total
        return judged

    def _predict(self, models: tuple[_Line, ...]) -> None:
        best, total, next_ns, period = models[0], 0.0, 0.0, 0.0
        for model in models:
            weight = model.weight
            total += weight
            next_ns += weight * model.next_ns
            period += weight * model.period
            if weight > best.weight:
                best = model
        self.best, self.next_ns, self.period = best, next_ns / total, period / total

    def _prune(self) -> None:
        for model in self._loose:
            if model.weight < LOST:
                model.like(self.best)
                model.loosen(0.0, (NEW_TEMPO * model.period / self.jitter) ** 2)
            bend = not (model.wander or self._arrivals.in_frames)
            model.weight = max(model.weight, BEND_REVIVAL if bend else REVIVAL)
        if len(self._lines) > LINES:
            # A young line pays for its free phase and period with most of its weight at first;
            # leaning towards age lets one outlive that even while another model leads.
            self._lines.remove(min(self._lines[:-2], key=lambda line: line.weight * sqrt(line.age)))
