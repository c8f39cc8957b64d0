"""``python -m image_build``: the SD card's image, from nothing. As root, on Debian or alike."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

from firmware.update.bundle import write_bundle
from hardware.pin_map import load_pin_map
from image_build.boot import fill_boot
from image_build.card import lay_out
from image_build.kernel import fetch_kernel, make_initramfs
from image_build.keys import SECRET, make_keys
from image_build.recipe import EPOCH, MACHINE
from image_build.root import build_root, pack_root
from image_build.steps import BuildError, be_able_to_run, missing_tools
from image_build.wheels import CHECKOUT

__all__ = ["build", "main", "update_files", "version"]

OUT = CHECKOUT / "build/image"
READ_ME = """\
Copy .tflite models here, eject the drive, and the box plays them. The box's manual is in
MANUAL.txt, what became of your files in REPORT.txt.
"""


def version() -> str:
    """Of the box: the project's, and which commit it is, where that is known."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    command = ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        told = ""
    return f"{project['version']}+{told}" if told else str(project["version"])


def build(out: Path) -> Path:
    """Make ``out``/groovebox.img, and groovebox.update beside it. Raises BuildError."""
    work = out / "work"
    root, root_image = work / "root", out / "root.squashfs"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    began_s = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - began_s:6.0f} s  {what}", flush=True)

    be_able_to_run(MACHINE)
    make_keys()
    tell("the root's packages")
    build_root(root, version(), out / "cache")
    tell("the kernel")
    kernel = fetch_kernel(work, root)
    initramfs = work / "initramfs.img"
    make_initramfs(kernel, root, work / "initramfs", initramfs)
    tell("packing the root")
    pack_root(root, root_image)
    tell("the card")
    files = work / "files"
    fill_boot(files / "boot", kernel, initramfs, load_pin_map())
    (files / "models").mkdir()
    (files / "models/README.txt").write_text(READ_ME)
    card = out / "groovebox.img"
    lay_out(work, files, root_image, card)
    update = out / "groovebox.update"
    write_bundle(update, version(), update_files(root_image, files / "boot/a"), SECRET, EPOCH)
    tell("done")
    for name, megabytes in (
        ("root", _used_mb(root)),
        ("root, packed", root_image.stat().st_size / 1e6),
        ("card's image", card.stat().st_size / 1e6),
        ("update", update.stat().st_size / 1e6),
    ):
        print(f"{name}: {megabytes:.0f} MB")
    return card


def update_files(root_image: Path, slot: Path) -> dict[str, Path]:
    """What an update has, by the names that the box knows; the root last, for it is long."""
    boot = {f"boot/{path.name}": path for path in sorted(slot.iterdir())}
    return {**boot, "root.squashfs": root_image}


def _used_mb(folder: Path) -> float:
    told = subprocess.run(["du", "-sk", folder], capture_output=True, text=True, check=True)
    return int(told.stdout.split()[0]) * 1024 / 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="image_build", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="folder (%(default)s)")
    options = parser.parse_args(arguments)
    if missing := missing_tools():
        print(f"Missing: {' '.join(missing)}. sh tests/system_packages.sh image", file=sys.stderr)
        return 1
    if os.geteuid() != 0:
        print("Building a root file system needs root: sudo make image", file=sys.stderr)
        return 1
    try:
        build(options.out)
    except BuildError as error:
        print(f"image_build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
