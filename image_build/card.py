"""The card's partitions put together, by genimage; and cut off where the data begins."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from firmware.update.slots import SECTOR, Slots
from image_build.boot import PLACE, SLOT_FILE
from image_build.recipe import DISK_ID, LAYOUT
from image_build.steps import BuildError, run

__all__ = ["FIRST_MB", "lay_out", "starts_mb"]

FIRST_MB = 1
MEGABYTE = 1 << 20
PRIMARY = 3
"""Partitions before the extended one; each in that one has a megabyte for its own table before."""
LABELS = {"boot": "GROOVEBOOT", "models": "GROOVEBOX"}


def starts_mb() -> dict[str, int]:
    """Where each partition begins, MB from the card's start."""
    places, at = {}, FIRST_MB
    for number, partition in enumerate(LAYOUT):
        if number >= PRIMARY:
            at += 1
        places[partition.name] = at
        at += partition.megabytes
    return places


def _configuration(root_image: Path) -> str:
    places = starts_mb()
    files = {"boot": "boot.vfat", "root-a": root_image.name, "models": "models.vfat"}
    parts = []
    for partition in LAYOUT:
        image = f'\t\timage = "{files[partition.name]}"\n' if partition.name in files else ""
        parts.append(
            f"\tpartition {partition.name} {{\n\t\tpartition-type = {partition.kind:#x}\n{image}"
            f"\t\toffset = {places[partition.name]}M\n\t\tsize = {partition.megabytes}M\n\t}}\n"
        )
    vfat = "".join(
        f'image {name}.vfat {{\n\tvfat {{\n\t\tlabel = "{LABELS[name]}"\n\t\textraargs = '
        f'"--invariant -i {DISK_ID:08x}"\n\t}}\n\tmountpoint = "/{name}"\n\tsize = {size}M\n}}\n'
        for name, size in ((p.name, p.megabytes) for p in LAYOUT if p.name in LABELS)
    )
    disk = (
        "image card.img {\n\thdimage {\n\t\tpartition-table-type = mbr\n"
        f"\t\tdisk-signature = {DISK_ID:#x}\n\t\textended-partition = {PRIMARY + 1}\n\t}}\n"
        f"{''.join(parts)}}}\n"
    )
    return vfat + disk


def lay_out(work: Path, files: Path, root_image: Path, target: Path) -> None:
    """Make the card's image. ``files`` has a folder ``boot`` and a folder ``models``."""
    images, scratch, out = work / "images", work / "genimage", work / "out"
    for place in (images, scratch, out):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    os.link(root_image, images / root_image.name)
    largest = next(p.megabytes for p in LAYOUT if p.name == "root-a")
    if root_image.stat().st_size > largest * MEGABYTE:
        raise BuildError(f"The root is larger than {largest} MB.")
    configuration = work / "genimage.cfg"
    configuration.write_text(_configuration(root_image))
    run(
        "genimage",
        f"--config={configuration}",
        f"--rootpath={files}",
        f"--inputpath={images}",
        f"--outputpath={out}",
        f"--tmppath={scratch}",
    )
    card = out / "card.img"
    _write_place(card)
    # The data partition is made at the first start; its table's sector lies in the megabyte before.
    os.truncate(card, starts_mb()["data"] * MEGABYTE)
    shutil.move(card, target)


def _write_place(card: Path) -> None:
    """Write where the slot's sector lies into both command lines, in place."""
    start, size = starts_mb()["boot"] * MEGABYTE, LAYOUT[0].megabytes * MEGABYTE
    with card.open("r+b") as file:
        file.seek(start)
        boot = file.read(size)
        sector = Slots("a").sector()
        found = boot.find(sector)
        if found < 0 or found % SECTOR or boot.find(sector, found + 1) >= 0:
            raise BuildError(f"{SLOT_FILE} is not in one sector of its own.")
        place = f"{(start + found) // SECTOR:0{len(PLACE)}d}".encode("ascii")
        wanted = b"groovebox.slot_at=" + PLACE.encode("ascii")
        at, count = boot.find(wanted), 0
        while at >= 0:
            file.seek(start + at)
            file.write(wanted.replace(PLACE.encode("ascii"), place))
            at, count = boot.find(wanted, at + 1), count + 1
    if count != 2:
        raise BuildError(f"There are {count} command lines, not two.")
