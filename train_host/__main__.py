"""The ``groovebox-train`` command."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> int:
    # Before NumPy is loaded: these matrices are too small to gain from a second thread, and sums
    # made by one thread are the same whatever the number of processors.
    for variable in (
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OMP_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ):
        os.environ.setdefault(variable, "1")
    try:
        from train_host.cli import main as run

        return run()
    except KeyboardInterrupt:  # while modules are loaded, or at the very end
        return 130


if __name__ == "__main__":
    sys.exit(main())
