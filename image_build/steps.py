"""Running the programs that an image is built with."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from image_build.recipe import EPOCH

__all__ = ["BuildError", "be_able_to_run", "chroot", "missing_tools", "run"]

TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "qemu-aarch64-static": "qemu-user-static",
    "mksquashfs": "squashfs-tools",
    "genimage": "genimage",
    "cpio": "cpio",
    "arch-test": "arch-test",
    "dtc": "device-tree-compiler",
    "mcopy": "mtools",
    "mkfs.fat": "dosfstools",
    "signify-openbsd": "signify-openbsd",
}
"""Programs, and the Debian packages that have them."""


class BuildError(Exception):
    """The image cannot be built; one sentence, and what a program said."""


def missing_tools() -> list[str]:
    """Packages that are not installed here."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return sorted({package for tool, package in TOOLS.items() if not shutil.which(tool, path=path)})


def run(*command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Run a program and return what it says. Raises BuildError."""
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": str(EPOCH),
        "LC_ALL": "C",
        "TZ": "UTC",
        "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin",
        **(env or {}),
    }
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout)[-3000:]
        raise BuildError(f"{Path(str(command[0])).name} failed:\n{said}")
    return done.stdout


def chroot(root: Path, *command: str) -> str:
    """Run a program of ``root``, by emulation where it is another machine's."""
    path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    return run("chroot", root, *command, env=path)


def be_able_to_run(machine: str) -> None:
    """Have the kernel start another machine's programs by emulation. Raises BuildError."""
    if _runs(machine):
        return
    registry = Path("/proc/sys/fs/binfmt_misc")
    if not (registry / "register").exists():
        _try("mount", "-t", "binfmt_misc", "binfmt_misc", str(registry))
    _try("update-binfmts", "--enable")
    if not _runs(machine):
        raise BuildError(f"This machine's kernel does not start {machine} programs (binfmt_misc).")


def _runs(machine: str) -> bool:
    return subprocess.run(["arch-test", machine], capture_output=True, check=False).returncode == 0


def _try(*command: str) -> None:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    environment = {**os.environ, "PATH": path}
    subprocess.run(command, capture_output=True, check=False, env=environment)
