"""The manual's tables that are facts of the code: the menu's rows and the controllers.

They stand in the manual between two comments, ``table NAME`` and ``end of table``; what every row
does is written here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from firmware.engine.parameters import PARAMETERS, Parameter, note_of_drum, threshold_of_drum
from firmware.midi.control_map import DEFAULT_CONTROLLERS, FINE, FINE_CONTROLS
from firmware.panel import model_menu
from firmware.panel.menu import BACK, CLOSE, SECTIONS
from firmware.rhythm.drums import DRUMS

__all__ = ["MANUAL", "TABLES", "with_tables"]

MANUAL = Path(__file__).with_name("README.md")

ABOUT: dict[str, str] = {
    "change": "When a new place on the map is heard.",
    "hold": "on: the head stays where the finger left it; off: it goes back to where it was.",
    "glide": "How long a recalled snapshot takes to arrive.",
    "noise_lock": "Keeps the present stray of the head, loop after loop.",
    "noise_seed": "With a number, every start from the top strays in the same way.",
    "velocity_amount": "Accents: 0 makes all hits alike, 1 is as learned, 2 exaggerates.",
    "microtiming_amount": "Pushes and drags: 0 is on the grid, 1 is as learned.",
    **{
        threshold_of_drum(drum.key): "Added to the threshold for this drum alone." for drum in DRUMS
    },
    "source": "Whose clock leads; see [Clock](#clock).",
    "when_lost": "What happens when the outer clock goes away without a stop.",
    "octave": "The loop at half, normal or double time.",
    "swing": "Where the second 16th of a pair falls: 50 straight, 66.7 triplets.",
    "clock_out": "Send clock, start, stop, continue and song position.",
    "clock_stopped": "Go on sending the clock while stopped.",
    "channel": "MIDI channel of all drums.",
    "gate": "How long each note is held.",
    "fixed_velocity": "One velocity for every note.",
    "controllers_out": "Send what the hands move as controllers.",
    "Learn a control": "Give a control another controller; see [MIDI](#midi).",
    "Forget learnt": "Every control has its usual controller again.",
    "Silence all": "Stop, end every note, and tell each instrument to do so.",
    **{note_of_drum(drum.key): "MIDI note of this drum." for drum in DRUMS},
    "page": "What the middle of the display shows.",
    "clips": "Dots on the map where the clips lie that it was learned from.",
    "decay": "What remains of a hit's light one tick later.",
    "brightness": "Of the display.",
    "dim_after": "Time without a touch after which the display dims.",
    "pad_pressure": "How hard a touch must be to count: 0 is the lightest.",
    "Calibrate": "Measure the pad's edges; see [Calibration](#calibration).",
}
"""What a parameter or a row of the menu does, by its name."""

MODELS_ABOUT = {
    "(each model)": f"{', '.join(model_menu.MODEL_ROWS[:-1])}; see [Models](#models).",
    **dict(
        zip(
            model_menu.STICK_ROWS,
            (
                "Your own models and the settings, to a USB stick in the box.",
                "All models that are on the stick.",
            ),
            strict=True,
        )
    ),
}


def _values(parameter: Parameter) -> str:
    if parameter.choices:
        return ", ".join(parameter.choices)
    low, high = parameter.minimum, parameter.maximum
    if not (parameter.zero and low == 0):
        return f"{parameter.text(low)} to {parameter.text(high)}"
    return f"{parameter.zero}, or {parameter.text(1)} to {parameter.text(high)}"


def _default(parameter: Parameter) -> str:
    return parameter.text(parameter.default)


def _menu() -> list[str]:
    """A line for each row; rows of the same kind, as those of the drums, share one."""
    lines = ["| section | row | values | at first | |", "|---|---|---|---|---|"]
    for title, rows in SECTIONS.items():
        section = f" **{title}**"
        names = [row if isinstance(row, str) else row.label for row in rows]
        for about, alike in groupby(names, key=ABOUT.__getitem__):
            group = list(alike)
            parameters = [PARAMETERS[name] for name in group if name in PARAMETERS]
            labels = ", ".join(parameter.label for parameter in parameters) or ", ".join(group)
            values = ", ".join(dict.fromkeys(map(_values, parameters)))
            first = ", ".join(dict.fromkeys(map(_default, parameters)))
            lines.append(f"|{section} | {labels} | {values} | {first} | {about} |")
            section = ""
    section = f" **{model_menu.TITLE}**"
    for labels, about in MODELS_ABOUT.items():
        lines.append(f"|{section} | {labels} | | | {about} |")
        section = ""
    lines.append(f"| | {BACK.label} | | | To the sections. |")
    lines.append(f"| **{CLOSE.label}** | | | | To the music. |")
    return lines


def _controllers() -> list[str]:
    lines = ["| CC | control | 0 to 127 |", "|---|---|---|"]
    labels = {drum.key: drum.label for drum in DRUMS}
    for number, name in sorted(DEFAULT_CONTROLLERS.items()):
        numbers = f"{number}, fine {number + FINE}" if name in FINE_CONTROLS else f"{number}"
        parameter = PARAMETERS.get(name)
        label = f"{labels.get(name, name.capitalize())} muted"
        values = "off, on"
        if parameter is not None:
            label, values = parameter.label, _values(parameter)
        if values == "off, on":
            values = "off below 64, then on"
        lines.append(f"| {numbers} | {label} (`{name}`) | {values} |")
    return lines


TABLES: dict[str, Callable[[], list[str]]] = {"menu": _menu, "controllers": _controllers}


def with_tables(text: str) -> str:
    """The manual with its tables as the code has them. Raises ValueError where one has no place."""
    for name, make in TABLES.items():
        opening, closing = f"<!-- table {name} -->", "<!-- end of table -->"
        pattern = re.compile(f"{re.escape(opening)}.*?{re.escape(closing)}", re.DOTALL)
        table = "\n".join([opening, "", *make(), "", closing])
        text, found = pattern.subn(lambda _, table=table: table, text)  # type: ignore[misc]
        if found != 1:
            raise ValueError(f"The manual has {found} places for the table '{name}', not one.")
    return text
