"""Models on disk: which there are, and making one ready to play."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware.rhythm.decoder import Decoder
from firmware.rhythm.latent_map import BATCH, LatentMap
from firmware.rhythm.model_file import MAX_BYTES, ModelError, read_info

__all__ = [
    "Model",
    "ModelEntry",
    "digest_of",
    "factory_folder",
    "find_models",
    "load_model",
    "read_model",
]


@dataclass(frozen=True)
class ModelEntry:
    """A model file and the name it goes by."""

    name: str
    path: Path


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
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{path.name} is larger than {MAX_BYTES >> 20} MB.")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path.name} cannot be read ({os.strerror(error.errno or 0)})."
        ) from error


def digest_of(content: bytes) -> str:
    """What tells one content from another."""
    return hashlib.sha256(content).hexdigest()


def find_models(places: Sequence[Path]) -> list[ModelEntry]:
    """Every ``.tflite`` file in or below ``places`` (files or folders), by name.

    A file whose metadata cannot be read goes by its file name; loading it will say why.
    """
    paths: list[Path] = []
    for place in places:
        paths += sorted(place.rglob("*.tflite")) if place.is_dir() else [place]
    entries = []
    for path in dict.fromkeys(path for path in paths if not path.name.startswith(".")):
        try:
            info = read_info(path)
        except ModelError:
            info = None
        entries.append(ModelEntry(info.name if info else path.stem, path))
    return sorted(entries, key=lambda entry: (entry.name.casefold(), str(entry.path)))


def load_model(
    entry: ModelEntry,
    before_stall: Callable[[], None] = lambda: None,
    check: Callable[[bytes], None] = lambda content: None,
) -> Model:
    """Read a model and decode its map. Raises ModelError in one sentence.

    ``check`` is asked about the content of a file that is no factory model, and raises ModelError.
    ``before_stall`` is called before the interpreter is kept busy: for a moment where a process is
    begun, and where the runtime takes a model in, 12 to 40 ms on a desk, some ten times that on a
    Raspberry Pi Zero 2.
    """
    content = read_model(entry.path)
    if not entry.path.is_relative_to(factory_folder()):
        before_stall()
        check(content)
    before_stall()
    latent_map = LatentMap.decode(Decoder(content, BATCH))
    before_stall()
    return Model(entry, Decoder(content), latent_map, digest_of(content))
