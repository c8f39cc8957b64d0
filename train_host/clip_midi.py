"""Clips as standard MIDI files: what a sequencer, a sampler or the trainer reads."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import Path

import mido

from firmware.rhythm.drums import DRUMS
from train_host.clip import SUBTICKS, TICKS_PER_BEAT, Clip
from train_host.notation import NotationError, read_clips

__all__ = ["PPQ", "compile_folder", "file_name", "midi_file"]

PPQ = TICKS_PER_BEAT * SUBTICKS
"""MIDI ticks a quarter note: 480."""
CHANNEL = 9
"""Channel 10, counted from 0: the drums of General MIDI."""


def midi_file(clip: Clip, style: str = "", licence: str = "") -> mido.MidiFile:
    """``clip`` as a type 1 MIDI file: a tempo track, and a drum track named after the clip.

    Compound metre is written as 4/4 in triplets, so that every reader finds the same 24 ticks in a
    beat; a text event names the metre. The file ends where the loop does.
    """
    head = mido.MidiTrack()
    head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(clip.tempo)))
    head.append(mido.MetaMessage("time_signature", numerator=clip.beats, denominator=4))
    if licence:
        head.append(mido.MetaMessage("copyright", text=_latin(licence)))
    drums = mido.MidiTrack()
    drums.append(mido.MetaMessage("track_name", name=_latin(clip.name)))
    if not clip.metre.endswith("/4"):
        drums.append(mido.MetaMessage("text", text=f"{clip.metre}, written as triplets"))
    if style:
        drums.append(mido.MetaMessage("text", text=_latin(style)))
    end = clip.ticks * SUBTICKS
    now = 0
    for time, note, velocity in _events(clip, end):
        drums.append(
            mido.Message("note_on", channel=CHANNEL, note=note, velocity=velocity, time=time - now)
            if velocity
            else mido.Message("note_off", channel=CHANNEL, note=note, time=time - now)
        )
        now = time
    drums.append(mido.MetaMessage("end_of_track", time=end - now))
    head.append(mido.MetaMessage("end_of_track", time=end))
    return mido.MidiFile(type=1, ticks_per_beat=PPQ, tracks=[head, drums])


def _events(clip: Clip, end: int) -> list[tuple[int, int, int]]:
    """(MIDI tick, note, velocity) in order; velocity 0 is a note-off, first at its tick."""
    events = []
    onsets: dict[int, list[tuple[int, int]]] = {}
    for hit in clip.hits:
        time = hit.subtick % end
        onsets.setdefault(DRUMS[hit.drum].note, []).append((time, hit.velocity))
    for note, hits in onsets.items():
        hits.sort()
        following = [time for time, _ in hits[1:]] + [end]
        for (time, velocity), limit in zip(hits, following, strict=True):
            events.append((time, note, velocity))
            events.append((min(time + SUBTICKS, limit), note, 0))
    return sorted(events, key=lambda event: (event[0], event[2] > 0, event[1]))


def file_name(number: int, clip: Clip) -> str:
    """``01-two-hit-kick.mid`` for the first clip, "Two-hit kick"."""
    plain = unicodedata.normalize("NFKD", clip.name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "clip"
    return f"{number:02d}-{slug[:60]}.mid"


def compile_folder(path: Path, out: Path) -> list[Path]:
    """Compile every ``*.clips`` file below ``path`` (or that one file), a MIDI file for each clip.

    ``out`` gets the folders that ``path`` has; the clips of one folder are numbered on. All are
    read before any is written. Raises NotationError, and OSError from the file system.
    """
    sources = [path] if path.is_file() else sorted(path.rglob("*.clips"))
    if not sources:
        raise NotationError(f"{path}: there is no .clips file here.")
    files = []
    count: Counter[Path] = Counter()
    for source in sources:
        folder = out if path.is_file() else out / source.parent.relative_to(path)
        clips = read_clips(source)
        for clip in clips.clips:
            count[folder] += 1
            target = folder / file_name(count[folder], clip)
            files.append((target, midi_file(clip, clips.style, clips.licence)))
    for target, midi in files:
        target.parent.mkdir(parents=True, exist_ok=True)
        midi.save(target)
    return [target for target, _ in files]


def _latin(text: str) -> str:
    """``text`` in the Latin-1 of MIDI's text events; other characters become question marks."""
    return text.encode("latin-1", "replace").decode("latin-1")
