"""Checks of what was made: whether a printable part is closed, and how large it came out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hardware.enclosure.model import Layout

__all__ = [
    "closed_cut_outs",
    "dxf_size",
    "made_faults",
    "made_sizes",
    "mesh_faults",
    "mesh_size",
    "read_stl",
]

_SLACK = 0.02  # mm: of a round corner drawn as straight lines, and of numbers of 32 bits
_FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("spare", "<u2")])


def read_stl(path: Path) -> NDArray[np.float32]:
    """The facets of a binary STL file: for each its three corners, in mm."""
    data = path.read_bytes()
    count = int.from_bytes(data[80:84], "little")
    if len(data) != 84 + count * _FACET.itemsize:
        raise ValueError(f"{path.name} is not a binary STL file")
    corners: NDArray[np.float32] = np.frombuffer(data, _FACET, count, 84)["corners"]
    return corners


def mesh_faults(facets: NDArray[np.float32]) -> list[str]:
    """Why a slicer could misread a mesh, a sentence each: in a closed one two facets share each
    edge, and go along it in opposite ways.
    """
    if len(facets) == 0:
        return ["The mesh is empty."]
    _, numbers = np.unique(facets.reshape(-1, 3), axis=0, return_inverse=True)
    corners = numbers.reshape(-1, 3)
    starts, ends = corners.ravel(), np.roll(corners, -1, axis=1).ravel()
    found = []
    if np.any(starts == ends):
        found.append(f"{np.count_nonzero(starts == ends)} edges have no length.")
    many = int(corners.max()) + 1
    ways, uses = np.unique(starts.astype(np.int64) * many + ends, return_counts=True)
    if np.any(uses > 1):
        found.append(f"{np.count_nonzero(uses > 1)} edges have more than two facets.")
    back = ways % many * many + ways // many
    lonely = np.count_nonzero(~np.isin(back, ways))
    if lonely:
        found.append(f"{lonely} edges have one facet only: the mesh is open.")
    return found


def mesh_size(facets: NDArray[np.float32]) -> tuple[float, float, float]:
    """Width, depth and height of a mesh, in mm."""
    points = facets.reshape(-1, 3)
    width, depth, height = (float(length) for length in points.max(axis=0) - points.min(axis=0))
    return width, depth, height


def closed_cut_outs(layout: Layout, facets: NDArray[np.float32], part: str) -> list[str]:
    """The names of the cut-outs through a part's faces in whose middle there is a facet."""
    case = layout.case
    # Of each face: the axes of its x and y, the third axis, and where on that the face lies.
    faces = {
        "panel": ((0, 1), 2, (0.0, case.panel_thickness)),
        "floor": ((0, 1), 2, (0.0, case.floor)),
        "rear": ((0, 2), 1, (case.depth - case.wall, case.depth)),
        "right": ((1, 2), 0, (case.width - case.wall, case.width)),
    }
    wanted = ("panel",) if part == "panel" else ("floor", "rear", "right")
    found = []
    for cut in layout.cut_outs:
        if cut.face not in wanted or cut.kind != "through":
            continue
        axes, third, (low, high) = faces[cut.face]
        heights = facets[:, :, third]
        near = (heights.min(axis=1) < high + _SLACK) & (heights.max(axis=1) > low - _SLACK)
        sides = facets[near][:, :, list(axes)] - np.array([cut.x, cut.y])
        nexts = np.roll(sides, -1, axis=1)
        turns = sides[..., 0] * nexts[..., 1] - sides[..., 1] * nexts[..., 0]
        if np.any(np.all(turns > _SLACK, axis=1) | np.all(turns < -_SLACK, axis=1)):
            found.append(cut.name)
    return found


def dxf_size(path: Path) -> tuple[float, float]:
    """Width and height of a DXF drawing's entities, in mm."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = list(zip(lines[::2], lines[1::2], strict=False))
    start = pairs.index(("2", "ENTITIES"))
    x = [float(value) for code, value in pairs[start:] if code in ("10", "11")]
    y = [float(value) for code, value in pairs[start:] if code in ("20", "21")]
    return max(x) - min(x), max(y) - min(y)


def made_sizes(layout: Layout) -> dict[str, tuple[float, ...]]:
    """How large each file's content must be, in mm."""
    case, carrier = layout.case, layout.parts["carrier"]
    panel = (case.width, case.panel_length)
    return {
        "panel.stl": (*panel, case.panel_thickness),
        "body.stl": (case.width, case.depth, case.rear_height),
        "carrier.stl": (*carrier["size"], carrier["thickness"] + carrier["rim"]),
        "panel.dxf": panel,
    }


def made_faults(layout: Layout, folder: Path) -> list[str]:
    """Where the files in a folder are not what the layout says, a sentence each."""
    found = []
    for name, wanted in made_sizes(layout).items():
        path = folder / name
        if path.suffix == ".stl":
            facets = read_stl(path)
            found += [f"{name}: {fault}" for fault in mesh_faults(facets)]
            if path.stem != "carrier":
                closed = closed_cut_outs(layout, facets, path.stem)
                found += [f"{name}: {cut} is closed." for cut in closed]
            size: tuple[float, ...] = mesh_size(facets)
        else:
            size = dxf_size(path)
        if any(abs(is_ - should) > _SLACK for is_, should in zip(size, wanted, strict=True)):
            was, should_be = (" x ".join(f"{s:.2f}" for s in sizes) for sizes in (size, wanted))
            found.append(f"{name} is {was} mm, not {should_be}.")
    return found
