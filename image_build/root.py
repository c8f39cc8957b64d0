"""The root file system: Debian, the box's Python packages, the box; read-only once it is packed."""

from __future__ import annotations

import hashlib
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

from cffi import FFI

from firmware.library.map_cache import MapCache
from firmware.library.models import digest_of, model_files, read_model
from firmware.library.opener import MAPS
from firmware.rhythm.decoder import Decoder
from firmware.rhythm.latent_map import BATCH, LatentMap
from image_build import wheels
from image_build.debian import apt_sources
from image_build.keys import PUBLIC
from image_build.recipe import EPOCH, MACHINE, NETWORK_MODULES, PACKAGES, PYTHON, SUITE
from image_build.steps import chroot, run

__all__ = ["build_root", "pack_root"]

OVERLAY = Path(__file__).parent / "overlay"
BOX = Path("usr/lib/groovebox/python")
MASKED = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty.target",
    "getty-static.service",
    "systemd-user-sessions.service",
    "systemd-update-utmp-runlevel.service",
    "systemd-tmpfiles-clean.timer",
    "systemd-random-seed.service",
    "systemd-update-utmp.service",
    "systemd-timesyncd.service",
    "dbus.service",
    "dbus.socket",
    "systemd-logind.service",
    "wpa_supplicant.service",
)
"""What a box without a login and with a root that does not change has no use for."""
DROPPED = (
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
    "var/lib/dbus",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "usr/share/bash-completion",
    "usr/lib/udev/hwdb.d",
    "usr/lib/python3/dist-packages/__pycache__",
)
NOT_OF_THE_BOX = ("setuptools", "pkg_resources", "bin")
"""Of what pip brings: no use at run time."""


def build_root(root: Path, version: str, cache: Path) -> None:
    """Fill ``root`` with the box of that ``version``. As root, on any machine with mmdebstrap and a
    way to run ``MACHINE``'s programs. Debian's part is kept in ``cache``. Raises BuildError."""
    base = _base(cache)
    root.mkdir(parents=True)
    run("tar", "-x", "--numeric-owner", "-p", "-f", base, "-C", root, "--exclude=./dev/*")
    wheels.install(
        root / BOX,
        wheels.requirements(PYTHON, "aarch64", ["pi"], without=["spidev"]),
        PYTHON,
        "aarch64",
    )
    _compile_alsa_definitions(root / BOX)
    _install_box(root / BOX)
    _draw_maps(root / BOX)
    _settle(root, version)


def _base(cache: Path) -> Path:
    """Debian's part, as an archive; made where there is none of this recipe yet."""
    recipe = repr([SUITE, MACHINE, PACKAGES, DROPPED])
    base = cache / f"base-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}.tar"
    if base.is_file():
        return base
    cache.mkdir(parents=True, exist_ok=True)
    for stale in cache.glob("base-*"):
        stale.unlink()
    excluded = [f"/{place}/*" for place in DROPPED if place.startswith("usr/share/")]
    unfinished = base.with_name("base-unfinished.tar")
    run(
        "mmdebstrap",
        "--quiet",
        "--mode=root",
        f"--architectures={MACHINE}",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Sandbox::User "root"',
        *(f"--dpkgopt=path-exclude={place}" for place in excluded),
        SUITE,
        unfinished,
        *apt_sources(SUITE),
    )
    unfinished.rename(base)
    return base


def _compile_alsa_definitions(folder: Path) -> None:
    """alsa-midi has no wheel for ARM, and without one parses a header of C at each start: a third
    of the time until the first tick. Parsed here, into a module where it looks for a compiled one.
    """
    source = folder / "alsa_midi/_ffi_defs.py"
    definitions = runpy.run_path(str(source))
    ffi = FFI()
    ffi.cdef(definitions["C_DEFS_PACKED"], packed=True)
    ffi.cdef(definitions["C_DEFS"])
    ffi.set_source("alsa_midi._ffi_bin", None)
    module = source.with_name("_ffi_bin.py")
    ffi.emit_python_code(str(module))
    with module.open("a") as file:
        # alsa-midi looks for the functions in what the process has loaded.
        file.write('_alsa = ffi.dlopen("libasound.so.2", ffi.RTLD_NOW | ffi.RTLD_GLOBAL)\n')


