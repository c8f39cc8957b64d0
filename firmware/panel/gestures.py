"""What the player's hands mean: device events to actions. Pure; knows no device and no thread.

Turning an encoder sets its control, faster than in proportion when it is turned fast; a click on it
(pressed and released without turning) sets the control back. Pressed and turned it goes in tenths.

    encoder     click          with shift: turn   click            pressed: turn
    THRESHOLD   default        velocity amount    back to 1        in tenths
    NOISE       none           swing              lock the noise   in tenths
    TEMPO       the model's    in tenths          tap the tempo    nudge
    MODEL       next page      half, double time  open the menu     the next clip

PLAY and STOP; with shift, PLAY goes on where it stopped. A mute button mutes until it is pressed
again, or while it is held for more than a moment. With shift the three recall snapshots 1 to 3,
and while MODEL is held they store them. The pad's nine fields mute the nine drums while shift is
held, and are the nine snapshots while MODEL is held: tap to recall, hold to store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from firmware.clock.tap_tempo import TapTempo
from firmware.devices.events import Event, Lift, Press, Push, TouchAt, Turn
from firmware.engine.controls import (
    MUTE_GROUPS,
    Adjust,
    Continue,
    Cycle,
    EndMute,
    Mute,
    Nudge,
    Play,
    Set,
    Stop,
)
from firmware.engine.parameters import PARAMETERS
from firmware.library.models import ModelEntry
from firmware.panel.actions import (
    Action,
    BrowseClips,
    BrowseModels,
    CalibratePad,
    EndCalibration,
    Learn,
    RecallSnapshot,
    StopLearning,
    StoreSnapshot,
)
from firmware.panel.menu import Menu
from firmware.panel.status import Grid
from firmware.rhythm.drums import DRUMS

__all__ = ["FINE", "Gestures"]

FINE = 0.1
"""Part of a step that a fine turn makes."""
NUDGE_NS = 2_000_000
"""How far a detent nudges: a hand needs a few of them to hear a flam close."""
FAST_NS = 60_000_000
FASTEST = 5
"""Detents closer together than FAST_NS count more, up to FASTEST times."""
MOMENTARY_NS = 350_000_000
"""A mute held longer ends with the finger."""
STORE_NS = 700_000_000
"""A snapshot's field held longer stores."""
GRID_NS = 250_000_000
"""Held so long, shift or MODEL shows the pad's fields."""
TURNING_NS = 750_000_000
"""A hand that turns an encoder has not come for the fields; so long it may turn on."""
FIELDS = 3
SHIFTED = {"threshold": "velocity_amount", "noise": "swing"}
"""What an encoder sets with shift."""


