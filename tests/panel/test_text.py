from __future__ import annotations

import numpy as np
import pytest

from firmware.panel.rgb565 import pack, ramp, unpack
from firmware.panel.text import Font, plain


@pytest.fixture(scope="module")
def font() -> Font:
    return Font(13)


def test_every_character_has_ink(font: Font) -> None:
    for character in map(chr, range(33, 127)):
        coverage = np.zeros((font.height, 30), np.uint8)
        font.paste(coverage, character, 0, 0)
        assert coverage.any(), character


def test_digits_are_of_one_width(font: Font) -> None:
    assert len({font.width(digit) for digit in "0123456789"}) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Bembé", "Bembe"), ("Größe", "Grose"), ("2–step", "2-step"), ("日", "?"), ("a\x07b", "a?b")],
)
def test_letters_the_font_lacks_are_replaced(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_long_name_is_shortened_to_fit(font: Font) -> None:
    assert font.fit("Footwork", 128) == "Footwork"
    short = font.fit("An exceedingly long name of a model", 100)
    assert short.endswith("...")
    assert font.width(short) <= 100


def test_a_sentence_is_wrapped_to_its_width(font: Font) -> None:
    sentence = "The model's microtiming reaches past the neighbouring ticks."
    lines = font.wrap(sentence, 92, 6)
    assert " ".join(lines) == sentence
    assert all(font.width(line) <= 92 for line in lines)
    cut = font.wrap(sentence, 92, 2)
    assert len(cut) == 2
    assert cut[-1].endswith("...")


def test_a_word_wider_than_the_line_is_cut(font: Font) -> None:
    lines = font.wrap("W" * 40 + " on", 60, 3)
    assert len(lines) == 2
    assert font.width(lines[0]) <= 60


def test_text_is_cut_off_at_the_edges(font: Font) -> None:
    coverage = np.zeros((5, 10), np.uint8)
    font.paste(coverage, "HgHg", 3, 2)
    assert coverage[2:, 3:].any()
    assert not coverage[:2].any()


def test_bold_has_more_ink(font: Font) -> None:
    plain_ink, bold_ink = (np.zeros((20, 60), np.uint8) for _ in range(2))
    font.paste(plain_ink, "174.00", 0, 0)
    Font(13, bold=True).paste(bold_ink, "174.00", 0, 0)
    assert bold_ink.sum() > 1.3 * plain_ink.sum()


def test_colours_survive_packing() -> None:
    colours = np.array([(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)])
    assert (unpack(pack(colours)) == colours).all()
    assert pack((255, 0, 0)).tobytes() == b"\xf8\x00"


def test_a_ramp_goes_from_background_to_foreground() -> None:
    pixels = ramp((255, 190, 40), (0, 0, 0))
    assert pixels[0] == pack((0, 0, 0))
    assert pixels[255] == pack((255, 190, 40))
    assert (np.diff(unpack(pixels)[:, 0].astype(int)) >= 0).all()
