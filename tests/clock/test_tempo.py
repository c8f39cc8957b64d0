from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from firmware.clock.tempo import MAX_TEMPO, MIN_TEMPO, TempoLine

HOUR_NS = 3_600_000_000_000


def test_a_tick_at_125_bpm_lasts_20_ms():
    line = TempoLine(Fraction(0), 1_000, 12_500)
    assert [line.time_of(n, 24) for n in range(3)] == [1_000, 20_001_000, 40_001_000]


def test_no_drift_over_ten_hours_at_an_awkward_tempo():
    line = TempoLine(Fraction(0), 0, 17_413)
    beats = 17_413 * 60 * 10 // 100
    exact = Fraction(beats * 6_000_000_000_000, 17_413)
    assert abs(line.time_of(beats * 24, 24) - exact) < 1
    assert abs(line.time_of(beats * 24, 24) - 10 * HOUR_NS) < HOUR_NS // 3600


def test_the_last_tick_of_24_hours_is_where_it_should_be():
    line = TempoLine(Fraction(0), 0, 12_037)
    ticks = 24 * 60 * 12_037 * 24 // 100
    exact = Fraction(ticks * 6_000_000_000_000, 24 * 12_037)
    assert abs(line.time_of(ticks, 24) - exact) < 1_000
    assert abs(exact - 24 * HOUR_NS) < 25_000_000, "a tick lasts 21 ms"


def test_a_change_of_tempo_keeps_the_tick_it_happens_on():
    line = TempoLine(Fraction(0), 0, 12_000)
    bent = line.with_tempo(24_000, Fraction(48, 24))
    assert bent.time_of(48, 24) == line.time_of(48, 24) == 1_000_000_000
    assert bent.time_of(72, 24) == 1_250_000_000


def test_a_thousand_changes_of_tempo_leave_no_trace():
    line = TempoLine(Fraction(0), 0, 12_000)
    for n in range(1, 1001):
        line = line.with_tempo(12_000, Fraction(n, 24))
    assert (
        abs(line.time_of(2_000, 24) - TempoLine(Fraction(0), 0, 12_000).time_of(2_000, 24)) < 1001
    )


@given(
    tempo=st.integers(MIN_TEMPO, MAX_TEMPO),
    n=st.integers(0, 10**7),
    per_beat=st.sampled_from([12, 24, 32]),
)
def test_position_is_the_inverse_of_time(tempo, n, per_beat):
    line = TempoLine(Fraction(7, 24), 123_456_789, tempo)
    assert abs(line.position_at(line.time_of(n, per_beat), per_beat) - n) < 1e-3
    assert line.time_of(n, per_beat) < line.time_of(n + 1, per_beat)
