"""The manual's pictures and tables: ``python -m hardware.manual.screenshots`` makes them all.

Each chapter is a box of its own that a pair of hands plays by the virtual board's pad, encoders
and buttons, in stepped time (stepped_box.py). The pictures are what its emulated OLED shows.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from firmware.library.library import Library
from firmware.library.models import factory_folder
from firmware.panel.menu import SECTIONS, TITLES
from firmware.panel.model_menu import LETTERS
from firmware.rhythm.pattern import TICKS
from hardware.manual.hands import PAUSE_S, Hands
from hardware.manual.stepped_box import SteppedBox
from hardware.manual.tables import MANUAL, with_tables
from hardware.virtual.i2c_bus import Fault

__all__ = ["CHAPTERS", "PICTURES", "draw_chapter", "main"]

PICTURES = Path(__file__).with_name("pictures")
SCALE, BEZEL = 3, 9
"""Pixels of the picture to one of the display, and around it."""
BEZEL_COLOUR = (22, 22, 26)
COLOURS = 256
CLOCK_S = 0.02
"""Between two clocks of the master in the pictures: 125 bpm."""
CLOCKS = 2 * 96 + 49
DRAG_TICKS = 27
"""How long the finger takes over the noise's picture, at its tempo."""


PLAY, DRUMS, CLOCK, MIDI, PAD, MODELS = map(
    TITLES.index, ("Play", "Drums", "Clock", "MIDI", "Pad", "Models")
)
"""Places of the menu's sections."""
OWN_MODELS = {"footwork": "My style", "dembow": "Friday late"}
"""Styles of the factory's that are a player's own models in the pictures, and their names there."""


def _map(hands: Hands) -> Iterator[str]:
    hands.play("Footwork", (0.5, 0.5), (0.62, 0.3), (0.8, 0.42))
    hands.until_tick(49)
    yield "map"
    hands.click("stop")
    hands.box.run(0.3)
    yield "rest"


def _noise(hands: Hands) -> Iterator[str]:
    hands.open_menu(PLAY, 4)
    hands.turn("model", 7)  # a seed: the head strays the same way each time the manual is made
    hands.close_menu()
    hands.turn("noise", 9)
    hands.play("Drum and bass", (0.5, 0.5), (0.2, 0.2))
    hands.until_tick((hands.brightest() - DRAG_TICKS) % TICKS)
    with hands.dragging((0.2, 0.2), (0.3, 0.6), (0.6, 0.7)):
        yield "noise"


def _pages(hands: Hands) -> Iterator[str]:
    hands.play("Drum and bass", (0.5, 0.5), (0.4, 0.3))
    hands.click("model")
    hands.until_tick(hands.brightest())
    yield "drums"
    hands.click("model")
    hands.until_tick(61)
    yield "notes"


def _values(hands: Hands) -> Iterator[str]:
    hands.play("House", (0.5, 0.5), (0.6, 0.8))
    hands.until_tick(45)
    hands.turn("threshold", 5)
    yield "value"
    hands.turn("tempo", -3)
    hands.box.run(0.4)
    yield "tempo"
    with hands.holding("shift"):
        hands.click("noise")
    hands.box.run(0.3)
    yield "choice"
    hands.box.run(1.2)
    hands.turn("model", 1)
    hands.box.run(0.4)
    yield "model"
    with hands.holding("model"):
        hands.turn("model", 3)
        hands.box.run(0.4)
        yield "clip"


def _fields(hands: Hands) -> Iterator[str]:
    hands.play("Gqom", (0.5, 0.5), (0.3, 0.6))
    hands.click("snare")
    hands.click("hat")
    hands.until_tick(hands.brightest())
    yield "mutes"
    hands.click("snare")
    with hands.holding("shift"):
        hands.box.run(PAUSE_S * 3)
        with hands.touching(0.5, 0.2):  # the clap's field
            pass
        hands.until_tick(25)
        yield "mute_fields"
    with hands.holding("model"):
        for x, y in ((0.2, 0.8), (0.5, 0.8), (0.5, 0.5)):
            with hands.touching(x, y):
                hands.box.run(0.8)
        hands.box.run(2)
        hands.until_tick(49)
        yield "snapshots"


def _menu(hands: Hands) -> Iterator[str]:
    hands.play("Trap", (0.5, 0.5), (0.4, 0.4))
    hands.open_menu()
    yield "menu"
    hands.close_menu()
    for section, title in enumerate(SECTIONS):
        hands.open_menu(section)
        yield f"menu_{title.lower()}"
        hands.close_menu()
    hands.open_menu(DRUMS, 4)
    hands.turn("model", -3)
    yield "menu_value"


def _models(hands: Hands) -> Iterator[str]:
    hands.play("My style", (0.5, 0.5), (0.4, 0.4))
    hands.open_menu(MODELS)
    yield "models"
    hands.turn("model", 1)
    hands.click("model")
    hands.turn("model", 1)
    yield "models_one"
    hands.turn("model", 2)
    hands.click("model")
    for _ in range(len(("Done", "Erase", "Space")) + LETTERS.index("S")):
        hands.turn("model", 1)
        hands.box.run(PAUSE_S)
    yield "models_name"


