"""The report as files: one page that needs nothing else, and its pictures."""

from __future__ import annotations

import base64
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from train_host.clip_fate import FileFate
from train_host.export import save
from train_host.map_figures import MAP_THRESHOLD
from train_host.map_view import DRUMS_JS, MAP_PLAYER_JS, PATTERN_STRIP_JS
from train_host.map_view.map_data import sample
from train_host.quality import f1
from train_host.report import pictures
from train_host.report.meanings import told
from train_host.report.study import Study

__all__ = ["page", "write_report"]

HERE = Path(__file__).parent
SCRIPTS = DRUMS_JS, MAP_PLAYER_JS, PATTERN_STRIP_JS, HERE / "report.js"
SIDE = 41
"""Decoded places along each axis in the page."""
MOST_DOTS = 400
"""Clips that are marked and offered as ends; the table has all."""
NAME = "report.html"

Point = tuple[float, float]


@dataclass(frozen=True)
class _Clip:
    name: str
    z: Point
    f1: float | None


def write_report(
    folder: Path, study: Study, start: Point | None = None, end: Point | None = None
) -> Path:
    """Write the page and its pictures to ``folder``, which is made; the page's path.

    ``start`` and ``end`` (z) are the ends of the interpolation; without them two clips far apart.
    Files of the same names are replaced, each whole. Raises ExportError and OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ends = _ends(study)
    chosen = _choice(ends, start, end)
    drawn = _pictures(study, ends[chosen[0]][1], ends[chosen[1]][1])
    for name, content in drawn.items():
        save(folder / f"{name}.png", content)
    save(folder / NAME, page(study, drawn, ends, chosen).encode("utf-8"))
    return folder / NAME


def page(
    study: Study,
    drawn: Mapping[str, bytes],
    ends: Sequence[tuple[str, Point]],
    chosen: tuple[int, int],
) -> str:
    """The page as HTML. Names of files and clips are the user's: they stay text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    info, clips = study.info, _clips(study)
    extent = info.z_extent
    map_data = sample(study.decoder, SIDE, extent)
    header = map_data.header(
        info.ticks_per_beat, info.tempo, [(clip.name, *clip.z) for clip in clips[:MOST_DOTS]]
    )
    data = json.dumps({"header": header, "values": map_data.packed()}, ensure_ascii=False)
    encoded = {name: base64.b64encode(content).decode() for name, content in drawn.items()}
    return environment.get_template("page.html").render(
        info=info,
        facts=_facts(study),
        css=(HERE / "page.css").read_text("utf-8"),
        # Within a script element only "<" could end it.
        data=data.replace("<", r"\u003c"),
        script=_script(),
        corners=_corners(extent),
        ends=[(name, f"{z[0]:g} {z[1]:g}") for name, z in ends],
        chosen_ends=chosen,
        figures=list(told(info.quality)),
        pictures={"places": None, "losses": None} | encoded,
        losses=list(info.losses.items()),
        clips=clips,
        with_f1=study.loops is not None,
        files=list(itertools.chain.from_iterable(map(_file_rows, study.files))),
        side=SIDE,
    )


def _facts(study: Study) -> str:
    info = study.info
    facts = [f"{info.tempo:g} BPM", f"{info.beats:g} beats of {info.ticks_per_beat} ticks a loop"]
    if info.bars:
        facts.append(f"{info.bars} loops")
    return " · ".join([*facts, *filter(None, (info.tool, info.date))])


def _script() -> str:
    """The modules as one, in the order of what they need."""
    whole = "\n".join(path.read_text("utf-8") for path in SCRIPTS)
    whole = re.sub(r"^import .*?;$", "", whole, flags=re.MULTILINE)
    # The modules are separate scopes; what two of them name alike is the same.
    whole = re.sub(r"^export ", "", whole, flags=re.MULTILINE)
    seen = False

    def once(match: re.Match[str]) -> str:
        nonlocal seen
        first, seen = not seen, True
        return match.group(0) if first else ""

    return re.sub(r"^const TICKS = 96;$", once, whole, flags=re.MULTILINE)


def _corners(extent: float) -> list[tuple[str, str]]:
    names = {"top left": (-1, 1), "top right": (1, 1), "centre": (0, 0)}
    names |= {"bottom left": (-1, -1), "bottom right": (1, -1)}
    return [(name, f"{x * extent:g} {y * extent:g}") for name, (x, y) in names.items()]


def _clips(study: Study) -> list[_Clip]:
    places = study.info.clips
    scores: list[float | None] = [None] * len(places)
    if study.loops is not None and places:
        wanted = study.loops.onset[: len(places)].reshape(-1, study.loops.onset[0].size) > 0
        decided = study.decoder.decode([place.z for place in places])[0] > MAP_THRESHOLD
        scores = [f1(row, hits) for row, hits in zip(decided, wanted, strict=True)]
    return [_Clip(place.name, place.z, score) for place, score in zip(places, scores, strict=True)]


def _ends(study: Study) -> list[tuple[str, Point]]:
    """Where a way may begin and end: the clips, and the corners."""
    extent = study.info.z_extent
    clips = [(clip.name, clip.z) for clip in study.info.clips[:MOST_DOTS]]
    corners = [("bottom left", (-extent, -extent)), ("top left", (-extent, extent))]
    corners += [("top right", (extent, extent)), ("bottom right", (extent, -extent))]
    return clips + corners


def _choice(
    ends: list[tuple[str, Point]], start: Point | None, end: Point | None
) -> tuple[int, int]:
    """The ends that are shown at first; added to the list where they were asked for."""
    clips = range(max(len(ends) - 4, 0)) if len(ends) > 5 else range(len(ends))
    chosen = max(
        itertools.combinations(list(clips)[:MOST_DOTS], 2),
        key=lambda pair: math.dist(ends[pair[0]][1], ends[pair[1]][1]),
    )
    result = list(chosen)
    for index, point in enumerate((start, end)):
        if point is not None:
            ends.append((f"z1 {point[0]:g}, z2 {point[1]:g}", point))
            result[index] = len(ends) - 1
    return result[0], result[1]


def _pictures(study: Study, start: Point, end: Point) -> dict[str, bytes]:
    info = study.info
    stages = {f"{epoch} epochs": decoder for epoch, decoder in sorted(study.stages.items())}
    last = f"{info.epochs} epochs" if info.epochs else "map"
    drawn = {
        "map": pictures.map_at_ticks({**stages, last: study.decoder}, info.z_extent),
        "way": pictures.way(study.decoder, start, end, info.ticks_per_beat),
    }
    if info.clips:
        drawn["places"] = pictures.places(study.decoder, info.clips, info.z_extent)
    if study.history:
        drawn["losses"] = pictures.losses(study.history)
    return drawn


def _file_rows(file: FileFate) -> list[tuple[str, str, str, bool]]:
    if file.refused:
        return [(file.path.name, "", f"not used: {file.refused}", True)]
    return [(file.path.name, clip.name, clip.line, bool(clip.refused)) for clip in file.clips]
