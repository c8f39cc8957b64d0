"""R-VAE's and RhythmVAE's own models as ours: the decoder of a TensorFlow.js model.

What the models are, read from the published files and programs (github.com/vigliensoni/R-VAE-JS,
github.com/naotokui/RhythmVAE_M4L): z (2) -> dense of 512 or 1024 -> three heads of dense 512 ->
dense 864, with a batch normalisation and LeakyReLU(0.3) after every dense layer but the last; onset
and velocity are sigmoids, microtiming a tanh, in this order. The 864 are 9 drums by 96 ticks,
drums first, in our order; 12 ticks are a beat, and a microtiming of 1 is half a tick. Later
RhythmVAE models have a second shared layer that reads three conditions too, each the distance of
a loop from the mean of the training clips: they are left at that mean, 0. Earlier ones have 32
steps, sixteenths, and every third of our ticks is one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from firmware.rhythm.drums import DRUM_COUNT, DRUMS
from firmware.rhythm.model_file import ModelInfo
from firmware.rhythm.pattern import TICKS
from train_host.deep_decoder import DeepDecoder
from train_host.tfjs_decoder import FoundDecoder, find_decoder
from train_host.tfjs_model import ConvertError, read_tfjs

__all__ = ["ConvertError", "Converted", "convert", "find_model"]

TICKS_PER_BEAT = 12
MICROTIMING_SCALE = 0.5
CELLS = DRUM_COUNT * TICKS
STEPS = 32
NEVER = -30.0
"""The logit of an onset at a tick that the model does not have: a probability of 1e-13."""
CYMBALS = {"clap": ("crash", 49), "rim": ("ride", 51)}
"""What RhythmVAE's maps put into the last two lanes, with General MIDI's notes."""


@dataclass(frozen=True)
class Converted:
    """The decoder, what its file is to say of it, and what the musician ought to know."""

    decoder: DeepDecoder
    info: ModelInfo
    remarks: tuple[str, ...]


def find_model(path: Path) -> Path:
    """``model.json`` of what a musician names: the file, its folder, or the folder around it.

    Raises ConvertError where there is none.
    """
    if not path.is_dir():
        return path
    for found in (path / "model.json", path / "decoder" / "model.json"):
        if found.is_file():
            return found
    raise ConvertError(f"There is no model.json in {path}.")


def convert(path: Path, name: str | None = None, cymbals: bool = False) -> Converted:
    """The decoder in ``path`` (see :func:`find_model`), called ``name`` or as its folder is.

    With ``cymbals`` the last two drums are crash and ride. Raises ConvertError and OSError.
    """
    file = find_model(path)
    model = read_tfjs(file)
    found = find_decoder(model)
    remarks = []
    if found.conditions:
        remarks.append(
            f"It has {found.conditions} conditions beside the map; they stay at 0, the mean of "
            f"its training clips."
        )
    scale = MICROTIMING_SCALE
    if found.cells == DRUM_COUNT * STEPS:
        found = _on_ticks(found)
        # Half a sixteenth is one and a half ticks, but no hit may pass the neighbouring tick.
        scale = 1.0
        remarks.append("It has 32 sixteenths; its microtiming is two thirds as wide as there.")
    elif found.cells != CELLS:
        raise ConvertError(
            f"The outputs of the model have {found.cells} values, not {CELLS} (9 drums, 96 ticks) "
            f"or {DRUM_COUNT * STEPS} (9 drums, 32 steps)."
        )
    own = [(drum.key, drum.note) for drum in DRUMS]
    drums = [CYMBALS.get(key, (key, note)) for key, note in own] if cymbals else own
    info = ModelInfo(
        name=_text(name or _name(file))[:64],
        ticks_per_beat=TICKS_PER_BEAT,
        beats=TICKS / TICKS_PER_BEAT,
        microtiming_scale=scale,
        drum_names=tuple(key for key, _ in drums),
        drum_notes=tuple(note for _, note in drums),
        provenance=_text(
            f"Converted from {file.resolve().parent.name}/{file.name}, made by {model.made_by}."
        ),
    )
    return Converted(DeepDecoder(found.trunk, found.heads, found.slope), info, tuple(remarks))


def _name(file: Path) -> str:
    folder = file.resolve().parent
    if folder.name == "decoder":
        folder = folder.parent
    return folder.name.removesuffix(".model") or "converted"


def _text(text: str) -> str:
    """``text`` as UTF-8 can hold it; a file's name may be any bytes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _on_ticks(found: FoundDecoder) -> FoundDecoder:
    """A decoder of 32 steps with 96 ticks, where only every third can sound."""
    cells = (np.arange(DRUM_COUNT)[:, None] * TICKS + np.arange(STEPS) * (TICKS // STEPS)).ravel()
    heads = []
    for head, rest in zip(found.heads, (NEVER, 0.0, 0.0), strict=True):
        few_weights, few_bias = head[-1]
        weights = np.zeros((len(few_weights), CELLS), np.float32)
        bias = np.full(CELLS, rest, np.float32)
        weights[:, cells], bias[cells] = few_weights, few_bias
        heads.append((*head[:-1], (weights, bias)))
    return replace(found, heads=tuple(heads))
