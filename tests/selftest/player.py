"""A player who does what the self-test asks, on the virtual board, and looks at its display."""

import threading
import time

import numpy as np

from firmware.selftest.bench import Ask
from firmware.selftest.display import pattern
from firmware.selftest.hands import CORNERS

__all__ = ["SOON_S", "Player"]

SOON_S = 0.01
HOLD_S = 0.02
INSET = 0.04
SHINES = 0.5


class Player:
    """``cable`` is whether a cable leads from MIDI OUT to MIDI IN; ``lift_s`` is how long a finger
    stays on the pad after it was asked to go."""

    def __init__(self, board, cable=True, lift_s=SOON_S):
        self.board, self.cable, self.lift_s = board, cable, lift_s
        self.asked = []
        self._threads = []
        self._finger = threading.Lock()

    def on_ask(self, ask: Ask | None) -> None:
        if ask is not None:
            self.asked.append((ask.what, ask.which))
            thread = threading.Thread(target=self._do, args=[ask], daemon=True)
            self._threads.append(thread)
            thread.start()

    def done(self):
        for thread in self._threads:
            thread.join()

    def _do(self, ask):
        time.sleep(self.lift_s if ask.what == "lift" else SOON_S)
        if ask.what == "press":
            self._press(ask.which)
        elif ask.what == "turn":
            for _ in range(3):
                self.board.turn(self.board.pin_map.encoder(ask.which), 1)
                time.sleep(HOLD_S / 4)
        elif ask.what == "push":
            encoder = self.board.pin_map.encoder(ask.which)
            self.board.push(encoder, True)
            time.sleep(HOLD_S)
            self.board.push(encoder, False)
        elif ask.what == "corner":
            self.board.touch(*(abs(side - INSET) for side in CORNERS[ask.which]))
        elif ask.what == "lift":
            self.board.lift()
        else:
            self._press("play" if self._sees(ask.which) else "stop")

    def _press(self, name):
        with self._finger:  # one question can follow another sooner than it lets go
            self.board.press(name, True)
            time.sleep(HOLD_S)
            self.board.press(name, False)
            time.sleep(HOLD_S)

    def _sees(self, which):
        if which == "display":
            shown = self.board.oled.rgb()
            return bool((np.abs(shown.astype(int) - self._pattern(shown)) < 16).mean() > 0.99)
        if which.startswith("light "):
            return self.board.led(which.removeprefix("light ")) > SHINES
        if which == "colours":
            return [tuple(level > 0 for level in c) for c in self.board.colours()] == [
                (True, False, False),
                (False, True, False),
                (False, False, True),
                (True, True, True),
            ]
        name, _, wanted = which.partition(" ")
        if wanted:
            pin = getattr(self.board.pin_map.din_sync, name)
            return self.board.pin_factory.level(pin) == (wanted == "up")
        assert which in ("din", "sync")
        return self.cable

    def _pattern(self, shown):
        picture = pattern(*shown.shape[:2])
        if self.board.pin_map.oled.kind == "ssd1351":
            return picture
        lit = picture.max(-1, keepdims=True) > 127
        return lit * shown.reshape(-1, 3).max(0)
