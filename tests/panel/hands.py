"""A player's hands in simulated time."""

from firmware.devices.events import Press, Push, TouchAt, Turn
from firmware.panel.gestures import Gestures
from firmware.panel.menu import SECTIONS, TITLES

ROLES = ("threshold", "noise", "tempo", "model")
THRESHOLD, NOISE, TEMPO, MODEL = range(4)
MS = 1_000_000
SECOND = 1000 * MS
FIELD_CENTRES = [((1 + 2 * (n % 3)) / 6, 1 - (1 + 2 * (n // 3)) / 6) for n in range(9)]
"""Where the nine fields are touched, from the top left."""


class Hands:
    """Turns, pushes, presses and touches, and what they ask for."""

    def __init__(self) -> None:
        self.gestures = Gestures(ROLES)
        self.now_ns = 0

    def wait(self, duration_ns):
        self.now_ns += duration_ns
        return self

    def do(self, *events, **usual):
        return [a for event in events for a in self.gestures.actions(event, self.now_ns, **usual)]

    def turn(self, encoder, steps, after_ns=SECOND):
        return self.wait(after_ns).do(Turn(encoder, steps))

    def click(self, encoder, **usual):
        assert self.do(Push(encoder, True)) == []
        return self.wait(50 * MS).do(Push(encoder, False), **usual)

    def hold(self, what):
        """Press a button or an encoder, and keep it down."""
        down = Push(what, True) if isinstance(what, int) else Press(what, True)
        assert self.do(down) == []
        return self

    def release(self, what):
        return self.do(Push(what, False) if isinstance(what, int) else Press(what, False))

    def touch(self, x, y):
        return self.do(TouchAt(x, y, 0.5))

    def open_menu(self, section, row):
        """With the cursor on a row."""
        self.hold("shift").click(MODEL)
        self.release("shift")
        self.turn(MODEL, TITLES.index(section))
        self.click(MODEL)
        self.turn(MODEL, row)
        return self

    def choose(self, section, label):
        labels = [getattr(row, "label", row) for row in SECTIONS[section]]
        return self.open_menu(section, labels.index(label)).click(MODEL)
