"""Whether a file is a model that plays, found out where it can do no harm.

A TFLite runtime does not verify what it opens: a damaged file ends the process (a truncated one
does so every time), a hostile one may do worse. So the file is tried in a process of its own, with
limits on memory, time and rights (``check_process``); a crash there is an answer, not an accident.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from firmware.library.models import digest_of
from firmware.rhythm.model_file import MAX_BYTES, ModelError

__all__ = ["TIMEOUT_S", "Checker", "check"]

TIMEOUT_S = 30.0
"""For opening, on the slowest of boards; a model takes a second or two there."""


def check(content: bytes, timeout_s: float = TIMEOUT_S) -> None:
    """Try a model file in a process of its own. Raises ModelError, in one sentence."""
    if len(content) > MAX_BYTES:
        raise ModelError(f"The model is larger than {MAX_BYTES >> 20} MB.")
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
    """Checks each content once, and remembers those that were good."""

    def __init__(self, checking: Callable[[bytes], None] = check) -> None:
        self._check = checking
        self._good: set[str] = set()

    def __call__(self, content: bytes) -> None:
        """Raises ModelError where ``content`` is no model that plays."""
        digest = digest_of(content)
        if digest not in self._good:
            self._check(content)
            self._good.add(digest)
