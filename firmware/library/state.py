"""The controls and what was learnt, over a power cut: a small JSON file, replaced as a whole."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.atomic_file import write_atomically
from firmware.engine.controls import CONTROL_NAMES, MUTE_GROUPS, PARAMETERS, Controls

__all__ = ["SavedState", "StateKeeper", "default_state_file", "load_state", "save_state"]

VERSION = 1


def default_state_file() -> Path:
    """``GROOVEBOX_STATE``, or the place that the XDG base directory specification gives."""
    if named := os.environ.get("GROOVEBOX_STATE"):
        return Path(named)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "groovebox" / "state.json"


@dataclass(frozen=True)
class SavedState:
    """What is kept: the controls, the model's file name, and the learnt MIDI controllers."""

    controls: Controls
    model: str | None = None
    controllers: tuple[tuple[int, str], ...] | None = None
    """number and control, or None where nothing was saved"""


def load_state(path: Path) -> SavedState:
    """What was saved; defaults for whatever is not there.

    A file that cannot be read counts as none: the box always starts.
    """
    try:
        return _parsed(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return SavedState(Controls.defaults())


def _parsed(raw: dict[str, Any]) -> SavedState:
    saved = raw["values"]
    values = {
        name: parameter.clamp(float(saved.get(name, parameter.default)))
        for name, parameter in PARAMETERS.items()
    }
    if any(value != value for value in values.values()):
        raise ValueError("not a number")
    muted = frozenset(raw["muted"]) & MUTE_GROUPS.keys()
    controllers = raw.get("controllers")
    if controllers is not None:
        pairs = ((int(number), str(name)) for number, name in controllers)
        controllers = tuple(
            (number, name) for number, name in pairs if 0 <= number < 120 and name in CONTROL_NAMES
        )
    model = raw["model"]
    return SavedState(
        Controls(values, muted), model if isinstance(model, str) else None, controllers
    )


def save_state(path: Path, state: SavedState) -> None:
    """Write the file atomically. Raises OSError where it cannot be written."""
    content = {
        "version": VERSION,
        "values": state.controls.values,
        "muted": sorted(state.controls.muted),
        "model": state.model,
        "controllers": state.controllers,
    }
    write_atomically(path, json.dumps(content, indent=1))


class StateKeeper:
    """Saves what ``read`` returns a while after it last changed.

    The wait spares the memory card: a moving finger writes nothing until it rests.
    """

    def __init__(self, path: Path, read: Callable[[], SavedState], settle_s: float = 2.0) -> None:
        self.fault: str | None = None
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
            self.fault = f"Settings cannot be saved ({error.strerror or error})."
        else:
            self._saved, self.fault = reading, None
