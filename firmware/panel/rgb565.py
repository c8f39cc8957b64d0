"""Colours as the display takes them: 16 bits, red 5, green 6, blue 5, the high byte first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Pixels", "pack", "ramp", "unpack"]

Pixels = npt.NDArray[np.uint16]
"""Pixels whose bytes in memory are big-endian on every host: copied as they are, never added."""


def pack(rgb: npt.ArrayLike) -> Pixels:
    """Colours of shape (..., 3), each part 0..255, as pixels of shape (...)."""
    red, green, blue = np.moveaxis(np.asarray(rgb, np.uint16), -1, 0)
    packed = (red & 0xF8) << 8 | (green & 0xFC) << 3 | blue >> 3
    return np.asarray(packed, ">u2").view(np.uint16)


def unpack(pixels: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """The inverse: uint8 colours of shape (..., 3), full scale 255."""
    value = np.ascontiguousarray(pixels).view(">u2").astype(np.uint32)
    parts = [(value >> 11) * 255 // 31, (value >> 5 & 63) * 255 // 63, (value & 31) * 255 // 31]
    return np.stack(parts, axis=-1).astype(np.uint8)


def ramp(foreground: tuple[int, int, int], background: tuple[int, int, int]) -> Pixels:
    """256 pixels from ``background`` (0) to ``foreground`` (255), for coverage of glyphs."""
    share = np.arange(256)[:, None] / 255
    return pack(np.rint(share * foreground + (1 - share) * background))
