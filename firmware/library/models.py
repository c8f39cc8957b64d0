"""Models on disk: which there are, and what is in their files."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware.rhythm.decoder import Decoder
from firmware.rhythm.latent_map import LatentMap
from firmware.rhythm.model_file import MAX_BYTES, ModelError, read_info

__all__ = [
    "Model",
    "ModelEntry",
    "digest_of",
    "factory_folder",
    "find_models",
    "model_files",
    "read_model",
]


NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class ModelEntry:
    """A model file and the name it goes by."""

    name: str
    path: Path
    digest: str = ""
    """of the content, where it is known"""

    @property
    def key(self) -> str:
        """What it is called where it is kept: names may be given twice."""
        return self.path.name


@dataclass(frozen=True)
class Model:
    """A model ready to play: its decoder (for the engine's thread alone) and its map."""

    entry: ModelEntry
    decoder: Decoder
    latent_map: LatentMap
    digest: str = ""
    """of the file's content: what is the same has the same"""


def factory_folder() -> Path:
    """Where the factory models are: in an installed package, or beside it in a checkout."""
    packaged = Path(__file__).parents[1] / "factory_models"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "models"


def read_model(path: Path) -> bytes:
    """The bytes of a model file. Raises ModelError in one sentence where there are none."""
    try:
        # Without waiting: what is no file may never give anything, or never end.
        with os.fdopen(os.open(path, os.O_RDONLY | NO_WAITING), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise ModelError(f"{path.name} is not a file.")
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelError(
            f"{path.name} cannot be read ({os.strerror(error.errno or 0)})."
        ) from error
    if len(content) > MAX_BYTES:
        raise ModelError(f"{path.name} is larger than {MAX_BYTES >> 20} MB.")
    return content


def digest_of(content: bytes) -> str:
    """What tells one content from another."""
    return hashlib.sha256(content).hexdigest()


def model_files(places: Sequence[Path]) -> list[Path]:
    """Every ``.tflite`` file in or below ``places`` (files or folders), hidden ones left out."""
    paths: list[Path] = []
    for place in places:
        paths += sorted(place.rglob("*.tflite")) if place.is_dir() else [place]
    return [path for path in dict.fromkeys(paths) if not path.name.startswith(".")]


def find_models(places: Sequence[Path]) -> list[ModelEntry]:
    """The models of ``places`` (files or folders), by name.

    A file whose metadata cannot be read goes by its file name; loading it will say why.
    """
    entries = []
    for path in model_files(places):
        try:
            info = read_info(path)
        except ModelError:
            info = None
        entries.append(ModelEntry(info.name if info else path.stem, path))
    return sorted(entries, key=lambda entry: (entry.name.casefold(), str(entry.path)))
