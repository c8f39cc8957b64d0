"""The box: a board, a model, an engine and a panel, started and stopped in order."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from firmware.devices.inputs import Inputs
from firmware.devices.oled import Oled
from firmware.engine.controls import Controls, Play, Set
from firmware.engine.engine import Engine, UseModel
from firmware.engine.loop import EngineLoop
from firmware.library.loader import ModelLoader
from firmware.library.models import Model, ModelEntry, find_models, load_model
from firmware.library.state import StateKeeper, load_state
from firmware.midi.message import MidiOut
from firmware.panel.gestures import Gestures
from firmware.panel.panel import Panel
from firmware.panel.screen import Screen
from firmware.rhythm.model_file import ModelError
from hardware.board import Board

__all__ = ["Box", "BoxError"]


ENCODER_COLOURS = ((60, 60, 60), (45, 0, 60), (0, 50, 12), (70, 35, 0))
"""Red, green, blue of the lights at the threshold, noise, tempo and model encoders."""


class BoxError(Exception):
    """The box cannot start; the text says why in one sentence."""


@dataclass
class Box:
    """A running groovebox on ``board``, playing to ``outputs``.

    ``models`` are files and folders to look for models in. ``state_file`` None keeps no state.
    ``notices`` are sentences the player should see at the start.
    """

    board: Board
    outputs: Sequence[MidiOut]
    models: Sequence[Path]
    state_file: Path | None = None
    notices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        entries = find_models(self.models)
        controls, saved_model = Controls.defaults(), None
        if self.state_file is not None:
            controls, saved_model = load_state(self.state_file)
        model, index = self._first_model(entries, saved_model)
        if saved_model is None:
            controls = controls.apply(Set("tempo", round(model.decoder.info.tempo * 100)))
        self._model_file = model.entry.path.name
        seed = time.time_ns() & 0xFFFFFFFF
        self.engine_loop = EngineLoop(Engine(model.decoder, self.outputs, controls, seed))
        self._closers = contextlib.ExitStack()
        try:
            self._build(model, entries, index)
        except BaseException:
            self._closers.close()
            raise

    def _first_model(self, entries: Sequence[ModelEntry], wanted: str | None) -> tuple[Model, int]:
        """The model that was played last, or the first that loads."""
        order = sorted(range(len(entries)), key=lambda i: entries[i].path.name != wanted)
        for index in order:
            try:
                return load_model(entries[index]), index
            except ModelError as error:
                self.notices.append(f"{entries[index].name}: {error}")
        places = ", ".join(str(place) for place in self.models)
        raise BoxError(f"There is no playable model in {places}. {' '.join(self.notices)}".strip())

    def _build(self, model: Model, entries: Sequence[ModelEntry], index: int) -> None:
        engine = self.engine_loop.engine
        # Closed in the opposite order: music first, then what shows and feeds it.
        for output in self.outputs:
            self._closers.callback(output.close)
        oled = Oled(self.board)
        self._closers.callback(oled.close)
        inputs = Inputs(self.board)
        self._closers.callback(inputs.close)
        inputs.set_colours(ENCODER_COLOURS)
        self.loader = ModelLoader(entries, self._use, self._refuse, index)
        self._closers.callback(self.loader.close)
        self.panel = Panel(
            inputs,
            Screen(oled, model.latent_map),
            Gestures(self.board.pin_map.encoders.roles),
            read_state=lambda: engine.state,
            post=self.engine_loop.post,
            browse=self.loader.browse,
            notice=" ".join(self.notices),
        )
        self._closers.callback(self.panel.close)
        if self.state_file is not None:
            keeper = StateKeeper(self.state_file, lambda: (engine.state.controls, self._model_file))
            self._closers.callback(keeper.close)
        self._closers.callback(self.engine_loop.close)

    def start(self, play: bool = False) -> None:
        self.engine_loop.start()
        self.panel.start()
        if play:
            self.engine_loop.post(Play())

    def close(self) -> None:
        """Silence everything, save the state and let go of the board's devices."""
        self._closers.close()

    def _use(self, model: Model) -> None:
        self.engine_loop.post(UseModel(model.decoder))
        self.panel.use_model(model)
        self._model_file = model.entry.path.name

    def _refuse(self, entry: ModelEntry, sentence: str) -> None:
        self.panel.say(f"{entry.name}: {sentence}")
