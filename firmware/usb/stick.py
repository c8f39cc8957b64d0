"""USB sticks in the box's own port: mounted read-only, looked through, and let go at once."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from firmware.atomic_file import write_atomically
from firmware.library.intake import Verdict, candidates, take
from firmware.library.library import Library
from firmware.library.models import read_model
from firmware.rhythm.model_file import ModelError
from firmware.usb.gadget import INQUIRY

__all__ = ["FEW", "Stick", "StickError", "find_sticks"]

BLOCK = Path("/sys/class/block")
FEW = 5
"""More models are taken only when the player says so."""
MOUNT_S = 30.0
HARMLESS = "nosuid,nodev,noexec"
FOLDER = "groovebox"
"""On the stick, for what the box writes."""


class StickError(OSError):
    """The stick cannot be read or written; the text is one sentence."""


def find_sticks(block: Path = BLOCK) -> list[str]:
    """The devices that may hold a file system, in the order of their names: partitions of USB
    disks, and disks without any. The box's own drive, where it sees it itself, is none."""
    found = []
    for entry in sorted(block.glob("sd*")):
        target = entry.resolve()
        if "/usb" not in target.as_posix() or _number(entry / "size") == 0:
            continue
        disk = target.parent if (entry / "partition").exists() else target
        has_partitions = any((child / "partition").exists() for child in target.glob("sd*"))
        inquiry = f"{_text(disk / 'device/vendor'):8}{_text(disk / 'device/model')}"
        if not has_partitions and inquiry != INQUIRY:
            found.append(entry.name)
    return found


class Stick:
    """The stick ``device`` (a name in /dev), mounted at ``point`` for as long as is needed."""

    def __init__(self, device: str, point: Path) -> None:
        self.device, self._point = device, point

    def count(self) -> int:
        """How many files may be models."""
        with self._mounted() as folder:
            return sum(1 for _ in candidates(folder))

    def take_in(self, library: Library) -> list[Verdict]:
        """Take all models into ``library``; what became of each file."""
        with self._mounted() as folder:
            files = (
                (path.relative_to(folder).as_posix(), partial(read_model, path))
                for path in candidates(folder)
            )
            return list(take(library, files))

    def put_out(self, library: Library, papers: dict[str, Path]) -> int:
        """Copy the player's own models, and the files ``papers`` by their names; how many models
        are there now."""
        with self._mounted(writable=True) as folder:
            target = folder / FOLDER
            written = library.export(target / "models")
            for name, path in papers.items():
                with contextlib.suppress(FileNotFoundError):
                    write_atomically(target / name, path.read_bytes())
            return len(written)

    @contextlib.contextmanager
    def _mounted(self, writable: bool = False) -> Iterator[Path]:
        self._point.mkdir(parents=True, exist_ok=True)
        options = f"{'rw' if writable else 'ro'},{HARMLESS}"
        self._run("mount", "-o", options, f"/dev/{self.device}", str(self._point))
        try:
            yield self._point
        except ModelError:
            raise
        except OSError as error:
            raise StickError(f"The stick: {error.strerror or error}.") from error
        finally:
            if writable:
                os.sync()
            # Lazily: where it has been pulled out there is nothing to wait for.
            with contextlib.suppress(StickError):
                self._run("umount", "--lazy", str(self._point))

    def _run(self, *command: str) -> None:
        try:
            done = subprocess.run(command, capture_output=True, timeout=MOUNT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StickError(f"The stick cannot be used ({command[0]}).") from error
        if done.returncode != 0:
            raise StickError("The stick cannot be read: format it as FAT or exFAT.")


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int:
    text = _text(path)
    return int(text) if text.isdigit() else 0
