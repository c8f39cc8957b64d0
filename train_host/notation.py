"""The clip notation: drum clips as text, one file a style, and the parser that reads them.

A file is a header of ``key: value`` lines (style, tempo, beats, grid, licence, source), then
clips. A clip is a ``clip: name`` line, its own settings (tempo, grid, swing), and one line for each
drum::

    kick        | X..o..X. ..X.o... |
    closed_hat  | x.x[xxx] x.x.x.x. | swing 56
    snare/32    | ... |               late 1.2

Between bars (``|``) every character is a step: ``.`` rests, ``g o x X`` and ``1``..``9`` strike,
soft to loud, and ``[...]`` divides one step evenly. ``>`` and ``<`` push the hit before them half a
tick late or early. ``models/README.md`` explains it to musicians.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from firmware.rhythm.drums import DRUMS
from train_host.clip import TICKS_PER_BEAT, Clip, ClipFile, ClipHit

__all__ = ["NotationError", "parse_clips", "read_clips"]

VELOCITIES = {"g": 30, "o": 64, "x": 96, "X": 118} | {
    str(digit): round(digit * 127 / 9) for digit in range(1, 10)
}
NUDGES = {">": Fraction(1, 2), "<": Fraction(-1, 2)}
ALIASES = {
    "hat": "closed_hat",
    "ohat": "open_hat",
    "bd": "kick",
    "sd": "snare",
    "ch": "closed_hat",
    "oh": "open_hat",
    "lt": "low_tom",
    "mt": "mid_tom",
    "ht": "high_tom",
    "cp": "clap",
    "rs": "rim",
}
LANES = {drum.key: index for index, drum in enumerate(DRUMS)}
LANES |= {alias: LANES[key] for alias, key in ALIASES.items()}

COMMENT = re.compile(r"(?:^|\s)#.*")
SETTING = re.compile(r"([a-z_]+)\s*:\s*(.*)")
LANE = re.compile(r"([a-z_]+)\s*(?:/\s*(\d+))?\s*\|(.*)\|([^|]*)")
HEADER_KEYS = ("style", "tempo", "beats", "grid", "licence", "source")
CLIP_KEYS = ("tempo", "grid", "swing")


class NotationError(ValueError):
    """A line that is not in the notation; its text is one sentence with file and line."""


@dataclass
class _Lane:
    line: int
    drum: int
    steps: int
    bars: list[list[tuple[Fraction, int, Fraction]]]
    """per bar: position in steps, velocity, nudge in ticks"""
    shift: Fraction
    swing: Fraction | None


@dataclass
class _Draft:
    line: int
    name: str
    tempo: float
    grid: int
    swing: Fraction | None = None
    lanes: list[_Lane] = field(default_factory=list)


def read_clips(path: Path) -> ClipFile:
    """Read one ``.clips`` file. Raises NotationError, and OSError where it cannot be opened."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotationError(f"{path}: this is not a text file in UTF-8.") from error
    return parse_clips(text, str(path))


def parse_clips(text: str, name: str = "clips") -> ClipFile:
    """Read a whole file of clips from ``text``; ``name`` stands for it in errors.

    Raises NotationError at the first line that is not in the notation.
    """
    return _Parser(name).parse(text)


