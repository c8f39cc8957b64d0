"""``groovebox models``: the library from a terminal, by the same code as on the box."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from firmware.library.check import check
from firmware.library.intake import convert_here
from firmware.library.library import Library, LibraryModel
from firmware.library.models import digest_of, read_model
from firmware.library.state import default_state_file
from firmware.rhythm.model_file import ModelError, read_info

__all__ = ["add_arguments", "default_folder", "run"]


def default_folder() -> Path:
    """Where the player's models are: beside the saved state."""
    return default_state_file().with_name("models")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--library", type=Path, metavar="FOLDER", help=f"({default_folder().as_posix()})"
    )
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    what.add_parser("list", help="all models of the library")
    command = what.add_parser("check", help="say whether files are models that the box plays")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command = what.add_parser("import", help="check files and take them into the library")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command = what.add_parser("remove", help="remove a model of your own")
    command.add_argument("name", metavar="NAME", help="its name or its file's")
    command = what.add_parser("export", help="copy your own models to a folder")
    command.add_argument("folder", type=Path, metavar="DIR")


def run(options: argparse.Namespace) -> int:
    """Exit status: 0, or 1 where some file was refused. Raises ModelError and OSError."""
    library = Library(options.library or default_folder())
    if options.what == "list":
        for model in library.models():
            print(_shown(_line(model)))
    elif options.what == "remove":
        model = _named(library, options.name)
        library.remove(model)
        print(f"{model.name} is removed")
    elif options.what == "export":
        written = library.export(options.folder)
        print(f"{len(written)} model{'' if len(written) == 1 else 's'} in {options.folder}")
    else:
        return _files(library, options.files, options.what == "import")
    return 0


def _files(library: Library, files: list[Path], take: bool) -> int:
    refused: dict[str, str] = {}
    status = 0
    for file in files:
        try:
            content = convert_here(file) if file.name == "model.json" else read_model(file)
            digest = digest_of(content)
            if digest in refused:  # the same again needs no second trial
                raise ModelError(refused[digest])
            try:
                print(_shown(f"{file}: {_take(library, content, file, take)}"))
            except ModelError as error:
                refused[digest] = str(error)
                raise
        except ModelError as error:
            status = 1
            print(_shown(f"{file}: {error}"), file=sys.stderr)
    return status


def _take(library: Library, content: bytes, file: Path, take: bool) -> str:
    if take:
        name = f"{file.parent.name}.tflite" if file.name == "model.json" else file.name
        imported = library.import_model(content, name)
        there = "is in the library already" if imported.known else "is in the library"
        return f"{imported.model.name} {there}"
    check(content)
    info = read_info(content)
    return f"{info.name if info else file.stem} plays"


def _shown(text: str) -> str:
    """A line that any terminal takes: names of files may be of any bytes."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _line(model: LibraryModel) -> str:
    marks = [
        mark for mark, on in (("favourite", model.favourite), ("factory", model.factory)) if on
    ]
    return f"{model.name}  ({', '.join([model.path.name, *marks])})"


def _named(library: Library, name: str) -> LibraryModel:
    models = library.models()
    found = [model for model in models if model.path.name == name and not model.factory]
    found = found or [model for model in models if model.name.casefold() == name.casefold()]
    if not found:
        raise ModelError(f"There is no model named {name}.")
    if len(found) > 1:
        files = ", ".join(model.path.name for model in found)
        raise ModelError(f"Several models are named {name}: say which file of {files}.")
    return found[0]
