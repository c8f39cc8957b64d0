"""Whether a file is a model that plays, found out where it can do no harm.

A TFLite runtime does not verify what it opens: a damaged file ends the process (a truncated one
does so every time), a hostile one may do worse. So the file is tried in a process of its own, with
limits on memory, time and rights (``check_process``); a crash there is an answer, not an accident.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from firmware.atomic_file import write_atomically
from firmware.library.models import digest_of
from firmware.rhythm.model_file import MAX_BYTES, ModelError
from firmware.rhythm.runtime import runtime_name

__all__ = ["TIMEOUT_S", "Checker", "check"]

TIMEOUT_S = 30.0
"""For opening, on the slowest of boards; a model takes a second or two there."""
MOST_GOOD = 1000
"""Contents that are remembered to be good."""


def check(content: bytes, timeout_s: float = TIMEOUT_S) -> None:
    """Try a model file in a process of its own. Raises ModelError, in one sentence."""
    if len(content) > MAX_BYTES:
        raise ModelError(f"The model is larger than {MAX_BYTES >> 20} MB.")
    if content[4:8] != b"TFL3":  # most of what is no model needs no process
        raise ModelError("This is not a TFLite model file.")
    root = Path(__file__).parents[2]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "firmware.library.check_process"],
            input=content,
            capture_output=True,
            timeout=timeout_s,
            cwd=root,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelError("The model takes too long to open.") from None
    except OSError as error:
        raise ModelError(f"The model cannot be checked ({error.strerror}).") from error
    try:
        sentence = json.loads(done.stdout)["refused"]
    except (ValueError, KeyError, TypeError):
        raise ModelError("The file is damaged: the TFLite runtime breaks down on it.") from None
    if sentence:
        raise ModelError(str(sentence))


class Checker:
    """Checks each content once, and remembers those that were good: in the file ``path`` too, from
    one start to the next."""

    def __init__(self, checking: Callable[[bytes], None] = check, path: Path | None = None) -> None:
        self._check, self._path = checking, path
        self._good = dict.fromkeys(self._read())

    def __call__(self, content: bytes) -> None:
        """Raises ModelError where ``content`` is no model that plays."""
        digest = digest_of(content)
        if digest in self._good:
            return
        # Another process may have found it good meanwhile.
        self._good = dict.fromkeys([*self._read(), *self._good])
        if digest not in self._good:
            self._check(content)
            self._good = dict.fromkeys([*self._read(), *self._good, digest][-MOST_GOOD:])
            self._write()

    def _read(self) -> list[str]:
        try:
            runtime, *good = json.loads(self._path.read_text("utf-8")) if self._path else [""]
            return good if runtime == runtime_name() else []
        except (OSError, ValueError, TypeError, RecursionError):
            return []

    def _write(self) -> None:
        if self._path is not None:
            with contextlib.suppress(OSError):  # it is checked again, then
                write_atomically(self._path, json.dumps([runtime_name(), *self._good], indent=0))
