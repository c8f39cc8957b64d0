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
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
CACHE = CHECKOUT / "build" / "vm"

SUITE = "bookworm"
PYTHON = "3.11"
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
            _install_wheels(unfinished / "wheels")
            _build_root(unfinished)
            unfinished.rename(folder)
    return folder


def is_built() -> bool:
    """Whether the image is there, so that nothing need be built."""
    return _folder().exists()


def _folder() -> Path:
    scripts = [HERE / name for name in ("build_root.sh", "initramfs_init.sh", "guest_init.sh")]
    recipe = [SUITE, PYTHON, _requirements(), PACKAGES, KERNELS, MODULES]
    text = repr(recipe) + "".join(script.read_text() for script in scripts)
    return CACHE / f"image-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _requirements() -> list[str]:
    """The box's dependencies as pyproject.toml has them for the guest's Python."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    guest = {"python_version": PYTHON, "sys_platform": "linux", "platform_machine": "x86_64"}
    wanted = [Requirement(line) for line in project["dependencies"]]
    return [f"{r.name}{r.specifier}" for r in wanted if not r.marker or r.marker.evaluate(guest)]


def _install_wheels(folder: Path) -> None:
    """By the pip of this Python as it is configured here, for the guest's Python."""
    glibc = ("manylinux1", "manylinux2010", "manylinux2014", "manylinux_2_17", "manylinux_2_28")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}"]
    command += [f"--platform={name}_x86_64" for name in (*glibc, "manylinux_2_34")]
    _do([*command, f"--target={folder}", *_requirements()])


def _build_root(out: Path) -> None:
    kernels = " ".join(f"{name}={package}" for name, package in KERNELS.items())
    packages, modules = ",".join(PACKAGES), " ".join(MODULES)
    sources = _apt_sources()
    if not sources:  # apt knows what its sources are once it has their lists
        _do(["apt-get", "update", "-qq"])
        sources = _apt_sources()
    script = ["sh", str(HERE / "build_root.sh"), str(out), SUITE, packages, modules, kernels]
    # In a mount namespace of its own, so that a build that is killed leaves nothing mounted.
    _do(["unshare", "--mount", *script, *sources])


def _apt_sources() -> list[str]:
    """The machine's own sources of the suite; none where it has none, for mmdebstrap's default."""
    listing = ["$(ORIGIN)", "$(CODENAME)", "$(REPO_URI)", "$(COMPONENT)"]
    form = ["apt-get", "indextargets", "--format", "|".join(listing), "Created-By: Packages"]
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    sources = []
    for line in subprocess.run(form, capture_output=True, text=True).stdout.splitlines():
        origin, codename, uri, component = line.split("|")
        if origin == "Debian" and codename.partition("-")[0] == SUITE and component == "main":
            sources.append(f"deb [signed-by={keyring}] {uri} {codename} main")
    return sources


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
