"""The box on the virtual board in stepped time, for pictures that come out the same every time.

A running box cannot be stopped at a tick: its engine and its panel are threads on the system's
clock. So this is the whole box, never started: its parts are given a clock that only
:meth:`SteppedBox.run` moves on, and at each step the engine makes one step and the two loops of the
panel one turn each. Hands, drivers, emulated chips, engine, gestures and screen are as in play.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from firmware.box import Box
from firmware.engine.state import EngineState
from firmware.library.library import Library
from firmware.library.models import factory_folder
from firmware.midi.message import TimedMessage
from hardware.pin_map import load_pin_map
from hardware.virtual.virtual_board import VirtualBoard

__all__ = ["STEP_NS", "SteppedBox"]

STEP_NS = 5_000_000
"""As often as a touched pad is read; a tick of a fast loop takes two."""
SECOND_NS = 1_000_000_000
LONGEST_S = 60
"""Whatever is waited for has happened within so much stepped time, or never will."""
LOADING_S = 30
"""A model is loaded by a thread of its own, in real time."""


class _OneTurn(threading.Event):
    """In place of the panel's closing event: each loop that asks it ends after one turn."""

    def __init__(self) -> None:
        super().__init__()
        self._over = True

    def is_set(self) -> bool:
        self._over = not self._over
        return self._over

    def wait(self, timeout: float | None = None) -> bool:
        return False


class _Nowhere:
    """An output that nobody listens to."""

    name = "nowhere"

    def send(self, messages: Sequence[TimedMessage]) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


class SteppedBox:
    """A box with the factory's models, or a library's, and a ``display`` of that kind; a context
    manager.

    ``board`` is the player's side of it: after moving something there, :meth:`run`.
    """

    def __init__(self, display: str = "ssd1351", library: Library | None = None) -> None:
        self.now_ns = SECOND_NS
        self.board = VirtualBoard(load_pin_map().with_display(display))
        self.box = Box(self.board, [_Nowhere()], library or [factory_folder()])
        panel = self.box.panel
        inputs = panel._inputs
        panel._clock = inputs._now_ns = lambda: self.now_ns  # type: ignore[attr-defined]
        inputs.wait = lambda timeout_s: None  # type: ignore[method-assign]
        panel._closing = _OneTurn()
        self.box.loader._before_stall = lambda: None  # nothing is played late here
        panel._touched_ns = self.now_ns
        self.run(0.1)

    def __enter__(self) -> SteppedBox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.closing(self.board):
            self.box.close()

    @property
    def state(self) -> EngineState:
        return self.box.engine_loop.engine.state

    @property
    def tick(self) -> int:
        """The tick of the loop that sounds now."""
        return self.state.tick_at(self.now_ns)

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        for _ in range(max(round(seconds * SECOND_NS / STEP_NS), 1)):
            self._step()

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Let time pass until something is so. Raises TimeoutError if that does not happen."""
        for _ in range(LONGEST_S * SECOND_NS // STEP_NS):
            if condition():
                return
            self._step()
        raise TimeoutError("What the picture was to show has not happened.")

    def sleep(self, minutes: float) -> None:
        """Let a long time pass at once, as if the machine had slept through it."""
        self.now_ns += round(minutes * 60 * SECOND_NS)

    def receive(self, data: bytes) -> None:
        """A MIDI message arrives now."""
        self.box.receive(self.now_ns, "clock", data)

    def choose_model(self, name: str) -> None:
        """Turn MODEL until the display names the one that is wanted."""
        encoder = self.board.pin_map.encoder("model")
        entries = self.box.loader.entries
        names = [entry.name for entry in entries]
        steps = names.index(name) - [entry.key for entry in entries].index(self.box._model_key)
        if not steps:
            return
        self.board.turn(encoder, steps)
        self.run(2)  # its name is shown for a moment

    def _step(self) -> None:
        self.now_ns += STEP_NS
        self.box.engine_loop.engine.step(self.now_ns)
        self.box.panel._watch_hands()
        self._await_model()
        # What the hands asked for is in the picture of the same moment.
        self.box.engine_loop.engine.step(self.now_ns)
        self.box.panel._draw_pictures()

    def _await_model(self) -> None:
        """No time passes while a model is loaded, which takes as long as it takes."""
        end_s = time.monotonic() + LOADING_S
        while self.box._model_key != self.box.loader._chosen.key:
            if time.monotonic() > end_s:
                raise TimeoutError(f"A model was not loaded within {LOADING_S} s.")
            time.sleep(0.001)
