"""The TFLite runtime that is installed: tflite-runtime or its successor ai-edge-litert."""

from __future__ import annotations

import importlib
import os
from typing import Any

__all__ = ["RUNTIMES", "interpreter_class", "runtime_name"]

RUNTIMES = {
    "tflite-runtime": "tflite_runtime.interpreter",
    "ai-edge-litert": "ai_edge_litert.interpreter",
}
"""Distribution name to module, in order of preference."""


def _load() -> tuple[str, Any]:
    # The two clash in one process, so one is chosen once; the variable lets a test choose.
    wanted = os.environ.get("GROOVEBOX_RUNTIME")
    for name, module in RUNTIMES.items():
        if wanted not in (None, "", name):
            continue
        try:
            return name, importlib.import_module(module).Interpreter
        except ImportError:
            continue
    raise ImportError(f"No TFLite runtime is installed ({wanted or ' or '.join(RUNTIMES)}).")


_loaded: tuple[str, Any] | None = None


def _runtime() -> tuple[str, Any]:
    global _loaded
    if _loaded is None:
        _loaded = _load()
    return _loaded


def runtime_name() -> str:
    """``tflite-runtime`` or ``ai-edge-litert``."""
    return _runtime()[0]


def interpreter_class() -> Any:
    """The ``Interpreter`` class of the runtime in use."""
    return _runtime()[1]
