"""The map as it forms: pictures of it, from the first epoch to the last.

The training's thread takes them, which costs it little; another develops them.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event

from train_host.map_view.map_data import sample
from train_host.training import Trained, Training

__all__ = ["Film", "Picture"]

SIDE = 25
"""Places along each axis of a picture."""
APART = 1.3
"""Each picture's epoch is so many times the last one's: much happens early on."""
LONGEST_NS = 1_000_000_000
"""Longest between two pictures, nevertheless."""
MOST_BYTES = 32_000_000
MOST_CLIPS = 400


@dataclass(frozen=True)
class Picture:
    """The map after ``epoch``; ``header`` and ``values`` as in ``map_data``. ``number`` counts
    them."""

    number: int
    epoch: int
    header: dict[str, object]
    values: bytes


class Film:
    """Takes pictures of one training whose loops are called ``names``."""

    def __init__(self, names: Sequence[str], ticks_per_beat: int, tempo: float) -> None:
        self._names = tuple(names[:MOST_CLIPS])
        self._ticks_per_beat, self._tempo = ticks_per_beat, tempo
        self._taken: Queue[Trained] = Queue(maxsize=1)
        self._pictures: tuple[Picture, ...] = ()
        self._ended = Event()
        self._next_epoch, self._latest_ns = 1, 0

    def look(self, training: Training, now_ns: int) -> None:
        """Take a picture if it is time, and the last one is developed."""
        epoch = training.history[-1].epoch
        due = epoch >= self._next_epoch or now_ns >= self._latest_ns + LONGEST_NS
        if not due or self._taken.full():
            return
        self._taken.put_nowait(training.now())
        self._next_epoch, self._latest_ns = math.ceil(APART * epoch), now_ns

    def develop(self) -> None:
        """Until ``end``: for a thread of its own."""
        while not self._ended.is_set():
            with contextlib.suppress(Empty):
                self.add(self._taken.get(timeout=0.1))

    def end(self) -> None:
        """Of ``develop``; what is not developed yet is lost."""
        self._ended.set()

    def add(self, trained: Trained) -> None:
        """Develop a picture."""
        data = sample(trained.decoder, SIDE)
        clips = zip(self._names, trained.z[:MOST_CLIPS], strict=True)
        header = data.header(
            self._ticks_per_beat, self._tempo, [(name, *place) for name, place in clips]
        )
        kept = self._pictures
        number = kept[-1].number + 1 if kept else 1
        picture = Picture(number, trained.last.epoch, header, data.values.tobytes())
        while len(kept) * len(picture.values) > MOST_BYTES:
            kept = kept[::2]
        self._pictures = (*kept, picture)

    def since(self, number: int) -> tuple[Picture, ...]:
        """Those after the picture of that number, in order."""
        return tuple(picture for picture in self._pictures if picture.number > number)
