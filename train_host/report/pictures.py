"""The report's pictures, as PNG: losses, the map at several ticks, the way between two places.

After figures 5 to 7 of Vigliensoni, McCallum and Fiebrink (ICCC 2020).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from firmware.panel.visualizer import LANE_COLOURS, LANES
from firmware.rhythm.drums import DRUM_COUNT, DRUMS
from firmware.rhythm.latent_map import cell_centres
from firmware.rhythm.model_file import ClipPlace
from firmware.rhythm.pattern import TICKS
from train_host.map_figures import MAP_THRESHOLD
from train_host.network import Array
from train_host.quality import Decodes
from train_host.training import Progress

__all__ = ["losses", "map_at_ticks", "places", "way"]

CELLS = 64
SHOWN_TICKS = (0, 12, 24, 36, 48, 60, 72, 84)
MOST_NAMES = 40
COLOURS = {"onset": "#d9480f", "velocity": "#2b8a3e", "microtiming": "#1864ab", "kl": "#868e96"}
LABELS = {"kl": "divergence of z"}


def losses(history: Sequence[Progress]) -> bytes:
    """The parts of the loss over the epochs; the totals of training and validation."""
    epochs = [progress.epoch for progress in history]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    parts, totals = figure.subplots(1, 2)
    for name, colour in COLOURS.items():
        values = [max(getattr(progress.training, name), 1e-4) for progress in history]
        parts.plot(epochs, values, color=colour, linewidth=1, label=LABELS.get(name, name))
    parts.set_title("parts of the loss, training", fontsize=10)
    for name, colour in (("training", "#495057"), ("validation", "#e8590c")):
        values = [getattr(progress, name).total for progress in history]
        totals.plot(epochs, values, color=colour, linewidth=1, label=name)
    totals.set_title("total", fontsize=10)
    for axes in (parts, totals):
        axes.set_yscale("log")
        axes.set_xlabel("epoch")
        axes.set_ylabel("nats a loop")
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8, frameon=False)
    return _png(figure)


def map_at_ticks(stages: Mapping[str, Decodes], extent: float) -> bytes:
    """A row for each of ``stages`` (by what it is called), a column for each eighth of the loop:
    kick red, snare green, hats blue, as bright as their onsets are probable."""
    ticks = SHOWN_TICKS
    figure = Figure(figsize=(1.25 * len(ticks) + 0.4, 1.35 * len(stages) + 0.3))
    rows = figure.subplots(len(stages), len(ticks), squeeze=False)
    for (name, decoder), row in zip(stages.items(), rows, strict=True):
        picture = _lanes(decoder, extent)
        for tick, axes in zip(ticks, row, strict=True):
            axes.imshow(picture[tick], interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            if row is rows[0]:
                axes.set_title(f"tick {tick}", fontsize=9)
        row[0].set_ylabel(name, fontsize=9)
    figure.tight_layout(pad=0.4)
    return _png(figure)


def places(decoder: Decodes, clips: Sequence[ClipPlace], extent: float) -> bytes:
    """All ticks of the map at once, and where the clips lie on it."""
    picture = _lanes(decoder, extent)
    mean = picture.mean(axis=0)
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(mean / max(float(mean.max()), 1e-6), extent=(-extent, extent, -extent, extent))
    x, y = np.array([clip.z for clip in clips]).reshape(-1, 2).T
    axes.scatter(x, y, s=22, c="white", edgecolors="black", linewidths=0.8, zorder=3)
    if len(clips) <= MOST_NAMES:
        for clip in clips:
            # Towards the middle, so that no name leaves the picture; $ would begin a formula.
            right = clip.z[0] > 0
            axes.annotate(
                clip.name.replace("$", r"\$"),
                clip.z,
                xytext=(-6 if right else 6, 4),
                textcoords="offset points",
                ha="right" if right else "left",
                fontsize=7,
                color="white",
                bbox={"facecolor": "black", "alpha": 0.55, "pad": 1, "linewidth": 0},
            )
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent), xlabel="z1", ylabel="z2")
    return _png(figure)


def way(
    decoder: Decodes,
    start: tuple[float, float],
    end: tuple[float, float],
    ticks_per_beat: int,
    steps: int = 6,
    threshold: float = MAP_THRESHOLD,
) -> bytes:
    """Patterns on the straight way from ``start`` to ``end`` (z): an onset is a whisker, as high as
    its velocity, leaning by its microtiming."""
    shares = np.linspace(0, 1, steps)[:, None]
    z = (1 - shares) * np.array(start) + shares * np.array(end)
    onset, velocity, microtiming = (
        part.reshape(steps, DRUM_COUNT, TICKS) for part in decoder.decode(z)
    )
    figure = Figure(figsize=(9, 1.15 * steps), layout="constrained")
    for step, axes in enumerate(np.atleast_1d(figure.subplots(steps, 1, sharex=True))):
        for beat in np.arange(0, TICKS + 1, ticks_per_beat):
            axes.axvline(beat, color="#dee2e6", linewidth=0.8, zorder=0)
        for drum in range(DRUM_COUNT):
            for tick in np.flatnonzero(onset[step, drum] > threshold):
                lean, height = microtiming[step, drum, tick], velocity[step, drum, tick]
                axes.plot(
                    [tick + 0.5, tick + 0.5 + lean],
                    [DRUM_COUNT - 1 - drum, DRUM_COUNT - 1 - drum + 0.15 + 0.8 * height],
                    color=_drum_colour(drum),
                    linewidth=1.8,
                    solid_capstyle="round",
                )
        axes.set(xlim=(0, TICKS), ylim=(-0.2, DRUM_COUNT), yticks=[], xticks=[])
        axes.set_ylabel(f"{shares[step, 0]:.0%}", rotation=0, ha="right", va="center", fontsize=8)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
    return _png(figure)


def _drum_colour(drum: int) -> str:
    lanes = zip(LANES.values(), ("#e8341c", "#16a34a", "#3b6bff"), strict=True)
    return next((colour for drums, colour in lanes if drum in drums), "#343a40")


def _lanes(decoder: Decodes, extent: float) -> Array:
    """The map's pictures, (96, CELLS, CELLS, 3) in 0..1; the first row is the highest z2."""
    z = cell_centres(CELLS, extent).reshape(-1, 2)
    onset = decoder.decode(z)[0].reshape(CELLS, CELLS, len(DRUMS), TICKS)
    lanes = np.stack([onset[:, :, list(drums)].max(axis=2) for drums in LANES.values()], axis=-1)
    colours = lanes @ (np.array(LANE_COLOURS) / 255)
    return np.minimum(np.moveaxis(colours, 2, 0), 1)


def _png(figure: Figure) -> bytes:
    """The same figure gives the same bytes."""
    FigureCanvasAgg(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()
