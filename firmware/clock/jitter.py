"""How far the arrivals of a clock's pulses scatter, learned from them."""

from __future__ import annotations

from math import log, sqrt

__all__ = ["Jitter"]

FIRST_NS, LEAST_NS = 500_000.0, 20_000.0
"""Standard deviation assumed at first, and the least that is believed."""

MEMORY = 128
"""Pulses over which the variance is averaged."""

FIRST_PULSES = 24
SHOCK, FREQUENT = 9.0, 0.2
"""A squared error of more variances than this counts as this much, for it may be a change of tempo
or an outlier; unless such shocks are frequent or the clock is new: then it is jitter."""
MOST = 100.0

OUTLIER = 2.2e-3
"""Prior probability of a pulse that came far too late and says nothing; the real one is learned."""

EARLY = 0.05
"""How much rarer an outlier is that came too early: a transport delays, it cannot advance."""

LATE_SIGMAS, ON_TIME_SIGMAS = 5.0, 2.5
"""An outlier is a pulse later than the one, followed by one that is nearer than the other."""

OUTLIER_MEMORY = 256

PLAUSIBLE = 6.0
"""Squared error, in variances, up to which a pulse is never called an outlier."""

FRAME_NS = 1_000_000
"""Full-speed USB delivers once a millisecond (USB 2.0, 4.4). The errors of a clock that comes by it
are spread evenly over one frame, and beyond that it cannot lie."""

FRAME_SPAN_NS, FRAME_EDGE_NS = 550_000.0, 60_000.0
"""Half a frame with a margin, and the standard deviation of the time stamps themselves."""

FRAME_MEMORY = 512


class Jitter:
    """The distribution of arrivals about the true times; ``sigma`` is its standard deviation.

    Times and errors are in ns. ``time`` and ``period`` are those of the first pulse.
    """

    def __init__(self, time: float, period: float) -> None:
        self.sigma = FIRST_NS
        self._seen = 0
        self._shocks = 0.0
        self._outliers = OUTLIER
        self._was_late = False
        self._last, self._gap = time, period
        self._off_frame = FRAME_NS / 4
        self._frames = 0.0

    def hear(self, time: float) -> None:
        """Look whether the gaps between arrivals are whole USB frames, *and* vary by one.

        Equal gaps of whole milliseconds are only a lucky tempo.
        """
        gap = time - self._last
        off = abs(gap - round(gap / FRAME_NS) * FRAME_NS)
        self._off_frame += (off - self._off_frame) / 24
        if self._off_frame > FRAME_NS / 10:
            self._frames = 0.0
        else:
            varies = FRAME_NS / 2 < abs(gap - self._gap) < FRAME_NS * 3 / 2
            self._frames += varies - self._frames / FRAME_MEMORY
        self._last, self._gap = time, gap

    def log_likelihood(self, error: float, doubt: float) -> float:
        """Logarithm (but for a constant) of how likely a pulse is that came ``error`` late.

        ``doubt`` is the variance of the prediction itself, in units of the jitter's. The
        distribution is normal, or flat with normal edges for a clock in USB frames; and at the
        probability learned for it an outlier's, whose size may be anything on a logarithmic scale.
        """
        variance, spread = self.sigma * self.sigma, 1 + doubt
        square = error * error / variance
        if self._frames > 2:
            beyond = max(0.0, abs(error) - FRAME_SPAN_NS)
            misfit = beyond * beyond / (FRAME_EDGE_NS * FRAME_EDGE_NS + doubt * variance)
        else:
            misfit = square / spread
        result = -0.5 * (log(spread) + misfit)
        if misfit > PLAUSIBLE:
            chance = self._outliers if error > 0 else self._outliers * EARLY
            result = max(result, log(chance) - 0.5 - 0.5 * log(spread + square))
        return result

    def learn(self, error: float, best_error: float, spread: float, most: float) -> None:
        """Take in a pulse that came ``error`` after the prediction, ``best_error`` after that of
        the best model, whose predictions spread by ``spread`` (1 is the jitter alone).

        ``most`` bounds ``sigma``.
        """
        self._seen += 1
        sigma = self.sigma
        square = error * error / (sigma * sigma * spread)
        self._shocks += ((square > SHOCK) - self._shocks) / 16
        jittery = self._seen < FIRST_PULSES or self._shocks > FREQUENT
        square = min(square, MOST if jittery else SHOCK)
        share = 1 / min(self._seen + 6, MEMORY)
        self.sigma = min(max(sigma * sqrt(1 + share * (square - 1)), LEAST_NS), most)
        self._learn_outliers(best_error / sigma)

    def _learn_outliers(self, error: float) -> None:
        if self._was_late:
            was_outlier = abs(error) < ON_TIME_SIGMAS
            self._outliers += (was_outlier - self._outliers) / OUTLIER_MEMORY
        self._was_late = error > LATE_SIGMAS
        if not self._was_late:
            self._outliers += (OUTLIER / 2 - self._outliers) / OUTLIER_MEMORY
