"""The menu's section of models: play, favour, move, rename and remove one. Pure."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import NamedTuple

from firmware.library.models import ModelEntry
from firmware.panel.actions import (
    Action,
    ChooseModel,
    CopyFromStick,
    CopyToStick,
    FavourModel,
    MoveModel,
    RemoveModel,
    RenameModel,
)
from firmware.panel.status import MenuView

__all__ = ["LETTERS", "MODEL_ROWS", "STICK_ROWS", "TITLE", "ModelMenu"]

TITLE = "Models"
STICK_ROWS: dict[str, Action] = {
    "Copy to stick": CopyToStick(),
    "Copy from stick": CopyFromStick(),
}
PLAY, FAVOURITE, MOVE, RENAME, REMOVE, BACK = (
    "Play",
    "Favourite",
    "Move",
    "Rename",
    "Remove",
    "Back",
)
MODEL_ROWS = (PLAY, FAVOURITE, MOVE, RENAME, REMOVE, BACK)
KEEP = "Keep"
DONE, ERASE, SPACE = "Done", "Erase", "Space"
LETTERS = (*string.ascii_uppercase, *string.ascii_lowercase, *string.digits, *"-_.,'&+#!()")
MOST_NAME = 24
"""Letters that can be typed: more do not fit the display."""
MARK = "*"


class _Place(NamedTuple):
    page: str
    """TITLE, or one of a model's: PLAY for its rows, RENAME or REMOVE"""
    row: int = 0
    key: str = ""
    """the model's"""
    moving: bool = False
    name: str = ""
    """as typed so far"""


class ModelMenu:
    """Where the player is among the models that ``models`` gives. One thread moves in it; any may
    take the ``view``."""

    def __init__(self, models: Callable[[], Sequence[ModelEntry]]) -> None:
        self._models = models
        self._place = _Place(TITLE)

    def turn(self, steps: int) -> list[Action]:
        """Go ``steps`` rows on, or move the model in hand."""
        place = self._place
        if place.moving:
            return [MoveModel(place.key, steps)]
        row = min(max(place.row + steps, 0), len(self._rows(place)) - 1)
        self._place = place._replace(row=row)
        return []

    def click(self) -> list[Action] | None:
        """Do what the row says; None leaves the section."""
        place, rows = self._place, self._rows(self._place)
        row = min(place.row, len(rows) - 1)
        label = rows[row][0]
        if place.page == TITLE:
            if row < len(models := self._models()):
                self._place = _Place(PLAY, key=models[row].key)
                return []
            return [STICK_ROWS[label]] if label in STICK_ROWS else None
        if place.page == RENAME:
            return self._type(place, label)
        if place.page == REMOVE:
            self._place = _Place(TITLE) if label == REMOVE else place._replace(page=PLAY)
            return [RemoveModel(place.key)] if label == REMOVE else []
        return self._do(place, label)

    def view(self) -> MenuView:
        """What the display shows of it."""
        place = self._place
        rows = self._rows(place)
        title = TITLE
        if place.page == RENAME:
            title = f"{place.name}_"
        elif (model := self._model(place.key)) is not None:
            title = model.name
        return MenuView(title, rows, min(place.row, len(rows) - 1), place.moving)

    def _rows(self, place: _Place) -> tuple[tuple[str, str], ...]:
        if place.page == TITLE:
            models = ((model.name, MARK if _favoured(model) else "") for model in self._models())
            return (*models, *((label, "") for label in (*STICK_ROWS, BACK)))
        if place.page == RENAME:
            return tuple((label, "") for label in (DONE, ERASE, SPACE, *LETTERS))
        if place.page == REMOVE:
            return (KEEP, ""), (REMOVE, "")
        keys = [model.key for model in self._models()]
        where = f"{keys.index(place.key) + 1} of {len(keys)}" if place.key in keys else ""
        favoured = "on" if _favoured(self._model(place.key)) else "off"
        texts = {FAVOURITE: favoured, MOVE: where}
        return tuple((label, texts.get(label, "")) for label in MODEL_ROWS)

    def _do(self, place: _Place, label: str) -> list[Action]:
        model = self._model(place.key)
        if label == BACK or model is None:
            keys = [other.key for other in self._models()]
            self._place = _Place(TITLE, keys.index(place.key) if place.key in keys else 0)
        elif label == PLAY:
            return [ChooseModel(place.key)]
        elif label == FAVOURITE:
            return [FavourModel(place.key, not _favoured(model))]
        elif label == MOVE:
            self._place = place._replace(moving=not place.moving)
        elif label == RENAME:
            self._place = place._replace(page=RENAME, row=0, name=model.name[:MOST_NAME])
        else:
            self._place = place._replace(page=REMOVE, row=0)
        return []

    def _type(self, place: _Place, label: str) -> list[Action]:
        if label == DONE:
            self._place = _Place(PLAY, MODEL_ROWS.index(RENAME), place.key)
            return [RenameModel(place.key, place.name)]
        if label == ERASE:
            name = place.name[:-1]
        else:
            name = (place.name + (" " if label == SPACE else label))[:MOST_NAME]
        self._place = place._replace(name=name)
        return []

    def _model(self, key: str) -> ModelEntry | None:
        return next((model for model in self._models() if model.key == key), None)


def _favoured(model: ModelEntry | None) -> bool:
    return bool(getattr(model, "favourite", False))
