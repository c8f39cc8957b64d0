"""``python -m tests.benchmarks.bench [--only NAME]``: every claim of speed against its alternative.

Measurements are the public functions of the modules ``bench_*.py`` beside this one. Each is named
as what it measures, or as the first words of several (``follower`` gives ``follower_rms_usb`` and
others), and returns, by name, ``ours`` and ``other`` (medians of ``runs`` runs, taken in turn),
``other_is`` (what the other is), ``unit`` and ``lower_is_better``.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from tests import tfjs_package

FOLDER = Path(__file__).parent
RESULT = FOLDER.parents[1] / "build" / "bench.json"
KEYS = {"ours", "other", "other_is", "unit", "lower_is_better", "runs"}

Entry = dict[str, object]
Measurement = Callable[[], dict[str, Entry]]


def modules() -> Iterator[ModuleType]:
    for path in sorted(FOLDER.glob("bench_*.py")):
        yield importlib.import_module(f"{__package__}.{path.stem}")


def measurements(module: ModuleType) -> dict[str, Measurement]:
    """The public functions that ``module`` itself defines, by name."""
    return {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_") and function.__module__ == module.__name__
    }


def covers(function: str, name: str) -> bool:
    """Whether the measurement ``name`` comes from the function called ``function``."""
    return name == function or name.startswith(f"{function}_")


def check(name: str, entry: Entry) -> None:
    """Raise ValueError where ``entry`` is not what the result file promises."""
    if set(entry) != KEYS:
        raise ValueError(f"{name} has {sorted(entry)}, not {sorted(KEYS)}")


def ratio(entry: Entry) -> float:
    """How many times better ours is than the other; below 1 it is worse."""
    ours, other = float(entry["ours"]), float(entry["other"])  # type: ignore[arg-type]
    above, below = (other, ours) if entry["lower_is_better"] else (ours, other)
    return above / below if below else float("inf")


def table(results: dict[str, Entry]) -> str:
    lines = [f"{'':24} {'ours':>10} {'other':>10} {'':6} {'better':>8}  the other is"]
    for name, entry in results.items():
        lines.append(
            f"{name:24} {entry['ours']:>10.4g} {entry['other']:>10.4g} {entry['unit']:6} "
            f"{ratio(entry):>7.2f}x  {entry['other_is']} ({entry['runs']} runs)"
        )
    return "\n".join(lines)


def run(found: dict[str, Measurement], only: str | None) -> tuple[dict[str, Entry], list[str]]:
    """The results by name, and the functions that failed (what went wrong is printed)."""
    results: dict[str, Entry] = {}
    failed = []
    for function, measure in found.items():
        if only and not covers(function, only) and not covers(only, function):
            continue
        print(f"{function} ...", file=sys.stderr, flush=True)
        try:
            entries = measure()
            for name, entry in entries.items():
                check(name, entry)
        except tfjs_package.Missing as missing:  # the other's trouble, not ours
            print(missing, file=sys.stderr)
            continue
        except Exception:  # one measurement that fails shall not cost the others
            traceback.print_exc()
            failed.append(function)
            continue
        results |= {n: entry for n, entry in entries.items() if not only or covers(only, n)}
    return results, failed


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", help="one measurement, or all that begin with it")
    only = parser.parse_args(arguments).only
    found = {
        name: function for module in modules() for name, function in measurements(module).items()
    }
    results, failed = run(found, only)
    if not results and not failed:
        print(f"bench: there is no measurement {only!r} among {', '.join(found)}", file=sys.stderr)
        return 2
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(results, indent=1) + "\n")
    print(table(results))
    if failed:
        print(f"bench: {', '.join(failed)} failed", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
