"""The playback head: where on the map the rhythm is read, between the finger and the noise."""

from __future__ import annotations

import math

import numpy as np

from firmware.engine.controls import Controls, Set
from firmware.rhythm.latent_map import pad_to_z, z_to_pad

__all__ = ["Playhead"]


class Playhead:
    """Follows the controls x and y when it may, and strays from there once a loop.

    ``seed`` makes the stray of an unseeded head repeatable (for tests).
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._stray = [0.0, 0.0]
        self._place = (math.nan, math.nan)
        self._home: tuple[float, float] | None = None
        self.z = self.on_pad = (math.nan, math.nan)
        """where the head is, in units of z and of the pad"""

    def begin_loop(self, loop: int, controls: Controls) -> None:
        """Stray elsewhere, unless the noise is locked. ``loop`` counts from the start's 0."""
        if controls["noise_lock"] and any(self._stray):
            return  # the box may have been switched on with the lock set: then one is drawn
        seed = int(controls["noise_seed"])
        random = np.random.default_rng((seed, loop)) if seed else self._random
        self._stray = random.standard_normal(2).tolist()

    def follow(self, controls: Controls) -> None:
        """Take the place the controls name."""
        self._place = controls["x"], controls["y"]

    def update(self, controls: Controls, extent: float) -> bool:
        """Work out ``z`` on a map that reaches to ``extent``; whether it is another than before."""
        noise = controls["noise"]
        z1, z2 = (
            min(max(wanted + noise * stray, -extent), extent)
            for wanted, stray in zip(pad_to_z(*self._place, extent), self._stray, strict=True)
        )
        z = z1, z2
        if z == self.z:
            return False
        self.z, self.on_pad = z, z_to_pad(*z, extent)
        return True

    def released(self, before: Controls, after: Controls) -> Controls:
        """``after``, with the head sent back where it was when a finger lifts without hold."""
        if after["touch"] and not before["touch"]:
            self._home = before["x"], before["y"]
        elif before["touch"] and not after["touch"] and not after["hold"] and self._home:
            after = after.apply(Set("x", self._home[0])).apply(Set("y", self._home[1]))
        return after

    def forget_home(self) -> None:
        """A lift no longer sends the head back: it has been sent elsewhere meanwhile."""
        self._home = None
