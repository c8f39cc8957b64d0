"""The player's hands, for the manual's pictures: turns, clicks, drags, ways through the menu."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np

from firmware.rhythm.pattern import TICKS
from hardware.manual.stepped_box import SteppedBox

__all__ = ["PAUSE_S", "Hands"]

TAP_S, PAUSE_S = 0.05, 0.1
STEPS_OF_DRAG = 15
"""From one place to the next, each 10 ms."""


class Hands:
    """The player's hands on a box. Encoders go by their roles, buttons by their names."""

    def __init__(self, box: SteppedBox) -> None:
        self.box = box
        self._board = box.board

    def turn(self, role: str, detents: int) -> None:
        self._board.turn(self._board.pin_map.encoder(role), detents)
        self.box.run(PAUSE_S)

    @contextmanager
    def holding(self, what: str) -> Iterator[None]:
        """Hold a button, or an encoder down, for as long as the context lasts."""
        self._move(what, True)
        yield
        self._move(what, False)

    def click(self, what: str) -> None:
        with self.holding(what):
            pass

    def _move(self, what: str, down: bool) -> None:
        if what in self._board.pin_map.buttons:
            self._board.press(what, down)
        else:
            self._board.push(self._board.pin_map.encoder(what), down)
        self.box.run(TAP_S)

    @contextmanager
    def touching(self, x: float, y: float) -> Iterator[None]:
        """Put the finger down, and leave it until the context ends."""
        self._board.touch(x, y)
        self.box.run(PAUSE_S)
        yield
        self._board.lift()
        self.box.run(PAUSE_S)

    @contextmanager
    def dragging(self, *places: tuple[float, float]) -> Iterator[None]:
        """Draw the finger from one place to the next, and leave it there until the context ends."""
        with self.touching(*places[0]):
            for start, end in pairwise(places):
                for share in np.linspace(0, 1, STEPS_OF_DRAG):
                    self._board.touch(*np.array(start) * (1 - share) + np.array(end) * share)
                    self.box.run(0.01)
            yield

    def until_tick(self, tick: int) -> None:
        self.box.run_until(lambda: self.box.tick == tick)

    def brightest(self) -> int:
        """The tick of the loop at which the display is brightest, after a loop of looking."""
        light: dict[int, float] = {}
        for _ in range(TICKS):
            tick = self.box.tick
            self.box.run_until(lambda tick=tick: self.box.tick != tick)  # type: ignore[misc]
            light[self.box.tick] = float(self._board.oled.rgb().mean())
        return max(light, key=light.__getitem__)

    def play(self, model: str, *places: tuple[float, float]) -> None:
        """Choose a model and its tempo, start, and go where the finger goes."""
        self.box.choose_model(model)
        self.click("tempo")
        self.click("play")
        with self.dragging(*places):
            pass
        self.box.run(1)  # what the tempo's click has shown goes

    def open_menu(self, section: int | None = None, row: int | None = None) -> None:
        """Open the menu, enter a section, take a row's value in hand (or do what it says)."""
        with self.holding("shift"):
            self.click("model")
        if section is None:
            return
        self.turn("model", section)
        self.click("model")
        if row is not None:
            self.turn("model", row)
            self.click("model")

    def close_menu(self) -> None:
        with self.holding("shift"):
            self.click("model")
