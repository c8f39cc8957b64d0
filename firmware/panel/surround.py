"""What stands around the map: transport and tempo, gauges, mutes, names, loop position, a line.

Each method fills the pixels it is given.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from firmware.engine.controls import MUTE_GROUPS
from firmware.engine.parameters import PARAMETERS
from firmware.panel.drum_maps import DRUM_COLOURS
from firmware.panel.marks import transport_symbols
from firmware.panel.note_page import ROW
from firmware.panel.rgb565 import Pixels, pack, ramp
from firmware.panel.status import Status
from firmware.panel.text import Font, font
from firmware.panel.visualizer import LANE_COLOURS, LANES, SIZE
from firmware.rhythm.drums import DRUMS

__all__ = ["MUTE_PITCH", "Surround"]

BLACK, WHITE, GREY, DARK = (0, 0, 0), (255, 255, 255), (130, 130, 130), (50, 50, 50)
GREEN, AMBER = (40, 230, 60), (255, 190, 40)
MUTE_LETTERS = (BLACK, BLACK, WHITE)
"""Letters on LANE_COLOURS: black on blue is hard to read."""
MUTE_HEIGHT, MUTE_PITCH = 15, 16
GAUGE_WIDTH = 12


class Surround:
    """Draws with three fonts of its own, and ``small``."""

    def __init__(self, small: Font) -> None:
        self._small = small
        self._large, self._letters, self._tiny = font(18, bold=True), font(14, bold=True), font(10)

    def draw_line(self, pixels: Pixels, status: Status) -> None:
        """Transport symbol and tempo."""
        coverage = np.zeros(pixels.shape, np.uint8)
        beats, hundredths = divmod(status.bpm_hundredths, 100)
        tempo, unit = f"{beats}.{hundredths:02}", "EXT" if status.external_clock else "BPM"
        self._large.paste(coverage, tempo, 18, 0)
        pixels[:] = _LIGHT[coverage]
        unit_at = 18 + self._large.width(tempo) + 5
        coverage[:] = 0
        self._small.paste(coverage, unit, unit_at, 4)
        colours = _AMBER if status.external_clock else _DIM
        pixels[:, unit_at:] = colours[coverage[:, unit_at:]]
        symbol = pixels[1:14, 2:15]
        symbol[_PLAY if status.playing else _STOP] = _pixel(GREEN if status.playing else GREY)

    def draw_gauges(self, pixels: Pixels, status: Status) -> None:
        """Threshold and noise."""
        inside = len(pixels) - self._small.height - 2
        coverage = np.zeros(pixels.shape, np.uint8)
        for column, letter in ((2, "T"), (17, "N")):
            offset = (GAUGE_WIDTH - self._small.width(letter)) // 2
            self._small.paste(coverage, letter, column + offset, inside + 2)
        pixels[:] = _LIGHT[coverage]
        for column, name in ((2, "threshold"), (17, "noise")):
            share = getattr(status, name) / PARAMETERS[name].maximum
            fill = round(inside * min(max(share, 0.0), 1.0))
            gauge = pixels[: inside + 2, column : column + GAUGE_WIDTH]
            gauge[:] = _pixel(GREY)
            gauge[1:-1, 1:-1] = _pixel(BLACK)
            gauge[1 + inside - fill : 1 + inside, 1:-1] = _pixel(WHITE)

    def draw_mutes(self, pixels: Pixels, muted: frozenset[str]) -> None:
        """The three buttons' drums."""
        lanes = zip(LANES, LANE_COLOURS, MUTE_LETTERS, strict=True)
        for row, (lane, colour, ink) in enumerate(lanes):
            top = row * MUTE_PITCH
            box = pixels[top : top + MUTE_HEIGHT, 2:-1]
            coverage = np.zeros(box.shape, np.uint8)
            letter = lane[0].upper()
            centre = (box.shape[1] - self._letters.width(letter)) // 2
            self._letters.paste(coverage, letter, centre, 1)
            if MUTE_GROUPS[lane] <= muted:
                box[:] = _DIM[coverage]
                box[:: MUTE_HEIGHT - 1] = box[:, :: box.shape[1] - 1] = _pixel(DARK)
                for column in range(4, box.shape[1] - 4):  # struck out, rising to the right
                    share = column / (box.shape[1] - 1)
                    box[round((MUTE_HEIGHT - 1) * (1 - share)), column] = _pixel(GREY)
            else:
                box[:] = ramp(ink, colour)[coverage]

    def draw_names(self, pixels: Pixels, muted: frozenset[str]) -> None:
        """The drums' names beside their rows of notes."""
        pixels[:] = 0
        for row, drum in enumerate(DRUMS):
            coverage = np.zeros((ROW, pixels.shape[1]), np.uint8)
            *first, last = drum.label.split()
            self._tiny.paste(coverage, " ".join([*(word[0] for word in first), last]), 1, 0)
            colour = DARK if drum.key in muted else DRUM_COLOURS[row]
            top = (SIZE - len(DRUMS) * ROW) // 2 + row * ROW
            pixels[top : top + ROW] = ramp(colour, BLACK)[coverage]

    def draw_loop(self, pixels: Pixels, status: Status) -> None:
        """Where in the loop the music is, and its beats."""
        pixels[:] = _pixel(DARK)
        if status.playing:
            pixels[:, : status.tick] = _pixel(GREY)
        pixels[:, :: status.ticks_per_beat] = _pixel(WHITE)
        if status.playing:
            pixels[:, status.tick] = _pixel(GREEN)

    def draw_bottom(self, pixels: Pixels, text: str, is_message: bool) -> None:
        """The model's name or a message."""
        coverage = np.zeros(pixels.shape, np.uint8)
        self._small.paste(coverage, self._small.fit(text, pixels.shape[1] - 2), 1, 0)
        pixels[:] = (_ON_AMBER if is_message else _LIGHT)[coverage]


@cache
def _pixel(colour: tuple[int, int, int]) -> Pixels:
    return pack(colour)


_LIGHT, _DIM = ramp(WHITE, BLACK), ramp(GREY, BLACK)
_AMBER, _ON_AMBER = ramp(AMBER, BLACK), ramp(BLACK, AMBER)

_PLAY, _STOP = transport_symbols(13)
