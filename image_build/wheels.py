"""The Python packages of another machine, put in a folder by this machine's pip. No compiler."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

__all__ = ["CHECKOUT", "install", "requirements"]

CHECKOUT = Path(__file__).parents[1]
GLIBC = ("manylinux1", "manylinux2010", "manylinux2014", "manylinux_2_17", "manylinux_2_28")
"""And what the suite's own is, which is the last; Debian 12 has 2.36."""
LAST_GLIBC = "manylinux_2_34"


def requirements(
    python: str, machine: str, extras: Sequence[str] = (), without: Sequence[str] = ()
) -> list[str]:
    """What pyproject.toml asks for on Linux with that Python ("3.11") and machine ("aarch64")."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    there = {"python_version": python, "sys_platform": "linux", "platform_machine": machine}
    lines = [*project["dependencies"]]
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    wanted = [Requirement(line) for line in lines]
    return [
        f"{wish.name}{wish.specifier}"
        for wish in wanted
        if wish.name not in without and (not wish.marker or wish.marker.evaluate(there))
    ]


def install(folder: Path, wanted: Sequence[str], python: str, machine: str) -> None:
    """Put ``wanted`` and all that it needs into ``folder``. Raises CalledProcessError."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    command += [f"--platform={name}_{machine}" for name in (*GLIBC, LAST_GLIBC)]
    subprocess.run([*command, f"--target={folder}", *wanted], check=True)
