"""An update's file: a tar archive that begins with a signed list of what is in it.

manifest.json has the version, and the size and SHA-256 of every other file; manifest.json.sig is
its signature by signify (Ed25519). What comes after is believed as far as it is listed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

__all__ = [
    "MANIFEST",
    "SIGNATURE",
    "SUFFIX",
    "Manifest",
    "UpdateError",
    "open_bundle",
    "write_bundle",
]

SUFFIX = ".update"
MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
MOST_LIST = 1 << 16
VERIFY_S = 30
CHUNK = 1 << 20
CUT = "The update's file is cut short."
TOOLS = ("signify-openbsd", "signify")
"""Debian's name of it and everybody else's."""


class UpdateError(ValueError):
    """The update cannot be taken; the text is one sentence."""


@dataclass(frozen=True)
class Manifest:
    """``files`` are their names with (size in bytes, SHA-256 in hexadecimal)."""

    version: str
    files: Mapping[str, tuple[int, str]]

    def to_json(self) -> bytes:
        told = {
            "version": self.version,
            "files": {name: list(of) for name, of in self.files.items()},
        }
        return json.dumps(told, indent=1, sort_keys=True).encode("ascii")

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Raises UpdateError."""
        try:
            told = json.loads(text)
            files = {str(name): (int(of[0]), str(of[1])) for name, of in told["files"].items()}
            return cls(str(told["version"]), files)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            raise UpdateError("The update's list cannot be read.") from None


def open_bundle(
    stream: IO[bytes], key: Path
) -> tuple[Manifest, Iterator[tuple[str, Iterator[bytes]]]]:
    """What is in an update that is read once from its beginning: its list, verified by the public
    ``key``, and each file with its content in parts. A part that is too much or other than listed
    ends in UpdateError, as does a file that is missing in the end."""
    try:
        # Read by whoever takes the files, and then it is at its end.
        archive = tarfile.open(fileobj=stream, mode="r|")  # noqa: SIM115
        text, signature = (_listed(archive, name) for name in (MANIFEST, SIGNATURE))
    except (tarfile.TarError, EOFError, OSError):
        raise UpdateError("This is no update.") from None
    _verify(text, signature, key)
    manifest = Manifest.from_json(text)
    return manifest, _files(archive, manifest)


def _listed(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.next()
    content = None if member is None else archive.extractfile(member)
    if member is None or member.name != name or content is None or member.size > MOST_LIST:
        raise UpdateError("This is no update.")
    return content.read()


def _files(archive: tarfile.TarFile, manifest: Manifest) -> Iterator[tuple[str, Iterator[bytes]]]:
    left = set(manifest.files)
    try:
        while (member := archive.next()) is not None:
            content = archive.extractfile(member)
            if content is None or member.name not in left:
                raise UpdateError(f"{member.name} is not in the update's list.")
            left.remove(member.name)
            yield member.name, _checked(content, member.name, *manifest.files[member.name])
    except (tarfile.TarError, EOFError, OSError):
        raise UpdateError(CUT) from None
    if left:
        raise UpdateError(CUT)


def _checked(content: IO[bytes], name: str, size: int, digest: str) -> Iterator[bytes]:
    found, came = hashlib.sha256(), 0
    while chunk := _read(content):
        came += len(chunk)
        if came > size:
            break
        found.update(chunk)
        yield chunk
    if came != size or found.hexdigest() != digest:
        raise UpdateError(f"{name} of the update is damaged.")


def _read(content: IO[bytes]) -> bytes:
    try:
        return content.read(CHUNK)
    except (tarfile.TarError, EOFError, OSError):
        raise UpdateError(CUT) from None


def _verify(text: bytes, signature: bytes, key: Path) -> None:
    tool = next((tool for tool in TOOLS if shutil.which(tool)), None)
    if tool is None:
        raise UpdateError("Updates cannot be verified here: signify is not installed.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / MANIFEST).write_bytes(text)
        (folder / SIGNATURE).write_bytes(signature)
        command = [tool, "-V", "-q", "-p", str(key), "-x", SIGNATURE, "-m", MANIFEST]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, timeout=VERIFY_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise UpdateError("The update's signature cannot be verified.") from None
    if done.returncode != 0:
        raise UpdateError("The update is not signed by the maker of this box.")


def write_bundle(
    target: Path, version: str, files: Mapping[str, Path], secret_key: Path, time: int
) -> None:
    """Make an update of files, signed; every file in it has the same ``time``, s. Raises
    CalledProcessError where it cannot be signed."""
    sizes = {name: (path.stat().st_size, _digest(path)) for name, path in files.items()}
    text = Manifest(version, sizes).to_json()
    tool = next((tool for tool in TOOLS if shutil.which(tool)), TOOLS[0])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / MANIFEST).write_bytes(text)
        command = [tool, "-S", "-s", str(secret_key.resolve()), "-m", MANIFEST, "-x", SIGNATURE]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        signature = (folder / SIGNATURE).read_bytes()
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:

        def add(name: str, size: int, content: IO[bytes]) -> None:
            member = tarfile.TarInfo(name)
            member.size, member.mtime = size, time
            archive.addfile(member, content)

        for listed, content in ((MANIFEST, text), (SIGNATURE, signature)):
            add(listed, len(content), BytesIO(content))
        for listed, path in files.items():
            with path.open("rb") as file:
                add(listed, path.stat().st_size, file)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
