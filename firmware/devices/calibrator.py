"""Measuring a pad's edges while the player draws round them. Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

from firmware.devices.touch_pad import PadCalibration, RawTouch

__all__ = ["FIRM", "Calibrator"]

FIRM = 0.15
"""The pressure from which a reading tells where the edge is; below it places wander."""
_LEAST_READINGS = 200
"""About two rounds at the usual pace of a hand; a second of a pad read 200 times a second."""
_OUTLIERS = 0.01
"""The part of the readings beyond either edge that is taken for stray."""
_LEAST_SPAN = 0.5
"""Less of what such pads usually read from edge to edge is not a whole round."""


class Calibrator:
    """Collects readings, any number of them, and finds the edges.

    ``calibration`` says what to keep of everything but the edges; ``usual`` is the calibration that
    pads of the kind have before they are measured.
    """

    def __init__(self, calibration: PadCalibration, usual: PadCalibration) -> None:
        self._calibration, self._usual = calibration, usual
        self._counts: dict[str, dict[int, int]] = {"x": {}, "y": {}}
        self._readings = 0

    def add(self, reading: RawTouch | None) -> None:
        """Take a reading; None and light ones are passed over."""
        if reading is None or reading.pressure < FIRM:
            return
        self._readings += 1
        for axis, place in (("x", reading.x), ("y", reading.y)):
            counts = self._counts[axis]
            counts[place] = counts.get(place, 0) + 1

    def result(self) -> PadCalibration:
        """The calibration: the 1st and the 99th percentile of the readings of each axis.

        Raises ``ValueError``, one sentence for the player, if too little of the pad was touched.
        """
        if self._readings < _LEAST_READINGS:
            raise ValueError("The pad was touched too briefly: draw round its whole edge, firmly.")
        edges: dict[str, int] = {}
        for axis, way in (("x", "side to side"), ("y", "bottom to top")):
            low, high = self._edges(axis)
            span = _span(self._usual, axis)
            if high - low < span * _LEAST_SPAN:
                raise ValueError(
                    f"Only {max(high - low, 0) / span:.0%} of the pad was touched from {way}: "
                    "draw round its whole edge."
                )
            edges |= {f"{axis}_min": low, f"{axis}_max": high}
        return replace(self._calibration, **edges)

    def _edges(self, axis: str) -> tuple[int, int]:
        places = sorted(self._counts[axis].items())
        outliers = self._readings * _OUTLIERS

        def first(way: list[tuple[int, int]]) -> int:
            sums = accumulate(count for _, count in way)
            return next(
                place for (place, _), total in zip(way, sums, strict=True) if total > outliers
            )

        return first(places), first(places[::-1])


def _span(calibration: PadCalibration, axis: str) -> int:
    return int(getattr(calibration, f"{axis}_max") - getattr(calibration, f"{axis}_min"))
