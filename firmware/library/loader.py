"""Loads models on a thread of its own, so that neither the music nor the picture waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from firmware.library.file_watch import FileWatch
from firmware.library.models import Model, ModelEntry, digest_of, load_model, read_model
from firmware.real_time import PANEL, set_priority
from firmware.rhythm.model_file import ModelError

__all__ = ["ModelLoader"]

LOOK_S = 0.5
"""Between two looks at the file of the chosen model."""


class ModelLoader:
    """Walks a list of models; the latest choice wins.

    The chosen model's file is watched: what is put in its place is loaded too, and where that
    cannot be played, the last one plays on.

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
        digest: str = "",
        check: Callable[[bytes], None] = lambda content: None,
    ) -> None:
        """``index`` is the entry that plays now, ``digest`` its content's; ``check`` raises
        ModelError for a content that must not be opened."""
        self.entries = tuple(entries)
        self._on_model, self._on_failure = on_model, on_failure
        self._before_stall, self._check = before_stall, check
        self._index = index
        self._wanted: ModelEntry | None = None
        self._digest = digest
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
        entry = self.entries[self._index]
        watch, said = FileWatch(entry.path), ""
        while True:
            with self._changed:
                if self._wanted is None and not self._closed:
                    self._changed.wait(LOOK_S)
                if self._closed:
                    return
                chosen, self._wanted = self._wanted, None
            if chosen is not None:
                entry, watch, said = chosen, FileWatch(chosen.path), ""
            elif not watch.changed():
                continue
            try:
                if chosen is None and digest_of(read_model(entry.path)) == self._digest:
                    continue
                model = load_model(entry, self._before_stall, self._check)
            except ModelError as error:
                if str(error) != said:
                    said = str(error)
                    self._on_failure(entry, said)
                continue
            with self._changed:
                overtaken = self._wanted is not None
            if not overtaken:
                self._digest = model.digest
                self._on_model(model)
