"""Text for the display: a glyph is drawn when it is first shown; words are glyphs put together.

Pillow draws a line of text in a good part of a millisecond on a desk and holds the interpreter
meanwhile; pasting glyphs that are already pixels takes some microseconds. To draw them all before
the first picture would be a tenth of the time until the first tick.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

__all__ = ["Coverage", "Font", "font", "plain"]

Coverage = npt.NDArray[np.uint8]
"""How much of each pixel a glyph covers, 0..255."""

GLYPHS = "".join(map(chr, range(32, 127)))
"""What Pillow's own font has: ASCII and little else."""
LOOKALIKES = str.maketrans("–—‘’“”øØłŁß", "--''\"\"oOlLs")
ELLIPSIS = "..."


def plain(text: str) -> str:
    """``text`` in the characters of GLYPHS: accents are dropped, what is unknown becomes ``?``."""
    if text.isascii() and text.isprintable():
        return text
    letters = unicodedata.normalize("NFKD", text.translate(LOOKALIKES))
    return "".join(
        letter if letter in GLYPHS else "?"
        for letter in letters
        if not unicodedata.combining(letter)
    )


class Font:
    """Pillow's own font (Aileron) at one size; ``bold`` doubles each stroke a pixel to the right.

    A line is ``height`` pixels high: one above the capitals, and down to the descenders.
    """

    def __init__(self, size: int, bold: bool = False) -> None:
        self._font, self._bold = ImageFont.load_default(size), bold
        self._top = int(self._font.getbbox("H")[1]) - 1
        self.height = int(self._font.getbbox("gjpqy")[3]) - self._top
        self._glyphs: dict[str, Coverage] = {}

    def _glyphs_of(self, text: str) -> Iterator[Coverage]:
        for character in plain(text):
            glyph = self._glyphs.get(character)
            if glyph is None:
                glyph = self._glyphs[character] = self._draw(character)
            yield glyph

    def _draw(self, character: str) -> Coverage:
        advance = max(round(self._font.getlength(character)), 1) + self._bold
        image = Image.new("L", (advance, self._top + self.height))
        ImageDraw.Draw(image).text((0, 0), character, fill=255, font=self._font)
        glyph = np.asarray(image)[self._top :].copy()
        if self._bold:
            glyph[:, 1:] = np.maximum(glyph[:, 1:], glyph[:, :-1])
        return glyph

    def width(self, text: str) -> int:
        """Pixels that ``text`` takes in one line."""
        return sum(glyph.shape[1] for glyph in self._glyphs_of(text))

    def fit(self, text: str, width: int) -> str:
        """``text`` on one line, shortened with an ellipsis where it is wider than ``width``."""
        text = " ".join(text.split())
        if self.width(text) <= width:
            return text
        while text and self.width(text + ELLIPSIS) > width:
            text = text[:-1]
        return text.rstrip() + ELLIPSIS

    def wrap(self, text: str, width: int, lines: int) -> list[str]:
        """``text`` in at most ``lines`` lines of ``width`` pixels, the last with an ellipsis."""
        wrapped: list[str] = []
        words = text.split()
        while words and len(wrapped) < lines:
            count = 1
            while count < len(words) and self.width(" ".join(words[: count + 1])) <= width:
                count += 1
            if len(wrapped) == lines - 1:
                count = len(words)
            wrapped.append(self.fit(" ".join(words[:count]), width))
            del words[:count]
        return wrapped

    def paste(self, coverage: Coverage, text: str, column: int, row: int) -> None:
        """Write one line into ``coverage``, its left top at (column, row); edges cut it off."""
        for glyph in self._glyphs_of(text):
            height, width = glyph.shape
            under = coverage[row : row + height, column : column + width]
            np.maximum(under, glyph[: under.shape[0], : under.shape[1]], out=under)
            column += width


@cache
def font(size: int, bold: bool = False) -> Font:
    """The font of a size: its glyphs are drawn once for all who use it."""
    return Font(size, bold)
