"""What the panel costs and how quick it is: the whole box, playing, on buses at their real speeds.

``input_latency``: from a hand's doing (a tap on the pad, an encoder's detent, a button) to the
engine's control. The other way asks each chip in turn through its library's own properties, as
their examples do. ``box_cpu``: processor time of the box, everything moving at 174 bpm, against
the same box with the display off.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
from adafruit_seesaw.rotaryio import IncrementalEncoder
from adafruit_seesaw.seesaw import Seesaw

from firmware.box import Box
from firmware.devices.touch_pad import import_driver
from firmware.engine.controls import Play, Set
from firmware.library.models import factory_folder
from hardware.virtual.virtual_board import VirtualBoard
from tests.benchmarks.paced_board import paced_board

ACTIONS = 300
NAIVE_ACTIONS = 60
LONGEST_S = 1.0
CPU_S = 10.0


class _Silence:
    """An output that nobody hears."""

    name = "silence"

    def send(self, messages: object) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


@contextlib.contextmanager
def _playing(board: VirtualBoard) -> Iterator[Box]:
    box = Box(board, [_Silence()], [factory_folder()])
    box.start()
    box.engine_loop.post(Set("tempo", 17_400))
    box.engine_loop.post(Play())
    try:
        yield box
    finally:
        box.close()
        board.close()


class _Hand:
    """Does something at random with a board."""

    def __init__(self, board: VirtualBoard, buttons: bool) -> None:
        self._board, self._random = board, random.Random(0)
        self._doings: list[Callable[[], None]] = [self._tap, self._tap, self.turn]
        if buttons:
            self._doings.append(self._press)

    def act(self) -> None:
        self._random.choice(self._doings)()

    def rest(self) -> None:
        """Let everything go and wait a while."""
        self._board.lift()
        for button in ("kick", "snare", "hat"):
            self._board.press(button, False)
        time.sleep(self._random.uniform(0.05, 0.12))

    def _tap(self) -> None:
        self._board.touch(self._random.uniform(0.1, 0.9), self._random.uniform(0.1, 0.9), 0.6)

    def turn(self) -> None:
        self._board.turn(self._random.randrange(3), self._random.choice((-1, 1)))

    def _press(self) -> None:
        self._board.press(self._random.choice(("kick", "snare", "hat")), True)


def _ours() -> list[float]:
    """Milliseconds from doing to control, each doing."""
    latencies = []
    with _playing(paced_board()) as box:
        engine, changed, seen_ns = box.engine_loop.engine, threading.Event(), [0]
        step, last = engine.step, [engine.controls]

        def watched(now_ns: int) -> int:
            due_ns = step(now_ns)
            if engine.controls is not last[0]:
                last[0], seen_ns[0] = engine.controls, time.monotonic_ns()
                changed.set()
            return due_ns

        engine.step = watched  # type: ignore[method-assign]
        hand = _Hand(box.board, buttons=True)  # type: ignore[arg-type]
        time.sleep(1)
        for _ in range(ACTIONS):
            changed.clear()
            start_ns = time.monotonic_ns()
            hand.act()
            if changed.wait(LONGEST_S):
                latencies.append((seen_ns[0] - start_ns) / 1e6)
            hand.rest()
    return latencies


def _naive() -> list[float]:
    """The same for a loop over the libraries' properties, with nothing else to do."""
    board = paced_board()
    wiring = board.pin_map
    seesaw = Seesaw(board.i2c, wiring.encoders.address)
    encoders = [IncrementalEncoder(seesaw, number) for number in range(4)]
    pad = import_driver("adafruit_tsc2007").TSC2007(board.i2c, wiring.pad.address)

    def reading() -> tuple[object, ...]:
        positions = tuple(encoder.position for encoder in encoders)
        switches = seesaw.digital_read_bulk(0)
        touch = pad.touch
        return (*positions, switches, touch["pressure"] > 100 and (touch["x"], touch["y"]))

    latencies: list[float] = []
    hand, acting = _Hand(board, buttons=False), threading.Event()
    started = [0]

    def act() -> None:
        acting.wait()
        time.sleep(random.Random(started[0]).uniform(0, 0.05))
        started[0] = time.monotonic_ns()
        hand.act()

    for _ in range(NAIVE_ACTIONS):
        before = reading()
        acting.clear()
        actor = threading.Thread(target=act)
        actor.start()
        acting.set()
        while reading() == before:
            pass
        latencies.append((time.monotonic_ns() - started[0]) / 1e6)
        actor.join()
        hand.rest()
    board.close()
    return latencies


def input_latency() -> dict[str, dict[str, object]]:
    ours, naive = _ours(), _naive()
    other_is = "asking each chip in turn by its library's properties, nothing else running"

    def entry(figure: Callable[[list[float]], float]) -> dict[str, object]:
        return {
            "ours": figure(ours),
            "other": figure(naive),
            "other_is": other_is,
            "unit": "ms",
            "lower_is_better": True,
            "runs": len(ours),
        }

    print(f"input_latency: {ACTIONS - len(ours)} of {ACTIONS} doings without an effect")
    return {
        "input_latency_median": entry(median),
        "input_latency_p99": entry(lambda values: float(np.percentile(values, 99))),
    }


def _cpu_share(display: bool) -> float:
    """Processor time of the process as a part of the time that passes.

    The emulation of the chips on I2C is part of both; that of the display is left out.
    """
    board = paced_board(display=False)
    with _playing(board) as box:
        if not display:
            box.panel._screen.draw = lambda *_: None  # type: ignore[method-assign]
        hand, shown = _Hand(board, buttons=True), box.panel.pictures
        time.sleep(1)
        start, start_s = time.process_time(), time.monotonic()
        angle = 0.0
        while (passed := time.monotonic() - start_s) < CPU_S:
            angle += 0.02
            board.touch(0.5 + 0.4 * np.cos(angle), 0.5 + 0.4 * np.sin(1.3 * angle), 0.6)
            if int(passed * 5) != int((passed - 0.01) * 5):
                hand.turn()
            time.sleep(0.01)
        cpu = time.process_time() - start
        print(
            f"box_cpu: {box.panel.pictures - shown} pictures, display {'on' if display else 'off'}"
        )
    return cpu / passed


def box_cpu() -> dict[str, dict[str, object]]:
    on, off = _cpu_share(True), _cpu_share(False)
    return {
        "box_cpu": {
            "ours": 100 * on,
            "other": 100 * off,
            "other_is": "the same box with its display off",
            "unit": "%",
            "lower_is_better": True,
            "runs": 1,
        }
    }
