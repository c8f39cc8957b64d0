"""``python -m firmware.usb.process``: the drive and the sticks, in a process beside the music's.

Reading, checking and writing take seconds; here they keep nobody waiting. It writes a JSON object a
line: ``say`` is a sentence for the display; ``changed`` tells that the library has other models
now, with ``play`` the key of one to play. It reads words, a line each: ``changed`` (the box changed
the library), ``to stick``, ``from stick``; and ends when its input does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import selectors
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import IO

from firmware import sentences
from firmware.library.check import Checker
from firmware.library.intake import Verdict
from firmware.library.library import Library
from firmware.update.install import VERSION, Card, card_here, install
from firmware.update.slots import other
from firmware.usb.drive import LOG, MANUAL, Drive
from firmware.usb.gadget import Gadget
from firmware.usb.keeper import DriveKeeper
from firmware.usb.stick import FEW, Stick, find_sticks
from firmware.usb.volume import Volume

__all__ = ["Process", "main", "tell_of_trial"]

LOOK_S = 0.5
MOST_LOG = 1 << 18
IN_REPORT = "REPORT.txt says why."
SERIALS = (Path("/proc/device-tree/serial-number"), Path("/etc/machine-id"))


class Process:
    """What the process does, but for reading words and waiting. ``tell`` writes an object."""

    def __init__(
        self,
        library: Library,
        tell: Callable[[dict[str, object]], None],
        mount_point: Path | None,
        papers: dict[str, Path],
    ) -> None:
        """``mount_point`` is where sticks are mounted, None to leave them alone; ``papers`` are
        files that a copy to a stick takes along."""
        self._library, self._tell = library, tell
        self._mount_point, self._papers = mount_point, papers
        self._sticks: list[str] = []
        self.keeper: DriveKeeper | None = None

    def say(self, sentence: str) -> None:
        self._tell({"say": sentence})

    def on_verdicts(
        self, verdicts: Iterable[Verdict], where: Callable[[Verdict], str] = lambda first: IN_REPORT
    ) -> int:
        """Tell what becomes of files, the first good one at once; how many there were. ``where``
        says why some were refused, given the first of them."""
        found: list[Verdict] = []
        for verdict in verdicts:
            if verdict.new and not any(earlier.new for earlier in found):
                self._tell({"changed": True, "play": verdict.key})
            found.append(verdict)
        taken = [verdict for verdict in found if verdict.new]
        refused = [verdict for verdict in found if verdict.refused]
        if len(taken) > 1:
            self._tell({"changed": True})
        if len(found) == 1:
            self.say(found[0].sentence)
        elif found:
            there = "model is" if len(taken) == 1 else "models are"
            parts = [f"{len(taken)} {there} in the library now."]
            if refused:
                parts.append(f"Refused: {len(refused)}. {where(refused[0])}")
            self.say(" ".join(parts))
        return len(found)

    def on_word(self, word: str) -> None:
        if word == "changed":
            if self.keeper is not None:
                self.keeper.changed = True
        elif word in ("to stick", "from stick"):
            self._with_stick(self._to_stick if word == "to stick" else self._from_stick)

    def step(self, now_ns: int) -> None:
        for sentence in sentences.collect():
            self.say(sentence)
        if self.keeper is not None:
            self.keeper.step(now_ns)
        if self._mount_point is None:
            return
        sticks = find_sticks()
        for device in sticks:
            if device not in self._sticks:
                self._sticks.append(device)
                self._with_stick(self._welcome)
        self._sticks = [device for device in self._sticks if device in sticks]

    def _with_stick(self, do: Callable[[Stick], None]) -> None:
        """With the stick that came last."""
        if not self._sticks or self._mount_point is None:
            self.say("There is no USB stick.")
            return
        try:
            do(Stick(self._sticks[-1], self._mount_point))
        except OSError as error:
            self.say(str(error))

    def _welcome(self, stick: Stick) -> None:
        count = stick.count()
        if count > FEW:
            self.say(f"{count} models on the stick: menu, Models, Copy from stick takes them.")
        elif count:
            self._from_stick(stick)

    def _from_stick(self, stick: Stick) -> None:
        if not self.on_verdicts(stick.take_in(self._library), lambda first: first.sentence):
            self.say("There is no model on the stick.")
        if self.keeper is not None:
            self.keeper.changed = True

    def _to_stick(self, stick: Stick) -> None:
        self.say("Writing to the stick: leave it in.")
        count = stick.put_out(self._library, self._papers)
        self.say(f"{count} models and the settings are on the stick.")


def _tell(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


def _papers(options: argparse.Namespace) -> dict[str, Callable[[], bytes]]:
    """What the drive carries beside models."""
    papers: dict[str, Callable[[], bytes]] = {}
    for name, path in ((MANUAL, options.manual), (LOG, options.log)):
        if path is not None and path.is_file():
            papers[name] = partial(_end_of, path)
    return papers


def _end_of(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - MOST_LOG, 0))
        return file.read()


def _updater(card: Card | None) -> Callable[[IO[bytes]], str] | None:
    """What takes updates, where the box runs from a card."""
    if card is None:
        return None
    running = VERSION.read_text("utf-8").strip() if VERSION.is_file() else ""
    return partial(install, card=card, running=running)


def tell_of_trial(card: Card, say: Callable[[str], None]) -> None:
    """An update that was started and has not come up well is told of, once."""
    with contextlib.suppress(OSError, ValueError):
        slots = card.slots()
        if slots.tried == other(card.slot):
            say("The update did not start well: the box is as it was before.")
            card.write(slots.told())


def _serial() -> str:
    """The same for the same box, and no other's."""
    for place in SERIALS:
        with contextlib.suppress(OSError, ValueError):
            if found := place.read_text("ascii").strip("\0\n ")[-16:]:
                return found
    return "0"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="firmware.usb.process", description=__doc__)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--drive", type=Path, help="file or partition of the volume")
    parser.add_argument("--sticks", type=Path, help="folder to mount sticks at")
    parser.add_argument("--manual", type=Path)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--state", type=Path, help="what a copy to a stick takes along")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    os.nice(10)
    library = Library(options.library, check=Checker(path=options.library / "checked.json"))
    papers = {} if options.state is None else {options.state.name: options.state}
    process = Process(library, _tell, options.sticks, papers)
    card = card_here()
    if card is not None:
        tell_of_trial(card, process.say)
    if options.drive is not None:
        try:
            volume = Volume(options.drive)
            process.keeper = DriveKeeper(
                Gadget(_serial()),
                volume,
                Drive(volume, library, _papers(options), _updater(card)),
                process.on_verdicts,
                process.say,
                time.monotonic_ns(),
            )
        except OSError as error:
            process.say(f"The drive cannot be used ({error.strerror or error}).")
    os.set_blocking(sys.stdin.fileno(), False)
    unread = b""
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            if selector.select(LOOK_S):
                read = os.read(sys.stdin.fileno(), 4096)
                if not read:
                    return 0
                *words, unread = (unread + read).split(b"\n")
                for word in words:
                    process.on_word(word.decode("ascii", "replace"))
            process.step(time.monotonic_ns())


if __name__ == "__main__":
    sys.exit(main())
