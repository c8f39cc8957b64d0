"""``lateness``: how late note-ons arrive under load, in the virtual machine with an RT kernel.

The engine plays at 174 bpm for a minute, to the box's ALSA port and to a port whose thread sleeps
until a message is due and sends it by python-rtmidi, while two other processes and two threads of
the same interpreter keep the processor busy. ``lateness_stock`` is the same with Debian's stock
kernel. The processor is emulated and takes 2 ns an instruction.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.vm.lab import why_not
from tests.vm.lateness import measure

_PREFIXES = {"rt": "lateness", "stock": "lateness_stock"}
_FIGURES = {"median": "median_us", "p99": "p99_us", "worst": "worst_us"}


def lateness() -> dict[str, dict[str, object]]:
    reason = why_not()
    if reason is not None:
        print(f"lateness is left out: {reason}.", file=sys.stderr)
        return {}
    with tempfile.TemporaryDirectory(prefix="groovebox-lateness-") as folder:
        seen = measure(Path(folder))
    return {
        f"{prefix}_{name}": {
            "ours": seen[kernel]["ours"][figure] / 1000,
            "other": seen[kernel]["thread"][figure] / 1000,
            "other_is": "a thread that sleeps until it is due and sends by python-rtmidi",
            "unit": "ms",
            "lower_is_better": True,
            "runs": seen[kernel]["ours"]["sent"],
        }
        for kernel, prefix in _PREFIXES.items()
        for name, figure in _FIGURES.items()
    }