def _clock(hands: Hands) -> Iterator[str]:
    hands.box.choose_model("Dembow")
    hands.open_menu(CLOCK, 0)
    hands.turn("model", 2)
    hands.close_menu()
    hands.click("play")
    hands.box.run(0.5)
    yield "waiting"
    hands.box.receive(b"\xfa")
    for _ in range(CLOCKS):
        hands.box.run(CLOCK_S)
        hands.box.receive(b"\xf8")
    hands.box.run(CLOCK_S / 2)
    yield "external"


def _messages(hands: Hands) -> Iterator[str]:
    hands.play("Bembe", (0.5, 0.5), (0.7, 0.6))
    hands.open_menu(MIDI, 4)
    hands.until_tick(1)
    yield "learn"
    hands.turn("noise", 1)
    hands.until_tick(25)
    yield "learn_noise"
    hands.open_menu(PAD, 1)
    hands.until_tick(49)
    yield "calibration"
    with hands.holding("shift"):
        hands.click("model")
    hands.box.run(2)
    hands.box.board.set_fault("pad", Fault.ABSENT)
    hands.box.run(2)
    hands.until_tick(25)
    yield "fault"


def _dimmed(hands: Hands) -> Iterator[str]:
    hands.play("Footwork", (0.5, 0.5), (0.62, 0.3), (0.8, 0.42))
    hands.box.sleep(6)
    hands.box.run(1)
    hands.until_tick(49)
    yield "dimmed"


def _mono(hands: Hands) -> Iterator[str]:
    hands.play("Drum and bass", (0.5, 0.5), (0.4, 0.6))
    hands.until_tick(hands.brightest())
    yield "mono_map"
    hands.turn("threshold", 4)
    hands.box.run(0.3)
    yield "mono_value"
    hands.box.run(1)
    hands.click("kick")
    with hands.holding("shift"):
        hands.box.run(0.3)
        hands.until_tick(1)
        yield "mono_mute_fields"
    hands.click("kick")
    hands.click("model")
    hands.until_tick(hands.brightest())
    yield "mono_drums"
    hands.click("model")
    hands.until_tick(61)
    yield "mono_notes"
    hands.open_menu(DRUMS, 4)
    yield "mono_menu"
    hands.close_menu()
    hands.click("model")
    hands.open_menu(PAD, 1)
    hands.until_tick(49)
    yield "mono_message"


CHAPTERS: dict[str, Callable[[Hands], Iterator[str]]] = {
    "map": _map,
    "noise": _noise,
    "pages": _pages,
    "values": _values,
    "fields": _fields,
    "menu": _menu,
    "models": _models,
    "clock": _clock,
    "messages": _messages,
    "dimmed": _dimmed,
    "mono": _mono,
}


def framed(pixels: npt.NDArray[np.uint8]) -> Image.Image:
    """The display's pixels, enlarged, in a bezel; at most COLOURS colours."""
    large = pixels.repeat(SCALE, 0).repeat(SCALE, 1)
    edge = ((BEZEL, BEZEL), (BEZEL, BEZEL))
    channels = [
        np.pad(large[..., i], edge, constant_values=colour) for i, colour in enumerate(BEZEL_COLOUR)
    ]
    return Image.fromarray(np.stack(channels, -1)).quantize(COLOURS, dither=Image.Dither.NONE)


def _library(folder: Path) -> Library:
    """A player's, the first model a favourite."""
    factory = folder / "factory"
    for file in sorted(factory_folder().glob("*/*.tflite")):
        if file.stem not in OWN_MODELS:
            (factory / file.stem).mkdir(parents=True)
            shutil.copy(file, factory / file.stem)
    library = Library(folder / "own", factory, check=lambda content: None)
    for style, name in OWN_MODELS.items():
        content = (factory_folder() / style / f"{style}.tflite").read_bytes()
        library.rename(library.import_model(content, f"{style}.tflite").model, name)
    library.set_favourite(library.models()[0], True)
    return library


def draw_chapter(name: str, folder: Path) -> list[str]:
    """Play a chapter and write its pictures; returns their names."""
    drawn = []
    display = "ssd1306" if name == "mono" else "ssd1351"
    with tempfile.TemporaryDirectory() as own, contextlib.ExitStack() as closers:
        library = _library(Path(own)) if name == "models" else None
        box = closers.enter_context(SteppedBox(display, library))
        for picture in CHAPTERS[name](Hands(box)):
            framed(box.board.oled.rgb()).save(folder / f"{picture}.png", optimize=True)
            drawn.append(picture)
    return drawn


def main(folder: Path = PICTURES) -> int:
    """Draw every picture anew and bring the manual's tables up to date."""
    folder.mkdir(exist_ok=True)
    drawn = {picture for name in CHAPTERS for picture in draw_chapter(name, folder)}
    for stale in folder.glob("*.png"):
        if stale.stem not in drawn:
            stale.unlink()
    size = sum(path.stat().st_size for path in folder.glob("*.png"))
    MANUAL.write_text(with_tables(MANUAL.read_text("utf-8")), "utf-8")
    print(f"{len(drawn)} pictures, {size / 1000:.0f} kB, in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
