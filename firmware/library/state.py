"""The box's controls over a power cut: one small JSON file, replaced as a whole."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

from firmware.engine.controls import MUTE_GROUPS, PARAMETERS, Controls

__all__ = ["StateKeeper", "default_state_file", "load_state", "save_state"]

VERSION = 1


def default_state_file() -> Path:
    """``GROOVEBOX_STATE``, or the place that the XDG base directory specification gives."""
    if named := os.environ.get("GROOVEBOX_STATE"):
        return Path(named)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "groovebox" / "state.json"


def load_state(path: Path) -> tuple[Controls, str | None]:
    """The saved controls and the saved model's file name; defaults for whatever is not there.

    A file that cannot be read counts as none: the box always starts.
    """
    controls = Controls.defaults()
    try:
        raw = json.loads(path.read_text("utf-8"))
        saved = raw["values"]
        values = {
            name: parameter.clamp(float(saved.get(name, parameter.default)))
            for name, parameter in PARAMETERS.items()
        }
        muted = frozenset(raw["muted"]) & MUTE_GROUPS.keys()
        model = raw["model"]
        if any(value != value for value in values.values()):
            raise ValueError("not a number")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return controls, None
    return Controls(values, muted), model if isinstance(model, str) else None


def save_state(path: Path, controls: Controls, model: str) -> None:
    """Write atomically: whenever the power goes, the old file or the new one is there, whole.

    Raises OSError where the file cannot be written.
    """
    content = {
        "version": VERSION,
        "values": controls.values,
        "muted": sorted(controls.muted),
        "model": model,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    # The folder holds the name; without this the rename itself may be lost.
    with contextlib.suppress(OSError, AttributeError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class StateKeeper:
    """Saves what ``read`` returns, (controls, model file name), a while after it last changed.

    The wait spares the memory card: a moving finger writes nothing until it rests.
    """

    def __init__(
        self, path: Path, read: Callable[[], tuple[Controls, str]], settle_s: float = 2.0
    ) -> None:
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

    def _save(self, reading: tuple[Controls, str]) -> None:
        if reading == self._saved:
            return
        try:
            save_state(self._path, *reading)
        except OSError as error:
            self.fault = f"Settings cannot be saved ({error.strerror or error})."
        else:
            self._saved, self.fault = reading, None
