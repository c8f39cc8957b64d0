"""Loads models on a thread of its own, so that neither the music nor the picture waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from firmware.library.models import Model, ModelEntry, load_model
from firmware.real_time import PANEL, set_priority
from firmware.rhythm.model_file import ModelError

__all__ = ["ModelLoader"]


class ModelLoader:
    """Walks a list of models; the latest choice wins.

    ``on_model(model)``, ``on_failure(entry, sentence)`` and ``before_stall()`` (see load_model)
    are called from the loader's thread.
    """

    def __init__(
        self,
        entries: Sequence[ModelEntry],
        on_model: Callable[[Model], None],
        on_failure: Callable[[ModelEntry, str], None],
        index: int = 0,
        before_stall: Callable[[], None] = lambda: None,
    ) -> None:
        self.entries = tuple(entries)
        self._on_model, self._on_failure = on_model, on_failure
        self._before_stall = before_stall
        self._index = index
        self._wanted: ModelEntry | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="model loader", daemon=True)
        self._thread.start()

    def browse(self, steps: int) -> ModelEntry:
        """Choose the model ``steps`` further in the list, stopping at its ends, and load it."""
        return self.select(self._index + steps)

    def select(self, place: int) -> ModelEntry:
        """Choose the model at ``place`` in the list, or at its nearest end, and load it."""
        with self._changed:
            index = min(max(place, 0), len(self.entries) - 1)
            if index != self._index:
                self._index = index
                self._wanted = self.entries[index]
                self._changed.notify()
            return self.entries[index]

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        set_priority(PANEL)
        while True:
            with self._changed:
                while self._wanted is None and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                entry, self._wanted = self._wanted, None
            assert entry is not None
            try:
                model = load_model(entry, self._before_stall)
            except ModelError as error:
                self._on_failure(entry, str(error))
                continue
            with self._changed:
                overtaken = self._wanted is not None
            if not overtaken:
                self._on_model(model)
