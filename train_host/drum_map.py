"""Which MIDI note is which drum: a kit or program that is known, or a musician's own TOML file.

A file replaces or extends a map that is built in::

    base = "general_midi"    # or another of BUILT_IN, or "none"; general_midi where it is left out
    [notes]
    36 = "kick"
    60 = "rim"
    54 = "ignore"            # leaves a note out
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from firmware.rhythm.drums import DRUMS
from train_host import drum_tables

__all__ = [
    "ABLETON_DRUM_RACK",
    "BUILT_IN",
    "GENERAL_MIDI",
    "ROLAND_TD11",
    "RVAE_GREEDY",
    "RVAE_STRICT",
    "DrumMap",
    "DrumMapError",
    "load_drum_map",
]

IGNORE = "ignore"
MAX_BYTES = 1 << 16


class DrumMapError(ValueError):
    """A drum map that cannot be used; its text is one sentence for a musician."""


@dataclass(frozen=True)
class DrumMap:
    """The drum, an index into ``DRUMS``, of each MIDI note (0..127) that is one."""

    name: str
    notes: Mapping[int, int]


_INDEX = {drum.key: index for index, drum in enumerate(DRUMS)}
# The last two lanes hold two instruments each: the clap or crash, the rim or ride.
_INDEX |= {"crash": _INDEX["clap"], "ride": _INDEX["rim"]}


def _drum_map(name: str, keys: Mapping[int, str]) -> DrumMap:
    return DrumMap(name, MappingProxyType({note: _INDEX[key] for note, key in keys.items()}))


GENERAL_MIDI = _drum_map("general_midi", drum_tables.GENERAL_MIDI)
ROLAND_TD11 = _drum_map("roland_td11", drum_tables.GENERAL_MIDI | drum_tables.ROLAND_TD11)
ABLETON_DRUM_RACK = _drum_map(
    "ableton_drum_rack", drum_tables.GENERAL_MIDI | drum_tables.ABLETON_DRUM_RACK
)
RVAE_STRICT = _drum_map("rvae_strict", drum_tables.RVAE_STRICT)
RVAE_GREEDY = _drum_map("rvae_greedy", drum_tables.RVAE_GREEDY)
BUILT_IN = {
    drum_map.name: drum_map
    for drum_map in (GENERAL_MIDI, ROLAND_TD11, ABLETON_DRUM_RACK, RVAE_STRICT, RVAE_GREEDY)
}


def load_drum_map(name: str | Path) -> DrumMap:
    """The built-in map of that name, or the map in that TOML file (see above).

    Raises DrumMapError, in one sentence that names the file and the reason.
    """
    if str(name) in BUILT_IN:
        return BUILT_IN[str(name)]
    path = Path(name)
    try:
        if not path.is_file():
            known = ", ".join(BUILT_IN)
            raise DrumMapError(f"{name} is neither a drum map file nor one of {known}.")
        if path.stat().st_size > MAX_BYTES:
            raise DrumMapError(f"{name} is too large to be a drum map.")
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise DrumMapError(f"{name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, DrumMapError):
            raise
        raise DrumMapError(f"{name} is not a TOML file: {error}.") from error
    try:
        return _from_toml(path.stem, raw)
    except DrumMapError as error:
        raise DrumMapError(f"{name}: {error}") from error


def _from_toml(name: str, raw: dict) -> DrumMap:
    unknown = sorted(raw.keys() - {"base", "notes"})
    if unknown:
        raise DrumMapError(f"{unknown[0]!r} is neither 'base' nor the table [notes].")
    base = raw.get("base", GENERAL_MIDI.name)
    if base != "none" and base not in list(BUILT_IN):
        raise DrumMapError(f"base is {base!r}, not one of {', '.join(BUILT_IN)}, none.")
    entries = raw.get("notes", {})
    if not isinstance(entries, dict):
        raise DrumMapError("notes is not a table of 'note = \"drum\"' lines.")
    notes = {} if base == "none" else dict(BUILT_IN[base].notes)
    for text, key in entries.items():
        if not (text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 127):
            raise DrumMapError(f"{text!r} is not a MIDI note from 0 to 127.")
        if key == IGNORE:
            notes.pop(int(text), None)
        elif isinstance(key, str) and key in _INDEX:
            notes[int(text)] = _INDEX[key]
        else:
            drums = ", ".join([*_INDEX, IGNORE])
            raise DrumMapError(f"note {text} is {key!r}, not one of {drums}.")
    if not notes:
        raise DrumMapError("the map has no notes.")
    return DrumMap(name, MappingProxyType(notes))
