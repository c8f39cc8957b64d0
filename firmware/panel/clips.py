"""The training clips' places on the pad, and the way from one to the next. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from firmware.rhythm.latent_map import z_to_pad
from firmware.rhythm.model_file import ModelInfo

__all__ = ["next_clip", "pad_places", "spread_out"]

Point = tuple[float, float]
THERE = 0.005
"""A head so near to a clip, in pad units, is on it: half a pixel of the map."""
CROWD = 48
"""More places than that would hide the map."""


def pad_places(info: ModelInfo) -> tuple[Point, ...]:
    """Where the clips lie in pad units, 0..1 from the bottom left; outer ones at the edge."""
    points = (z_to_pad(*clip.z, info.z_extent) for clip in info.clips)
    return tuple((min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)) for x, y in points)


def spread_out(places: Sequence[Point]) -> tuple[Point, ...]:
    """All places; of a crowd, some that lie apart."""
    distance, kept = 0.0, list(places)
    while len(kept) > CROWD:
        distance += 0.02
        kept = []
        for x, y in places:
            if all(max(abs(x - a), abs(y - b)) >= distance for a, b in kept):
                kept.append((x, y))
                if len(kept) > CROWD:
                    break
    return tuple(kept)


def next_clip(places: Sequence[Point], head: Point, steps: int) -> int | None:
    """Which clip is ``steps`` after the one at ``head``, round and round; where the head is at
    none, the nearest to it. None where there are no clips."""
    if not places:
        return None
    away = [(x - head[0]) ** 2 + (y - head[1]) ** 2 for x, y in places]
    nearest = min(range(len(places)), key=away.__getitem__)
    if away[nearest] > THERE**2:
        return nearest
    return (nearest + steps) % len(places)
