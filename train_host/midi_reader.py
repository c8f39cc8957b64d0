"""Standard MIDI files of drumming, read into loops.

Any type (0, 1, or 2: there each track is a clip of its own), resolution and number of tracks.
Positions are musical, so tempo changes do not move a note; only in a file with SMPTE time code,
whose ticks are seconds, the tempo says where the beats are.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import mido

from train_host.drum_map import GENERAL_MIDI, DrumMap
from train_host.loops import ClipError, DrumNote, DrumTrack, Loops, cut

__all__ = ["SUFFIXES", "ClipError", "Skipped", "read_clips", "read_file", "read_folder"]

SUFFIXES = (".mid", ".midi", ".smf")
MAX_BYTES = 2 << 20
"""Larger files are refused: an hour of drumming takes about 150 kB."""
DRUM_CHANNEL = 9
"""Channel 10, counted from 0: the drums of General MIDI."""
DEFAULT_TEMPO = 500_000
"""Microseconds a quarter note where a file names none (Standard MIDI Files 1.0)."""
TEMPO_RANGE = 60_000, 6_000_000
"""Microseconds a quarter note, 1000 to 10 BPM: others are taken for damage and passed over."""
MAX_TICK = 1 << 40
"""No track of ``MAX_LOOPS`` loops gets there, at any resolution."""
SMPTE_PPQ = 9600
"""Resolution that positions in seconds are rounded to."""
FRAME_RATES = {24: 24.0, 25: 25.0, 29: 30_000 / 1001, 30: 30.0}
"""Frames a second of the four SMPTE formats."""
# A variable-length quantity has four bytes (Standard MIDI Files 1.0). A parser that follows a
# longer one to its end takes quadratic time; a long text in Latin-1 or UTF-8 passes.
_ENDLESS_NUMBER = re.compile(rb"[\x80-\xff]{1024}")


class Skipped(NamedTuple):
    """A file that gave no loops, and the reason: one sentence."""

    path: Path
    reason: str


class _Event(NamedTuple):
    tick: int
    message: mido.Message | mido.MetaMessage


def read_clips(content: bytes, name: str, drum_map: DrumMap = GENERAL_MIDI) -> list[DrumTrack]:
    """The clips in the bytes of a MIDI file: one, or one for each track with drums in type 2.

    Drums are the notes on channel 10, or those of all channels where channel 10 has none. Raises
    ClipError where there is no drum in it, or the file is empty, damaged or no MIDI file.
    """
    midi = _parse(content)
    ppq, ticks_per_second = _resolution(midi.ticks_per_beat)
    if midi.type != 2:
        return [_track(name, midi.tracks, ppq, ticks_per_second, drum_map)]
    clips, reason = [], ClipError("The MIDI file has no tracks.")
    for number, track in enumerate(midi.tracks, 1):
        try:
            clips.append(_track(f"{name} {number}", [track], ppq, ticks_per_second, drum_map))
        except ClipError as error:
            reason = error
    if not clips:
        raise reason
    return clips


def read_file(path: Path, drum_map: DrumMap = GENERAL_MIDI, ticks_per_beat: int = 24) -> Loops:
    """The loops of one MIDI file, named after it. Raises ClipError with the reason."""
    try:
        if not path.exists():
            raise ClipError("There is no such file.")
        if not path.is_file():
            raise ClipError("This is not a file.")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ClipError(f"The file cannot be read: {error.strerror}.") from error
    return Loops.merge(
        cut(clip, ticks_per_beat) for clip in read_clips(content, path.stem, drum_map)
    )


def read_folder(
    paths: Iterable[Path | str], drum_map: DrumMap = GENERAL_MIDI, ticks_per_beat: int = 24
) -> tuple[Loops, list[Skipped]]:
    """The loops of all files, and of all MIDI files in and below all folders, among ``paths``.

    A file that gives no loops is skipped with its reason; one named twice is read once. Raises
    ClipError where there are no loops at all.
    """
    loops: list[Loops] = []
    skipped: list[Skipped] = []
    seen: set[str] = set()
    for given in map(Path, paths):
        try:
            files = list(_midi_files(given)) if given.is_dir() else [given]
        except OSError as error:
            skipped.append(Skipped(given, f"The folder cannot be read: {error.strerror}."))
            continue
        if not files:
            skipped.append(Skipped(given, "There are no MIDI files in this folder."))
        for path in files:
            real = os.path.realpath(path)  # unlike Path.resolve, it bears a loop of links
            if real in seen:
                continue
            seen.add(real)
            try:
                loops.append(read_file(path, drum_map, ticks_per_beat))
            except ClipError as error:
                skipped.append(Skipped(path, str(error)))
    if not loops:
        example = f" {skipped[0].path}: {skipped[0].reason}" if skipped else ""
        raise ClipError(f"No drum clip could be used.{example}")
    return Loops.merge(loops), skipped


def _midi_files(folder: Path) -> Iterator[Path]:
    """In order; hidden files are what systems leave beside a file, such as ``._name.mid``."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in inside):
            yield path


