"""The box: a board, a model, an engine and a panel, started and stopped in order."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware.atomic_file import sweep
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
from firmware.library.first_model import first_model
from firmware.library.library import Library
from firmware.library.loader import ModelLoader
from firmware.library.models import Model, ModelEntry, find_models
from firmware.library.opener import Opener
from firmware.library.shelf import Shelf
from firmware.library.state import SavedState, StateKeeper, load_state
from firmware.midi.control_map import ControlMap, SelectModel
from firmware.midi.message import MidiOut, is_note_on
from firmware.midi.settings import MidiSettings
from firmware.panel.actions import (
    ChooseModel,
    CopyFromStick,
    CopyToStick,
    FavourModel,
    LibraryAction,
    MoveModel,
    RemoveModel,
    RenameModel,
)
from firmware.panel.gestures import Gestures
from firmware.panel.mono_screen import MonoScreen
from firmware.panel.panel import FAILURE_NS, Panel
from firmware.panel.screen import Screen
from firmware.rhythm.latent_map import LatentMap
from firmware.rhythm.model_file import ModelError
from firmware.usb.link import UsbLink
from hardware.board import Board

__all__ = ["Box", "BoxError"]


STALL_NS = 400_000_000
"""The longest that taking in a model may keep the interpreter."""

SLOW_NS = 300_000_000
"""A map that takes longer to draw is told of."""

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

    ``models`` are files and folders to look for models in, or the library. ``state_file`` None
    keeps no state.
    ``notices`` are sentences the player should see at the start; ``log(sentence)`` keeps what is
    said. Ports that come and go, and what
    comes in by them, go to ``add_output``, ``remove_output`` and ``receive``.
    """

    board: Board
    outputs: Sequence[MidiOut]
    models: Sequence[Path] | Library
    state_file: Path | None = None
    midi: MidiSettings = field(default_factory=MidiSettings)
    notices: list[str] = field(default_factory=list)
    log: Callable[[str], None] = lambda sentence: None

    def __post_init__(self) -> None:
        if isinstance(self.models, Library):
            library: Library | None = self.models
            sweep(self.models.folder)  # while nothing writes there yet
            entries: Sequence[ModelEntry] = self.models.models()
            places = str(self.models.folder)
        else:
            library, entries = None, find_models(self.models)
            places = ", ".join(map(str, self.models))
        saved = SavedState(Controls.defaults())
        if self.state_file is not None:
            sweep(self.state_file.parent)
            saved = load_state(self.state_file, self.notices.append)
        controls = saved.controls
        self._opener = Opener(library.folder if library else None)
        try:
            model, index = first_model(entries, saved.model, self._opener, self.notices.append)
        except ModelError as error:
            raise BoxError(" ".join([f"{error} Looked in {places}.", *self.notices])) from None
        if saved.model is None:
            controls = controls.apply(Set("tempo", round(model.decoder.info.tempo * 100)))
        self._model_key, self._model_digest = model.entry.key, model.digest
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
        self._drawing_since_ns = 0
        self._usb: UsbLink | None = None
        self._closers = contextlib.ExitStack()
        try:
            self._build(model, entries, index, library, saved)
        except BaseException:
            self._closers.close()
            raise

    def _build(
        self,
        model: Model,
        entries: Sequence[ModelEntry],
        index: int,
        library: Library | None,
        saved: SavedState,
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
            entries,
            self._use,
            self._refuse,
            self._opener,
            index,
            model.digest,
            self._play_ahead,
            self._show_progress,
        )
        self._closers.callback(self.loader.close)
        self.shelf = Shelf(self.loader, library, self._tell, self._on_library_change)
        self._closers.callback(self.shelf.close)
        self.panel = Panel(
            inputs,
            screen,
            Gestures(self.board.pin_map.encoders.roles, self.shelf.models),
            read_state=lambda: self.engine_loop.engine.state,
            post=self.engine_loop.post,
            browse=self.shelf.browse,
            name_of_model=self._name_of_model,
            arrange=self._arrange,
            learn=self._learn,
            forget_learnt=self._forget_learnt,
            keep_calibration=self._keep_calibration,
            report=self._send_controllers,
            snapshots=saved.snapshots,
            notice=" ".join(self.notices),
            log=self.log,
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

    def connect_usb(self, arguments: Sequence[str]) -> None:
        """Keep the drive and the sticks, by a process with these arguments (firmware.usb.process):
        what comes from there is played."""
        self._usb = UsbLink(arguments, self.panel.say, self.shelf.refresh)
        self._closers.callback(self._usb.close)

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
            self._model_key,
            controllers,
            self.panel.snapshots,
            self._calibration,
        )

    def _use(self, model: Model) -> None:
        self.engine_loop.post(UseModel(model.decoder))
        self.panel.use_model(model)
        self._model_key, self._model_digest = model.entry.key, model.digest

    def _name_of_model(self) -> str:
        """Of that which plays: as the player named it in the library, or as its file has it."""
        for entry in self.loader.entries:
            if entry.key == self._model_key and entry.digest == self._model_digest:
                return entry.name
        return self.engine_loop.engine.state.info.name

    def _show_progress(self, entry: ModelEntry, share: float) -> None:
        """Of the map that is being drawn; a quick one needs no telling."""
        now_ns = time.monotonic_ns()
        if not share:
            self._drawing_since_ns = now_ns
        elif now_ns - self._drawing_since_ns > SLOW_NS:
            self._tell(f"Drawing {entry.name}: {share:.0%}", SLOW_NS)

    def _arrange(self, action: LibraryAction) -> None:
        match action:
            case ChooseModel(key):
                self.shelf.choose(key)
            case FavourModel(key, favourite):
                self.shelf.set_favourite(key, favourite)
            case MoveModel(key, steps):
                self.shelf.move(key, steps)
            case RenameModel(key, name):
                self.shelf.rename(key, name)
            case RemoveModel(key):
                self.shelf.remove(key)
            case CopyToStick() | CopyFromStick() if self._usb is None:
                self._tell("There is no USB stick.")
            case CopyToStick():
                self._usb.copy_to_stick()
            case CopyFromStick():
                self._usb.copy_from_stick()

    def _on_library_change(self) -> None:
        if self._usb is not None:
            self._usb.tell_changed()

    def _tell(self, sentence: str, duration_ns: int = FAILURE_NS) -> None:
        self.panel.say(sentence, duration_ns)

    def _play_ahead(self) -> None:
        """Have the music of the next moment handed over, for the interpreter will be busy."""
        done = threading.Event()
        self.engine_loop.post(PlayAhead(STALL_NS, done))
        done.wait(STALL_NS / 1e9)

    def _refuse(self, entry: ModelEntry, sentence: str) -> None:
        self.panel.say(f"{entry.name}: {sentence}")
