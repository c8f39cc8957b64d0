"""Standard MIDI files of drumming, read into loops.

Any type (0, 1, or 2: there each track is a clip of its own), resolution and number of tracks.
Positions are musical, so tempo changes do not move a note; only in a file with SMPTE time code,
whose ticks are seconds, the tempo says where the beats are.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from train_host.clip_fate import ClipFate, FileFate
from train_host.clip_fit import Grid, fit_clip
from train_host.drum_map import GENERAL_MIDI, DrumMap
from train_host.loops import ClipError, DrumTrack, Loops
from train_host.metre import ticks_for_bars, usual_ticks
from train_host.midi_parse import MAX_BYTES, clock, parse
from train_host.midi_tracks import drum_track

__all__ = [
    "SUFFIXES",
    "ClipError",
    "ReadFile",
    "Reading",
    "Skipped",
    "fit_all",
    "read_all",
    "read_clips",
    "read_file",
    "read_folder",
    "read_tracks",
]

SUFFIXES = (".mid", ".midi", ".smf")
MAX_CLIPS = 1024
"""Tracks of a file of type 2."""


class Skipped(NamedTuple):
    """A file that gave no loops, and the reason: one sentence."""

    path: Path
    reason: str


class ReadFile(NamedTuple):
    """The clips of a file, or the reason why it has none: one sentence."""

    path: Path
    tracks: Sequence[DrumTrack]
    refused: str = ""


@dataclass(frozen=True)
class Reading:
    """The loops of all files, in order, and what became of each file.

    ``ticks_per_beat`` is what the loops have a quarter note: the number for the model.
    """

    loops: Loops
    files: list[FileFate]
    ticks_per_beat: int

    @property
    def skipped(self) -> list[Skipped]:
        """The files that gave no loops."""
        return [Skipped(file.path, file.refused) for file in self.files if file.refused]


def read_clips(
    content: bytes, name: str, drum_map: DrumMap = GENERAL_MIDI, channel: int | None = None
) -> list[DrumTrack]:
    """The clips in the bytes of a MIDI file: one, or one for each track with drums in type 2.

    Drums are the notes on ``channel`` (1..16); where it is left out, those on channel 10, or of
    tracks named as drums, or all, in that order. Raises ClipError where there is no drum in it, or
    the file is empty, damaged or no MIDI file.
    """
    midi = parse(content)
    ticks = clock(midi.ticks_per_beat)
    if midi.type != 2:
        return [drum_track(name, midi.tracks, ticks, drum_map, channel)]
    if len(midi.tracks) > MAX_CLIPS:
        raise ClipError(f"The MIDI file has {len(midi.tracks)} clips, and {MAX_CLIPS} is the most.")
    clips, reason = [], ClipError("The MIDI file has no tracks.")
    for number, track in enumerate(midi.tracks, 1):
        try:
            clips.append(drum_track(f"{name} {number}", [track], ticks, drum_map, channel))
        except ClipError as error:
            reason = error
    if not clips:
        raise reason
    return clips


def read_file(path: Path, drum_map: DrumMap = GENERAL_MIDI, ticks_per_beat: int = 24) -> Loops:
    """The loops of one MIDI file, named after it. Raises ClipError with the reason."""
    clips = _read(path, drum_map, None)
    return Loops.merge(fit_clip(clip, Grid(ticks_per_beat)).loops for clip in clips)


def read_folder(
    paths: Iterable[Path | str], drum_map: DrumMap = GENERAL_MIDI, ticks_per_beat: int = 24
) -> tuple[Loops, list[Skipped]]:
    """:func:`read_all` on a grid that is given: the loops, and the files that gave none."""
    reading = read_all(paths, drum_map, ticks_per_beat)
    return reading.loops, reading.skipped


def read_all(
    paths: Iterable[Path | str],
    drum_map: DrumMap = GENERAL_MIDI,
    ticks_per_beat: int | None = None,
    bars_per_loop: int | None = None,
    channel: int | None = None,
) -> Reading:
    """The loops of all files, and of all MIDI files in and below all folders, among ``paths``.

    A loop is ``bars_per_loop`` bars, whatever their metre; or 96 ticks of ``ticks_per_beat`` a
    quarter note; or, where both are left out, as ``usual_ticks`` chooses by the clips' metres. A
    file that gives no loops is told of with its reason; one named twice is read once. Raises
    ClipError where there are no loops at all.
    """
    return fit_all(read_tracks(paths, drum_map, channel), ticks_per_beat, bars_per_loop)


def read_tracks(
    paths: Iterable[Path | str],
    drum_map: DrumMap = GENERAL_MIDI,
    channel: int | None = None,
    seen: set[str] | None = None,
) -> list[ReadFile]:
    """The drums of all files among ``paths``, as in :func:`read_all`, not yet cut into loops.

    ``seen`` are the real paths of files that have been read, and gets those of these.
    """
    found = []
    for path, reason in _files(paths, set() if seen is None else seen):
        try:
            found.append(ReadFile(path, [] if reason else _read(path, drum_map, channel), reason))
        except ClipError as error:
            found.append(ReadFile(path, [], str(error)))
    return found


def fit_all(
    found: Sequence[ReadFile], ticks_per_beat: int | None = None, bars_per_loop: int | None = None
) -> Reading:
    """``found`` cut into loops, as in :func:`read_all`."""
    tracks = [track for file in found for track in file.tracks]
    grid = _grid(tracks, ticks_per_beat, bars_per_loop)
    loops: list[Loops] = []
    files: list[FileFate] = []
    for file in found:
        clips, refused = [], file.refused
        for track in file.tracks:
            try:
                clip = fit_clip(track, grid)
            except ClipError as error:
                refused = str(error)
                clips.append(ClipFate(track.name, 0, 0, 0, refused=refused))
                continue
            loops.append(clip.loops)
            clips.append(clip.fate)
        used = any(not clip.refused for clip in clips)
        files.append(FileFate(file.path, tuple(clips) if used else (), "" if used else refused))
    if not loops:
        example = f" {files[0].path}: {files[0].refused}" if files else ""
        others = f" Nor was there one in {len(files) - 1} more." if len(files) > 1 else ""
        raise ClipError(f"No drum clip could be used.{example}{others}")
    return Reading(Loops.merge(loops), files, grid.ticks)


def _grid(tracks: Sequence[DrumTrack], ticks: int | None, bars: int | None) -> Grid:
    metres = [track.metre for track in tracks]
    if ticks is None and bars is not None and metres:
        # The model's ticks are whole: those of the commonest metre, or the nearest to them.
        common = Counter(metres).most_common(1)[0][0]
        ticks = max(round(ticks_for_bars(common, bars)), 1)
    return Grid(usual_ticks(metres) if ticks is None else ticks, bars)


def _read(path: Path, drum_map: DrumMap, channel: int | None) -> list[DrumTrack]:
    try:
        if not path.exists():
            raise ClipError("There is no such file.")
        if not path.is_file():
            raise ClipError("This is not a file.")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ClipError(f"The file cannot be read: {error.strerror}.") from error
    return read_clips(content, path.stem, drum_map, channel)


def _files(paths: Iterable[Path | str], seen: set[str]) -> Iterator[tuple[Path, str]]:
    """Every file that is not in ``seen``, once; or a folder, and what is wrong with it."""
    for given in map(Path, paths):
        try:
            files = list(_midi_files(given)) if given.is_dir() else [given]
        except OSError as error:
            yield given, f"The folder cannot be read: {error.strerror}."
            continue
        if not files:
            yield given, "There are no MIDI files in this folder."
        for path in files:
            real = os.path.realpath(path)  # unlike Path.resolve, it bears a loop of links
            if real not in seen:
                seen.add(real)
                yield path, ""


def _midi_files(folder: Path) -> Iterator[Path]:
    """In order; hidden files are what systems leave beside a file, such as ``._name.mid``."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in inside):
            yield path
