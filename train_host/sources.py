"""What a musician hands in: MIDI files, files in the clip notation, and folders of both."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from train_host.clip import ClipFile
from train_host.clip_fate import FileFate
from train_host.clip_midi import compile_folder
from train_host.drum_map import DrumMap
from train_host.loops import DrumTrack, Loops
from train_host.midi_reader import SUFFIXES, ReadFile, Skipped, fit_all, read_tracks
from train_host.notation import NotationError, read_clips

__all__ = ["NOTATION_SUFFIX", "Sources", "gather"]

NOTATION_SUFFIX = ".clips"


@dataclass(frozen=True)
class Sources:
    """The loops of all clips, what became of each file, and the headers of the notated ones.

    ``ticks_per_beat`` is what the loops have a quarter note: the number for the model.
    """

    loops: Loops
    files: list[FileFate]
    headers: list[ClipFile]
    ticks_per_beat: int

    @property
    def skipped(self) -> list[Skipped]:
        """The files that gave no loops."""
        return [Skipped(file.path, file.refused) for file in self.files if file.refused]


def gather(
    paths: Sequence[Path],
    drum_map: DrumMap,
    ticks_per_beat: int | None = None,
    bars_per_loop: int | None = None,
    channel: int | None = None,
) -> Sources:
    """Read all clips in ``paths``; ``ticks_per_beat`` and the rest as in ``read_all``.

    Notation is compiled to MIDI and read like the rest, but that its notes and channel are known:
    ``drum_map`` and ``channel`` are for MIDI files. A loop from notation has its clip's name, one
    from MIDI its file's. Raises ClipError where nothing can be used.
    """
    headers: list[ClipFile] = []
    refused: list[ReadFile] = []
    found: list[ReadFile] = []
    seen: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="groovebox-train-") as folder:
        for path in paths:
            notated = _notated(path)
            if not notated or (path.is_dir() and _has_midi(path)):
                found += read_tracks([path], drum_map, channel, seen)
            for source in notated:
                try:
                    header = read_clips(source)
                    files = compile_folder(source, Path(folder) / str(len(headers)))
                except NotationError as error:
                    reason = str(error).removeprefix(f"{source}, ")
                    refused.append(ReadFile(source, [], reason))
                    continue
                except OSError as error:
                    reason = f"The file cannot be read: {error.strerror}."
                    refused.append(ReadFile(source, [], reason))
                    continue
                headers.append(header)
                names = [clip.name for clip in header.clips]
                found += _named(source, read_tracks(files), names)
    reading = fit_all(refused + found, ticks_per_beat, bars_per_loop)
    return Sources(reading.loops, reading.files, headers, reading.ticks_per_beat)


def _notated(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob(f"*{NOTATION_SUFFIX}") if file.is_file())
    return [path] if path.suffix == NOTATION_SUFFIX and path.is_file() else []


def _has_midi(folder: Path) -> bool:
    return any(file.suffix.lower() in SUFFIXES for file in folder.rglob("*"))


def _named(source: Path, compiled: Sequence[ReadFile], names: Sequence[str]) -> list[ReadFile]:
    """The clips of ``source`` by their own names, those that could be read as one file."""
    tracks: list[DrumTrack] = []
    empty: list[ReadFile] = []
    for file, name in zip(compiled, names, strict=True):
        tracks += [replace(track, name=name) for track in file.tracks]
        if file.refused:
            empty.append(ReadFile(source, [], f"{name}: {file.refused}"))
    return [ReadFile(source, tracks), *empty] if tracks else empty
