"""Which MIDI note is which drum: General MIDI, the Roland TD-11, or a musician's own TOML file.

A file replaces or extends a map that is built in::

    base = "general_midi"    # or "roland_td11", or "none"; general_midi where it is left out
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

__all__ = ["BUILT_IN", "GENERAL_MIDI", "ROLAND_TD11", "DrumMap", "DrumMapError", "load_drum_map"]

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


# Instruments: General MIDI level 1, percussion key map (notes 35 to 81). Where the nine lanes have
# no such instrument, the lane is the one that plays its part: high, short and dry on the rim,
# shaken things on the closed hat, hand drums on the toms by pitch.
_GENERAL_MIDI = {
    35: "kick",  # acoustic bass drum
    36: "kick",  # bass drum 1
    37: "rim",  # side stick
    38: "snare",  # acoustic snare
    39: "clap",  # hand clap
    40: "snare",  # electric snare
    41: "low_tom",  # low floor tom
    42: "closed_hat",  # closed hi-hat
    43: "low_tom",  # high floor tom
    44: "closed_hat",  # pedal hi-hat
    45: "low_tom",  # low tom
    46: "open_hat",  # open hi-hat
    47: "mid_tom",  # low-mid tom
    48: "mid_tom",  # high-mid tom
    49: "crash",  # crash cymbal 1
    50: "high_tom",  # high tom
    51: "ride",  # ride cymbal 1
    52: "crash",  # Chinese cymbal
    53: "ride",  # ride bell
    54: "closed_hat",  # tambourine
    55: "crash",  # splash cymbal
    56: "rim",  # cowbell
    57: "crash",  # crash cymbal 2
    58: "clap",  # vibraslap
    59: "ride",  # ride cymbal 2
    60: "high_tom",  # high bongo
    61: "mid_tom",  # low bongo
    62: "high_tom",  # mute high conga
    63: "mid_tom",  # open high conga
    64: "low_tom",  # low conga
    65: "high_tom",  # high timbale
    66: "mid_tom",  # low timbale
    67: "rim",  # high agogo
    68: "rim",  # low agogo
    69: "closed_hat",  # cabasa
    70: "closed_hat",  # maracas
    71: "rim",  # short whistle
    72: "rim",  # long whistle
    73: "closed_hat",  # short guiro
    74: "open_hat",  # long guiro
    75: "rim",  # claves
    76: "rim",  # high wood block
    77: "rim",  # low wood block
    78: "mid_tom",  # mute cuica
    79: "low_tom",  # open cuica
    80: "closed_hat",  # mute triangle
    81: "open_hat",  # open triangle
}

# Notes: the TD-11's as listed with the Groove MIDI Dataset, magenta.tensorflow.org/datasets/groove.
# A pad's head and rim are one drum here: General MIDI would send them to two lanes.
_ROLAND_TD11 = {
    22: "closed_hat",  # closed hat, edge
    26: "open_hat",  # open hat, edge
    36: "kick",
    37: "rim",  # snare, cross stick
    38: "snare",  # snare, head
    40: "snare",  # snare, rim
    42: "closed_hat",  # closed hat, bow
    43: "low_tom",  # tom 3 (floor), head
    44: "closed_hat",  # hat, pedal
    45: "mid_tom",  # tom 2, head
    46: "open_hat",  # open hat, bow
    47: "mid_tom",  # tom 2, rim
    48: "high_tom",  # tom 1, head
    49: "crash",  # crash 1, bow
    50: "high_tom",  # tom 1, rim
    51: "ride",  # ride, bow
    52: "crash",  # crash 2, edge
    53: "ride",  # ride, bell
    55: "crash",  # crash 1, edge
    57: "crash",  # crash 2, bow
    58: "low_tom",  # tom 3 (floor), rim
    59: "ride",  # ride, edge
}

GENERAL_MIDI = _drum_map("general_midi", _GENERAL_MIDI)
ROLAND_TD11 = _drum_map("roland_td11", _GENERAL_MIDI | _ROLAND_TD11)
BUILT_IN = {drum_map.name: drum_map for drum_map in (GENERAL_MIDI, ROLAND_TD11)}


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
