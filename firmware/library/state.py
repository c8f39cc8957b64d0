"""What the player set and keeps, over a power cut: a small JSON file, replaced as a whole."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from firmware.atomic_file import write_atomically
from firmware.devices.touch_pad import PadCalibration
from firmware.engine.controls import CONTROL_NAMES, MUTES, Controls
from firmware.engine.parameters import PARAMETERS
from firmware.engine.snapshots import KEPT, SLOTS, Snapshot

__all__ = ["SavedState", "StateKeeper", "default_state_file", "load_state", "save_state"]

VERSION = 1

_Part = TypeVar("_Part")
UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,  # a number of hundreds of digits
    RecursionError,  # lists in lists in lists
)


def default_state_file() -> Path:
    """``GROOVEBOX_STATE``, or the place that the XDG base directory specification gives."""
    if named := os.environ.get("GROOVEBOX_STATE"):
        return Path(named)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "groovebox" / "state.json"


@dataclass(frozen=True)
class SavedState:
    """What is kept."""

    controls: Controls
    model: str | None = None
    """the model's file name"""
    controllers: tuple[tuple[int, str], ...] | None = None
    """MIDI controllers, number and control, or None where nothing was saved"""
    snapshots: tuple[Snapshot | None, ...] = (None,) * SLOTS
    calibration: PadCalibration | None = None


def load_state(path: Path, tell: Callable[[str], None] = lambda sentence: None) -> SavedState:
    """What was saved; defaults for whatever is not there.

    A file that cannot be read is told, and the one before it is taken: the box always starts.
    """
    damaged = False
    for file in (path, _previous(path)):
        try:
            state = _parsed(json.loads(file.read_text("utf-8")))
        except FileNotFoundError:
            continue
        except UNREADABLE:
            damaged = True
            continue
        if damaged:
            tell("The settings were damaged: those before them are used.")
        return state
    if damaged:
        tell("The settings were damaged: the box starts as new.")
    return SavedState(Controls.defaults())


def _previous(path: Path) -> Path:
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def _parsed(raw: dict[str, Any]) -> SavedState:
    values = _values(raw["values"], tuple(PARAMETERS))
    values = {name: values.get(name, p.default) for name, p in PARAMETERS.items()}
    values["touch"] = 0  # no finger outlasts a power cut
    controllers = raw.get("controllers")
    if controllers is not None:
        pairs = ((int(number), str(name)) for number, name in controllers)
        controllers = tuple(
            (number, name) for number, name in pairs if 0 <= number < 120 and name in CONTROL_NAMES
        )
    model = raw["model"]
    kept = raw.get("snapshots")
    places = [_or_none(_snapshot, one) for one in kept] if isinstance(kept, list) else []
    return SavedState(
        Controls(values, _muted(raw["muted"])),
        model if isinstance(model, str) else None,
        controllers,
        tuple([*places, *[None] * SLOTS][:SLOTS]),
        _or_none(PadCalibration.from_dict, raw.get("calibration")),
    )


def _or_none(read: Callable[[Any], _Part], kept: Any) -> _Part | None:
    """A part that is not there or cannot be read counts as none; the rest is still good."""
    try:
        return None if kept is None else read(kept)
    except UNREADABLE:
        return None


def _values(saved: dict[str, Any], names: tuple[str, ...]) -> dict[str, float]:
    """Those of ``names`` that are there, each in its range."""
    values = {name: float(saved[name]) for name in names if name in saved}
    if any(value != value for value in values.values()):
        raise ValueError("not a number")
    return {name: PARAMETERS[name].clamp(value) for name, value in values.items()}


def _muted(names: list[str]) -> frozenset[str]:
    return frozenset().union(*(MUTES[name] for name in names if name in MUTES))


def _snapshot(kept: dict[str, Any]) -> Snapshot:
    return Snapshot(_values(kept["values"], KEPT), _muted(kept["muted"]))


def _written(muted: frozenset[str], values: dict[str, float]) -> dict[str, Any]:
    return {"values": values, "muted": sorted(muted)}


def save_state(path: Path, state: SavedState) -> None:
    """Write the file atomically, and keep the one before. Raises OSError where it cannot be
    written."""
    content = {
        "version": VERSION,
        **_written(state.controls.muted, state.controls.values),
        "model": state.model,
        "controllers": state.controllers,
        "snapshots": [kept and _written(kept.muted, kept.values) for kept in state.snapshots],
        "calibration": state.calibration and state.calibration.to_dict(),
    }
    with contextlib.suppress(*UNREADABLE):
        # What cannot be read must not take the place of what can.
        before = path.read_text("utf-8")
        _parsed(json.loads(before))
        write_atomically(_previous(path), before)
    write_atomically(path, json.dumps(content, indent=1))


class StateKeeper:
    """Saves what ``read`` returns a while after it last changed.

    The wait spares the memory card: a moving finger writes nothing until it rests. Where it cannot
    be saved, ``on_fault`` is told why in a sentence, once until it can.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[], SavedState],
        on_fault: Callable[[str], None],
        settle_s: float = 2.0,
    ) -> None:
        self._on_fault, self._failed = on_fault, False
        self._path, self._read, self._settle_s = path, read, settle_s
        self._saved = read()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="state", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Save what is not saved yet."""
        self._closing.set()
        self._thread.join(timeout=5)
        self._save(self._read())

    def _run(self) -> None:
        last = self._saved
        while not self._closing.wait(self._settle_s):
            now = self._read()
            if now == last:
                self._save(now)
            last = now

    def _save(self, reading: SavedState) -> None:
        if reading == self._saved:
            return
        try:
            save_state(self._path, reading)
        except OSError as error:
            if not self._failed:
                self._on_fault(f"Settings cannot be saved ({error.strerror or error}).")
            self._failed = True
        else:
            self._saved, self._failed = reading, False
