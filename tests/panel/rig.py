"""A running panel: fake inputs, a fake display, a made-up engine; the clock is the test's."""

from __future__ import annotations

import threading
import time

from firmware.devices.events import Press, Push, Turn
from firmware.devices.touch_pad import PadCalibration
from firmware.engine.controls import Controls
from firmware.engine.state import EngineState
from firmware.panel.gestures import Gestures
from firmware.panel.menu import SECTIONS, TITLES
from firmware.panel.panel import Panel
from firmware.rhythm.model_file import ModelInfo
from tests.engine.fakes import FakeDecoder
from tests.panel.hands import MODEL, ROLES, SECOND

CALIBRATED = PadCalibration(x_min=300)


class FakeInputs:
    def __init__(self) -> None:
        self.events: list = []
        self.broken: dict[str, str] = {}
        self.calls: list[str] = []
        self.too_little = False
        self.pressure: float | None = None
        self.led: list[float] = []
        self.waits = 0
        self.wake = threading.Event()

    def wait(self, timeout_s: float) -> None:
        self.waits += 1
        self.wake.wait(0.005)
        self.wake.clear()

    def poll(self) -> list:
        events, self.events = self.events, []
        return events

    def faults(self) -> dict[str, str]:
        return dict(self.broken)

    def set_led(self, name: str, brightness: float) -> None:
        self.led.append(brightness)

    def set_pad_pressure(self, pressure: float) -> None:
        self.pressure = pressure

    def begin_calibration(self) -> None:
        self.calls.append("begin")

    def end_calibration(self) -> PadCalibration:
        self.calls.append("end")
        if self.too_little:
            raise ValueError("The pad was touched too briefly: draw round its whole edge, firmly.")
        return CALIBRATED

    def cancel_calibration(self) -> None:
        self.calls.append("cancel")


class FakeScreen:
    """Keeps what it is to draw."""

    def __init__(self) -> None:
        self.status = None
        self.messages: list[tuple[str, int]] = []
        self.fails = False
        self.redraws = 0
        self.draws = 0

    def set_map(self, latent_map, clips=()) -> None:
        self.latent_map, self.clips = latent_map, clips

    def show_message(self, text: str, until_ns: int) -> None:
        if (text, until_ns) not in self.messages[-1:]:
            self.messages.append((text, until_ns))

    def redraw(self) -> None:
        self.redraws += 1

    def draw(self, status, now_ns: int) -> None:
        if self.fails:
            raise OSError(5, "Input/output error")
        self.status, self.now_ns = status, now_ns
        self.draws += 1


class Rig:
    """A running panel. What it posts is applied to the controls that it reads."""

    def __init__(self, **options) -> None:
        self.now_ns = 10 * SECOND
        self.inputs, self.screen = FakeInputs(), FakeScreen()
        self.state = EngineState(
            Controls.defaults(),
            ModelInfo(tempo=160.0),
            12_000,
            pattern=FakeDecoder().decode(0, 0),
        )
        self.posted: list = []
        self.arranged: list = []
        self.learnt: list[str] = []
        self.learning: str | None = None
        self.kept: list[PadCalibration] = []
        self.reported: Controls | None = None
        self.panel = Panel(
            self.inputs,
            self.screen,
            Gestures(ROLES),
            read_state=lambda: self.state,
            post=self._post,
            browse=lambda steps: f"Model {steps}",
            name_of_model=lambda: self.state.info.name,
            arrange=self.arranged.append,
            learn=self._learn,
            forget_learnt=lambda: self.learnt.append("usual"),
            keep_calibration=self.kept.append,
            report=lambda controls: setattr(self, "reported", controls),
            clock=lambda: self.now_ns,
            **options,
        )

    def _learn(self, control: str | None) -> bool:
        waited, self.learning = self.learning is not None, control
        self.learnt += [control] if control else []
        return waited

    def _post(self, order) -> None:
        self.posted.append(order)
        if hasattr(order, "name"):
            self.set(order)

    def set(self, *commands) -> None:
        controls = self.state.controls
        for command in commands:
            controls = controls.apply(command)
        self.state = self._with(controls=controls)

    def _with(self, **changes):
        return EngineState(**{**vars(self.state), **changes})

    def change(self, **changes) -> None:
        self.state = self._with(**changes)

    def do(self, *events) -> Rig:
        """Have the hands' thread take the events, one at a time."""
        for event in events:
            self.inputs.events = [event]
            self.inputs.wake.set()
            until(lambda: not self.inputs.events)
            self.wait_for_hands()
        return self.settle()

    def wait_for_hands(self, polls: int = 1) -> None:
        """Until what has been polled is acted upon."""
        waits = self.inputs.waits + polls
        until(lambda: self.inputs.waits >= waits)

    def settle(self) -> Rig:
        """Two pictures from now: the second began after all that went before."""
        count = self.screen.draws
        until(lambda: self.screen.draws >= count + 2)
        return self

    def wait(self, duration_ns: int) -> Rig:
        self.now_ns += duration_ns
        return self

    def click_model(self) -> Rig:
        return self.do(Push(MODEL, True), Push(MODEL, False))

    def choose(self, section: str, label: str) -> Rig:
        """Through the menu."""
        self.do(Press("shift", True)).click_model().do(Press("shift", False))
        self.do(Turn(MODEL, TITLES.index(section))).click_model()
        labels = [getattr(row, "label", row) for row in SECTIONS[section]]
        return self.do(Turn(MODEL, labels.index(label))).click_model()

    @property
    def message(self) -> str:
        text, until_ns = self.screen.messages[-1]
        return text if self.now_ns < until_ns else ""


def until(condition, timeout=5) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)
