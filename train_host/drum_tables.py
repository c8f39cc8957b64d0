"""Which MIDI note is which drum in the kits and programs that drum files come from.

Each table is ``{note: drum}``, with the keys of ``firmware.rhythm.drums`` and two more: ``crash``
is in the lane of the clap, ``ride`` in that of the rim.
"""

from __future__ import annotations

__all__ = [
    "ABLETON_DRUM_RACK",
    "GENERAL_MIDI",
    "ROLAND_TD11",
    "RVAE_GREEDY",
    "RVAE_STRICT",
]

# Instruments: General MIDI level 1, percussion key map (notes 35 to 81). Where the nine lanes have
# no such instrument, the lane is the one that plays its part: high, short and dry on the rim,
# shaken things on the closed hat, hand drums on the toms by pitch.
GENERAL_MIDI = {
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
ROLAND_TD11 = {
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

# The sixteen pads that Live's Drum Rack shows first, C1 to D#2, in the order of its 808 kit: bass
# drum, rim, snare, clap, claves, low tom, closed hat, mid tom, maracas, high tom, open hat, low and
# mid conga, cymbal, high conga, cowbell. Its other kits keep kick, snare and hats on these pads.
# Pads above and below have no usual sound: they are read as in General MIDI.
ABLETON_DRUM_RACK = {
    36: "kick",
    37: "rim",
    38: "snare",
    39: "clap",
    40: "rim",
    41: "low_tom",
    42: "closed_hat",
    43: "mid_tom",
    44: "closed_hat",
    45: "high_tom",
    46: "open_hat",
    47: "low_tom",
    48: "mid_tom",
    49: "crash",
    50: "high_tom",
    51: "rim",
}


def _by_drum(drums: dict[str, tuple[int, ...]]) -> dict[int, str]:
    return {note: drum for drum, notes in drums.items() for note in notes}


# The two mappings between which RhythmVAE_M4L and R-VAE let one choose, as the tables "Strict" and
# "Greedy" of github.com/naotokui/RhythmVAE_M4L list them: a model of theirs was trained with one.
RVAE_STRICT = _by_drum(
    {
        "kick": (35, 36),
        "snare": (38, 40),
        "closed_hat": (42,),
        "open_hat": (44, 46),
        "low_tom": (41, 45),
        "mid_tom": (47, 48),
        "high_tom": (43, 50),
        "clap": (39,),
        "rim": (51, 52, 53, 59),
    }
)
RVAE_GREEDY = _by_drum(
    {
        "kick": (35, 36),
        "snare": (27, 28, 31, 32, 33, 34, 37, 38, 39, 40, 56, 65, 66, 75, 85),
        "closed_hat": (42, 44, 54, 68, 69, 70, 71, 73, 78, 80),
        "open_hat": (46, 67, 72, 74, 79, 81),
        "low_tom": (29, 41, 45, 61, 64, 84),
        "mid_tom": (47, 48, 60, 63, 77, 86, 87),
        "high_tom": (30, 43, 50, 62, 76, 83),
        "clap": (49, 55, 57, 58),
        "rim": (51, 52, 53, 59, 82),
    }
)
