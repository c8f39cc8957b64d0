"""Whether a file has been replaced, by a look at it now and then."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FileWatch"]

Stamp = tuple[int, int, int]


class FileWatch:
    """Tells once of each new state of a file, when two looks in a row have found it the same: a
    file that is still being written is not read. The state that it has at first is new too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: Stamp | None = None
        self._told: Stamp | None = None

    def changed(self) -> bool:
        """Look. A file that is gone has not changed: it may come back."""
        stamp = self._stamp()
        settled = stamp is not None and stamp == self._seen
        self._seen = stamp
        if not settled or stamp == self._told:
            return False
        self._told = stamp
        return True

    def _stamp(self) -> Stamp | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
