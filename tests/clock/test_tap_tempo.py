from firmware.clock.tap_tempo import TapTempo

MS = 1_000_000


def taps(*gaps_ms):
    tap, now, result = TapTempo(), 5_000 * MS, None
    result = tap.tap(now)
    for gap in gaps_ms:
        now += gap * MS
        result = tap.tap(now)
    return result


def test_one_tap_says_nothing():
    assert taps() is None


def test_taps_are_averaged():
    assert taps(500, 500) == 12_000
    assert taps(490, 510, 505, 495) == 12_000


def test_a_pause_begins_anew():
    assert taps(500, 500, 10_000) is None
    assert taps(500, 500, 10_000, 400) == 15_000


def test_a_new_tempo_is_taken_at_once():
    assert taps(500, 500, 500, 250) == 24_000
    assert taps(500, 500, 500, 250, 260) == 23_529


def test_the_tempo_stays_in_the_box_s_range():
    assert taps(100, 100) == 30_000
    assert taps(3_600) == 2_000


def test_a_clock_that_goes_backwards_is_a_pause():
    assert taps(500, -100) is None
