"""The models as the player handles them: what the panel asks for, done beside the music.

A memory card may take a tenth of a second for a change, so changes are made one after the other on
a thread of their own; each ends in a sentence, if there is something to say.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence

from firmware.library.library import Library, LibraryModel
from firmware.library.loader import ModelLoader
from firmware.library.models import ModelEntry
from firmware.rhythm.model_file import ModelError

__all__ = ["Shelf"]

Job = Callable[[Library], str]


class Shelf:
    """The models of ``library``, walked by ``loader``; ``say(sentence)`` shows the player one, and
    ``on_change()`` is told when the player has changed something.

    Without a library the list stays as it is.
    """

    def __init__(
        self,
        loader: ModelLoader,
        library: Library | None,
        say: Callable[[str], None],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._loader, self._library, self._say = loader, library, say
        self._on_change = on_change
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="library", daemon=True)
        self._thread.start()

    def models(self) -> Sequence[ModelEntry]:
        """All models, in the player's order; safe from any thread."""
        return self._loader.entries

    def browse(self, steps: int) -> str:
        """Choose the model ``steps`` further in the list; its name."""
        return self._loader.browse(steps).name

    def choose(self, key: str) -> None:
        """Play the model of this key."""
        self._loader.choose(key)

    def set_favourite(self, key: str, favourite: bool) -> None:
        self._change(key, lambda library, model: library.set_favourite(model, favourite))

    def move(self, key: str, steps: int) -> None:
        self._change(key, lambda library, model: library.move(model, steps))

    def rename(self, key: str, name: str) -> None:
        self._change(key, lambda library, model: library.rename(model, name))

    def remove(self, key: str) -> None:
        self._change(key, lambda library, model: library.remove(model), "{} is removed.")

    def refresh(self, play: str = "") -> None:
        """Look what is there now, and choose the model of the key ``play``."""

        def look(library: Library) -> str:
            self._show(library)
            self.choose(play)
            return ""

        self._jobs.put(look)

    def close(self) -> None:
        """End when what was asked for is done."""
        self._jobs.put(None)
        self._thread.join(timeout=5)

    def _change(
        self,
        key: str,
        change: Callable[[Library, LibraryModel], None],
        sentence: str = "",
    ) -> None:
        def job(library: Library) -> str:
            found = [model for model in library.models() if model.key == key]
            if found:
                change(library, found[0])
                self._on_change()
            self._show(library)
            return sentence.format(found[0].name) if found else ""

        self._jobs.put(job)

    def _show(self, library: Library) -> None:
        self._loader.set_entries(library.models())

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self._library is None:
                self._say("These models were named at the start and stay as they are.")
                continue
            try:
                sentence = job(self._library)
            except ModelError as error:
                sentence = str(error)
            except OSError as error:
                sentence = f"The library cannot be changed ({error.strerror or error})."
            if sentence:
                self._say(sentence)
