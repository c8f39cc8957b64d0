"""Files that survive a power cut: the old one or the new one is there, whole."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

__all__ = ["remove", "sweep", "write_atomically"]

UNFINISHED = ".new"
"""How the names of files end that are being written, or were when the power went."""
CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES)
"""Of a folder, on some file systems."""


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write ``content``, text as UTF-8, to ``path``, whose folder is made if need be. Raises
    OSError."""
    if isinstance(content, str):
        content = content.encode("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    # By the process: two that write the same file do not write into each other's.
    unfinished = path.with_name(f"{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        with unfinished.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    # The folder holds the name; without this the rename itself may be lost.
    _sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file, if it is there, so that no power cut brings it back. Raises OSError."""
    path.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in CANNOT_SYNC:
            raise
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Remove what a power cut left half written in or below ``folder``; while nothing else writes
    there."""
    if folder.is_dir():
        for path in folder.rglob(f"*{UNFINISHED}"):
            with contextlib.suppress(OSError):
                path.unlink()
