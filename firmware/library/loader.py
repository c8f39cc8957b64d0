"""Loads models on a thread of its own, so that neither the music nor the picture waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

from firmware.library.file_watch import FileWatch
from firmware.library.models import Model, ModelEntry, digest_of, read_model
from firmware.library.opener import Opener
from firmware.real_time import go_before_programs
from firmware.rhythm.model_file import ModelError

__all__ = ["ModelLoader"]

LOOK_S = 0.5
"""Between two looks at the file of the chosen model."""


class ModelLoader:
    """Walks a list of models; the latest choice wins.

    The chosen model's file is watched: what is put in its place is loaded too, and where that
    cannot be played, the last one plays on.

    ``on_model(model)``, ``on_failure(entry, sentence)``, ``before_stall()`` and
    ``on_progress(entry, share)`` (see Opener.open) are called from the loader's thread.
    """

    def __init__(
        self,
        entries: Sequence[ModelEntry],
        on_model: Callable[[Model], None],
        on_failure: Callable[[ModelEntry, str], None],
        opener: Opener,
        index: int = 0,
        digest: str = "",
        before_stall: Callable[[], None] = lambda: None,
        on_progress: Callable[[ModelEntry, float], None] = lambda entry, share: None,
    ) -> None:
        """``index`` is the entry that plays now, ``digest`` its content's."""
        self._entries = tuple(entries)
        self._on_model, self._on_failure = on_model, on_failure
        self._opener, self._before_stall, self._on_progress = opener, before_stall, on_progress
        self._index, self._chosen = index, self._entries[index]
        self._wanted: ModelEntry | None = None
        self._digest = digest
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="model loader", daemon=True)
        self._thread.start()

    @property
    def entries(self) -> tuple[ModelEntry, ...]:
        """The list that is walked; safe from any thread."""
        return self._entries

    def set_entries(self, entries: Sequence[ModelEntry]) -> None:
        """Walk another list from now on. What is chosen stays, be it in the list or not."""
        if not entries:
            return
        with self._changed:
            self._entries = tuple(entries)
            keys = [entry.key for entry in entries]
            if self._chosen.key in keys:
                self._index = keys.index(self._chosen.key)
            self._index = min(self._index, len(keys) - 1)

    def browse(self, steps: int) -> ModelEntry:
        """Choose the model ``steps`` further in the list, stopping at its ends, and load it."""
        return self.select(self._index + steps)

    def select(self, place: int) -> ModelEntry:
        """Choose the model at ``place`` in the list, or at its nearest end, and load it."""
        with self._changed:
            self._index = min(max(place, 0), len(self._entries) - 1)
            entry = self._entries[self._index]
            if entry.path != self._chosen.path:
                self._wanted = entry
                self._changed.notify()
            self._chosen = entry
            return entry

    def choose(self, key: str) -> None:
        """Choose the model of that key, if the list has it, and load it."""
        keys = [entry.key for entry in self._entries]
        if key in keys:
            self.select(keys.index(key))

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        go_before_programs()
        entry = self._chosen
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
                model = self._opener.open(
                    entry, self._before_stall, partial(self._on_progress, entry)
                )
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