def _install_box(folder: Path) -> None:
    for name in NOT_OF_THE_BOX:
        shutil.rmtree(folder / name, ignore_errors=True)
    python = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    run(*python, f"--target={folder}", "--upgrade", wheels.CHECKOUT)
    shutil.rmtree(folder / "train_host")
    for tests in folder.rglob("tests"):
        if tests.is_dir():
            shutil.rmtree(tests)


def _draw_maps(folder: Path) -> None:
    """Of the factory's models, so that the box need not before its first tick. Here and not there:
    their runtimes round alike but for a step of int8 now and then, which no eye sees."""
    factory = folder / "firmware/factory_models"
    cache = MapCache(factory / MAPS)
    for file in model_files([factory]):
        content = read_model(file)
        cache.put(digest_of(content), LatentMap.decode(Decoder(content, BATCH)))


def _settle(root: Path, version: str) -> None:
    shutil.copytree(OVERLAY, root, dirs_exist_ok=True)
    for place in ("data", "boot"):
        (root / place).mkdir(exist_ok=True)
    (root / "etc/machine-id").write_text("")  # made anew at each start, in memory
    _settle_network(root)
    units = root / "etc/systemd/system"
    for name in MASKED:
        (units / name).symlink_to("/dev/null")
    ours = root / BOX.parent
    shutil.copy(PUBLIC, ours / "update.pub")
    (ours / "version").write_text(f"{version}\n")
    services = ["groovebox.service", "groovebox-confirm.service", "groovebox-network.service"]
    chroot(root, "systemctl", "enable", *services)
    chroot(root, "systemctl", "set-default", "multi-user.target")
    _compile(root)
    for place in DROPPED:
        shutil.rmtree(root / place, ignore_errors=True)
    for name in ("log", "cache", "lib"):
        (root / "var" / name).mkdir(parents=True, exist_ok=True)


def _settle_network(root: Path) -> None:
    """Nothing of it starts by itself, and its drivers are not found by the devices that are there:
    firmware/network starts what is asked for."""
    chroot(root, "systemctl", "disable", "systemd-resolved.service")
    unasked = "".join(f"blacklist {module}\n" for module in NETWORK_MODULES)
    (root / "etc/modprobe.d/groovebox-network.conf").write_text(unasked)
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").symlink_to("/run/systemd/resolve/resolv.conf")
    (root / "root/.ssh").rmdir()  # systemd's, and empty
    (root / "root/.ssh").symlink_to("/run/groovebox/network/ssh")


def _compile(root: Path) -> None:
    """As they are: no file's time is looked at, and none is in what is made."""
    options = ["-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    places = [f"/{BOX}", f"/usr/lib/python{PYTHON}"]
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if own == PYTHON:  # much sooner than by emulation
        here = [f"{root}{place}" for place in places]
        command = [sys.executable, *options, "-s", str(root), "-p", "/", *here]
        subprocess.run(
            command, stdout=subprocess.DEVNULL, check=False
        )  # some carry broken examples
    else:
        chroot(root, "sh", "-c", f"python3 {' '.join([*options, *places])} >/dev/null || true")


def pack_root(root: Path, image: Path) -> None:
    """Make a read-only file system of ``root``."""
    image.unlink(missing_ok=True)
    options = ["-comp", "zstd", "-noappend", "-no-progress", "-all-root", "-no-xattrs"]
    times = ["-mkfs-time", str(EPOCH), "-all-time", str(EPOCH)]
    # It does not take both the times and the environment's.
    run("env", "-u", "SOURCE_DATE_EPOCH", "mksquashfs", root, image, *options, *times)
