"""A player who never rests, a power cut, and what must be there afterwards.

The player's process says what it begins and what is done, on a pipe; then it, and where there is
one its disk, is cut off at some moment. What was done must be there whole; what was begun may be.
"""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from firmware.atomic_file import sweep
from firmware.engine.controls import Controls, Set
from firmware.library.first_model import first_model
from firmware.library.library import Library
from firmware.library.models import digest_of
from firmware.library.opener import Opener
from firmware.library.state import SavedState, load_state, save_state
from firmware.usb.drive import Drive
from firmware.usb.volume import Volume

__all__ = ["Ledger", "kill", "play", "play_until_killed"]

DRIVE_BYTES = 4 << 20
MOST_MODELS = 6
STEPS = 1000
"""States that can be told apart: thresholds from 0.02 on."""


def _library(folder: Path) -> Library:
    return Library(folder / "models", folder / "no factory", lambda content: None)


def _drive(folder: Path, library: Library) -> tuple[Volume, Drive]:
    volume = Volume(folder / "drive.img", DRIVE_BYTES)
    return volume, Drive(volume, library)


def _state(step: int) -> SavedState:
    return SavedState(Controls.defaults().apply(Set("threshold", 0.02 + step / 2000)))


def _threshold(step: int) -> float:
    return _state(step).controls["threshold"]


def play(
    folder: Path, contents: list[bytes], seed: int, say: Callable[[list], None], first: str = ""
) -> None:
    """Import, remove, rename, favour, save and eject without end, ``first`` first."""
    rng, library = random.Random(seed), _library(folder)
    volume, drive = _drive(folder, library)
    step = rng.randrange(STEPS)
    while True:
        own = library.models()
        doing = rng.choice(("import", "import", "remove", "rename", "favour", "save", "eject"))
        doing, first = first or doing, ""
        if doing == "import" and len(own) >= MOST_MODELS:
            doing = "remove"
        if doing in ("remove", "rename", "favour") and len(own) < 2:
            doing = "import"
        if doing == "save":
            step = (step + 1) % STEPS
            say(["begin", doing, step])
            save_state(folder / "state.json", _state(step))
            say(["done", doing, step])
        elif doing in ("import", "eject"):
            content = rng.choice(contents)
            say(["begin", doing, digest_of(content)])
            if doing == "import":
                library.import_model(content, f"{rng.randrange(1000)}.tflite")
            else:
                if not volume.stamp():
                    volume.make()
                volume.write("dropped.tflite", content)
                list(drive.take_in())
                say(["done", "import", digest_of(content)])
                drive.put_out()
            say(["done", doing, digest_of(content)])
        else:
            model = rng.choice(own)
            value = {"rename": f"Name {rng.randrange(1000)}", "favour": rng.random() < 0.5}
            say(["begin", doing, model.digest, value.get(doing)])
            if doing == "remove":
                library.remove(model)
            elif doing == "rename":
                library.rename(model, value["rename"])
            else:
                library.set_favourite(model, value["favour"])
            say(["done", doing, model.digest, value.get(doing)])


def play_until_killed(
    folder: Path, contents: list[bytes], seed: int, first: str = ""
) -> tuple[int, int]:
    """In a process of its own: its number, and the end of the pipe where it says what it does."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.close(reading)
        try:
            play(folder, contents, seed, lambda said: _write(writing, said), first)
        except BaseException as error:  # whatever it is, the parent must know
            _write(writing, ["failed", repr(error)])
        finally:
            os._exit(1)
    os.close(writing)
    with suppress(OSError):  # whichever of the two comes first
        os.setpgid(child, child)
    return child, reading


def kill(child: int) -> None:
    """That process, and the programs that it started."""
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _write(handle: int, said: list) -> None:
    os.write(handle, json.dumps(said).encode() + b"\n")


@dataclass
class Ledger:
    """What must be there: told what was said, asked after each cut."""

    contents: list[bytes]
    there: set[str] = field(default_factory=set)
    """digests of the models that were taken in"""
    names: dict[str, str] = field(default_factory=dict)
    favourites: set[str] = field(default_factory=set)
    threshold: float | None = None
    """of the state that was saved last"""
    begun: list | None = None
    """what was being done"""
    done: dict[str, int] = field(default_factory=dict)
    ejected: bool = False
    """the drive has been written to since the last check"""

    def hear(self, lines: Iterable[bytes]) -> None:
        self.begun = None
        for line in lines:
            kind, doing, what, *value = json.loads(line)
            assert kind != "failed", (doing, what)
            if kind == "begin":
                self.ejected |= doing == "eject"
                self.begun = [doing, what, *value]
                continue
            if self.begun == [doing, what, *value]:
                self.begun = None
            self.done[doing] = self.done.get(doing, 0) + 1
            if doing in ("import", "eject"):
                self.there.add(what)
            elif doing == "save":
                self.threshold = _threshold(what)
            elif doing == "remove":
                self._forget(what)
            elif doing == "rename":
                self.names[what] = value[0]
            elif doing == "favour":
                (self.favourites.add if value[0] else self.favourites.discard)(what)

    def _forget(self, digest: str) -> None:
        self.there.discard(digest)
        self.names.pop(digest, None)
        self.favourites.discard(digest)

    def check(self, folder: Path) -> None:
        """Start as the box does, and find everything; then go on from what is there."""
        sweep(folder)
        library, told = _library(folder), []
        models = library.models()
        files = sorted(path.name for path in library.folder.glob("*.tflite"))
        assert files == sorted(model.path.name for model in models)
        known = {digest_of(content) for content in self.contents}
        found = {digest_of(model.path.read_bytes()) for model in models}
        assert len(found) == len(models), "twice the same"
        assert found <= known, "half a model"
        doing, what, *value = self.begun or ["nothing", ""]
        may_come = {what} if doing in ("import", "eject") else set()
        may_go = {what} if doing == "remove" else set()
        assert self.there - may_go <= found, "a model is lost"
        assert found <= self.there | may_come, "a removed model is back"
        for model in models:
            assert model.digest == digest_of(model.path.read_bytes()), "the index is wrong"
            if model.digest in may_go | may_come:
                continue
            changing = model.digest == what
            name = self.names.get(model.digest)
            assert name is None or model.name in (name, value[0] if changing else name)
            favoured = model.digest in self.favourites
            assert model.favourite == favoured or (changing and doing == "favour")
        state = load_state(folder / "state.json", told.append)
        assert told == []
        saved = {self.threshold, _threshold(what) if doing == "save" else self.threshold}
        threshold = state.controls["threshold"]
        assert None in saved or threshold in saved, "neither the old state nor the new"
        if models:
            first_model(models, None, Opener(library.folder), told.append)
            assert told == []
        volume, drive = _drive(folder, library)
        if self.ejected and volume.stamp():
            list(drive.take_in())
            drive.put_out()
            assert volume.repair(), "the drive is beyond repair"
            self.ejected = False
        self.threshold = threshold
        self._go_on_from(library)

    def _go_on_from(self, library: Library) -> None:
        models = library.models()
        self.there = {model.digest for model in models}
        self.names = {model.digest: model.name for model in models}
        self.favourites = {model.digest for model in models if model.favourite}
        self.begun = None
