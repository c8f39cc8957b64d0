"""``groovebox selftest``: a line for each thing, on the terminal and on the box's own display."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from firmware.library.state import default_state_file
from firmware.selftest.bench import Ask, Bench
from firmware.selftest.buses import check_i2c
from firmware.selftest.eyes import check_display, check_light
from firmware.selftest.hands import check_buttons, check_encoders, check_pad
from firmware.selftest.machine import check_card, check_memory, check_power, check_timing
from firmware.selftest.midi import check_din, check_usb
from firmware.selftest.report import Line, Result
from firmware.selftest.sync import check_sync
from hardware.board import Board

__all__ = ["GROUPS", "WITHOUT_HANDS", "add_arguments", "held_at_start", "self_test"]

GROUPS = (
    "display",
    "buttons",
    "light",
    "bus",
    "encoders",
    "pad",
    "din",
    "sync",
    "usb",
    "timing",
    "memory",
    "card",
    "power",
)
"""In the order in which they are tested, which is that of the build guide."""
WITHOUT_HANDS = ("bus", "usb", "timing", "memory", "card", "power")
HELD = "shift"
"""The button that asks for the self-test when it is held while the power comes on."""
LAST_SHOWN_S = 4.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only",
        nargs="+",
        choices=GROUPS,
        metavar="WHAT",
        default=GROUPS,
        help=f"some of {', '.join(GROUPS)}",
    )
    parser.add_argument(
        "--no-hands",
        action="store_const",
        dest="only",
        const=WITHOUT_HANDS,
        help="what needs neither hands nor eyes",
    )


def held_at_start(board: Board) -> bool:
    """Whether the player holds the button that asks for the self-test."""
    with contextlib.closing(Bench(board)) as bench:
        return bench.buttons.is_down(HELD)


def self_test(
    board: Board,
    tell: Callable[[str], None] = print,
    groups: Sequence[str] = GROUPS,
    din: str | None = None,
    folder: Path | None = None,
    on_ask: Callable[[Ask | None], None] = lambda ask: None,
    patience_s: float = 20.0,
) -> list[Line]:
    """Test ``groups`` of ``board`` and return all lines, told one by one; the display has the last
    word. ``din`` is the UART's device, ``folder`` is where the state is kept."""

    def asked(ask: Ask | None) -> None:
        if ask is not None:
            tell(f"      {ask.text}")
        on_ask(ask)

    lines: list[Line] = []
    with contextlib.closing(Bench(board, asked, patience_s)) as bench:
        if HELD in board.pin_map.buttons:  # held since the power came on
            bench.wait(lambda: not bench.buttons.is_down(HELD), min(patience_s, 5.0))
        checks: dict[str, Callable[[], Iterator[Line]]] = {
            "display": lambda: check_display(bench),
            "buttons": lambda: check_buttons(bench),
            "light": lambda: check_light(bench),
            "bus": lambda: check_i2c(bench),
            "encoders": lambda: check_encoders(bench),
            "pad": lambda: check_pad(bench),
            "din": lambda: check_din(bench, din),
            "sync": lambda: check_sync(bench),
            "usb": lambda: check_usb(bench),
            "timing": check_timing,
            "memory": check_memory,
            "card": lambda: check_card(folder or default_state_file().parent),
            "power": check_power,
        }
        for group in GROUPS:
            if group in groups:
                for line in checks[group]():
                    lines.append(line)
                    tell(str(line))
        wrong = [line for line in lines if line.result is Result.FAIL]
        good = sum(line.result is Result.PASS for line in lines)
        summary = f"{good} pass, {len(wrong)} fail, {len(lines) - good - len(wrong)} not tested."
        tell(summary)
        if bench.display is not None:
            names = ", ".join(line.name for line in wrong)
            bench.display.show(f"{summary} {f'Wrong: {names}' if wrong else 'All is well.'}")
            bench.wait(lambda: bool(bench.presses()), min(LAST_SHOWN_S, patience_s))
    return lines
