"""Maps that have been drawn once: a thousand patterns that need not be decoded again."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Collection
from pathlib import Path

import numpy as np

from firmware.atomic_file import write_atomically
from firmware.library.models import digest_of
from firmware.rhythm.drums import DRUM_COUNT
from firmware.rhythm.latent_map import CELLS, LatentMap
from firmware.rhythm.pattern import TICKS

__all__ = ["MapCache"]

SUFFIX = ".map"
SHAPE = (TICKS, CELLS, CELLS, DRUM_COUNT)
BYTES = int(np.prod(SHAPE))
LEVEL = 1
"""Of compression: 0.9 MB become a tenth in some 15 ms on a desk; more effort gains little."""
DIGEST = 64
"""Letters of a digest."""


class MapCache:
    """Maps by their models' digests, a file each in ``folder``. What is damaged counts as missing,
    and what cannot be written is drawn again the next time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: str) -> LatentMap | None:
        try:
            content = self._path(digest).read_bytes()
            told, packed = content[:DIGEST], content[DIGEST:]
            unpack = zlib.decompressobj()
            onset = unpack.decompress(packed, BYTES + 1)
        except (OSError, zlib.error):
            return None
        if len(onset) != BYTES or told != digest_of(onset).encode("ascii"):
            return None
        return LatentMap(np.frombuffer(onset, np.uint8).reshape(SHAPE))

    def put(self, digest: str, latent_map: LatentMap) -> None:
        onset = latent_map.onset.tobytes()
        with contextlib.suppress(OSError):
            content = digest_of(onset).encode("ascii") + zlib.compress(onset, LEVEL)
            write_atomically(self._path(digest), content)

    def keep(self, digests: Collection[str]) -> None:
        """Forget the maps of all other models."""
        names = {self._path(digest).name for digest in digests}
        with contextlib.suppress(OSError):
            for path in self._folder.glob(f"*{SUFFIX}"):
                if path.name not in names:
                    path.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}{SUFFIX}"
