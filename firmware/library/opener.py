"""Makes a model file ready to play: checked where it must be, with its map."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from firmware.library.check import Checker
from firmware.library.map_cache import MapCache
from firmware.library.models import Model, ModelEntry, digest_of, factory_folder, read_model
from firmware.library.opening import OpeningMark
from firmware.rhythm.decoder import Decoder
from firmware.rhythm.latent_map import BATCH, LatentMap

__all__ = ["MAPS", "Opener"]

MAPS = "maps"
"""Folder of drawn maps: in the player's library, and beside the factory's models where whoever
installed them has drawn them beforehand, as the card's image does."""


class Opener:
    """Opens models; with a ``folder`` it keeps there what it found out, from start to start."""

    def __init__(self, folder: Path | None = None) -> None:
        self.check = Checker(path=folder and folder / "checked.json")
        self._maps = folder and MapCache(folder / MAPS)
        self._factory_maps = MapCache(factory_folder() / MAPS)
        self._mark = folder and OpeningMark(folder / "opening.json")

    @property
    def suspect(self) -> str:
        """Digest of the model that broke the box down the last time, or empty."""
        return self._mark.suspect if self._mark else ""

    def open(
        self,
        entry: ModelEntry,
        before_stall: Callable[[], None] = lambda: None,
        on_progress: Callable[[float], None] = lambda share: None,
    ) -> Model:
        """Read a model and draw its map. Raises ModelError in one sentence.

        A file that is no factory model is checked first. ``before_stall`` is called before the
        interpreter is kept busy: for a moment where a process is begun, and where the runtime takes
        a model in, 12 to 40 ms on a desk, some ten times that on a Raspberry Pi Zero 2.
        ``on_progress`` is told how much of the map is drawn, 0..1.
        """
        content = read_model(entry.path)
        digest = digest_of(content)
        if not entry.path.is_relative_to(factory_folder()):
            before_stall()
            self.check(content)
        with self._mark.opening(digest) if self._mark else contextlib.nullcontext():
            before_stall()
            latent_map = self._factory_maps.get(digest)
            if latent_map is None and self._maps:
                latent_map = self._maps.get(digest)
            if latent_map is None:
                latent_map = LatentMap.decode(Decoder(content, BATCH), on_progress=on_progress)
                if self._maps:
                    self._maps.put(digest, latent_map)
                before_stall()
            return Model(entry, Decoder(content), latent_map, digest)