class _Parser:
    def __init__(self, file: str) -> None:
        self.file = file
        self.line = 1
        self.header: dict[str, str] = {}
        self.sources: list[str] = []
        self.drafts: list[_Draft] = []

    def error(self, message: str, line: int | None = None) -> NotationError:
        return NotationError(f"{self.file}, line {line or self.line}: {message}.")

    def parse(self, text: str) -> ClipFile:
        for self.line, raw in enumerate(text.splitlines(), 1):
            line = COMMENT.sub("", raw).strip()
            if not line:
                continue
            if "|" in line and self.drafts:
                self.drafts[-1].lanes.append(self.lane(line, self.drafts[-1].grid))
            elif match := SETTING.fullmatch(line):
                self.setting(match[1], match[2].strip())
            elif LANE.fullmatch(line):
                raise self.error("expected a 'clip:' line before this lane")
            else:
                raise self.error(
                    f"expected 'key: value' or a lane such as 'kick | X... |', not '{line}'"
                )
        if not self.drafts:
            raise self.error("there is no clip in this file")
        return ClipFile(
            style=self.header["style"],
            tempo=float(self.header["tempo"]),
            beats=self.beats,
            grid=self.grid,
            licence=self.header.get("licence", ""),
            sources=tuple(self.sources),
            clips=tuple(self.clip(draft) for draft in self.drafts),
        )

    @property
    def beats(self) -> int:
        return int(self.header.get("beats", 4))

    @property
    def grid(self) -> int:
        return int(self.header.get("grid", 4 * self.beats))

    def setting(self, key: str, value: str) -> None:
        if not value:
            raise self.error(f"'{key}:' has no value")
        if key == "clip":
            self.begin(value)
        elif self.drafts:
            self.clip_setting(self.drafts[-1], key, value)
        elif key not in HEADER_KEYS:
            raise self.error(f"expected one of {', '.join(HEADER_KEYS)}, not '{key}'")
        elif key == "source":
            self.sources.append(value)
        elif key in self.header:
            raise self.error(f"'{key}' is already given")
        else:
            if key in ("tempo", "beats", "grid"):
                self.number(key, value)
            self.header[key] = value

    def begin(self, name: str) -> None:
        for key in ("style", "tempo"):
            if key not in self.header:
                raise self.error(f"expected a '{key}:' line before the first clip")
        if any(name == draft.name for draft in self.drafts):
            raise self.error(f"there is already a clip called '{name}'")
        self.drafts.append(_Draft(self.line, name, float(self.header["tempo"]), self.grid))

    def clip_setting(self, draft: _Draft, key: str, value: str) -> None:
        if key not in CLIP_KEYS:
            raise self.error(f"expected one of {', '.join(CLIP_KEYS)} or a lane, not '{key}'")
        if draft.lanes:
            raise self.error(f"'{key}' comes before the first lane of its clip")
        number = self.number(key, value)
        if key == "tempo":
            draft.tempo = float(number)
        elif key == "grid":
            draft.grid = int(number)
        else:
            draft.swing = number

    def number(self, key: str, value: str) -> Fraction:
        """``value`` as the number that ``key`` takes, checked for its range."""
        low, high, whole = {
            "tempo": (20, 400, False),
            "beats": (1, 16, True),
            "grid": (1, 384, True),
            "swing": (50, 75, False),
            "late": (0, 12, False),
            "early": (0, 12, False),
        }[key]
        pattern = r"\d{1,4}" if whole else r"\d{1,4}(\.\d{1,4})?"
        if not re.fullmatch(pattern, value, re.ASCII) or not low <= Fraction(value) <= high:
            kind = "a whole number" if whole else "a number"
            raise self.error(f"expected {kind} from {low} to {high} for '{key}', not '{value}'")
        return Fraction(value)

    def lane(self, line: str, grid: int) -> _Lane:
        match = LANE.fullmatch(line)
        if not match:
            raise self.error("expected a lane such as 'kick | X... |' or 'snare/32 | ... | late 1'")
        key, own_steps, body, options = match.groups()
        if key not in LANES:
            raise self.error(f"there is no drum '{key}': expected one of {', '.join(LANES)}")
        steps = int(self.number("grid", own_steps)) if own_steps else grid
        bars = [self.bar(bar, steps) for bar in body.split("|")]
        shift, swing = self.options(options.split())
        if swing is not None and not self.binary(steps):
            raise self.error(f"swing needs a lane of 16ths or 32nds, not {steps} steps a bar")
        return _Lane(self.line, LANES[key], steps, bars, shift, swing)

    def options(self, words: list[str]) -> tuple[Fraction, Fraction | None]:
        shift, swing = Fraction(0), None
        for index in range(0, len(words), 2):
            word, value = words[index], "".join(words[index + 1 : index + 2])
            if word not in ("late", "early", "swing"):
                raise self.error(
                    f"expected 'late', 'early' or 'swing' after the bars, not '{word}'"
                )
            number = self.number(word, value)
            if word == "swing":
                swing = number
            else:
                shift += number if word == "late" else -number
        return shift, swing

    def bar(self, text: str, steps: int) -> list[tuple[Fraction, int, Fraction]]:
        """Hits of one bar: position in steps, velocity, nudge in ticks."""
        hits = []
        count = 0
        for step in self.steps("".join(text.split())):
            for index, (character, nudge) in enumerate(step):
                if character != ".":
                    place = count + Fraction(index, len(step))
                    hits.append((place, VELOCITIES[character], nudge))
            count += 1
        if count != steps:
            raise self.error(f"expected {steps} steps in a bar, not {count}")
        return hits

    def steps(self, text: str) -> Iterator[list[tuple[str, Fraction]]]:
        """Each step as its characters with their nudges: one of them, or a group's."""
        step: list[tuple[str, Fraction]] = []
        group = False
        for index, character in enumerate(text):
            before, following = text[:index][-1:], text[index + 1 : index + 2]
            if character == "[" and not group:
                group = True
                continue
            if character == "]" and group and step:
                group = False
            elif character in VELOCITIES or character == ".":
                step.append((character, Fraction(0)))
            elif character in NUDGES and step and before not in (".", "]"):
                step[-1] = (step[-1][0], step[-1][1] + NUDGES[character])
            else:
                raise self.error(f"'{character}' has no meaning at this place in a bar")
            if not group and following not in NUDGES:
                yield step
                step = []
        if group:
            raise self.error("expected ']' before the end of the bar")

    def binary(self, steps: int) -> bool:
        """Whether a beat of the lane has 1, 2, 4, 8 or 16 steps."""
        return steps % self.beats == 0 and steps // self.beats in (1, 2, 4, 8, 16)

    def clip(self, draft: _Draft) -> Clip:
        bars = max((len(lane.bars) for lane in draft.lanes), default=1)
        hits = []
        taken: set[tuple[int, int]] = set()
        bar_ticks = self.beats * TICKS_PER_BEAT
        for lane in draft.lanes:
            if len(lane.bars) not in (1, bars):
                raise self.error(f"expected 1 or {bars} bars, not {len(lane.bars)}", lane.line)
            swing = draft.swing if lane.swing is None else lane.swing
            for bar in range(bars):
                for position, velocity, nudge in lane.bars[bar % len(lane.bars)]:
                    time = position * bar_ticks / lane.steps
                    if swing is not None and self.binary(lane.steps):
                        time = _swung(time, swing)
                    # A loop has no outside: what is early at its start sounds at its end.
                    time = (bar * bar_ticks + time + nudge + lane.shift) % (bars * bar_ticks)
                    hit = ClipHit(lane.drum, time, velocity)
                    place = lane.drum, hit.tick % (bars * bar_ticks)
                    if place in taken:
                        key = DRUMS[lane.drum].key
                        raise self.error(f"two hits of {key} fall on one tick", lane.line)
                    taken.add(place)
                    hits.append(hit)
        if not hits:
            raise self.error(f"the clip '{draft.name}' has no hit", draft.line)
        hits.sort(key=lambda hit: (hit.time, hit.drum))
        return Clip(draft.name, draft.tempo, self.beats, draft.grid, bars, tuple(hits))


def _swung(time: Fraction, percent: Fraction) -> Fraction:
    """``time`` in ticks with the second 16th of each pair at ``percent`` of the pair.

    The two halves of the pair are stretched evenly, so that a roll inside a swung 16th still ends
    where the next one begins.
    """
    pair = Fraction(TICKS_PER_BEAT, 2)
    start, inside = time // pair * pair, time % pair
    half = pair / 2
    middle = pair * percent / 100
    if inside < half:
        return start + inside / half * middle
    return start + middle + (inside - half) / half * (pair - middle)
