"""The models of the box: the factory's, which nothing takes away, and the player's own in a
folder.

Beside the player's files lies ``library.json``: the order that the player gave them, favourites,
and names that the player changed. Every change is one file replaced whole, so a power cut leaves
the old state or the new one; what ``library.json`` says of files that are not there is passed over,
and a file that it does not mention comes last.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from firmware.atomic_file import remove, write_atomically
from firmware.library.check import check
from firmware.library.index import Index
from firmware.library.models import ModelEntry, digest_of, factory_folder, model_files, read_model
from firmware.rhythm.model_file import ModelError

__all__ = ["Imported", "Library", "LibraryModel"]

SUFFIX = ".tflite"
STATE, INDEX = "library.json", "index.json"
MOST_MODELS = 500
"""More could not be walked through with an encoder."""
MOST_NAME = 64
FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
"""What some file system does not take in a name (FAT has the longest list)."""


@dataclass(frozen=True)
class LibraryModel(ModelEntry):
    """A model file of the library."""

    factory: bool = False
    favourite: bool = False

    @property
    def key(self) -> str:
        return f"factory/{self.path.name}" if self.factory else self.path.name


@dataclass(frozen=True)
class Imported:
    """What became of an import: the model, and whether the library had its content already."""

    model: LibraryModel
    known: bool


class Library:
    """The factory's models and those in ``folder``, which is made when something is imported."""

    def __init__(
        self,
        folder: Path,
        factory: Path | None = None,
        check: Callable[[bytes], None] = check,
    ) -> None:
        """``check`` raises ModelError for a content that must not be played."""
        self.folder = folder
        self._check = check
        self._factory = factory_folder() if factory is None else factory
        self._index = Index(folder / INDEX)

    def models(self) -> list[LibraryModel]:
        """All models: favourites first, then the player's own, then the factory's; among each other
        in the player's order, or by name."""
        places = {name: place for place, name in enumerate(self._state()[0])}
        factory = model_files([self._factory]) if self._factory.is_dir() else []
        files = [*factory, *self._own()]
        models = self._found(files)
        self._index.save(files)
        return sorted(
            models,
            key=lambda model: (
                not model.favourite,
                places.get(model.key, len(places)),
                model.factory,
                model.name.casefold(),
            ),
        )

    def import_model(self, content: bytes, file_name: str) -> Imported:
        """Check ``content`` and take it in, by the name of its file; what is there is not replaced:
        other content of the same name gets a number. Raises ModelError in one sentence, and OSError
        where it cannot be written."""
        digest = digest_of(content)
        models = self.models()
        for model in models:
            if model.digest == digest:
                return Imported(model, known=True)
        if sum(not model.factory for model in models) >= MOST_MODELS:
            raise ModelError(f"The library holds {MOST_MODELS} models, which is the most.")
        self._check(content)
        path = self._free(file_name)
        write_atomically(path, content)
        return Imported(self._found([path])[0], known=False)

    def remove(self, model: LibraryModel) -> None:
        """Raises ModelError for the factory's, OSError where it cannot be removed."""
        if model.factory:
            raise ModelError(f"{model.name} is a factory model, which stays.")
        remove(model.path)
        order, favourites, names = self._state()
        if model.key in favourites or model.key in names:  # another file may come by that name
            names.pop(model.key, None)
            self._write(order, favourites - {model.key}, names)

    def rename(self, model: LibraryModel, name: str) -> None:
        """Give ``model`` another name; an empty one gives it back its own."""
        order, favourites, names = self._state()
        name = _printable(name)[:MOST_NAME]
        names = {**names, model.key: name}
        self._write(order, favourites, {key: kept for key, kept in names.items() if kept})

    def set_favourite(self, model: LibraryModel, favourite: bool) -> None:
        order, favourites, names = self._state()
        key = model.key
        self._write(order, favourites | {key} if favourite else favourites - {key}, names)

    def move(self, model: LibraryModel, steps: int) -> None:
        """Move ``model`` by so many places among its like: favourites, or the others."""
        _, favourites, names = self._state()
        keys = [other.key for other in self.models()]
        liked = [key for key in keys if key in favourites]
        others = [key for key in keys if key not in favourites]
        key = model.key
        group = liked if key in favourites else others
        place = min(max(group.index(key) + steps, 0), len(group) - 1)
        group.remove(key)
        group.insert(place, key)
        self._write([*liked, *others], favourites, names)

    def export(self, folder: Path) -> list[Path]:
        """Copy the player's own models to ``folder``; the files, old ones of the same content among
        them. Raises OSError and ModelError."""
        written = []
        for model in self.models():
            if model.factory:
                continue
            target = folder / model.path.name
            content = read_model(model.path)
            if not _holds(target, content):
                write_atomically(target, content)
            written.append(target)
        return written

    def _found(self, files: Iterable[Path]) -> list[LibraryModel]:
        _, favourites, names = self._state()
        found = []
        for file in files:
            factory, known = not file.is_relative_to(self.folder), self._index.of(file)
            model = LibraryModel(known.name or file.stem, file, known.digest, factory)
            name = names.get(model.key, model.name)
            found.append(replace(model, name=name, favourite=model.key in favourites))
        return found

    def _own(self) -> list[Path]:
        """The player's files: those of the folder itself."""
        return [file for file in model_files([self.folder]) if file.parent == self.folder]

    def _free(self, file_name: str) -> Path:
        """A path of the folder that nothing has."""
        stem = _stem(file_name)
        taken = {path.name.casefold() for path in self.folder.glob("*")}
        number = 1
        while True:
            name = f"{stem}{'' if number == 1 else f' {number}'}{SUFFIX}"
            if name.casefold() not in taken:
                return self.folder / name
            number += 1

    def _state(self) -> tuple[list[str], frozenset[str], dict[str, str]]:
        """Order, favourites and names; none where there are none, or none that can be read."""
        try:
            raw: dict[str, Any] = json.loads((self.folder / STATE).read_text("utf-8"))
            return (
                _strings(raw["order"]),
                frozenset(_strings(raw["favourites"])),
                {str(key): str(name)[:MOST_NAME] for key, name in raw["names"].items()},
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return [], frozenset(), {}

    def _write(
        self, order: Sequence[str], favourites: Iterable[str], names: dict[str, str]
    ) -> None:
        content = {"order": list(order), "favourites": sorted(favourites), "names": names}
        write_atomically(self.folder / STATE, json.dumps(content, indent=1))


def _strings(values: Iterable[object]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()


def _stem(file_name: str) -> str:
    """A name that every file system takes, as near to ``file_name`` as can be."""
    stem = unicodedata.normalize("NFC", Path(file_name).name)
    stem = re.sub(rf"{re.escape(SUFFIX)}$", "", stem, flags=re.IGNORECASE)
    stem = _printable(FORBIDDEN.sub("_", stem)).strip(". ")
    while len(stem.encode("utf-8")) > MOST_NAME:
        stem = stem[:-1].rstrip()
    return stem or "model"


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False
