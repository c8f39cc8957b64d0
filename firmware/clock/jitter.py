"""How far the arrivals of a clock's pulses scatter, learned from them, and what each says.

What a pulse says of a normal prediction is the derivative of the logarithm of its likelihood: the
mean moves along the first, the variance shrinks with the second (Masreliez, "Approximate
non-Gaussian filtering with linear state and observation relations", IEEE Transactions on Automatic
Control 20, 1975). For normal jitter that is the Kalman filter; for a clock in USB frames a pulse
says nothing until it is nearly a frame's half off, and very much then.
"""

from __future__ import annotations

from math import erfc, exp, log, pi, sqrt

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
"""An outlier is a pulse later than the one, followed by one that is nearer than the other; in
frames, later than the frame's edge by so many of its blurs."""

OUTLIER_MEMORY = 256

PLAUSIBLE = 6.0
"""Squared error, in variances, up to which a pulse is never called an outlier."""

FRAME_NS = 1_000_000
"""Full-speed USB delivers once a millisecond (USB 2.0, 4.4). The errors of a clock that comes by it
are spread evenly over one frame, and beyond that it cannot lie."""

FRAME_SIGMA = FRAME_NS / sqrt(12)
FRAME_MEMORY = 512

FIRST_EDGE_NS, LEAST_EDGE_NS = 60_000.0, 20_000.0
"""The frame's edges are blurred by the sender's own jitter and by that of the time stamps: standard
deviation assumed at first, and the least that is believed."""

EDGE_CUBE = 0.266
"""If an error is flat within +-h and blurred by s, the mean square of what is beyond h is this
times s**3 / h (the third moment of the half of a normal distribution, divided by 3)."""

EDGE_CLIP, EDGE_MEMORY = 2.0, 512
"""What is beyond counts as no more than so many blurs; pulses over which it is averaged."""

RECOGNISED, DOUBTED = 2.0, 0.5
"""So many times, less those forgotten, a gap of whole frames must have varied by one for the clock
to be taken for one in frames; and so few, for that to be given up."""

NEWS_NS = 150_000.0
"""A pulse whose error differs from the last one's by less says less: where the period is nearly a
whole number of frames, many in a row are held by the same frame's edge, and that is one fact."""

WIDE = 4.0
"""Beside a prediction more uncertain than so many half frames, a frame's jitter is as if normal."""

FAR_TAIL = 6.0
"""Beyond so many standard deviations a normal distribution's tail is its asymptote."""

CLIP_SIGMAS = 4.0
"""A pulse moves no prediction by more than this many of its standard deviations."""


