"""From clips to a model file, as steps that a program can take one by one.

What ``groovebox-train fit`` does, without a terminal::

    sources = gather([Path("clips")], load_drum_map("general_midi"))
    loops = sources.loops
    trained = fit(loops.onset, loops.velocity, loops.microtiming, Recipe(seed=3))
    made = make_model(sources, trained, About(name="Mine"))
    save(Path("mine.tflite"), made.content)
    print(made.quality.f1, made.quality.map.richness)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from firmware.rhythm.model_file import ClipPlace, ModelInfo
from firmware.rhythm.pattern import TICKS
from train_host.export import Agreement, model_bytes
from train_host.quality import Quality, measure
from train_host.sources import Sources
from train_host.training import Progress, Trained

__all__ = ["About", "Made", "make_model", "title", "today", "tool"]

MAX_PLACES = 4096
"""Loops whose places are kept in the model: its metadata are read by a small computer."""
MAX_NAME = 64


@dataclass(frozen=True)
class About:
    """What a model shall say of itself where that is not what its clips say."""

    name: str | None = None
    tempo: float | None = None
    """beats per minute"""
    licence: str | None = None
    provenance: str | None = None
    fallback_name: str = "untitled"
    """for clips that have no style"""
    made_to_measure: bool = False
    """bars were fitted to the loop: the loops' tempos are those of its beats"""


@dataclass(frozen=True)
class Made:
    """A model file, and what is known of it."""

    content: bytes
    info: ModelInfo
    quality: Quality
    agreement: Agreement
    """how it plays in the runtime, beside the float decoder"""


def make_model(
    sources: Sources,
    trained: Trained,
    about: About | None = None,
    seconds: float | None = None,
    in_float: bool = False,
) -> Made:
    """The model file of a map that was trained on ``sources.loops``, in ``seconds``.

    Raises ExportError where it does not play in the runtime as it did in training.
    """
    loops = sources.loops
    quality = measure(
        trained.decoder,
        trained.z,
        loops.onset,
        loops.velocity,
        loops.microtiming,
        sources.ticks_per_beat,
    )
    info = _info(sources, trained, quality, about or About(), seconds)
    content, agreement = model_bytes(trained.decoder, info, in_float)
    return Made(content, info, quality, agreement)


def _info(
    sources: Sources, trained: Trained, quality: Quality, about: About, seconds: float | None
) -> ModelInfo:
    loops, headers = sources.loops, sources.headers
    name, tempo = title(sources, about)
    licences = ", ".join(dict.fromkeys(header.licence for header in headers if header.licence))
    origins = "\n".join(dict.fromkeys(source for header in headers for source in header.sources))
    places = [
        ClipPlace(name[:MAX_NAME], (round(float(z1), 4), round(float(z2), 4)))
        for name, (z1, z2) in zip(loops.names, trained.z, strict=True)
    ]
    return ModelInfo(
        name=name,
        ticks_per_beat=sources.ticks_per_beat,
        beats=TICKS / sources.ticks_per_beat,
        tempo=tempo,
        clips=tuple(places[:MAX_PLACES]),
        bars=len(loops),
        epochs=trained.last.epoch,
        losses=_losses(trained.last),
        quality=quality.figures() | _training_time(seconds),
        licence=licences if about.licence is None else about.licence,
        provenance=origins if about.provenance is None else about.provenance,
        tool=tool(),
        date=today(),
    )


def title(sources: Sources, about: About) -> tuple[str, float]:
    """A model's name and its usual tempo in beats per minute."""
    headers = sources.headers
    styles = " + ".join(dict.fromkeys(header.style for header in headers))
    own = len(headers) == 1 and not about.made_to_measure
    tempo = headers[0].tempo if own else sources.loops.tempo
    return (about.name or styles or about.fallback_name)[:MAX_NAME], about.tempo or tempo


def _losses(last: Progress) -> dict[str, float]:
    losses = {
        "training": last.training.total,
        "validation": last.validation.total,
        "onset": last.training.onset,
        "velocity": last.training.velocity,
        "microtiming": last.training.microtiming,
        "kl": last.training.kl,
    }
    return {name: round(value, 3) for name, value in losses.items()}


def tool() -> str:
    """This program and its version, for a model's metadata."""
    try:
        return f"groovebox-train {version('groovebox')}"
    except PackageNotFoundError:
        return "groovebox-train from source"


def _training_time(seconds: float | None) -> dict[str, float]:
    """How long training took; left out of files that are to be the same on any day."""
    if seconds is None or "SOURCE_DATE_EPOCH" in os.environ:
        return {}
    return {"training_seconds": round(seconds, 1)}


def today() -> str:
    """Today; or what SOURCE_DATE_EPOCH says, for files that are to be the same on any day."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    when = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return when.date().isoformat()
