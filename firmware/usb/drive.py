"""What is on the drive: the player's files come in, the box's models and papers go out."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from firmware.atomic_file import write_atomically
from firmware.library.intake import Verdict, is_candidate, take
from firmware.library.library import Library
from firmware.library.models import digest_of, read_model
from firmware.rhythm.model_file import MAX_BYTES, ModelError
from firmware.usb.volume import Volume, VolumeError

__all__ = ["REPORT", "Drive"]

MODELS, FACTORY, UPDATE = "models", "models/factory", ".update"
REPORT, README, MANUAL, LOG = "REPORT.txt", "README.txt", "MANUAL.txt", "LOG.txt"
MOST_PAPER = 1 << 20
SALVAGE = 16 << 20
"""Most of a file that is carried over from a volume that cannot be repaired."""
WELCOME = """\
This is the groovebox's drive.

Drop a model (.tflite) here and eject the drive: it is on the box a moment
later, without stopping the music. REPORT.txt then says what became of it.

models   all models that are on the box, to back them up. Taking one away
         here leaves it on the box: remove it in the box's own menu.
"""


class Drive:
    """The volume's files beside the library's. ``papers`` gives each other file that the box puts
    there and how to get its content.

    All raise VolumeError where the volume cannot be used at all.
    """

    def __init__(
        self,
        volume: Volume,
        library: Library,
        papers: dict[str, Callable[[], bytes]] | None = None,
        update: Callable[[IO[bytes]], str] | None = None,
    ) -> None:
        """``update`` takes an update's file and returns its version, or raises ValueError."""
        self._volume, self._library, self._update = volume, library, update
        self._papers = {README: lambda: _for_any_system(WELCOME), **(papers or {})}
        self._judged: list[Verdict] = []
        self._told: dict[tuple[str, str], Verdict] = {}
        """of each file and its content, so that it is said once"""
        self._record = library.folder / "drive.json"
        self._put = _read_record(self._record)
        """what the box has put there: names and their contents' digests. What is still so is no
        news, and what is on the box no more was removed there"""

    def peek(self, sure: bool) -> Iterator[Verdict]:
        """Take in what is there, only reading; what is new about it. Not ``sure``: what is refused
        may not be all there yet, and is passed over."""
        return (verdict for verdict, is_new in self._judge(sure) if is_new)

    def take_in(self) -> Iterator[Verdict]:
        """Repair the volume, or make it anew, and take in what is there; what is new about it."""
        sound = self._volume.repair()
        self._judged = list(self._take_updates())
        yield from self._judged
        for verdict, is_new in self._judge(sure=True):
            self._judged.append(verdict)
            if is_new:
                yield verdict
        if not sound:
            self._make_anew()

    def put_out(self) -> None:
        """Leave the report and the box's models on the volume; what was taken in goes to models/,
        by the name that the library gave it."""
        on_box = {model.digest for model in self._library.models()}
        for (name, digest), verdict in list(self._told.items()):
            # What was removed on the box meanwhile is left to the player here.
            if verdict.key and digest in on_box and not name.startswith(f"{MODELS}/"):
                with contextlib.suppress(VolumeError):
                    self._volume.remove(name)
                    del self._told[name, digest]  # when it comes again, it is another
        self._bring_up_to_date()
        self._volume.sync()

    def _take_updates(self) -> Iterator[Verdict]:
        """Put the updates that lie on the drive into the box; what was taken goes from there."""
        if self._update is None:
            return
        with contextlib.suppress(VolumeError):
            for name in self._volume.files():
                if not name.lower().endswith(UPDATE) or name.startswith("."):
                    continue
                try:
                    with self._volume.reading(name) as stream:
                        version = self._update(stream)
                except ValueError as error:
                    yield Verdict(name, str(error))
                    continue
                yield Verdict(
                    name, f"Version {version} starts when the box is next switched on.", name
                )
                self._volume.remove(name)

    def _judge(self, sure: bool) -> Iterator[tuple[Verdict, bool]]:
        """Every file that the box has not put there itself, and whether that is news."""
        try:
            names = [name for name in self._volume.files() if is_candidate(name)]
        except VolumeError:
            return
        told = {}
        for name in names:
            try:
                content = self._volume.read(name, MAX_BYTES + 1)
                digest, fault = digest_of(content), ""
            except VolumeError as error:
                content, digest, fault = b"", str(error), str(error)
            if self._put.get(name) == digest:
                continue
            verdict = known = self._told.get((name, digest))
            if verdict is None and fault:
                verdict = Verdict(name, fault)
            elif verdict is None:
                verdict = next(take(self._library, [(name, partial(bytes, content))]), None)
            if verdict is None or (verdict.refused and not sure):
                continue
            if verdict.lasts:
                told[name, digest] = verdict
            yield verdict, known is None
        self._told = told

    def _make_anew(self) -> None:
        """An empty volume, with those of the player's files that could still be read."""
        kept: dict[str, bytes] = {}
        with contextlib.suppress(VolumeError):
            for name in self._volume.files():
                content = self._read(name, SALVAGE)
                if content is not None and sum(map(len, kept.values())) + len(content) < SALVAGE:
                    kept[name] = content
        self._volume.make()
        self._put = {}
        for name, content in kept.items():
            with contextlib.suppress(VolumeError):
                self._volume.write(name, content)

    def _bring_up_to_date(self) -> None:
        """Bring the box's files on the volume up to date; what does not fit is left out."""
        wanted: dict[str, Callable[[], bytes]] = dict(self._papers)
        for model in self._library.models():
            folder = FACTORY if model.factory else MODELS
            wanted[f"{folder}/{model.path.name}"] = partial(read_model, model.path)
        there = set(self._volume.files())
        for name in there & self._put.keys() - wanted.keys():  # removed on the box
            content = self._read(name, MAX_BYTES + 1)
            if content is not None and digest_of(content) == self._put[name]:
                with contextlib.suppress(VolumeError):
                    self._volume.remove(name)
        put, left_out = {}, 0
        for name, get in wanted.items():
            try:
                content = get()
                if name not in there or self._read(name, len(content) + 1) != content:
                    self._volume.write(name, content)
                put[name] = digest_of(content)
            except (ModelError, OSError):
                left_out += name.startswith(MODELS)
        with contextlib.suppress(VolumeError):  # a full drive
            self._volume.write(REPORT, _report(self._judged, left_out))
        if put != self._put:
            self._put = put
            with contextlib.suppress(OSError):  # a removed model may come back, then
                write_atomically(self._record, json.dumps(put, indent=0))

    def _read(self, name: str, most: int) -> bytes | None:
        try:
            return self._volume.read(name, most)
        except VolumeError:
            return None


def _read_record(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text("utf-8"))
        return {str(name): str(digest) for name, digest in found.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def _report(verdicts: list[Verdict], left_out: int) -> bytes:
    lines = ["What became of the files on this drive:", ""]
    lines += [f"{verdict.file}: {verdict.sentence}" for verdict in verdicts]
    if not verdicts:
        lines.append("There was nothing new.")
    if left_out:
        lines += ["", f"{left_out} models of the box are not in {MODELS}: the drive is full."]
    return _for_any_system("\n".join(lines) + "\n")


def _for_any_system(text: str) -> bytes:
    """With line ends that every editor shows."""
    return text.replace("\n", "\r\n").encode("utf-8")