class Gestures:
    """Keeps what is held down; ``encoders`` names each encoder's control, ``models`` gives the
    models for the menu.

    One thread asks for :meth:`actions`; any may ask for :meth:`grid` and for ``menu.view``.
    """

    def __init__(
        self, encoders: Sequence[str], models: Callable[[], Sequence[ModelEntry]] = tuple
    ) -> None:
        self.menu = Menu(models)
        self._encoders = tuple(encoders)
        self._pressed: set[int] = set()
        self._used: set[int] = set()
        """pressed encoders that have done something: their release is no click"""
        self._turned: dict[int, tuple[int, int]] = {}
        self._last_turn_ns = 0
        self._shift_ns: int | None = None
        self._model_ns: int | None = None
        self._muted_ns: dict[str, int] = {}
        self._touching = False
        self._deaf = False
        """this touch has been learnt and does nothing else"""
        self._field: tuple[Grid, int, int] | None = None
        self._learning = False
        self._learnt_last = ""
        self.calibrating = False
        """the pad is being drawn round; a click on MODEL ends it"""
        self._taps = TapTempo()

    def actions(self, event: Event, now_ns: int, usual_tempo: float = 120.0) -> list[Action]:
        """What ``event`` asks for. ``usual_tempo`` (bpm) is where a click sets the tempo."""
        match event:
            case TouchAt(x, y, _):
                actions = self._touch(x, y, now_ns)
            case Lift():
                actions = self._lift(now_ns)
            case Turn(encoder, steps):
                actions = self._turn(encoder, steps, now_ns)
            case Push(encoder, down):
                actions = self._push(encoder, down, now_ns, usual_tempo)
            case Press(button, down):
                actions = self._press(button, down, now_ns)
        for action in actions:
            if isinstance(action, CalibratePad | EndCalibration):
                self.calibrating = isinstance(action, CalibratePad)
        return self._learnt(actions) if self._learning else actions

    def grid(self, now_ns: int) -> Grid | None:
        """What the pad's fields are for, once the hand has been waiting to see them."""
        for since_ns, grid in ((self._shift_ns, Grid.MUTES), (self._model_ns, Grid.SNAPSHOTS)):
            quiet_ns = now_ns - max(since_ns or 0, self._last_turn_ns)
            if since_ns is not None and quiet_ns >= GRID_NS:
                return grid
        field = self._field  # the hands' thread may end it at any moment
        return field[0] if field else None

    # The pad

    def _touch(self, x: float, y: float, now_ns: int) -> list[Action]:
        lands, self._touching = not self._touching, True
        if lands and (self._shift_ns is not None or self._model_ns is not None):
            row, column = (min(int(part * FIELDS), FIELDS - 1) for part in (1 - y, x))
            grid = Grid.MUTES if self._shift_ns is not None else Grid.SNAPSHOTS
            self._field = (grid, row * FIELDS + column, now_ns)
            self._use_model()
            if grid is Grid.MUTES:
                return [self._mute(DRUMS[self._field[1]].key, now_ns)]
        if self._field is not None or self._deaf:
            return []
        place: list[Action] = [Set("x", x), Set("y", y)]
        return [Set("touch", 1), *place] if lands else place

    def _lift(self, now_ns: int) -> list[Action]:
        self._touching = self._deaf = False
        field, self._field = self._field, None
        if field is None:
            return [Set("touch", 0)]
        grid, place, since_ns = field
        if grid is Grid.MUTES:
            return self._unmute(DRUMS[place].key, now_ns)
        held = now_ns - since_ns >= STORE_NS
        return [StoreSnapshot(place) if held else RecallSnapshot(place)]

    # Encoders

    def _turn(self, encoder: int, steps: int, now_ns: int) -> list[Action]:
        self._used.add(encoder)
        self._last_turn_ns = now_ns + TURNING_NS
        name, pressed = self._encoders[encoder], encoder in self._pressed
        shift = self._shift_ns is not None
        if name == "model":
            if self.menu.is_open:
                haste = self._haste(encoder, steps, now_ns)
                return self.menu.turn(steps, FINE if pressed else 1, haste)
            if shift:
                return [Adjust("octave", steps)]
            return [BrowseClips(steps) if pressed else BrowseModels(steps)]
        if name == "tempo" and pressed:
            return [Nudge(steps * NUDGE_NS)]
        if pressed or (shift and name == "tempo"):
            return [Adjust(name, steps * FINE)]
        if shift:
            return [Adjust(SHIFTED[name], steps)]
        return [Adjust(name, steps * self._haste(encoder, steps, now_ns))]

    def _haste(self, encoder: int, steps: int, now_ns: int) -> int:
        """How many times a detent counts, by how fast they follow each other."""
        last = self._turned.get(encoder)
        self._turned[encoder] = (now_ns, steps)
        if last is None or (last[1] > 0) != (steps > 0):
            return 1
        each_ns = max((now_ns - last[0]) // abs(steps), 1)
        return min(max(round(FAST_NS / each_ns), 1), FASTEST)

    def _push(self, encoder: int, down: bool, now_ns: int, usual_tempo: float) -> list[Action]:
        name, shift = self._encoders[encoder], self._shift_ns is not None
        if name == "model":
            if self._model_ns is not None and now_ns - self._model_ns >= GRID_NS:
                self._use_model()  # it was held to look at the snapshots
            clicks_only = shift or self.menu.is_open or self.calibrating
            self._model_ns = now_ns if down and not clicks_only else None
        if down:
            self._pressed.add(encoder)
            self._used.discard(encoder)
            if name == "tempo" and shift:  # a tap counts when the finger comes down
                self._used.add(encoder)
                tempo = self._taps.tap(now_ns)
                return [] if tempo is None else [Set("tempo", tempo)]
            return []
        clicked = encoder in self._pressed and encoder not in self._used
        self._pressed.discard(encoder)
        return self._click(name, shift, usual_tempo) if clicked else []

    def _click(self, name: str, shift: bool, usual_tempo: float) -> list[Action]:
        if name == "model":
            return self._click_model(shift)
        if name == "tempo":
            return [Set("tempo", round(usual_tempo * 100))]
        if shift and name == "noise":
            return [Cycle("noise_lock")]
        shown = SHIFTED[name] if shift else name
        return [Set(shown, PARAMETERS[shown].default)]

    def _click_model(self, shift: bool) -> list[Action]:
        if self.calibrating:
            return [EndCalibration(keep=not shift)]
        if shift:
            if self.menu.is_open:
                self.menu.close()
                return []
            self.menu.open()
            waiting, self._learning = self._learning, False
            return [StopLearning(waiting)]
        if self.menu.is_open:
            actions = self.menu.click()
            self._learning = self._learning or Learn(None) in actions
            return actions
        return [Cycle("page")]

    def _use_model(self) -> None:
        """The model encoder, if it is held, has done something."""
        self._used |= {i for i in self._pressed if self._encoders[i] == "model"}

    # Buttons

    def _press(self, button: str, down: bool, now_ns: int) -> list[Action]:
        if button == "shift":
            self._shift_ns = now_ns if down else None
        elif button in MUTE_GROUPS:
            return self._press_mute(button, now_ns) if down else self._unmute(button, now_ns)
        elif down and button == "play":
            return [Play() if self._shift_ns is None else Continue()]
        elif down and button == "stop":
            return [Stop()]
        return []

    def _press_mute(self, button: str, now_ns: int) -> list[Action]:
        place = tuple(MUTE_GROUPS).index(button)
        if self._shift_ns is not None:
            return [RecallSnapshot(place)]
        if self._model_ns is not None:
            self._use_model()
            return [StoreSnapshot(place)]
        return [self._mute(button, now_ns)]

    def _mute(self, name: str, now_ns: int) -> Mute:
        self._muted_ns[name] = now_ns
        return Mute(name)

    def _unmute(self, name: str, now_ns: int) -> list[Action]:
        since_ns = self._muted_ns.pop(name, None)
        momentary = since_ns is not None and now_ns - since_ns >= MOMENTARY_NS
        return [EndMute(name)] if momentary else []

    # Learning

    def _learnt(self, actions: list[Action]) -> list[Action]:
        """The control that moves is the one to learn; it does not move meanwhile."""
        for action in actions:
            if isinstance(action, Set | Adjust | Cycle | Mute) and action.name != "touch":
                self._learning = False
                self._muted_ns.clear()
                name = action.name
                self._deaf = name == "x"
                if name == "x" and self._learnt_last == "x":
                    name = "y"  # a finger moves both: the second time it is the other one
                self._learnt_last = name
                return [Learn(name)]
        return actions
