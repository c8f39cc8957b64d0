"""The FAT volume that computers see as the box's drive: a file, or a partition of the card.

It is read and written by mtools and dosfstools, never mounted: what a computer leaves on it,
damaged or worse, meets a program that ends, with a time limit, and not the kernel. Only one side
may write at a time; who does is for the caller to know (see turns.py).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any

__all__ = ["LABEL", "Volume", "VolumeError"]

LABEL = "GROOVEBOX"
SIZE = 256 << 20
"""Of a new volume in a file, bytes: room for some hundreds of models; no more is used than it
holds."""
STEP_S = 60.0
"""Longest that one command may take; the largest, reading or repairing all of a volume, takes a
few seconds."""
READING_S = 600.0
"""Longest that a large file may take to be read."""
MOST_FILES = 10_000
MEMORY = 256 << 20
BLOCK = Path("/sys/class/block")
TOOLS = ("mkfs.fat", "fsck.fat", "mdir", "mcopy", "mdel", "mmd")
SPECIAL = re.compile(r"([\[\]*?\\])")
"""What mtools take for a pattern."""


class VolumeError(OSError):
    """The volume cannot be used; the text is one sentence."""


def _missing() -> list[str]:
    return [tool for tool in TOOLS if _tool(tool) is None]


def _tool(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


class Volume:
    """The volume in ``path``. Paths on it are strings with slashes, from its root.

    All raise VolumeError where a command fails or takes too long.
    """

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self.path, self._size = path, size
        if missing := _missing():
            raise VolumeError(f"The drive needs {', '.join(missing)} (mtools, dosfstools).")

    def make(self) -> None:
        """An empty volume in place of whatever is there."""
        if not self.path.is_block_device():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # The same file: the kernel may have it open for the computer.
            with self.path.open("ab"):
                os.truncate(self.path, 0)
                os.truncate(self.path, self._size)
        self._run("mkfs.fat", "-n", LABEL, str(self.path))
        self.sync()

    def repair(self) -> bool:
        """Mend what a pulled cable left. False where that cannot be done: make it anew then."""
        try:
            done = self._call("fsck.fat", "-a", "-w", str(self.path))
            if done.returncode not in (0, 1):
                return False
            self.sync()
            self.files()  # what is sound for one tool must be so for the other
        except VolumeError:
            return False
        return True

    def files(self) -> list[str]:
        """All files, folder by folder."""
        done = self._call("mdir", "-b", "-a", "-/", "-i", str(self.path), "::")
        if done.returncode != 0 and b'"::" not found' not in done.stderr:  # said of an empty one
            raise VolumeError("The files of the drive cannot be listed.")
        names = [line[3:] for line in done.stdout.decode("utf-8", "replace").splitlines()]
        return [name for name in names if name and not name.endswith("/")][:MOST_FILES]

    def read(self, name: str, most: int) -> bytes:
        """A file's content. Raises VolumeError for one of ``most`` bytes or more."""
        command = [self._found("mcopy"), "-i", str(self.path), _exactly(name), "-"]
        with tempfile.TemporaryFile() as output:
            done = _run(
                _limited(command, file_size=most),
                f"{name} takes too long to read.",
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
            if os.fstat(output.fileno()).st_size >= most:
                raise VolumeError(f"{name} is larger than {most >> 20} MB.")
            if done.returncode != 0:
                raise VolumeError(f"{name} cannot be read.")
            output.seek(0)
            return output.read()

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """A file of any size, to be read once from its beginning. What ends too soon is for the
        reader to find."""
        command = [self._found("mcopy"), "-i", str(self.path), _exactly(name), "-"]
        with subprocess.Popen(
            _limited(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        ) as process:
            assert process.stdout is not None
            timer = threading.Timer(READING_S, process.kill)
            timer.start()
            try:
                yield process.stdout
            finally:
                timer.cancel()
                process.kill()

    def write(self, name: str, content: bytes) -> None:
        """Put a file there, its folders too, in place of one that has the name."""
        for folder in reversed(PurePosixPath(name).parents[:-1]):
            with contextlib.suppress(VolumeError):  # it is there already
                self._run("mmd", "-D", "s", "-i", str(self.path), f"::/{folder}")
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            try:
                # Overwriting; and without a pattern's escapes, as this is a name to make.
                self._run("mcopy", "-D", "o", "-i", str(self.path), file.name, f"::/{name}")
            except VolumeError:
                with contextlib.suppress(VolumeError):
                    self.remove(name)  # the half that did fit
                raise

    def remove(self, name: str) -> None:
        self._run("mdel", "-i", str(self.path), _exactly(name))

    def sync(self) -> None:
        """What was written is on the card."""
        with contextlib.suppress(OSError):
            handle = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def stamp(self) -> int:
        """Another number after each time that something was written; 0 where there is no volume."""
        try:
            if self.path.is_block_device():
                statistics = (BLOCK / self.path.resolve().name / "stat").read_text()
                # Sectors written since the system started (Documentation/block/stat.rst): one more,
                # for none of them yet is not no volume.
                return int(statistics.split()[6]) + 1
            return self.path.stat().st_mtime_ns
        except (OSError, ValueError, IndexError):
            return 0

    def _run(self, tool: str, *arguments: str) -> bytes:
        done = self._call(tool, *arguments)
        if done.returncode != 0:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise VolumeError(f"{tool}: {lines[-1] if lines else 'failed'}")
        return done.stdout

    def _call(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = [self._found(tool), *arguments]
        return _run(_limited(command), f"{tool} takes too long.", capture_output=True)

    def _found(self, tool: str) -> str:
        return _tool(tool) or tool


def _run(
    command: Sequence[str], too_long: str, **output: Any
) -> subprocess.CompletedProcess[bytes]:
    """One call of a tool, with subprocess.run's words for where its output goes. Raises VolumeError
    ``too_long`` for one that hangs."""
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            timeout=STEP_S,
            env=_environment(),
            check=False,
            **output,
        )
    except subprocess.TimeoutExpired:
        raise VolumeError(too_long) from None


def _limited(command: Sequence[str], file_size: int | None = None) -> list[str]:
    """With a limit on memory, for a damaged volume may claim any size, and one on what it writes
    into a file."""
    if not shutil.which("prlimit"):
        return [*command]
    limits = [f"--as={MEMORY}", *([f"--fsize={file_size}"] if file_size else [])]
    return ["prlimit", *limits, "--", *command]


def _environment() -> dict[str, str]:
    # Not the user's own settings of mtools, and names as they are in UTF-8.
    return {**os.environ, "LC_ALL": "C.UTF-8", "MTOOLSRC": os.devnull, "HOME": os.devnull}


def _exactly(name: str) -> str:
    """The name as mtools take it, and nothing else that is like it."""
    return "::/" + SPECIAL.sub(r"\\\1", name)
