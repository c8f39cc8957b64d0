"""How bars of every metre lie in a loop of 96 ticks."""

from fractions import Fraction

import pytest

from train_host.metre import fit_bar, quarters, ticks_for_bars, usual_ticks


@pytest.mark.parametrize(
    ("metre", "ticks", "way", "step"),
    [
        ((4, 4), 24, "fits", 96),
        ((4, 4), 12, "fits", 96),
        ((2, 4), 24, "fits", 96),
        ((3, 4), 32, "fits", 96),
        ((6, 8), 32, "fits", 96),
        ((6, 8), 16, "fits", 96),
        ((12, 8), 16, "fits", 96),
        ((12, 8), 32, "parts", 96),
        ((3, 4), 24, "fills", 72),
        ((6, 8), 24, "fills", 72),
        ((7, 8), 24, "fills", 84),
        ((5, 8), 16, "fills", 80),
        ((7, 8), 27, "fills", Fraction(189, 2)),
        ((12, 8), 24, "short", 144),
        ((5, 4), 24, "short", 120),
    ],
)
def test_ways_to_lie_in_a_loop(metre, ticks, way, step):
    fit = fit_bar(metre, ticks)
    assert (fit.way, fit.step) == (way, step)
    assert fit.text.startswith(f"{metre[0]}/{metre[1]}, ")


def test_every_loop_begins_on_a_bar_line_or_at_an_even_part_of_a_bar():
    for numerator in range(1, 33):
        for denominator in (2, 4, 8, 16, 32):
            for ticks in range(1, 97):
                fit = fit_bar((numerator, denominator), ticks)
                assert fit.step > 48
                assert fit.step % fit.bar == 0 or fit.bar % fit.step == 0


@pytest.mark.parametrize("metre", [(4, 4), (3, 4), (6, 8), (7, 8), (12, 8), (5, 4), (15, 16)])
@pytest.mark.parametrize("bars", [1, 2, 4])
def test_ticks_made_to_measure_make_any_metre_fit(metre, bars):
    fit = fit_bar(metre, ticks_for_bars(metre, bars))
    assert fit.way == "fits"
    assert fit.bar * bars == 96
    assert quarters(metre) * bars * fit.ticks_per_beat == 96


@pytest.mark.parametrize(
    ("metres", "ticks"),
    [
        ([], 24),
        ([(4, 4)], 24),
        ([(2, 4)], 24),
        ([(3, 4)], 32),
        ([(6, 8)], 32),
        ([(12, 8)], 16),
        ([(7, 8)], 24),
        ([(5, 4)], 24),
        ([(6, 8), (3, 4), (4, 4)], 32),
        ([(4, 4), (4, 4), (12, 8)], 24),
        ([(255, 1)], 24),
    ],
)
def test_ticks_are_chosen_by_the_commonest_bar(metres, ticks):
    assert usual_ticks(metres) == ticks


def test_the_fit_in_words():
    assert fit_bar((4, 4), 12).text == "4/4, 2 bars a loop"
    assert fit_bar((12, 8), 32).text == "12/8, 2 loops a bar"
    assert fit_bar((7, 8), 24).text == "7/8, a bar of 84 ticks a loop and 12 of the next"
    assert fit_bar((5, 8), 16).text == "5/8, 2 bars of 80 ticks a loop and 16 of the next"
    assert fit_bar((5, 4), 24).text.startswith("5/4, the first 96 of a bar's 120 ticks a loop")
