"""The menu: what is set now and then. One encoder turns through it; the music needs none of it.

A click enters a section or takes a value in hand; turning then changes it, and another click lets
it go. The pad, the buttons and the other encoders keep their meaning all the while.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from firmware.engine.controls import Adjust, Controls, Stop
from firmware.engine.parameters import PARAMETERS, note_of_drum, threshold_of_drum
from firmware.library.models import ModelEntry
from firmware.panel import model_menu
from firmware.panel.actions import Action, CalibratePad, ForgetLearnt, Learn
from firmware.panel.model_menu import ModelMenu
from firmware.panel.status import MenuView
from firmware.rhythm.drums import DRUMS

__all__ = ["Menu"]


class _Doing(NamedTuple):
    """A row that does something at once, and closes the menu."""

    label: str
    actions: tuple[Action, ...]


_Row = str | _Doing
"""The name of a parameter, or something to do."""

BACK, CLOSE = _Doing("Back", ()), _Doing("Close", ())

SECTIONS: dict[str, tuple[_Row, ...]] = {
    "Play": ("change", "hold", "glide", "noise_lock", "noise_seed"),
    "Drums": (
        "velocity_amount",
        "microtiming_amount",
        *(threshold_of_drum(drum.key) for drum in DRUMS),
    ),
    "Clock": ("source", "when_lost", "octave", "swing", "clock_out", "clock_stopped"),
    "MIDI": (
        "channel",
        "gate",
        "fixed_velocity",
        "controllers_out",
        _Doing("Learn a control", (Learn(None),)),
        _Doing("Forget learnt", (ForgetLearnt(),)),
        _Doing("Silence all", (Stop(), Stop())),
    ),
    "Notes": tuple(note_of_drum(drum.key) for drum in DRUMS),
    "Display": ("page", "clips", "decay", "brightness", "dim_after"),
    "Pad": ("pad_pressure", _Doing("Calibrate", (CalibratePad(),))),
}
TITLES = (*SECTIONS, model_menu.TITLE)


class _Place(NamedTuple):
    section: int
    row: int
    inside: bool
    """in the section, not yet at its title"""
    editing: bool


class Menu:
    """Where the player is in the menu; ``models`` gives those that there are. One thread moves in
    it; any may take the ``view``."""

    def __init__(self, models: Callable[[], Sequence[ModelEntry]] = tuple) -> None:
        self._place: _Place | None = None
        self._list_models = models
        self._models: ModelMenu | None = None

    @property
    def is_open(self) -> bool:
        return self._place is not None

    def open(self) -> None:
        self._models = None
        self._place = _Place(0, 0, False, False)

    def close(self) -> None:
        self._place = self._models = None

    def turn(self, steps: int, part: float = 1.0, haste: int = 1) -> list[Action]:
        """Go ``steps`` rows on, or change the value in hand by so many steps.

        A value that is not one of a few choices goes by ``part`` of a step or ``haste`` of them.
        """
        place = self._place
        if place is None:
            return []
        if self._models is not None:
            return self._models.turn(steps * haste)
        if place.editing:
            name = str(_rows(place)[place.row])
            if PARAMETERS[name].choices:
                return [Adjust(name, steps)]
            if part < 1:
                return [Adjust(name, steps if PARAMETERS[name].whole else steps * part)]
            return [Adjust(name, steps * haste)]
        if place.inside:
            row = min(max(place.row + steps, 0), len(_rows(place)) - 1)
            self._place = place._replace(row=row)
        else:
            self._place = place._replace(section=min(max(place.section + steps, 0), len(TITLES)))
        return []

    def click(self) -> list[Action]:
        """Enter, take in hand, let go, or do what the row says."""
        place = self._place
        if place is None:
            return []
        if self._models is not None:
            actions = self._models.click()
            if actions is None:
                self._models = None
            return actions or []
        if not place.inside:
            if place.section == TITLES.index(model_menu.TITLE):
                self._models = ModelMenu(self._list_models)
                return []
            leaves = place.section == len(TITLES)
            self._place = None if leaves else _Place(place.section, 0, True, False)
            return []
        row = _rows(place)[place.row]
        if isinstance(row, str):
            self._place = place._replace(editing=not place.editing)
            return []
        self._place = _Place(place.section, 0, False, False) if row is BACK else None
        return list(row.actions)

    def view(self, controls: Controls) -> MenuView | None:
        """What the display shows of it."""
        place, models = self._place, self._models
        if place is None:
            return None
        if models is not None:
            return models.view()
        if not place.inside:
            titles = tuple((title, "") for title in (*TITLES, CLOSE.label))
            return MenuView("Menu", titles, place.section, False)
        rows = tuple(
            (PARAMETERS[row].label, PARAMETERS[row].text(controls[row]))
            if isinstance(row, str)
            else (row.label, "")
            for row in _rows(place)
        )
        return MenuView(TITLES[place.section], rows, place.row, place.editing)


def _rows(place: _Place) -> tuple[_Row, ...]:
    return (*SECTIONS[TITLES[place.section]], BACK)
