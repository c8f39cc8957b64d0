"""What only the player's eyes can tell: the display, the light, the encoders' colours."""

from __future__ import annotations

from collections.abc import Iterator

from firmware.devices.encoders import Encoders
from firmware.selftest.bench import NEW_CARD, Bench, header
from firmware.selftest.display import TestDisplay
from firmware.selftest.report import Line, failed, passed, skipped

__all__ = ["check_colours", "check_display", "check_light"]

NOBODY = "nobody answered."
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))


def check_display(bench: Bench) -> Iterator[Line]:
    oled = bench.board.pin_map.oled
    bus = f"clock {header(oled.sclk)}, data {header(oled.mosi)}"
    try:
        display = TestDisplay(bench.board)
        display.pattern()
    except OSError as error:
        yield failed(
            "Display bus",
            f"SPI{oled.spi_port}.{oled.spi_device} fails ({error.strerror or error}).",
            f"No wire does this. {NEW_CARD}",
        )
        yield skipped("Display", "needs its bus.")
        return
    yield passed("Display bus", f"SPI{oled.spi_port}.{oled.spi_device} takes pictures.")
    kind = "red, green, blue and white bars" if oled.kind == "ssd1351" else "four bars"
    answer = bench.answer("see", "display", f"{kind.capitalize()} under TOP, framed to the edge?")
    bench.display = display
    if answer:
        yield passed("Display", f"{kind} are seen.")
        return
    yield failed(
        "Display",
        "the pattern is not seen." if answer is False else NOBODY,
        f"Dark: 3V3, ground, reset {header(oled.reset)}. Noise or dark: D/C {header(oled.dc)}, "
        f"select {header(oled.ce)}, {bus}. Red and blue exchanged: oled.bgr in board.toml.",
    )


def check_light(bench: Bench) -> Iterator[Line]:
    for name, pin in bench.board.pin_map.led.items():
        bench.buttons.set_led(name, 1.0)
        answer = bench.answer("see", f"light {name}", f"Is the light at {name.upper()} on?")
        bench.buttons.set_led(name, 0.0)
        label = f"Light {name}"
        if answer:
            yield passed(label, "it shines.")
            continue
        yield failed(
            label,
            "it does not shine." if answer is False else NOBODY,
            f"The LED's long leg goes to {header(pin)} by way of the resistor.",
        )


def check_colours(bench: Bench, encoders: Encoders) -> Iterator[Line]:
    try:
        encoders.set_colours(COLOURS)
        question = "Are the encoders' lights red, green, blue, white?"
        answer = bench.answer("see", "colours", question)
        encoders.set_colours([(0, 0, 0)] * len(COLOURS))
    except OSError as error:
        yield failed("Encoder lights", f"{error.strerror or error}.", "See the encoder board.")
        return
    if answer:
        yield passed("Encoder lights", "red, green, blue and white are seen.")
        return
    yield failed(
        "Encoder lights",
        "they are not seen." if answer is False else NOBODY,
        "They are on the encoder board itself: is its 3V3 firm?",
    )
