"""The panel's two threads: hands to commands, and engine state to pictures.

Neither ever makes the music wait: commands are queued to the engine, and pictures are drawn from
the state that it publishes. A picture that is late is left out; the latest wins.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from firmware.clock.tempo import beat_ns
from firmware.devices.events import Event
from firmware.devices.touch_pad import PadCalibration
from firmware.engine.controls import Adjust, Controls, Cycle, Set
from firmware.engine.orders import Order
from firmware.engine.parameters import GLIDES
from firmware.engine.snapshots import SLOTS, Recall, Snapshot, take
from firmware.engine.state import EngineState
from firmware.library.models import Model
from firmware.panel.actions import (
    BrowseClips,
    BrowseModels,
    CalibratePad,
    EndCalibration,
    ForgetLearnt,
    Learn,
    LibraryAction,
    RecallSnapshot,
    StopLearning,
    StoreSnapshot,
)
from firmware.panel.clips import next_clip, pad_places, spread_out
from firmware.panel.gestures import Gestures
from firmware.panel.reading import status_of
from firmware.panel.status import Status
from firmware.real_time import HANDS, go_before_programs, set_priority
from firmware.rhythm.latent_map import LatentMap

__all__ = ["InputSource", "Panel"]

IDLE_PICTURE_S = 1 / 20
MAX_PICTURE_S = 1 / 20
SHORTEST_PICTURE_NS = 7_000_000
"""Between two pictures at least: a tick at 300 bpm lasts 8.3 ms."""
RETRY_DISPLAY_S = 1.0
MESSAGE_NS = 1_200_000_000
VALUE_NS = 1_000_000_000
HEARD_NS = 200_000_000
"""By then the engine has published what it was told."""
FAILURE_NS = 5_000_000_000
CALIBRATION_NS = 60_000_000_000
CALIBRATING = "Draw round the pad's edge, then click MODEL (with SHIFT: leave it as it was)"
UNSHOWN = frozenset({"x", "y", "touch", "page"})
"""Controls whose change can be seen anyway."""
FLASH_NS = 100_000_000
"""How long the play light stays lit at each beat."""


class InputSource(Protocol):
    """What the panel needs of the board's inputs (``firmware.devices.inputs.Inputs``)."""

    def wait(self, timeout_s: float) -> None: ...

    def poll(self) -> list[Event]: ...

    def faults(self) -> dict[str, str]: ...

    def set_led(self, name: str, brightness: float) -> None: ...

    def set_pad_pressure(self, pressure: float) -> None: ...

    def begin_calibration(self) -> None: ...

    def end_calibration(self) -> PadCalibration: ...

    def cancel_calibration(self) -> None: ...


class Picture(Protocol):
    """What the panel needs of the display's picture (``firmware.panel.screen.Screen``)."""

    def set_map(
        self, latent_map: LatentMap | None, clips: Sequence[tuple[float, float]] = ()
    ) -> None: ...

    def show_message(self, text: str, until_ns: int) -> None: ...

    def redraw(self) -> None: ...

    def draw(self, status: Status, now_ns: int) -> None: ...


