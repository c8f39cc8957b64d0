"""The box: a board, a model, an engine and a panel, started and stopped in order."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware.devices.inputs import Inputs
from firmware.devices.late_display import LateDisplay
from firmware.devices.mono_oled import MonoOled
from firmware.devices.oled import Oled
from firmware.devices.touch_pad import PadCalibration
from firmware.engine.controls import Controls, Play, Set
from firmware.engine.engine import Engine
from firmware.engine.loop import EngineLoop
from firmware.engine.orders import AddRoute, Announce, PlayAhead, Received, RemoveRoute, UseModel
from firmware.engine.route import Route
from firmware.library.check import Checker
from firmware.library.loader import ModelLoader
from firmware.library.models import Model, ModelEntry, find_models, load_model
from firmware.library.state import SavedState, StateKeeper, load_state
from firmware.midi.control_map import ControlMap, SelectModel
from firmware.midi.message import MidiOut, is_note_on
from firmware.midi.settings import MidiSettings
from firmware.panel.gestures import Gestures
from firmware.panel.mono_screen import MonoScreen
from firmware.panel.panel import Panel
from firmware.panel.screen import Screen
from firmware.rhythm.latent_map import LatentMap
from firmware.rhythm.model_file import ModelError
from hardware.board import Board

__all__ = ["Box", "BoxError"]


STALL_NS = 400_000_000
"""The longest that taking in a model may keep the interpreter."""

ENCODER_COLOURS = ((60, 60, 60), (45, 0, 60), (0, 50, 12), (70, 35, 0))
"""Red, green, blue of the lights at the threshold, noise, tempo and model encoders."""


class BoxError(Exception):
    """The box cannot start; the text says why in one sentence."""


def _display(board: Board, latent_map: LatentMap) -> tuple[LateDisplay[Any], Screen | MonoScreen]:
    """The display that the board has, and what draws on it."""
    if board.pin_map.oled.kind == "ssd1351":
        colour = LateDisplay(lambda: Oled(board))
        return colour, Screen(colour, latent_map)
    mono = LateDisplay(lambda: MonoOled(board))
    return mono, MonoScreen(mono, latent_map)


@dataclass
class Box:
    """A running groovebox on ``board``, playing to ``outputs``.

    ``models`` are files and folders to look for models in. ``state_file`` None keeps no state.
    ``notices`` are sentences the player should see at the start. Ports that come and go, and what
    comes in by them, go to ``add_output``, ``remove_output`` and ``receive``.
    """

    board: Board
    outputs: Sequence[MidiOut]
    models: Sequence[Path]
    state_file: Path | None = None
    midi: MidiSettings = field(default_factory=MidiSettings)
    notices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        entries = find_models(self.models)
        saved = SavedState(Controls.defaults())
        if self.state_file is not None:
            saved = load_state(self.state_file, self.notices.append)
        controls = saved.controls
        self._check = Checker()
        model, index = self._first_model(entries, saved.model)
        if saved.model is None:
            controls = controls.apply(Set("tempo", round(model.decoder.info.tempo * 100)))
        self._model_file = model.entry.path.name
        seed = time.time_ns() & 0xFFFFFFFF
        self.engine_loop = EngineLoop(
            Engine(
                model.decoder,
                [self.midi.route(output, controls) for output in self.outputs],
                controls,
                seed,
            )
        )
        controllers = self.midi.controllers if saved.controllers is None else saved.controllers
        self._control_map = ControlMap(dict(controllers), self.midi.control_channel)
        self._control_lock = threading.Lock()
        self._closers = contextlib.ExitStack()
        try:
            self._build(model, entries, index, saved)
        except BaseException:
            self._closers.close()
            raise

    def _first_model(self, entries: Sequence[ModelEntry], wanted: str | None) -> tuple[Model, int]:
        """The model that was played last, or the first that loads."""
        order = sorted(range(len(entries)), key=lambda i: entries[i].path.name != wanted)
        for index in order:
            try:
                return load_model(entries[index], check=self._check), index
            except ModelError as error:
                self.notices.append(f"{entries[index].name}: {error}")
        places = ", ".join(str(place) for place in self.models)
        raise BoxError(f"There is no playable model in {places}. {' '.join(self.notices)}".strip())

    def _build(
        self, model: Model, entries: Sequence[ModelEntry], index: int, saved: SavedState
    ) -> None:
        # Closed in the opposite order: music first, then what shows and feeds it.
        for output in self.outputs:
            self._closers.callback(output.close)
        oled, screen = _display(self.board, model.latent_map)
        self._closers.callback(oled.close)
        self._calibration = saved.calibration
        inputs = Inputs(self.board, saved.calibration)
        self._closers.callback(inputs.close)
        inputs.set_colours(ENCODER_COLOURS)
        self.loader = ModelLoader(
            entries, self._use, self._refuse, index, self._play_ahead, model.digest, self._check
        )
        self._closers.callback(self.loader.close)
        self.panel = Panel(
            inputs,
            screen,
            Gestures(self.board.pin_map.encoders.roles),
            read_state=lambda: self.engine_loop.engine.state,
            post=self.engine_loop.post,
            browse=self.loader.browse,
            learn=self._learn,
            forget_learnt=self._forget_learnt,
            keep_calibration=self._keep_calibration,
            report=self._send_controllers,
            snapshots=saved.snapshots,
            notice=" ".join(self.notices),
        )
        self._closers.callback(self.panel.close)
        if self.state_file is not None:
            keeper = StateKeeper(self.state_file, self._state_to_save, self.panel.say)
            self._closers.callback(keeper.close)
        self._closers.callback(self.engine_loop.close)

    def start(self, play: bool = False) -> None:
        # What is there now stays: looking through it again and again would hold up the music.
        gc.collect()
        gc.freeze()
        self.engine_loop.start()
        self.panel.start()
        if play:
            self.engine_loop.post(Play())

    def add_output(self, output: MidiOut) -> None:
        """Play to this port too; safe from any thread."""
        self.engine_loop.post(AddRoute(self._route(output)))

    def remove_output(self, name: str) -> None:
        """Play to the port of this name no more; safe from any thread."""
        self.engine_loop.post(RemoveRoute(name))

    def receive(self, time_ns: int, source: str, data: bytes) -> None:
        """A MIDI message came in from the port ``source``; safe from any thread."""
        if data[:1] >= b"\xf0" or is_note_on(data):
            self.engine_loop.post(Received(time_ns, source, data))
            return
        with self._control_lock:
            learning = self._control_map.learning
            actions = self._control_map.receive(data, time_ns)
            if learning and not self._control_map.learning:
                self.panel.say(f"Learnt {learning}")
        for action in actions:
            if isinstance(action, SelectModel):
                self.loader.select(action.place)
            else:
                self.engine_loop.post(action)

    def silence(self) -> None:
        """Stop the music and end every note, for good: what is left to do is to close."""
        self.engine_loop.close()

    def close(self) -> None:
        """Silence everything, save the state and let go of the board's devices."""
        self._closers.close()

    def _route(self, output: MidiOut) -> Route:
        return self.midi.route(output, self._controls())

    def _controls(self) -> Controls:
        return self.engine_loop.engine.state.controls

    def _learn(self, control: str | None) -> bool:
        with self._control_lock:
            waited = self._control_map.learning is not None
            self._control_map.learn(control)
        return waited

    def _forget_learnt(self) -> None:
        with self._control_lock:
            self._control_map = ControlMap(dict(self.midi.controllers), self.midi.control_channel)

    def _keep_calibration(self, calibration: PadCalibration) -> None:
        self._calibration = calibration

    def _send_controllers(self, controls: Controls) -> None:
        """What the hands have changed goes out as controllers."""
        with self._control_lock:
            messages = self._control_map.send(controls, time.monotonic_ns())
        if messages:
            self.engine_loop.post(Announce(tuple(messages)))

    def _state_to_save(self) -> SavedState:
        with self._control_lock:
            controllers = tuple(sorted(self._control_map.controllers.items()))
        return SavedState(
            self._controls(),
            self._model_file,
            controllers,
            self.panel.snapshots,
            self._calibration,
        )

    def _use(self, model: Model) -> None:
        self.engine_loop.post(UseModel(model.decoder))
        self.panel.use_model(model)
        self._model_file = model.entry.path.name

    def _play_ahead(self) -> None:
        """Have the music of the next moment handed over, for the interpreter will be busy."""
        done = threading.Event()
        self.engine_loop.post(PlayAhead(STALL_NS, done))
        done.wait(STALL_NS / 1e9)

    def _refuse(self, entry: ModelEntry, sentence: str) -> None:
        self.panel.say(f"{entry.name}: {sentence}")
