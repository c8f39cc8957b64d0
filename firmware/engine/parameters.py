"""The box's parameters: everything with a value that the player can set, on whatever surface.

To add a knob: add a Parameter here and read ``controls[name]`` where it acts (engine.py, or the
panel). It is then saved, can be set by a MIDI controller, and can stand in the menu
(firmware/panel/menu.py) or on an encoder (firmware/panel/gestures.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from firmware.clock.swing import STRAIGHT
from firmware.clock.tempo import MAX_TEMPO, MIN_TEMPO
from firmware.clock.transport import ClockSource
from firmware.engine.sequencer import GATE_NS, GENERAL_MIDI
from firmware.rhythm.drums import DRUMS

__all__ = [
    "CHANGES",
    "CLOCK_SOURCES",
    "GLIDES",
    "PAGES",
    "PARAMETERS",
    "WHEN_LOST",
    "Parameter",
    "note_of_drum",
    "threshold_of_drum",
]


@dataclass(frozen=True)
class Parameter:
    """A control with a value in ``minimum`` to ``maximum``. ``step`` is one detent of an encoder.

    Where there are ``choices``, the value is the place of one of them. ``whole`` values are
    integers. ``unit``, ``decimals`` and ``divisor`` say how the value is shown, ``zero`` what
    stands in place of 0.
    """

    name: str
    label: str
    minimum: float
    maximum: float
    default: float
    step: float = 1
    choices: tuple[str, ...] = ()
    whole: bool = False
    unit: str = ""
    decimals: int = 2
    divisor: float = 1
    zero: str = ""

    def clamp(self, value: float) -> float:
        """The nearest value that the parameter can have."""
        value = min(max(value, self.minimum), self.maximum)
        return round(value) if self.whole or self.choices else value

    def text(self, value: float) -> str:
        """The value as the display shows it."""
        if self.choices:
            return self.choices[round(value - self.minimum)]
        if self.zero and value == 0:
            return self.zero
        return f"{value / self.divisor:.{0 if self.whole else self.decimals}f}{self.unit}"


def _choice(name: str, label: str, choices: tuple[str, ...], default: int = 0) -> Parameter:
    return Parameter(name, label, 0, len(choices) - 1, default, choices=choices)


def _switch(name: str, label: str, default: bool) -> Parameter:
    return _choice(name, label, ("off", "on"), int(default))


def threshold_of_drum(key: str) -> str:
    """Name of the parameter that is added to the threshold for one drum."""
    return f"{key}_threshold"


def note_of_drum(key: str) -> str:
    """Name of the parameter that is a drum's MIDI note."""
    return f"{key}_note"


CHANGES = ("at once", "next beat", "next bar")
"""When a new place of the head is heard."""
GLIDES = {"none": 0, "1 beat": 1, "1 bar": 4, "2 bars": 8, "4 bars": 16}
"""How long a recalled snapshot takes to arrive, in beats."""
CLOCK_SOURCES = tuple(source.value for source in ClockSource)
WHEN_LOST = ("continue", "stop")
PAGES = ("map", "drums", "notes")
"""The map of kick, snare and hats; nine small maps; the present pattern as notes."""

_PLACE = (
    Parameter("x", "X", 0, 1, 0.5, 0.01),
    Parameter("y", "Y", 0, 1, 0.5, 0.01),
    # Whether a finger is on the pad; a switch, so that another box's pad can be the finger.
    _switch("touch", "Touch", False),
    # Hold: the head stays where the finger left it. Otherwise it goes back to where it was.
    _switch("hold", "Hold", True),
    _choice("change", "Change", CHANGES),
    _choice("glide", "Glide", tuple(GLIDES)),
    # Standard deviation, in units of z, of the head's stray; drawn anew at each loop,
    # unless it is locked. With a seed each start from the top strays the same way.
    Parameter("noise", "Noise", 0, 2, 0, 0.05),
    _switch("noise_lock", "Noise lock", False),
    Parameter("noise_seed", "Noise seed", 0, 99, 0, whole=True, zero="free"),
)
_RHYTHM = (
    # Onset probability above which a drum sounds.
    Parameter("threshold", "Threshold", 0.02, 0.98, 0.3, 0.02, decimals=3),
    *(
        Parameter(threshold_of_drum(drum.key), drum.label, -0.5, 0.5, 0, 0.02, decimals=3, zero="0")
        for drum in DRUMS
    ),
    # How far velocities differ from VELOCITY_CENTRE, and notes from the grid: 1 is as decoded.
    Parameter("velocity_amount", "Velocity", 0, 2, 1, 0.05),
    Parameter("microtiming_amount", "Microtiming", 0, 2, 1, 0.05),
)
_TIME = (
    # Hundredths of a beat a minute.
    Parameter("tempo", "Tempo", MIN_TEMPO, MAX_TEMPO, 12_000, 100, divisor=100),
    # Half time, normal, double time: powers of two.
    Parameter("octave", "Time", -1, 1, 0, choices=("half", "normal", "double")),
    # Percent of a pair of 16ths at which the second one falls.
    Parameter("swing", "Swing", STRAIGHT, 75, STRAIGHT, decimals=1, unit=" %"),
    _choice("source", "Clock from", CLOCK_SOURCES),
    _choice("when_lost", "When lost", WHEN_LOST),
)
_MIDI = (
    # For every port that the settings file does not name.
    Parameter("channel", "Channel", 1, 16, GENERAL_MIDI[0].channel + 1, whole=True),
    Parameter("gate", "Gate", 1, 500, GATE_NS // 1_000_000, whole=True, unit=" ms"),
    Parameter("fixed_velocity", "Velocity", 0, 127, 0, whole=True, zero="as played"),
    _switch("clock_out", "Clock out", True),
    _switch("clock_stopped", "Clock at rest", False),
    _switch("controllers_out", "Controllers out", True),
    *(
        Parameter(note_of_drum(drum.key), drum.label, 0, 127, drum.note, whole=True)
        for drum in DRUMS
    ),
)
_DISPLAY = (
    _choice("page", "Page", PAGES),
    # Dots on the map where the training clips lie.
    _switch("clips", "Clips", True),
    # What remains of a hit's light a tick later.
    Parameter("decay", "Decay", 0, 0.95, 0.55, 0.05),
    Parameter("brightness", "Brightness", 0.1, 1, 1, 0.1, decimals=1),
    # Minutes without a touch.
    Parameter("dim_after", "Dim after", 0, 60, 5, whole=True, unit=" min", zero="never"),
    Parameter("pad_pressure", "Pressure", 0, 0.9, 0.1, 0.05),
)

PARAMETERS: dict[str, Parameter] = {
    parameter.name: parameter for parameter in (*_PLACE, *_RHYTHM, *_TIME, *_MIDI, *_DISPLAY)
}