class Jitter:
    """The distribution of arrivals about the true times; ``sigma`` is its standard deviation, and
    ``in_frames`` tells whether they are those of USB.

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
        self.in_frames = False
        self._news = 1.0
        self._edge = FIRST_EDGE_NS
        self._beyond = 0.0

    def assume(self, sigma: float) -> None:
        """It is known to scatter by so much now, whatever was learned."""
        self.sigma = sigma
        self._frames, self.in_frames = 0.0, False

    def hear(self, time: float, period: float) -> bool:
        """Look whether the gaps between arrivals are whole USB frames, *and* vary by one.

        Equal gaps of whole milliseconds are only a lucky tempo. ``period`` is the present estimate.
        Returns whether the clock has just been recognised as one in frames.
        """
        gap = time - self._last
        off = abs(gap - round(gap / FRAME_NS) * FRAME_NS)
        self._off_frame += (off - self._off_frame) / 24
        before = self.in_frames
        if self._off_frame > FRAME_NS / 10:
            self._frames, self.in_frames = 0.0, False
        else:
            varies = FRAME_NS / 2 < abs(gap - self._gap) < FRAME_NS * 3 / 2
            self._frames += varies - self._frames / FRAME_MEMORY
            self.in_frames = self._frames > (DOUBTED if before else RECOGNISED)
        self._last, self._gap = time, gap
        self._news = min(1.0, abs(gap - period) / NEWS_NS)
        recognised = self.in_frames and not before
        if recognised:
            self._edge = FIRST_EDGE_NS
            self._beyond = EDGE_CUBE * FIRST_EDGE_NS**3 / (FRAME_NS / 2)
            self.sigma = FRAME_SIGMA
        return recognised

    def judge(
        self, error: float, doubt: float, steady: bool, span: float
    ) -> tuple[float, float, float]:
        """What a pulse that came ``error`` late says of a prediction.

        ``doubt`` is the variance of the prediction, in units of the jitter's; ``steady`` is whether
        the model that made it believes in an even tempo; ``span`` bounds the error it has from
        the frames. Returns the logarithm (but for a constant) of the likelihood; its first
        derivative by the prediction, times the jitter's variance, in ns; and its second, times
        minus the jitter's variance.

        The distribution is normal, or flat with normal edges for a clock in USB frames; and at the
        probability learned for it an outlier's, whose size may be anything on a logarithmic scale.
        """
        variance, spread = self.sigma * self.sigma, 1 + doubt
        square = error * error / variance
        if self.in_frames and spread * variance < (WIDE * FRAME_NS / 2) ** 2:
            result, pull, information = self._in_window(abs(error), doubt * variance, span)
            pull *= variance if error > 0 else -variance
            information *= variance
            result *= self._news
            if steady:
                pull *= self._news
                information *= self._news
            suspect = True
        else:
            result = -0.5 * (log(spread) + square / spread)
            pull, information = error / spread, 1 / spread
            suspect = square > PLAUSIBLE * spread
        if suspect:
            chance = self._outliers if error > 0 else self._outliers * EARLY
            result = max(result, log(chance) - 0.5 - 0.5 * log(spread + square))
        bound = CLIP_SIGMAS * self.sigma / sqrt(spread)
        return result, min(max(pull, -bound), bound), information

    def _in_window(self, error: float, variance: float, span: float) -> tuple[float, float, float]:
        """``judge`` for an error of 0 or more that is flat within +-``span``, in ns.

        ``variance`` is the prediction's. The likelihood is the share of a normal distribution that
        lies in the window.
        """
        width = sqrt(self._edge * self._edge + variance)
        near, far = (error - span) / width, (error + span) / width
        scale = log(self.sigma * sqrt(2 * pi) / (2 * span))
        if near > FAR_TAIL:
            return scale - near * near / 2 - log(near * sqrt(2 * pi)), near / width, 1 / width**2
        share = (erfc(near / sqrt(2)) - erfc(far / sqrt(2))) / 2
        at_near = exp(-near * near / 2) / sqrt(2 * pi) / share
        at_far = exp(-far * far / 2) / sqrt(2 * pi) / share
        pull = at_near - at_far
        information = pull * pull - near * at_near + far * at_far
        return scale + log(share), pull / width, information / width**2

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
        if jittery:
            self._frames, self.in_frames = 0.0, False
        if self.in_frames:
            beyond = max(abs(best_error) - FRAME_NS / 2, 0.0) / self._edge
            self._learn_outliers(beyond if best_error > 0 else -beyond)
            self._learn_edge(min(beyond, EDGE_CLIP) * self._edge)
        else:
            self._learn_outliers(best_error / sigma)
            self.sigma = min(max(sigma * sqrt(1 + share * (square - 1)), LEAST_NS), most)

    def _learn_edge(self, beyond: float) -> None:
        self._beyond += (beyond * beyond - self._beyond) / EDGE_MEMORY
        edge = (self._beyond * FRAME_NS / 2 / EDGE_CUBE) ** (1 / 3)
        self._edge = max(edge, self._off_frame, LEAST_EDGE_NS)
        self.sigma = sqrt(FRAME_SIGMA * FRAME_SIGMA + self._edge * self._edge)

    def _learn_outliers(self, error: float) -> None:
        if self._was_late:
            was_outlier = abs(error) < ON_TIME_SIGMAS
            self._outliers += (was_outlier - self._outliers) / OUTLIER_MEMORY
        self._was_late = error > LATE_SIGMAS
        if not self._was_late:
            self._outliers += (OUTLIER / 2 - self._outliers) / OUTLIER_MEMORY
