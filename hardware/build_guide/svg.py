"""A picture as SVG text: shapes in mm, written in the order in which they are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

__all__ = ["COLOURS", "Point", "Svg"]

Point = tuple[float, float]

COLOURS = {
    "black": "#222222",
    "brown": "#7a4a21",
    "red": "#d62828",
    "orange": "#f28c1c",
    "yellow": "#e8c50a",
    "green": "#2a9d3a",
    "blue": "#2667d6",
    "violet": "#8a3fc0",
    "grey": "#8d8d8d",
    "white": "#ffffff",
}
"""The wires' colours, as names and as SVG has them."""


class Svg:
    """Draws with y upwards. Numbers are written with two places, so that the text is the same on
    every machine."""

    def __init__(self, left: float, bottom: float, right: float, top: float, title: str) -> None:
        self._left, self._top, self._title = left, top, title
        self._size = (right - left, top - bottom)
        self._lines: list[str] = []

    def _at(self, point: Point) -> tuple[str, str]:
        return _number(point[0] - self._left), _number(self._top - point[1])

    def rectangle(
        self, low: Point, high: Point, fill: str, stroke: str = "none", radius: float = 0.0
    ) -> None:
        x, y = self._at((low[0], high[1]))
        wide, tall = _number(high[0] - low[0]), _number(high[1] - low[1])
        self._lines.append(
            f'<rect x="{x}" y="{y}" width="{wide}" height="{tall}" rx="{_number(radius)}" '
            f'fill="{fill}" stroke="{stroke}" stroke-width="0.2"/>'
        )

    def circle(self, middle: Point, radius: float, fill: str, stroke: str = "none") -> None:
        x, y = self._at(middle)
        self._lines.append(
            f'<circle cx="{x}" cy="{y}" r="{_number(radius)}" fill="{fill}" stroke="{stroke}" '
            f'stroke-width="0.2"/>'
        )

    def line(self, points: Iterable[Point], colour: str, width: float) -> None:
        path = " ".join(",".join(self._at(point)) for point in points)
        self._lines.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" '
            f'stroke-width="{_number(width)}" stroke-linecap="round" stroke-linejoin="round"/>'
        )

    def text(
        self,
        at: Point,
        text: str,
        size: float = 1.6,
        align: str = "middle",
        colour: str = "#111111",
        turned: bool = False,
        halo: bool = False,
    ) -> None:
        """Text whose middle line is at ``at``; ``turned`` reads upwards; ``halo`` clears what is
        behind it."""
        x, y = self._at(at)
        turn = f' transform="rotate(-90 {x} {y})"' if turned else ""
        clear = ' paint-order="stroke" stroke="#ffffff" stroke-width="0.7"' if halo else ""
        self._lines.append(
            f'<text x="{x}" y="{y}" font-size="{_number(size)}" text-anchor="{align}" '
            f'dy="0.35em" fill="{colour}"{clear}{turn}>{escape(text)}</text>'
        )

    def written(self) -> str:
        """The whole picture; ten pixels a millimetre."""
        wide, tall = (_number(length) for length in self._size)
        pixels = [round(length * 10) for length in self._size]
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{pixels[0]}" height="{pixels[1]}" '
            f'viewBox="0 0 {wide} {tall}" font-family="DejaVu Sans, Arial, sans-serif">'
        )
        title = f"<title>{escape(self._title)}</title>"
        back = f'<rect width="{wide}" height="{tall}" fill="#ffffff"/>'
        return "\n".join([head, title, back, *self._lines, "</svg>"]) + "\n"


def _number(value: float) -> str:
    return f"{value + 0.0:.2f}".rstrip("0").rstrip(".")
