"""What every check has at hand: the board, a player who is asked to do things, and patience."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from firmware.devices.buttons import Buttons
from firmware.devices.events import Press
from hardware.board import Board
from hardware.pin_map import HEADER

__all__ = ["NEW_CARD", "Ask", "Bench", "Display", "header"]

TURN_S = 0.005
YES, NO = "play", "stop"
NEW_CARD = "Make the image anew from board.toml and write it (make image)."
"""Where a bus has no device: the card's device trees are made from ``board.toml``."""


@dataclass(frozen=True)
class Ask:
    """Something the player is asked to do or to look at: ``what`` and ``which`` name it, ``text``
    is the sentence."""

    what: str
    which: str
    text: str


Display = Any
"""What shows sentences: ``show(text)``, ``pattern()``, ``close()``; see display.py."""


def header(*pins: int) -> str:
    """Where pins are, for who looks for them with the iron in hand."""
    places = [f"{HEADER[pin]} (GPIO {pin})" for pin in pins]
    return f"header pin{'s' if len(pins) > 1 else ''} {' and '.join(places)}"


class Bench:
    """The board under test. ``on_ask(ask)`` is told what the player is asked, and None when it is
    done or has been waited for in vain, ``patience_s`` seconds."""

    def __init__(
        self,
        board: Board,
        on_ask: Callable[[Ask | None], None] = lambda ask: None,
        patience_s: float = 20.0,
    ) -> None:
        self.board, self._on_ask, self.patience_s = board, on_ask, patience_s
        self.buttons = Buttons(board)
        self.display: Display | None = None

    def close(self) -> None:
        self.buttons.close()
        if self.display is not None:
            self.display.close()

    def ask(self, ask: Ask, done: Callable[[], bool]) -> bool:
        """Ask the player, and whether it was done in time. ``done`` is asked again and again."""
        self._on_ask(ask)
        if self.display is not None:
            self.display.show(ask.text)
        try:
            return self.wait(done, self.patience_s)
        finally:
            self._on_ask(None)

    def wait(self, done: Callable[[], bool], seconds: float) -> bool:
        end_s = time.monotonic() + seconds
        while not done():
            if time.monotonic() >= end_s:
                return False
            time.sleep(TURN_S)
        return True

    def presses(self) -> list[Press]:
        return self.buttons.poll()

    def answer(self, what: str, which: str, question: str) -> bool | None:
        """Yes, no, or None where nobody answers."""
        answers: list[bool] = []

        def answered() -> bool:
            answers.extend(
                press.button == YES
                for press in self.presses()
                if press.down and press.button in (YES, NO)
            )
            return bool(answers)

        self.presses()
        self.ask(Ask(what, which, f"{question} PLAY: yes, STOP: no"), answered)
        return answers[0] if answers else None
