"""How late note-ons arrive under load in the virtual machine: by the box's port, by a thread."""

from __future__ import annotations

import json
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.vm.counted_lab import CountedLab
from tests.vm.lab_image import KERNELS

SECONDS = 60
SCRIPT = "/checkout/tests/vm/guest_alsa_lateness.py"
TIMEOUT_S = 900
"""A minute inside takes two or three outside, on a loaded host more."""


def measure(
    folder: Path, kernels: Collection[str] = KERNELS, seconds: float = SECONDS
) -> dict[str, dict[str, Any]]:
    """What guest_alsa_lateness.py found, by kernel; also in ``folder``/KERNEL/lateness.json."""

    def measure_one(kernel: str) -> dict[str, Any]:
        share = folder / kernel
        command = ["python3", SCRIPT, str(seconds)]
        CountedLab().run(command, share, kernel=kernel, timeout_s=TIMEOUT_S).check()
        return json.loads((share / "lateness.json").read_text())

    with ThreadPoolExecutor(len(kernels)) as pool:
        return dict(zip(kernels, pool.map(measure_one, kernels), strict=True))
