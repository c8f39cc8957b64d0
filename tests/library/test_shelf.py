"""What the panel asks of the library is done beside it, and said."""

import time

import pytest

from firmware.library.library import Library
from firmware.library.shelf import Shelf
from tests.small_models import small_model


class Walk:
    """In place of the loader."""

    def __init__(self, entries):
        self.entries, self.chosen = tuple(entries), []

    def set_entries(self, entries):
        self.entries = tuple(entries)

    def choose(self, key):
        self.chosen.append(key)


@pytest.fixture
def library(tmp_path):
    (tmp_path / "factory").mkdir()
    (tmp_path / "factory" / "house.tflite").write_bytes(small_model("House"))
    library = Library(tmp_path / "own", tmp_path / "factory", check=lambda content: None)
    for name in ("Alpha", "Beta"):
        library.import_model(small_model(name), f"{name}.tflite")
    return library


@pytest.fixture
def said():
    return []


@pytest.fixture
def shelf(library, said):
    shelf = Shelf(Walk(library.models()), library, said.append)
    yield shelf
    shelf.close()


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


def names(shelf):
    return [model.name for model in shelf.models()]


def test_changes_are_made_one_after_the_other(shelf, said):
    assert names(shelf) == ["Alpha", "Beta", "House"]
    shelf.move("Alpha.tflite", 1)
    shelf.set_favourite("factory/house.tflite", True)
    shelf.rename("Alpha.tflite", "First")
    until(lambda: names(shelf) == ["House", "Beta", "First"])
    shelf.remove("Beta.tflite")
    until(lambda: said == ["Beta is removed."])
    assert names(shelf) == ["House", "First"]


def test_what_cannot_be_done_is_said(shelf, said, library, monkeypatch):
    shelf.remove("factory/house.tflite")
    until(lambda: said == ["House is a factory model, which stays."])

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("firmware.library.library.write_atomically", full)
    shelf.set_favourite("Alpha.tflite", True)
    until(lambda: said[1:] == ["The library cannot be changed (No space left on device)."])
    shelf.remove("not there")
    shelf.rename("not there", "x")
    time.sleep(0.05)
    assert len(said) == 2


def test_what_came_is_found_and_chosen(shelf, library):
    library.import_model(small_model("New"), "new.tflite")
    shelf.refresh("new.tflite")
    until(lambda: "new.tflite" in shelf._loader.chosen)
    assert names(shelf) == ["Alpha", "Beta", "New", "House"]


def test_models_that_were_named_stay(said, library):
    shelf = Shelf(Walk(library.models()), None, said.append)
    shelf.remove("Alpha.tflite")
    until(lambda: said)
    shelf.close()
    assert said == ["These models were named at the start and stay as they are."]
    assert names(shelf) == ["Alpha", "Beta", "House"]
