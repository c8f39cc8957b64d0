"""Which model a start begins with: the last one played, unless it brought the box down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from firmware.library.models import Model, ModelEntry
from firmware.library.opener import Opener
from firmware.rhythm.model_file import ModelError

__all__ = ["first_model"]


def first_model(
    entries: Sequence[ModelEntry],
    wanted: str | None,
    opener: Opener,
    tell: Callable[[str], None],
) -> tuple[Model, int]:
    """The first of ``entries`` that can be played, and its place: ``wanted``, a key or a file name,
    before all others, and last of all what broke the box down when it was opened last.

    What is passed over is told in a sentence. Raises ModelError where nothing can be played.
    """
    suspects = [bool(opener.suspect) and entry.digest == opener.suspect for entry in entries]
    for entry, suspect in zip(entries, suspects, strict=True):
        if suspect:
            tell(f"{entry.name} broke the box down when it was opened: choose it to try again.")

    def rank(place: int) -> tuple[bool, bool]:
        return suspects[place], wanted not in (entries[place].key, entries[place].path.name)

    for place in sorted(range(len(entries)), key=rank):
        try:
            return opener.open(entries[place]), place
        except ModelError as error:
            tell(f"{entries[place].name}: {error}")
    raise ModelError("There is no playable model.")
