"""The panel's two threads: hands to commands, and engine state to pictures.

Neither ever makes the music wait: commands are queued to the engine, and pictures are drawn from
the state that it publishes. A picture that is late is left out; the latest wins.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from firmware.clock.tempo import beat_ns
from firmware.clock.transport import Phase
from firmware.devices.events import Event
from firmware.engine.controls import Adjust, Controls, Set
from firmware.engine.orders import Order
from firmware.engine.state import EngineState
from firmware.library.models import Model, ModelEntry
from firmware.panel.gestures import BrowseModels, Gestures, Learn, describe
from firmware.panel.screen import Screen
from firmware.panel.status import Status

__all__ = ["InputSource", "Panel"]

IDLE_PICTURE_S = 1 / 20
MAX_PICTURE_S = 1 / 20
MIN_PICTURE_S = 1 / 120
RETRY_DISPLAY_S = 1.0
MESSAGE_NS = 1_200_000_000
FAILURE_NS = 5_000_000_000
FLASH_NS = 100_000_000
"""How long the play light stays lit at each beat."""


class InputSource(Protocol):
    """What the panel needs of the board's inputs (``firmware.devices.inputs.Inputs``)."""

    def wait(self, timeout_s: float) -> None: ...

    def poll(self) -> list[Event]: ...

    def faults(self) -> dict[str, str]: ...

    def set_led(self, name: str, brightness: float) -> None: ...


class Panel:
    """Runs the panel until it is closed.

    ``read_state`` and ``post`` are the engine's; ``browse(steps)`` chooses a model and returns
    its entry; ``learn(control)`` gives a control the next MIDI controller (None: a control is
    awaited); ``report(controls)`` is told of the controls at each picture; ``notice`` is the
    first message.
    """

    def __init__(
        self,
        inputs: InputSource,
        screen: Screen,
        gestures: Gestures,
        read_state: Callable[[], EngineState],
        post: Callable[[Order], None],
        browse: Callable[[int], ModelEntry],
        learn: Callable[[str | None], None],
        report: Callable[[Controls], None],
        notice: str = "",
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._inputs, self._screen, self._gestures = inputs, screen, gestures
        self._read_state, self._post, self._browse = read_state, post, browse
        self._learn, self._report = learn, report
        self._clock = clock
        self._lit = -1.0
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._model: Model | None = None
        self._message, self._message_until_ns = notice, self._clock() + FAILURE_NS
        self.pictures = 0
        self._threads = [
            threading.Thread(target=self._watch_hands, name="inputs", daemon=True),
            threading.Thread(target=self._draw_pictures, name="display", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._closing.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=2)

    def use_model(self, model: Model) -> None:
        """Show another model's map from the next picture on; safe from any thread."""
        with self._lock:
            self._model = model

    def say(self, text: str, duration_ns: int = FAILURE_NS) -> None:
        """Show a message for a while; safe from any thread."""
        with self._lock:
            self._message, self._message_until_ns = text, self._clock() + duration_ns

    # Hands

    def _watch_hands(self) -> None:
        faults: dict[str, str] = {}
        while not self._closing.is_set():
            self._inputs.wait(0.1)
            for event in self._inputs.poll():
                self._act_on(event)
            if (now_faulty := self._inputs.faults()) != faults:
                for device in now_faulty.keys() - faults.keys():
                    self.say(now_faulty[device])
                faults = dict(now_faulty)

    def _act_on(self, event: Event) -> None:
        usual_tempo = self._read_state().info.tempo
        for action in self._gestures.actions(event, self._clock(), usual_tempo):
            match action:
                case BrowseModels(steps):
                    self.say(self._browse(steps).name, MESSAGE_NS)
                case Learn(control):
                    self._learn(control)
                    self.say(_learning_text(control))
                case _:
                    self._post(action)
                    if isinstance(action, Adjust | Set) and action.name not in ("x", "y"):
                        # The engine clamps as this does; its state may be a moment behind.
                        controls = self._read_state().controls.apply(action)
                        self.say(describe(action.name, controls), MESSAGE_NS)

    # Eyes

    def _draw_pictures(self) -> None:
        looped: tuple[str, ...] = ()
        while not self._closing.is_set():
            now_ns = self._clock()
            state = self._read_state()
            if state.looped != looped:
                looped = state.looped
                if looped:
                    self.say(f"Our own MIDI comes back from {looped[0]}: ignored.")
            with self._lock:
                model, self._model = self._model, None
                message, until_ns = self._message, self._message_until_ns
            if model is not None:
                self._screen.set_map(model.latent_map)
            self._screen.show_message(message, until_ns)
            try:
                self._screen.draw(_status(state, now_ns), now_ns)
                self.pictures += 1
            except OSError:  # the display's bus: the hands and the music go on without it
                self._screen.redraw()
                self._closing.wait(RETRY_DISPLAY_S)
            self._show_beat(state, now_ns)
            self._report(state.controls)
            self._closing.wait(_seconds_to_next_picture(state, self._clock()))

    def _show_beat(self, state: EngineState, now_ns: int) -> None:
        lit = 0.0
        if state.line is not None:
            beats = max(state.line.position_at(now_ns, 1), 0.0)
            since_beat_ns = (beats % 1) * beat_ns(state.line.tempo)
            lit = 1.0 if since_beat_ns < FLASH_NS else 0.15
        if lit != self._lit:
            self._inputs.set_led("play", lit)
            self._lit = lit


def _learning_text(control: str | None) -> str:
    if control is None:
        return "Learn: move a control"
    return f"Learn {control}: move a MIDI controller"


def _status(state: EngineState, now_ns: int) -> Status:
    controls = state.controls
    return Status(
        playing=state.playing,
        tick=state.tick_at(now_ns),
        bpm_hundredths=state.tempo,
        threshold=controls["threshold"],
        noise=controls["noise"],
        head=state.head,
        target=(controls["x"], controls["y"]),
        model=state.info.name,
        muted=controls.muted,
        ticks_per_beat=state.info.ticks_per_beat,
        external_clock=state.external,
        message="Waiting for clock" if state.phase is Phase.ARMED else "",
    )


def _seconds_to_next_picture(state: EngineState, now_ns: int) -> float:
    """Until the next tick sounds, within bounds; while stopped, a slow and steady rate."""
    if state.line is None:
        return IDLE_PICTURE_S
    rate = state.info.ticks_per_beat * state.octave
    next_tick = int(max(state.line.position_at(now_ns, 1) * rate, 0)) + 1
    wait_ns = state.line.time_of(next_tick * rate.denominator, rate.numerator) - now_ns
    return min(max(wait_ns / 1e9, MIN_PICTURE_S), MAX_PICTURE_S)
