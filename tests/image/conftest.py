"""The image, built once a session, and a disk with the scripts that run inside."""

import subprocess
from pathlib import Path

import pytest

from firmware.update.bundle import write_bundle
from image_build.__main__ import OUT, build, update_files
from image_build.keys import SECRET
from image_build.recipe import EPOCH
from image_build.steps import missing_tools
from tests.image.card import Card
from tests.image.machine import Machine, why_not

NEXT = "9.9"
"""The version of the update."""
GUEST = Path(__file__).parent / "guest"


@pytest.fixture(scope="session")
def image():
    """The newest build's folder; ``make test-image`` has just made it."""
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    if not (OUT / "groovebox.img").is_file():
        if missing := missing_tools():
            pytest.skip(
                f"{' '.join(missing)} are not installed (sh tests/system_packages.sh image)"
            )
        build(OUT)
    return OUT


@pytest.fixture(scope="session")
def scripts(tmp_path_factory):
    """A disk with the guest's scripts."""
    disk = tmp_path_factory.mktemp("scripts") / "scripts.squashfs"
    subprocess.run(["mksquashfs", GUEST, disk, "-quiet", "-no-progress"], check=True)
    return disk


@pytest.fixture(scope="session")
def scripts_and_update(update, tmp_path_factory):
    """The same, and an update."""
    disk = tmp_path_factory.mktemp("scripts") / "update.squashfs"
    files = [path for path in sorted(GUEST.iterdir()) if path.is_file()]
    options = ["-quiet", "-no-progress", "-noD"]
    subprocess.run(["mksquashfs", *files, update, disk, *options], check=True)
    return disk


@pytest.fixture
def card(image, tmp_path):
    return Card(image / "groovebox.img", tmp_path / "card.img")


@pytest.fixture
def machine(card, tmp_path):
    return Machine(card, tmp_path)


@pytest.fixture(scope="session")
def next_root(image, tmp_path_factory):
    """A root that differs from the card's in its version alone."""
    return _changed_root(
        image,
        tmp_path_factory.mktemp("next"),
        lambda root: (root / "usr/lib/groovebox/version").write_text(f"{NEXT}\n"),
    )


@pytest.fixture
def dead_root(image, tmp_path):
    """A root whose system comes up and whose box does not."""

    def spoil(root):
        firmware = root / "usr/lib/groovebox/python/firmware"
        (firmware / "__main__.py").write_text("import nothing_of_that_name\n")
        for compiled in firmware.glob("__pycache__/__main__.*"):
            compiled.unlink()

    return _changed_root(image, tmp_path, spoil)


def _changed_root(image, folder, change):
    unpacked, packed = folder / "root", folder / "root.squashfs"
    tools = ["unsquashfs", "-q", "-n", "-no-xattrs", "-d", unpacked, image / "root.squashfs"]
    subprocess.run(tools, check=True, stdout=subprocess.DEVNULL)
    change(unpacked)
    options = ["-comp", "zstd", "-Xcompression-level", "3", "-quiet", "-no-progress"]
    subprocess.run(["mksquashfs", unpacked, packed, *options], check=True)
    return packed


@pytest.fixture(scope="session")
def update(image, next_root):
    file = next_root.with_name("next.update")
    write_bundle(file, NEXT, update_files(next_root, image / "work/files/boot/a"), SECRET, EPOCH)
    return file
