"""Boards with either kind of pad, for the tests of both."""

from hardware.pin_map import load_pin_map
from hardware.virtual.virtual_board import VirtualBoard

KINDS = ("tsc2007", "pinnacle")


def board_with(kind, pinnacle_period_s=None):
    return VirtualBoard(load_pin_map().with_pad(kind), pinnacle_period_s)


def read(pad):
    """Measure and place, as ``Inputs`` does."""
    raw = pad.measure()
    return None if raw is None else pad.place(raw)
