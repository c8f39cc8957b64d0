"""What the virtual machine boots from: a Debian root with two kernels, and the box's Python wheels.

It lies in a folder of ``build/vm`` named by the hash of its recipe, so it is built once, and again
only when the recipe changes. Building needs root and takes a few minutes; no compiler.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

from image_build import wheels
from image_build.debian import apt_sources
from image_build.wheels import CHECKOUT

HERE = Path(__file__).parent
CACHE = CHECKOUT / "build" / "vm"

SUITE = "bookworm"
PYTHON, MACHINE = "3.11", "x86_64"
"""Debian bookworm's own Python, for which the wheels are fetched."""

PACKAGES = [
    "python3",
    "kmod",
    "iproute2",
    "busybox-static",
    "libasound2",
    "alsa-utils",
    "midish",
    "procps",
    "mtools",
    "dosfstools",
    "dmsetup",
]
KERNELS = {"stock": "linux-image-amd64", "rt": "linux-image-rt-amd64"}
MODULES = [
    "9p",
    "9pnet_virtio",
    "snd-seq",
    "snd-seq-midi",
    "snd-seq-dummy",
    "snd-virmidi",
    "snd-hrtimer",
    "snd-usb-audio",
    "libcomposite",
    "dummy_hcd",
    "usb_f_midi",
    "usb_f_mass_storage",
    "usb-storage",
    "sd_mod",
    "vfat",
    "nls_ascii",
    "nls_cp437",
    "loop",
    "dm-mod",
    "uinput",
    "evdev",
    "i2c-dev",
    "i2c-stub",
]

BUILD_TIMEOUT_S = 900


class BuildError(Exception):
    """A part of the virtual machine could not be built."""


def image() -> Path:
    """The folder with ``root.ext4`` and ``vmlinuz-NAME``, ``initrd-NAME`` for each of KERNELS.

    Built if need be. Raises BuildError.
    """
    folder = _folder()
    if folder.exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another session may be building the same
        if not folder.exists():
            for stale in CACHE.glob("image-*"):
                shutil.rmtree(stale)
            unfinished = CACHE / "image-unfinished"
            unfinished.mkdir()
            wheels.install(unfinished / "wheels", _wanted(), PYTHON, MACHINE)
            _build_root(unfinished)
            unfinished.rename(folder)
    return folder


def is_built() -> bool:
    """Whether the image is there, so that nothing need be built."""
    return _folder().exists()


def _folder() -> Path:
    scripts = [HERE / name for name in ("build_root.sh", "initramfs_init.sh", "guest_init.sh")]
    recipe = [SUITE, PYTHON, _wanted(), PACKAGES, KERNELS, MODULES]
    text = repr(recipe) + "".join(script.read_text() for script in scripts)
    return CACHE / f"image-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _wanted() -> list[str]:
    """The box's dependencies as pyproject.toml has them for the guest's Python."""
    return wheels.requirements(PYTHON, MACHINE)


def _build_root(out: Path) -> None:
    kernels = " ".join(f"{name}={package}" for name, package in KERNELS.items())
    packages, modules = ",".join(PACKAGES), " ".join(MODULES)
    sources = apt_sources(SUITE)
    script = ["sh", str(HERE / "build_root.sh"), str(out), SUITE, packages, modules, kernels]
    # In a mount namespace of its own, so that a build that is killed leaves nothing mounted.
    _do(["unshare", "--mount", *script, *sources])


def _do(command: list[str]) -> None:
    """Run one step of the build, and end all that it started where it takes too long."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=BUILD_TIMEOUT_S)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode != 0:
        raise BuildError(f"{' '.join(command[:3])} failed:\n{output[-3000:]}")
