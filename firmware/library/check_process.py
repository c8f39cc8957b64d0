"""``python -m firmware.library.check_process``: the other side of :mod:`firmware.library.check`.

Reads a model file from the standard input and writes one JSON object: ``refused`` is a sentence, or
null for a model that plays.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
from pathlib import Path

import numpy as np

from firmware.rhythm.decoder import OUTPUTS, Decoder
from firmware.rhythm.latent_map import BATCH, cell_centres
from firmware.rhythm.model_file import MAX_BYTES, ModelError, ModelInfo, read_info, with_info
from firmware.rhythm.runtime import interpreter_class

__all__ = ["main"]

MEMORY = 256 << 20
"""Bytes that opening and running a model may take: one of 32 MB takes some 130 MB."""
CPU_S = 20
NOBODY = 65534
PR_SET_NO_NEW_PRIVS = 38
CELLS = 32
SLACK = 1e-3


def main() -> None:
    _give_up_rights()
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        _try(content)
        refused = None
    except ModelError as error:
        refused = str(error)
    except MemoryError:
        refused = "The model needs too much memory."
    print(json.dumps({"refused": refused}))


def _give_up_rights() -> None:
    """Limit memory and time, open and write nothing more, be nobody. What a system has not is left
    out."""
    # What they need is opened while files still can be.
    interpreter_class()
    read_info(with_info(b"", ModelInfo()))
    with contextlib.suppress(ImportError):
        import resource

        used = _memory_now()
        for name, most in (
            ("RLIMIT_AS", used + MEMORY),
            ("RLIMIT_CPU", CPU_S),
            ("RLIMIT_CORE", 0),
            ("RLIMIT_FSIZE", 0),
            ("RLIMIT_NOFILE", 3),
        ):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                resource.setrlimit(getattr(resource, name), (most, most))
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.nice(10)
    with contextlib.suppress(OSError, AttributeError):
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _memory_now() -> int:
    """Bytes of address space in use; generous where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 8 << 30


def _try(content: bytes) -> None:
    """Open it as the box does and decode all of its map."""
    decoder = Decoder(content, BATCH)
    extent = decoder.info.z_extent
    decoded = decoder.decode_many(cell_centres(CELLS, extent).reshape(-1, 2))
    for name, part, low in zip(OUTPUTS, decoded, (0.0, 0.0, -1.0), strict=True):
        if not np.isfinite(part).all():
            raise ModelError(f"The model gives {name} values that are no numbers.")
        if part.min() < low - SLACK or part.max() > 1 + SLACK:
            raise ModelError(f"The model gives {name} values outside {low:g} to 1.")


if __name__ == "__main__":
    main()
