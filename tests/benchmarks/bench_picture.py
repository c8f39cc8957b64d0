"""``picture``: one picture of the map, from its tick to the bytes on the display's bus.

The bus is a sink that counts: what the wires take is the same for everyone, and printed. Beside it,
a loop of pictures in turn:

- luma's own ``ssd1351.display`` of the same picture, a ready PIL image: nothing of the drawing;
- ``picture_rvae``: the way of R-VAE-JS in NumPy, sent as ours is. It lays out every cell of a grid
  as 3 x 3 pixels, one for each drum, in the colour of its column, where the onset exceeds the
  threshold; no decay, no mixture, no head.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
from luma.oled.device import ssd1351
from PIL import Image

from firmware.devices.oled import Oled
from firmware.panel.rgb565 import pack, unpack
from firmware.panel.status import Status
from firmware.panel.visualizer import SIZE, Visualizer
from firmware.rhythm.latent_map import LatentMap
from firmware.rhythm.pattern import TICKS
from hardware.virtual.virtual_board import VirtualBoard
from tests.benchmarks.paced_board import CountingSpi
from tests.panel.maps import regions_map

LOOPS = 6
"""Each way draws a loop of pictures in turn."""
MAP_AT = (0, 16)
"""Left top of the map on the display."""
FASTEST_TICK_MS = 60_000 / 300 / 24
BUS_HZ = 20_000_000
"""The chip's limit: a clock cycle of 50 ns (SSD1351 data sheet)."""


class RvaeWay:
    """R-VAE-JS's picture: its matrix has a cell's drums and ticks innermost, as floats."""

    def __init__(self, latent_map: LatentMap) -> None:
        onset = latent_map.onset.transpose(1, 2, 3, 0)
        self._matrix = np.ascontiguousarray(onset, np.float32) / 255
        self._cells = latent_map.cells

    def draw(self, tick: int, threshold: float) -> bytes:
        cells, side = self._cells, self._cells * 3
        blocks = self._matrix[..., tick].reshape(cells, cells, 3, 3)
        plane = blocks.transpose(0, 2, 1, 3).reshape(side, side)
        shown = np.where(plane > threshold, plane, 0) * 255
        rgb = np.zeros((side, side, 3), np.uint8)
        for column in range(3):
            rgb[:, column::3, column] = shown[:, column::3]
        return pack(rgb).tobytes()


def _timed(draw: Callable[[int], object], tick: int) -> float:
    start = perf_counter()
    draw(tick)
    return (perf_counter() - start) * 1000


def picture() -> dict[str, dict[str, object]]:
    board = VirtualBoard()
    spi = CountingSpi(BUS_HZ)
    board.spi = spi  # type: ignore[assignment]
    oled = Oled(board)
    latent_map = regions_map()
    visualizer, rvae = Visualizer(latent_map), RvaeWay(latent_map)
    statuses = [
        Status(playing=True, tick=tick, head=(tick / TICKS, 0.5), target=(tick / TICKS, 0.5))
        for tick in range(TICKS)
    ]
    images = []
    for status in statuses:
        visualizer.draw(status)
        images.append(Image.new("RGB", oled.size))
        images[-1].paste(Image.fromarray(unpack(visualizer.canvas)), MAP_AT)
    ways: dict[str, Callable[[int], object]] = {
        "ours": lambda tick: oled.show_window(*MAP_AT, SIZE, SIZE, visualizer.draw(statuses[tick])),
        "stock": lambda tick: ssd1351.display(oled, images[tick]),
        "theirs": lambda tick: oled.show_window(*MAP_AT, SIZE, SIZE, rvae.draw(tick, 0.3)),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    try:
        for _ in range(LOOPS):
            for name, way in ways.items():
                times[name] += [_timed(way, tick) for tick in range(TICKS)]
        before = spi.bytes_written
        ways["ours"](0)
        sent = spi.bytes_written - before
    finally:
        oled.close()
        board.close()
    ours = median(times["ours"])
    wire_ms = sent * 8 / BUS_HZ * 1000
    print(
        f"picture: {sent} bytes take {wire_ms:.2f} ms at 20 MHz, the drawing "
        f"{ours:.3f} ms: {ours / wire_ms:.1%} on top of the bus's own limit; "
        f"a tick at 300 bpm lasts {FASTEST_TICK_MS:.2f} ms."
    )

    def entry(other: str, other_is: str) -> dict[str, object]:
        return {
            "ours": ours,
            "other": median(times[other]),
            "other_is": other_is,
            "unit": "ms",
            "lower_is_better": True,
            "runs": LOOPS * TICKS,
        }

    return {
        "picture": entry("stock", "luma's stock ssd1351.display of the same, ready PIL image"),
        "picture_rvae": entry("theirs", "R-VAE-JS's way in NumPy, sent as ours"),
    }
