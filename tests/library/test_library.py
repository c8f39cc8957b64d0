"""The library: nothing is taken in unchecked, and nothing that is there is lost."""

import json

import pytest

from firmware import atomic_file
from firmware.__main__ import main
from firmware.library.library import MOST_NAME, Library
from firmware.rhythm.model_file import ModelError, read_info
from tests.small_models import small_model


@pytest.fixture(scope="module")
def contents():
    return {name: small_model(name) for name in ("Alpha", "Beta", "Gamma")}


@pytest.fixture
def factory(tmp_path, contents):
    folder = tmp_path / "factory"
    folder.mkdir()
    (folder / "gamma.tflite").write_bytes(contents["Gamma"])
    return folder


@pytest.fixture
def library(tmp_path, factory):
    return Library(tmp_path / "models", factory, check=lambda content: None)


def names(library):
    return [model.name for model in library.models()]


def files(library):
    """But for the index, which may be lost."""
    return sorted(path.name for path in library.folder.iterdir() if path.name != "index.json")


def named(library, name):
    return next(model for model in library.models() if model.name == name)


def test_an_import_is_there_whole_and_the_factory_stays(library, contents):
    imported = library.import_model(contents["Alpha"], "a.tflite")
    assert not imported.known
    assert imported.model.path.read_bytes() == contents["Alpha"]
    assert names(library) == ["Alpha", "Gamma"]
    with pytest.raises(ModelError, match="Gamma is a factory model, which stays"):
        library.remove(named(library, "Gamma"))
    library.remove(imported.model)
    assert names(library) == ["Gamma"]


@pytest.mark.parametrize("name", ["Alpha", "Gamma"])
def test_the_same_content_is_known_by_any_name(library, contents, name):
    library.import_model(contents["Alpha"], "a.tflite")
    again = library.import_model(contents[name], "other.tflite")
    assert again.known
    assert again.model.name == name
    assert len(library.models()) == 2


def test_another_content_of_the_same_name_replaces_nothing(library, contents):
    library.import_model(contents["Alpha"], "mine.tflite")
    imported = library.import_model(contents["Beta"], "MINE.TFLITE")
    assert imported.model.path.name == "MINE 2.tflite"
    assert (library.folder / "mine.tflite").read_bytes() == contents["Alpha"]


def test_what_the_check_refuses_leaves_no_trace(tmp_path, factory):
    def refuse(content):
        raise ModelError("No.")

    library = Library(tmp_path / "models", factory, refuse)
    with pytest.raises(ModelError, match="No"):
        library.import_model(b"x", "x.tflite")
    assert not library.folder.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.tflite", "passwd.tflite"),
        ("a:b?c*.tflite", "a_b_c_.tflite"),
        (".tflite", "model.tflite"),
        ("...hidden.tflite", "hidden.tflite"),
        ("n\u0303and\u00fa \u202e.tflite", "\u00f1and\u00fa.tflite"),
        ("x" * 300 + ".tflite", "x" * MOST_NAME + ".tflite"),
    ],
)
def test_odd_file_names_become_names_that_every_file_system_takes(library, contents, given, kept):
    path = library.import_model(contents["Alpha"], given).model.path
    assert path.parent == library.folder
    assert path.name == kept


def test_order_favourites_and_names_outlast_the_library(library, contents, factory):
    for name in ("Alpha", "Beta"):
        library.import_model(contents[name], f"{name}.tflite")
    assert names(library) == ["Alpha", "Beta", "Gamma"]
    library.move(named(library, "Gamma"), -1)
    assert names(library) == ["Alpha", "Gamma", "Beta"]
    library.set_favourite(named(library, "Beta"), True)
    library.rename(named(library, "Alpha"), " My\x07 beat ")
    again = Library(library.folder, factory, check=lambda content: None)
    assert names(again) == ["Beta", "My beat", "Gamma"]
    again.rename(named(again, "My beat"), "")
    again.set_favourite(named(again, "Beta"), False)
    assert names(again) == ["Alpha", "Gamma", "Beta"]
    assert read_info((again.folder / "Alpha.tflite").read_bytes()).name == "Alpha"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"order": 3}', '{"order":[],"favourites":[],"names":[1]}']
)
def test_a_broken_list_costs_the_order_and_no_model(library, contents, text):
    library.import_model(contents["Alpha"], "a.tflite")
    (library.folder / "library.json").write_text(text)
    assert names(library) == ["Alpha", "Gamma"]
    library.set_favourite(named(library, "Gamma"), True)
    assert names(library) == ["Gamma", "Alpha"]
    assert json.loads((library.folder / "library.json").read_text())["favourites"]


def test_a_write_that_fails_leaves_the_library_as_it_was(library, contents, monkeypatch):
    library.import_model(contents["Alpha"], "a.tflite")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic_file.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        library.import_model(contents["Beta"], "b.tflite")
    assert names(library) == ["Alpha", "Gamma"]
    assert files(library) == ["a.tflite"]


def test_what_a_power_cut_left_half_written_is_swept(library, contents, factory):
    library.import_model(contents["Alpha"], "a.tflite")
    (library.folder / "b.tflite.new").write_bytes(contents["Beta"][:1000])
    again = Library(library.folder, factory, check=lambda content: None)
    atomic_file.sweep(library.folder)
    assert names(again) == ["Alpha", "Gamma"]
    assert files(library) == ["a.tflite"]


def test_an_export_has_the_players_own(library, contents, tmp_path):
    library.import_model(contents["Alpha"], "a.tflite")
    target = tmp_path / "stick"
    assert library.export(target) == [target / "a.tflite"]
    assert (target / "a.tflite").read_bytes() == contents["Alpha"]
    assert library.export(target) == [target / "a.tflite"]


def test_the_command(tmp_path, contents, capsys):
    folder, good, bad = (tmp_path / name for name in ("own", "good.tflite", "bad.tflite"))
    good.write_bytes(contents["Alpha"])
    bad.write_bytes(contents["Alpha"][:5000])

    def models(*arguments):
        status = main(["models", "--library", str(folder), *map(str, arguments)])
        told = capsys.readouterr()
        return status, told.out.strip(), told.err.strip()

    assert models("check", good) == (0, f"{good}: Alpha plays", "")
    status, out, error = models("import", good, bad)
    assert (status, out) == (1, f"{good}: Alpha is in the library")
    assert error.startswith(f"{bad}: ")
    assert len(error.splitlines()) == 1
    assert models("import", good)[:2] == (0, f"{good}: Alpha is in the library already")
    status, out, _ = models("list")
    assert out.splitlines()[0] == "Alpha  (good.tflite)"
    assert sum(line.endswith("factory)") for line in out.splitlines()) == 8
    assert models("export", tmp_path / "out")[:2] == (0, f"1 model in {tmp_path / 'out'}")
    assert models("remove", "alpha")[:2] == (0, "Alpha is removed")
    assert models("remove", "alpha") == (2, "", "groovebox: There is no model named alpha.")
    assert "factory model, which stays" in models("remove", "House")[2]
