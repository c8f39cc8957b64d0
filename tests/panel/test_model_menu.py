"""The menu's models: every row does what it says, and none does it to another model."""

from pathlib import Path

import pytest

from firmware.library.library import LibraryModel
from firmware.panel.actions import (
    ChooseModel,
    CopyFromStick,
    CopyToStick,
    FavourModel,
    MoveModel,
    RemoveModel,
    RenameModel,
)
from firmware.panel.menu import TITLES, Menu
from firmware.panel.model_menu import LETTERS, MODEL_ROWS, MOST_NAME, TITLE
from tests.panel.test_menu import CONTROLS, chosen, rows


def model(name, **about):
    return LibraryModel(name, Path(f"{name.lower()}.tflite"), **about)


@pytest.fixture
def models():
    return [model("Alpha", favourite=True), model("Beta"), model("House", factory=True)]


@pytest.fixture
def menu(models):
    menu = Menu(lambda: models)
    menu.open()
    menu.turn(TITLES.index(TITLE))
    assert menu.click() == []
    return menu


def go(menu, label):
    menu.turn(-1000)
    menu.turn(rows(menu).index(label))
    return menu.click()


def test_all_models_are_there_with_their_marks(menu):
    view = menu.view(CONTROLS)
    assert view.title == "Models"
    assert view.rows[:3] == (("Alpha", "*"), ("Beta", ""), ("House", ""))
    assert rows(menu)[3:] == ["Copy to stick", "Copy from stick", "Back"]
    assert go(menu, "Copy to stick") == [CopyToStick()]
    assert go(menu, "Copy from stick") == [CopyFromStick()]


def test_a_model_is_played_and_favoured(menu):
    assert go(menu, "Beta") == []
    assert menu.view(CONTROLS).title == "Beta"
    assert rows(menu) == list(MODEL_ROWS)
    assert go(menu, "Play") == [ChooseModel("beta.tflite")]
    assert go(menu, "Favourite") == [FavourModel("beta.tflite", True)]
    go(menu, "Back")
    assert chosen(menu)[0] == "Beta"
    go(menu, "Alpha")
    assert ("Favourite", "on") in menu.view(CONTROLS).rows
    assert go(menu, "Favourite") == [FavourModel("alpha.tflite", False)]


def test_a_model_in_hand_moves(menu, models):
    go(menu, "House")
    assert ("Move", "3 of 3") in menu.view(CONTROLS).rows
    go(menu, "Move")
    assert menu.view(CONTROLS).editing
    assert menu.turn(-2) == [MoveModel("factory/house.tflite", -2)]
    models.insert(0, models.pop())
    assert chosen(menu) == ("Move", "1 of 3")
    assert menu.click() == []
    assert menu.turn(-1) == []
    assert not menu.view(CONTROLS).editing


def test_a_name_is_typed(menu):
    go(menu, "Beta")
    go(menu, "Rename")
    assert menu.view(CONTROLS).title == "Beta_"
    for _ in range(3):
        assert go(menu, "Erase") == []
    for letter in ("o", "Space", "7"):
        go(menu, letter)
    assert menu.view(CONTROLS).title == "Bo 7_"
    assert go(menu, "Done") == [RenameModel("beta.tflite", "Bo 7")]
    assert chosen(menu)[0] == "Rename"


def test_a_name_has_an_end(menu):
    go(menu, "Beta")
    go(menu, "Rename")
    for _ in range(MOST_NAME + 5):
        go(menu, LETTERS[0])
    assert len(go(menu, "Done")[0].name) == MOST_NAME
    for _ in range(3):
        go(menu, "Rename")
        for _ in range(MOST_NAME + 5):
            go(menu, "Erase")
        assert go(menu, "Done") == [RenameModel("beta.tflite", "")]


def test_removing_asks_first(menu):
    go(menu, "Beta")
    go(menu, "Remove")
    assert chosen(menu)[0] == "Keep"
    assert menu.click() == []
    assert menu.view(CONTROLS).title == "Beta"
    go(menu, "Remove")
    assert go(menu, "Remove") == [RemoveModel("beta.tflite")]
    assert menu.view(CONTROLS).title == "Models"


def test_a_model_that_is_gone_meanwhile_leads_back(menu, models):
    go(menu, "Beta")
    del models[1]
    assert menu.view(CONTROLS).title == "Models"
    assert go(menu, "Rename") == []
    assert rows(menu)[:2] == ["Alpha", "House"]
    menu.turn(1000)
    models.clear()
    assert chosen(menu)[0] == "Back"
    assert menu.click() == []
    assert chosen(menu)[0] == "Models"
    assert menu.is_open


def test_leaving_and_coming_again_begins_at_the_top(menu):
    go(menu, "Beta")
    menu.close()
    assert menu.view(CONTROLS) is None
    menu.open()
    assert rows(menu)[-1] == "Close"