class Panel:
    """Runs the panel until it is closed.

    ``read_state`` and ``post`` are the engine's; ``browse(steps)`` chooses a model and returns
    its name; ``name_of_model()`` is the name of that which plays; ``arrange(action)`` does what is
    asked of the library; ``learn(control)`` gives a control the next MIDI controller (None: none)
    and tells whether another was waiting for it; ``report(controls)`` is told of the controls at
    each picture; ``snapshots`` are those that were kept; ``notice`` is the first message;
    ``log(sentence)`` keeps what was said for long.
    """

    def __init__(
        self,
        inputs: InputSource,
        screen: Picture,
        gestures: Gestures,
        read_state: Callable[[], EngineState],
        post: Callable[[Order], None],
        browse: Callable[[int], str],
        name_of_model: Callable[[], str],
        arrange: Callable[[LibraryAction], None],
        learn: Callable[[str | None], bool],
        forget_learnt: Callable[[], None],
        keep_calibration: Callable[[PadCalibration], None],
        report: Callable[[Controls], None],
        snapshots: Sequence[Snapshot | None] = (),
        notice: str = "",
        log: Callable[[str], None] = lambda sentence: None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._inputs, self._screen, self._gestures = inputs, screen, gestures
        self._read_state, self._post, self._browse = read_state, post, browse
        self._name_of_model, self._arrange = name_of_model, arrange
        self._learn, self._forget_learnt, self._report = learn, forget_learnt, report
        self._keep_calibration = keep_calibration
        self._clock, self._log = clock, log
        if notice:
            log(notice)
        self._snapshots = [*snapshots, *[None] * SLOTS][:SLOTS]
        self._value, self._value_until_ns = "", 0
        self._clip: tuple[tuple[tuple[float, float], ...], int, int] | None = None
        """places of the clips, which of them the head was sent to, and until when it is on its way
        there"""
        self._touched_ns = clock()
        self._lit = -1.0
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._model: Model | None = None
        self._message, self._message_until_ns = notice, self._clock() + FAILURE_NS
        self.pictures = 0
        self._threads = [
            threading.Thread(target=self._run_hands, name="inputs", daemon=True),
            threading.Thread(target=self._run_pictures, name="display", daemon=True),
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
        if duration_ns >= FAILURE_NS:  # what stands shorter answers a hand
            self._log(text)

    @property
    def snapshots(self) -> tuple[Snapshot | None, ...]:
        """What is kept in each place; safe from any thread."""
        with self._lock:
            return tuple(self._snapshots)

    # Hands

    def _run_hands(self) -> None:
        set_priority(HANDS)
        self._watch_hands()

    def _watch_hands(self) -> None:
        faults: dict[str, str] = {}
        while not self._closing.is_set():
            self._inputs.wait(0.1)
            events = self._inputs.poll()
            if events:
                self._touched_ns = self._clock()
            for event in events:
                self._act_on(event)
            if (now_faulty := self._inputs.faults()) != faults:
                if new := sorted(now_faulty.keys() - faults.keys()):
                    self.say(" ".join(now_faulty[device] for device in new))
                faults = dict(now_faulty)

    def _act_on(self, event: Event) -> None:
        usual_tempo = self._read_state().info.tempo
        for action in self._gestures.actions(event, self._clock(), usual_tempo):
            match action:
                case BrowseClips(steps):
                    self._browse_clips(steps)
                case BrowseModels(steps):
                    self.say(self._browse(steps), MESSAGE_NS)
                case Learn(None):
                    self.say("Learn: move a control")
                case Learn(control):
                    self._learn(control)
                    self.say(f"Learn {control}: move a MIDI controller")
                case StopLearning(waiting):
                    if self._learn(None) or waiting:
                        self.say("Nothing learnt", MESSAGE_NS)
                case ForgetLearnt():
                    self._forget_learnt()
                    self.say("Controllers are as usual", MESSAGE_NS)
                case StoreSnapshot(place):
                    self._store(place)
                case RecallSnapshot(place):
                    self._recall(place)
                case CalibratePad():
                    self._inputs.begin_calibration()
                    self.say(CALIBRATING, CALIBRATION_NS)
                case EndCalibration(keep):
                    self._end_calibration(keep)
                case _ if isinstance(action, LibraryAction):
                    self._arrange(action)
                case _:
                    self._post(action)
                    if isinstance(action, Adjust | Set | Cycle):
                        self._show_value(action.name)

    def _show_value(self, name: str) -> None:
        if name not in UNSHOWN and not self._gestures.menu.is_open:
            with self._lock:
                self._value, self._value_until_ns = name, self._clock() + VALUE_NS

    def _browse_clips(self, steps: int) -> None:
        state, now_ns = self._read_state(), self._clock()
        places = pad_places(state.info)
        head = state.controls["x"], state.controls["y"]
        if self._clip is not None and self._clip[0] == places and now_ns < self._clip[2]:
            head = places[self._clip[1]]  # the engine may not have heard of the last turn yet
        place = next_clip(places, head, steps)
        if place is None:
            self.say("The model does not tell where its clips are.")
            return
        self._clip = places, place, now_ns + HEARD_NS
        self._post(Set("x", places[place][0]))
        self._post(Set("y", places[place][1]))
        self.say(state.info.clips[place].name, MESSAGE_NS)

    def _store(self, place: int) -> None:
        with self._lock:
            self._snapshots[place] = take(self._read_state().controls)
        self.say(f"Snapshot {place + 1} stored", MESSAGE_NS)

    def _recall(self, place: int) -> None:
        snapshot = self._snapshots[place]
        if snapshot is None:
            self.say(f"Snapshot {place + 1} is empty", MESSAGE_NS)
            return
        glide = round(self._read_state().controls["glide"])
        self._post(Recall(snapshot, tuple(GLIDES.values())[glide]))
        self.say(f"Snapshot {place + 1}", MESSAGE_NS)

    def _end_calibration(self, keep: bool) -> None:
        if not keep:
            self._inputs.cancel_calibration()
            self.say("The pad stays as it was", MESSAGE_NS)
            return
        try:
            self._keep_calibration(self._inputs.end_calibration())
            self.say("The pad is calibrated", MESSAGE_NS)
        except ValueError as error:
            self.say(str(error))

    # Eyes

    def _run_pictures(self) -> None:
        go_before_programs()
        self._draw_pictures()

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
                places = pad_places(model.decoder.info)
                self._screen.set_map(model.latent_map, spread_out(places))
            self._screen.show_message(message, until_ns)
            try:
                self._screen.draw(self._status(state, now_ns), now_ns)
                self.pictures += 1
            except OSError:  # the display's bus: the hands and the music go on without it
                self._screen.redraw()
                self.say("The display did not answer for a while.")
                self._closing.wait(RETRY_DISPLAY_S)
            self._show_beat(state, now_ns)
            self._inputs.set_pad_pressure(state.controls["pad_pressure"])
            self._report(state.controls)
            self._closing.wait(_seconds_to_next_picture(state, now_ns, self._clock()))

    def _status(self, state: EngineState, now_ns: int) -> Status:
        with self._lock:
            turned = self._value if now_ns < self._value_until_ns else None
            snapshots = tuple(snapshot is not None for snapshot in self._snapshots)
        untouched_ns = now_ns - self._touched_ns
        name = self._name_of_model()
        return status_of(state, name, self._gestures, now_ns, untouched_ns, turned, snapshots)

    def _show_beat(self, state: EngineState, now_ns: int) -> None:
        lit = 0.0
        if state.line is not None:
            beats = max(state.line.position_at(now_ns, 1), 0.0)
            since_beat_ns = (beats % 1) * beat_ns(state.line.tempo)
            lit = 1.0 if since_beat_ns < FLASH_NS else 0.15
        if lit != self._lit:
            self._inputs.set_led("play", lit)
            self._lit = lit


def _seconds_to_next_picture(state: EngineState, last_ns: int, now_ns: int) -> float:
    """Until the next tick after the last picture's sounds; while stopped, at a slow, steady rate.

    ``last_ns`` is when that picture was begun. A tick that came while it was drawn is drawn now.
    """
    if state.line is None:
        return IDLE_PICTURE_S
    rate = state.info.ticks_per_beat * state.octave
    next_tick = int(max(state.line.position_at(last_ns, 1) * rate, 0)) + 1
    next_ns = state.line.time_of(next_tick * rate.denominator, rate.numerator)
    next_ns = max(next_ns, last_ns + SHORTEST_PICTURE_NS)
    return min(max((next_ns - now_ns) / 1e9, 0.0), MAX_PICTURE_S)
