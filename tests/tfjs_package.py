"""TensorFlow.js from npm, which R-VAE is written with: for tests and measurements beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

__all__ = ["BACK_END", "NODE_MODULES", "VERSION", "Missing", "install", "node"]

FOLDER = Path(__file__).parents[1] / "build" / "tfjs"
NODE_MODULES = FOLDER / "node_modules"
VERSION = "4.22.0"
BACK_END = "tfjs-backend-wasm"
"""WebAssembly; the package itself is pure JavaScript: float32, with sums in doubles."""


class Missing(Exception):
    """TensorFlow.js cannot be had here; the text says why."""


def install() -> Path:
    """The folder to hand to the programs here: with ``node_modules``. Raises Missing."""
    node()
    wanted = [f"@tensorflow/tfjs@{VERSION}", f"@tensorflow/{BACK_END}@{VERSION}"]
    if [_version("tfjs"), _version(BACK_END)] == [VERSION, VERSION]:
        return FOLDER
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("TensorFlow.js needs npm, which is not installed")
    FOLDER.mkdir(parents=True, exist_ok=True)
    quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"]
    command = [npm, "install", "--prefix", str(FOLDER), *quiet, *wanted]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        raise Missing(f"npm could not install {' and '.join(wanted)}: {error}") from error
    return FOLDER


def node() -> str:
    """The program that runs it. Raises Missing."""
    found = shutil.which("node")
    if found is None:
        raise Missing("TensorFlow.js needs node, which is not installed")
    return found


def _version(name: str) -> str:
    package = NODE_MODULES / "@tensorflow" / name / "package.json"
    return json.loads(package.read_text())["version"] if package.is_file() else ""
