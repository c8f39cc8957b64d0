"""The loader's thread: what is chosen, and what comes in place of a model's file."""

import time

import pytest

from firmware.library import loader as loader_module
from firmware.library.loader import ModelLoader
from firmware.library.models import ModelEntry, digest_of
from firmware.library.opener import Opener
from tests.small_models import small_model


class Heard:
    def __init__(self):
        self.models, self.failures, self.stalls = [], [], 0

    def stall(self):
        self.stalls += 1

    @property
    def names(self):
        return [model.decoder.info.name for model in self.models]


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def loader(tmp_path, heard, monkeypatch):
    monkeypatch.setattr(loader_module, "LOOK_S", 0.01)
    entries = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(small_model(name))
        entries.append(ModelEntry(name, path))
    digest = digest_of(entries[0].path.read_bytes())
    loader = ModelLoader(
        entries,
        heard.models.append,
        lambda entry, sentence: heard.failures.append((entry.name, sentence)),
        Opener(),
        digest=digest,
        before_stall=heard.stall,
    )
    yield loader
    loader.close()


def until(condition, timeout=10):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def replace(path, content):
    other = path.with_suffix(".new")
    other.write_bytes(content)
    other.replace(path)


def rest():
    time.sleep(0.15)


def test_what_plays_already_is_not_loaded_again(loader, heard):
    rest()
    assert heard.models == []
    replace(loader.entries[0].path, small_model("a"))  # the same content, another file
    rest()
    assert heard.models == []


def test_what_comes_in_place_of_the_model_s_file_is_loaded_once(loader, heard):
    replace(loader.entries[0].path, small_model("new"))
    until(lambda: heard.models)
    rest()
    assert heard.names == ["new"]
    assert heard.stalls == 3  # the music was handed over before each stall
    replace(loader.entries[0].path, small_model("newer"))
    until(lambda: len(heard.models) == 2)
    assert heard.names == ["new", "newer"]


def test_of_a_damaged_file_is_told_once_and_a_good_one_ends_it(loader, heard):
    good = small_model("mended")
    replace(loader.entries[0].path, good[:500])
    until(lambda: heard.failures)
    replace(loader.entries[0].path, good[:600])
    time.sleep(1)
    assert len(heard.failures) == 1
    assert heard.failures[0][0] == "a"
    replace(loader.entries[0].path, good)
    until(lambda: heard.models)
    assert heard.names == ["mended"]


def test_a_file_that_goes_away_leaves_the_model_playing(loader, heard):
    loader.entries[0].path.unlink()
    rest()
    assert heard.models == heard.failures == []


def test_the_file_of_the_model_that_was_chosen_last_is_watched(loader, heard):
    loader.browse(1)
    until(lambda: heard.models)
    replace(loader.entries[0].path, small_model("unheard"))
    replace(loader.entries[1].path, small_model("heard"))
    until(lambda: len(heard.models) == 2)
    rest()
    assert heard.names == ["b", "heard"]


def test_a_chosen_model_that_cannot_be_played_is_told_of_once(loader, heard):
    loader.entries[1].path.write_bytes(b"nonsense")
    loader.browse(1)
    until(lambda: heard.failures)
    rest()
    assert [name for name, _ in heard.failures] == ["b"]


def test_another_list_keeps_what_is_chosen(loader, heard, tmp_path):
    loader.browse(1)
    until(lambda: heard.names == ["b"])
    a, b = loader.entries
    new = ModelEntry("n", tmp_path / "n.tflite")
    new.path.write_bytes(small_model("n"))
    loader.set_entries([new, b, a])
    assert loader.browse(-1) == new
    until(lambda: heard.names == ["b", "n"])
    loader.set_entries([a, b])  # the chosen one is gone: it plays on
    rest()
    assert heard.names == ["b", "n"]
    loader.choose("b.tflite")
    until(lambda: heard.names == ["b", "n", "b"])
    loader.choose("nothing of the kind")
    loader.set_entries([])
    assert loader.entries == (a, b)
