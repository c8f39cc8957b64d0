"""From the kernel's start to the first tick: the card beside Debian as it comes.

    make boot-times

The same kernel and the same box in the same emulated machine, one after the other. Debian is what
its installer leaves (the packages of priority "important", initramfs-tools, a root that is written
to), and the box is a service of multi-user.target. That system takes a quarter of an hour to make,
for its initramfs is made by an emulated processor; it is kept for the next time.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from image_build.__main__ import OUT
from image_build.debian import apt_sources
from image_build.recipe import KERNEL, MACHINE, PACKAGES, SUITE
from image_build.root import BOX
from image_build.steps import run as call
from tests.image.card import Card
from tests.image.conftest import GUEST
from tests.image.machine import Emulator, Machine, file_node, run, told, words_for

STOCK_MB, LABEL = 2000, "stock"
ROUNDS = 5
UNIT = """\
[Unit]
Description=The groovebox

[Service]
Type=notify
Environment=PYTHONPATH=/usr/lib/groovebox/python
ExecStart=/usr/bin/python3 -m firmware run --board virtual --no-page --play

[Install]
WantedBy=multi-user.target
"""
ROWS = {
    "first_program_s": "the first program of the root",
    "began_s": "the box is started",
    "first_tick_s": "first tick",
    "memory_mb": "memory in use, MB",
}


def stock_system(folder: Path) -> tuple[Path, Path, Path]:
    """Disk, kernel and initramfs of Debian as it comes, with the box in it."""
    root = OUT / "cache/stock"
    if not root.is_dir():
        unfinished = root.with_name("stock-unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        call(
            "mmdebstrap",
            "--quiet",
            "--mode=root",
            f"--architectures={MACHINE}",
            "--variant=important",
            f"--include={','.join([*PACKAGES, KERNEL, 'initramfs-tools'])}",
            '--aptopt=APT::Sandbox::User "root"',
            SUITE,
            unfinished,
            *apt_sources(SUITE),
        )
        unfinished.rename(root)
    box = root / BOX
    shutil.rmtree(box, ignore_errors=True)
    shutil.copytree(OUT / "work/root" / BOX, box, symlinks=True)
    (root / "etc/fstab").write_text(f"LABEL={LABEL} / ext4 defaults 0 1\n")
    unit = root / "etc/systemd/system/groovebox.service"
    unit.write_text(UNIT)
    wanted = unit.parent / "multi-user.target.wants/groovebox.service"
    wanted.parent.mkdir(exist_ok=True)
    wanted.unlink(missing_ok=True)
    wanted.symlink_to(f"/{unit.relative_to(root)}")
    disk = folder / "stock.img"
    call("mke2fs", "-q", "-F", "-t", "ext4", "-L", LABEL, "-d", root, disk, f"{STOCK_MB}M")
    version = next((root / "lib/modules").iterdir()).name
    return disk, root / f"boot/vmlinuz-{version}", root / f"boot/initrd.img-{version}"


def measure(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the guest told of each start of the card and of Debian, in turns."""
    scripts = folder / "scripts.squashfs"
    subprocess.run(["mksquashfs", GUEST, scripts, "-quiet", "-no-progress"], check=True)
    disk, kernel, initramfs = stock_system(folder)
    drives = [[file_node("root", disk)], [file_node("disk", scripts, read_only=True)]]
    line = f"root=LABEL={LABEL} rw quiet {words_for('listen')}"
    card = Card(OUT / "groovebox.img", folder / "card.img")
    ours, stock = [], []
    for _ in range(ROUNDS + 1):  # the first one makes the data partition, and is left out
        ours.append(run(Machine(card, folder), scripts, "listen"))
        debian = Emulator()
        with debian.started(kernel, initramfs, line, drives):
            debian.wait_for("TEST DONE", 900)
            stock.append(told(debian.lines))
    return ours[1:], stock[1:]


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="boot-times") as folder:
        ours, stock = measure(Path(folder))
    if {start["kernel"] for start in ours} != {start["kernel"] for start in stock}:
        print("The two kernels are not the same.", file=sys.stderr)
        return 1
    print(f"kernel {ours[0]['kernel']}; median of {ROUNDS} starts")
    print("| seconds from the kernel's start to | the card | Debian |")
    print("|---|---:|---:|")
    for name, words in ROWS.items():
        figures = [f"{median([start[name] for start in starts]):.1f}" for starts in (ours, stock)]
        print(f"| {words} | {' | '.join(figures)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
