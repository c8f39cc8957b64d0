"""``picture``: one picture of the map, from its tick to the bytes the emulated display has taken.

The other way is luma's own ``ssd1351.display`` of the same picture, already a PIL image, over the
same emulated SPI. Both include what the emulated chip does with the bytes.
"""

from __future__ import annotations

from statistics import median
from time import perf_counter

from luma.oled.device import ssd1351
from PIL import Image

from firmware.devices.oled import Oled
from firmware.panel.rgb565 import unpack
from firmware.panel.visualizer import SIZE, Visualizer
from firmware.rhythm.pattern import TICKS
from hardware.virtual.virtual_board import VirtualBoard
from tests.panel.maps import regions_map

RUNS = 2 * TICKS
MAP_AT = (0, 16)
"""Left top of the map on the display."""


def picture() -> dict[str, dict[str, object]]:
    board = VirtualBoard()
    oled = Oled(board)
    visualizer = Visualizer(regions_map())
    ours, other = [], []
    try:
        for tick in range(RUNS):
            start = perf_counter()
            pixels = visualizer.draw(tick % TICKS, (tick / RUNS, 0.5), 0.3)
            oled.show_window(*MAP_AT, SIZE, SIZE, pixels)
            ours.append((perf_counter() - start) * 1000)
            ready = Image.new("RGB", oled.size)
            ready.paste(Image.fromarray(unpack(visualizer.canvas)), MAP_AT)
            start = perf_counter()
            ssd1351.display(oled, ready)
            other.append((perf_counter() - start) * 1000)
    finally:
        oled.close()
        board.close()
    return {
        "picture": {
            "ours": median(ours),
            "other": median(other),
            "other_is": "luma's stock ssd1351.display of the same picture, a ready PIL image",
            "unit": "ms",
            "lower_is_better": True,
            "runs": RUNS,
        }
    }
