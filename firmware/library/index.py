"""What is known of the model files without reading them again: names and contents' digests.

A few hundred models are half a minute's reading for a memory card. So what was read once is kept by
each file's time and size, in ``index.json``; it may be lost or wrong at any time, and is made anew.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from firmware.atomic_file import write_atomically
from firmware.library.models import digest_of, read_model
from firmware.rhythm.model_file import ModelError, read_info

__all__ = ["Index", "Known"]


class Known(NamedTuple):
    """What a file was found to be: ``digest`` of its content and ``name`` by its metadata, empty
    where it could not be read."""

    digest: str
    name: str


Stamp = tuple[str, int, int]
"""path, time in ns, size: another state of the file has another"""


class Index:
    """Remembers files, in the file ``path`` from one start to the next. Safe to be asked by one
    thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._read()
        self._changed = False

    def of(self, file: Path) -> Known:
        """What ``file`` is; it is read where it is new."""
        try:
            status = file.stat()
        except OSError:
            return Known("", "")
        stamp = str(file), status.st_mtime_ns, status.st_size
        if stamp not in self._known:
            self._known[stamp] = _look(file)
            self._changed = True
        return self._known[stamp]

    def save(self, files: Iterable[Path]) -> None:
        """Keep what is known of these files and forget all others. A folder that cannot be written
        costs no more than the time to read them again."""
        if not self._changed or not self._path.parent.is_dir():
            return
        names = {str(file) for file in files}
        self._known = {stamp: known for stamp, known in self._known.items() if stamp[0] in names}
        rows = [[*stamp, *known] for stamp, known in self._known.items() if known.digest]
        with contextlib.suppress(OSError):
            write_atomically(self._path, json.dumps(rows, indent=0))
        self._changed = False

    def _read(self) -> dict[Stamp, Known]:
        try:
            rows = json.loads(self._path.read_text("utf-8"))
            return {
                (str(path), int(time), int(size)): Known(str(digest), str(name))
                for path, time, size, digest, name in rows
            }
        except (OSError, ValueError, TypeError, OverflowError, RecursionError):
            return {}


def _look(file: Path) -> Known:
    try:
        content = read_model(file)
    except ModelError:
        return Known("", "")
    try:
        info = read_info(content)
    except ModelError:
        info = None
    return Known(digest_of(content), info.name if info else "")
