"""What is done with the files of a drive or a stick: taken, refused, passed over."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from firmware.library.library import Library
from firmware.rhythm.model_file import MAX_BYTES, ModelError

__all__ = ["Verdict", "candidates", "convert_here", "is_candidate", "take"]

MOST_FILES = 1000
"""Of one drive or stick; more are no collection of models."""
LITTER = re.compile(
    r"^(\.|~|__MACOSX$|System Volume Information$|\$RECYCLE\.BIN$|RECYCLER$|FOUND\.\d+$|"
    r"LOST\.DIR$|Trash(es)?$|desktop\.ini$|Thumbs\.db$|Icon\r?$)",
    re.IGNORECASE,
)
"""What systems leave where they have been: names of files or of folders that hold such."""
CONVERT = "is R-VAE's own format: convert it on your computer with groovebox-train convert."
CONVERT_S = 120


@dataclass(frozen=True)
class Verdict:
    """What became of a file: ``sentence`` says it, ``key`` is the model's in the library where it
    is there now, ``new`` whether it was not before."""

    file: str
    sentence: str
    key: str = ""
    new: bool = False
    lasts: bool = True
    """whether it will be the same the next time"""

    @property
    def refused(self) -> bool:
        return not self.key


def is_candidate(name: str) -> bool:
    """Whether a file of that path, with slashes, may be a model: none that a system left."""
    path = PurePosixPath(name)
    if any(LITTER.match(part) for part in path.parts):
        return False
    return path.suffix.lower() == ".tflite" or path.name.lower() == "model.json"


def candidates(folder: Path) -> Iterator[Path]:
    """The files below ``folder`` that may be models; links are not followed, and what cannot be
    read is passed over."""
    found = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not LITTER.match(name))
        for name in sorted(files):
            path = Path(place, name)
            if is_candidate(path.relative_to(folder).as_posix()) and not path.is_symlink():
                yield path
                found += 1
                if found == MOST_FILES:
                    return


def take(library: Library, files: Iterable[tuple[str, Callable[[], bytes]]]) -> Iterator[Verdict]:
    """Take files into the library, each given by its path and how to read it, and say of each what
    became of it."""
    for file, read in files:
        name = PurePosixPath(file).name
        try:
            content = read()
            if name.lower() == "model.json":
                if not _is_tfjs(content):
                    continue
                raise ModelError(f"{file} {CONVERT}")
            imported = library.import_model(content, name)
        except ModelError as error:
            yield Verdict(file, str(error))
            continue
        except OSError as error:
            sentence = f"{file} cannot be kept ({error.strerror or error})."
            yield Verdict(file, sentence, lasts=False)
            continue
        model = imported.model
        is_there = "is in the library already" if imported.known else "is in the library"
        yield Verdict(file, f"{model.name} {is_there}.", model.key, not imported.known)


def convert_here(file: Path) -> bytes:
    """A model.json of R-VAE as a model file, where the trainer is installed. Raises ModelError."""
    if find_spec("train_host") is None:
        raise ModelError(f"{file.name} {CONVERT}")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / f"{file.parent.resolve().name or 'model'}.tflite"
        # In a process of its own: the box's code does not depend on the trainer's.
        command = [sys.executable, "-m", "train_host", "convert", str(file), "-o", str(output)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=CONVERT_S, check=False)
        except subprocess.TimeoutExpired:
            raise ModelError(f"{file.name} takes too long to convert.") from None
        if done.returncode != 0 or not output.is_file():
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise ModelError(said[-1] if said else f"{file.name} cannot be converted.")
        return output.read_bytes()


def _is_tfjs(content: bytes) -> bool:
    """Whether it is a model of TensorFlow.js and not some other ``model.json``."""
    if len(content) > MAX_BYTES:
        return False
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and {"modelTopology", "weightsManifest"} <= found.keys()
