"""The kernel: its modules in the root, and the small file system that it starts with."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from image_build.debian import apt_sources
from image_build.recipe import (
    BOOT_MODULES,
    FIRMWARE,
    KERNEL,
    MACHINE,
    MODULES,
    RADIO_FILES,
    RADIO_FIRMWARE,
    SUITE,
)
from image_build.steps import BuildError, chroot, run

__all__ = ["Kernel", "fetch_kernel", "make_initramfs"]

INIT = Path(__file__).with_name("initramfs_init.sh")


class Kernel:
    """An unpacked kernel package in ``folder``."""

    def __init__(self, folder: Path, busybox: Path, firmware: Path) -> None:
        self.folder, self.busybox, self.firmware = folder, busybox, firmware
        self.version = next((folder / "lib/modules").iterdir()).name
        self.image = folder / f"boot/vmlinuz-{self.version}"
        self.device_trees = folder / f"usr/lib/linux-image-{self.version}/broadcom"


def fetch_kernel(work: Path, root: Path) -> Kernel:
    """Fetch the kernel, a static busybox and the Pi's firmware, unpack them below ``work``, and put
    the modules and the radio's firmware that are wanted into ``root``. Raises BuildError."""
    debs = work / "debs"
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir()
    _download(debs, work / "apt", [KERNEL, "busybox-static", FIRMWARE, RADIO_FIRMWARE])
    found = {
        name: _unpacked(debs, work, name)
        for name in ("linux-image", "busybox", "raspi", RADIO_FIRMWARE)
    }
    busybox = found["busybox"] / "bin/busybox"
    kernel = Kernel(found["linux-image"], busybox, found["raspi"] / "usr/lib/raspi-firmware")
    _take_modules(kernel, root)
    _take_radio_firmware(found[RADIO_FIRMWARE], root)
    return kernel


def _download(debs: Path, apt: Path, packages: list[str]) -> None:
    """By an apt that knows ``MACHINE``'s packages alone, whatever this machine is."""
    shutil.rmtree(apt, ignore_errors=True)
    for place in ("lists/partial", "cache/archives/partial", "etc"):
        (apt / place).mkdir(parents=True)
    (apt / "etc/sources.list").write_text(
        "\n".join(apt_sources(SUITE, ("main", "non-free-firmware"))) + "\n"
    )
    (apt / "status").write_text("")
    options = [
        f"Dir::Etc::SourceList={apt}/etc/sources.list",
        "Dir::Etc::SourceParts=/dev/null",
        f"Dir::State::Lists={apt}/lists",
        f"Dir::State::Status={apt}/status",
        f"Dir::Cache={apt}/cache",
        f"APT::Architecture={MACHINE}",
        f"APT::Architectures::={MACHINE}",
        "Acquire::Languages=none",
        "APT::Sandbox::User=root",
    ]
    arguments = [part for option in options for part in ("-o", option)]
    run("apt-get", *arguments, "update", "-qq")
    named = []
    for package in packages:
        depends = run("apt-cache", *arguments, "depends", package)
        images = [
            line.split()[-1]
            for line in depends.splitlines()
            if line.strip().startswith("Depends: linux-image-")
        ]
        named += images or [package]
    run("apt-get", *arguments, "download", *named, cwd=debs)


def _unpacked(debs: Path, work: Path, name: str) -> Path:
    found = sorted(debs.glob(f"{name}*.deb"))
    if len(found) != 1:
        raise BuildError(f"One package {name} was wanted, {len(found)} came.")
    folder = work / "unpacked" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run("dpkg-deb", "-x", found[0], folder)
    return folder


def _files(kernel: Kernel, root: Path, modules: tuple[str, ...]) -> list[str]:
    """The files of modules and of all that they need, each after what it needs."""
    found: dict[str, None] = {}
    for module in modules:
        told = chroot(
            root, "modprobe", "-d", "/unpacked", "-S", kernel.version, "--show-depends", module
        )
        for line in told.splitlines():
            if line.startswith("insmod "):
                found[line.split()[1].removeprefix("/unpacked/")] = None
    return list(found)


def _take_modules(kernel: Kernel, root: Path) -> None:
    unpacked, ours = root / "unpacked", root / "lib/modules" / kernel.version
    shutil.rmtree(unpacked, ignore_errors=True)
    shutil.rmtree(root / "usr/lib/modules", ignore_errors=True)
    (unpacked / "lib").mkdir(parents=True)
    shutil.copytree(kernel.folder / "lib/modules", unpacked / "lib/modules")
    chroot(root, "depmod", "-b", "/unpacked", kernel.version)
    for file in _files(kernel, root, (*BOOT_MODULES, *MODULES)):
        target = root / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(unpacked / file, target)
    for listing in (unpacked / "lib/modules" / kernel.version).glob("modules.*"):
        if listing.name.startswith(("modules.builtin", "modules.order")):
            shutil.copy(listing, ours)
    chroot(root, "depmod", kernel.version)
    shutil.rmtree(unpacked)


def _take_radio_firmware(package: Path, root: Path) -> None:
    target = root / "lib/firmware/brcm"
    target.mkdir(parents=True)
    for name in RADIO_FILES:
        shutil.copy(package / "lib/firmware/brcm" / name, target)


def make_initramfs(kernel: Kernel, root: Path, folder: Path, target: Path) -> None:
    """busybox, the modules that find the root, and the program that chooses it."""
    shutil.rmtree(folder, ignore_errors=True)
    for place in ("bin", "modules", "root"):
        (folder / place).mkdir(parents=True)
    shutil.copy(kernel.busybox, folder / "bin/busybox")
    shutil.copy(INIT, folder / "init")
    (folder / "init").chmod(0o755)
    names = []
    told = chroot(root, "sh", "-c", _show(kernel, BOOT_MODULES))
    for line in dict.fromkeys(told.splitlines()):
        if line.startswith("insmod "):
            file = root / line.split()[1].lstrip("/")
            shutil.copy(file, folder / "modules")
            names.append(file.name)
    (folder / "modules/order").write_text("\n".join(names) + "\n")
    script = f"cd '{folder}' && find . | sort | cpio --quiet --reproducible -o -H newc -R 0:0"
    run("sh", "-c", f"find '{folder}' -exec touch -h -d @0 {{}} + && {script} >'{target}.cpio'")
    packed = Path(f"{target}.cpio")
    target.write_bytes(gzip.compress(packed.read_bytes(), 9, mtime=0))
    packed.unlink()


def _show(kernel: Kernel, modules: tuple[str, ...]) -> str:
    return "; ".join(f"modprobe -S {kernel.version} --show-depends {name}" for name in modules)