def _parse(content: bytes) -> mido.MidiFile:
    if not content:
        raise ClipError("The file is empty.")
    if content[:4] != b"MThd":
        raise ClipError("This is not a MIDI file.")
    if len(content) > MAX_BYTES:
        raise ClipError(f"The MIDI file is larger than {MAX_BYTES >> 20} MB.")
    if _ENDLESS_NUMBER.search(content):
        raise ClipError("The MIDI file is damaged: a number in it never ends.")
    try:
        midi = mido.MidiFile(file=io.BytesIO(content))
    except EOFError as error:
        raise ClipError("The MIDI file is cut short.") from error
    except Exception as error:  # damage surfaces as whatever mido's internals meet first
        detail = (str(error) or type(error).__name__)[:80]
        raise ClipError(f"The MIDI file is damaged ({detail}).") from error
    if midi.type not in (0, 1, 2):
        raise ClipError(f"The MIDI file is of the unknown type {midi.type}.")
    return midi


def _resolution(division: int) -> tuple[int, float | None]:
    """Positions in a quarter note; and ticks in a second, where the file counts those."""
    if division > 0:
        return division, None
    # SMPTE: the upper byte is the negative frame rate, the lower the ticks in a frame.
    frames, ticks = -(division >> 8), division & 0xFF
    if frames not in FRAME_RATES or not ticks:
        raise ClipError("The MIDI file is damaged: its time division is none that exists.")
    return SMPTE_PPQ, FRAME_RATES[frames] * ticks


def _track(
    name: str,
    tracks: list[mido.MidiTrack],
    ppq: int,
    ticks_per_second: float | None,
    drum_map: DrumMap,
) -> DrumTrack:
    """The drums of ``tracks``, which play together."""
    tempos: list[int] = []
    metres: list[tuple[int, int]] = []
    heard: list[tuple[int, int, DrumNote]] = []
    position: int | float = 0
    tick = 0

    def step(tempo: int) -> int | float:
        """Positions in a tick."""
        return 1 if ticks_per_second is None else ppq * 1e6 / (tempo * ticks_per_second)

    rate = step(DEFAULT_TEMPO)
    for event in _events(tracks):
        message = event.message
        position += (event.tick - tick) * rate
        tick = event.tick
        if message.type == "set_tempo" and TEMPO_RANGE[0] <= message.tempo <= TEMPO_RANGE[1]:
            tempos.append(message.tempo)
            rate = step(message.tempo)
        elif message.type == "time_signature":
            # A bar shorter than a quarter note is taken for damage.
            if message.denominator <= 64 and 4 * message.numerator >= message.denominator:
                metres.append((message.numerator, message.denominator))
        elif message.type == "note_on" and message.velocity:
            drum = drum_map.notes.get(message.note, -1)
            note = DrumNote(round(position), drum, message.velocity)
            heard.append((message.channel, message.note, note))
    if not heard:
        raise ClipError("The MIDI file holds no notes.")
    if any(channel == DRUM_CHANNEL for channel, _, _ in heard):
        heard = [entry for entry in heard if entry[0] == DRUM_CHANNEL]
    notes = tuple(note for _, _, note in heard if note.drum >= 0)
    unmapped = tuple(sorted({key for _, key, note in heard if note.drum < 0}))
    if not notes:
        keys = ", ".join(map(str, unmapped[:6])) + (", ..." if len(unmapped) > 6 else "")
        raise ClipError(
            f"The MIDI file has no drums: its notes ({keys}) are not in the map {drum_map.name}."
        )
    return DrumTrack(
        name=name,
        ppq=ppq,
        notes=notes,
        end=round(position),
        # Whole microseconds a quarter note: 174 BPM comes back as 173.9998.
        tempo=round(mido.tempo2bpm(tempos[0] if tempos else DEFAULT_TEMPO), 2),
        metre=metres[0] if metres else (4, 4),
        unmapped=unmapped,
    )


def _events(tracks: list[mido.MidiTrack]) -> list[_Event]:
    """All messages by time, at one time in the order of the tracks."""
    events = []
    for track in tracks:
        tick = 0
        for message in track:
            tick += message.time
            if tick > MAX_TICK:
                raise ClipError("The MIDI file is damaged: a note in it comes after years.")
            events.append(_Event(tick, message))
    events.sort(key=lambda event: event.tick)
    return events
