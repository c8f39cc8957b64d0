"""What a musician hands in: MIDI files, files in the clip notation, and folders of both."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from train_host.clip import ClipFile
from train_host.clip_midi import compile_folder
from train_host.drum_map import DrumMap
from train_host.loops import Loops
from train_host.midi_reader import SUFFIXES, ClipError, Skipped, read_folder
from train_host.notation import NotationError, read_clips

__all__ = ["NOTATION_SUFFIX", "Sources", "gather"]

NOTATION_SUFFIX = ".clips"


@dataclass(frozen=True)
class Sources:
    """The loops of all clips, the files that gave none, and the headers of the notated ones."""

    loops: Loops
    skipped: list[Skipped]
    headers: list[ClipFile]


def gather(paths: Sequence[Path], drum_map: DrumMap, ticks_per_beat: int) -> Sources:
    """Read all clips in ``paths``; notation is compiled to MIDI first and read like the rest.

    A loop from notation has its clip's name, one from MIDI its file's. Raises ClipError where
    nothing can be used.
    """
    skipped: list[Skipped] = []
    headers: list[ClipFile] = []
    names: dict[str, str] = {}
    wanted: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="groovebox-train-") as folder:
        for path in paths:
            notated = _notated(path)
            if not notated or (path.is_dir() and _has_midi(path)):
                wanted.append(path)
            for source in notated:
                out = Path(folder) / str(len(headers))
                try:
                    header = read_clips(source)
                    files = compile_folder(source, out)
                except NotationError as error:
                    skipped.append(Skipped(source, str(error).removeprefix(f"{source}, ")))
                    continue
                except OSError as error:
                    reason = f"The file cannot be read: {error.strerror}."
                    skipped.append(Skipped(source, reason))
                    continue
                headers.append(header)
                wanted.append(out)
                names |= {
                    file.stem: clip.name for file, clip in zip(files, header.clips, strict=True)
                }
        if skipped and not wanted:
            raise ClipError(f"No drum clip could be used. {skipped[0].path}: {skipped[0].reason}")
        loops, unread = read_folder(wanted, drum_map, ticks_per_beat)
    return Sources(_named(loops, names), skipped + unread, headers)


def _notated(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob(f"*{NOTATION_SUFFIX}") if file.is_file())
    return [path] if path.suffix == NOTATION_SUFFIX and path.is_file() else []


def _has_midi(folder: Path) -> bool:
    return any(file.suffix.lower() in SUFFIXES for file in folder.rglob("*"))


def _named(loops: Loops, names: dict[str, str]) -> Loops:
    """``loops`` named after their clips. A name is a file's stem, and " #2" for its second loop."""
    renamed = []
    for name in loops.names:
        stem, mark, number = name.partition(" #")
        renamed.append(names.get(stem, stem) + mark + number)
    return replace(loops, names=tuple(renamed))
