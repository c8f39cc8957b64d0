"""Finding a pad's edges from a finger that is drawn round them."""

import math
import random

import pytest

from firmware.devices.calibrator import Calibrator
from firmware.devices.touch_pad import PadCalibration, RawTouch

USUAL = PadCalibration()
KEPT = PadCalibration(x_plate_ohms=512.0, light_ohms=2000.0)


def round_the_edge(left, right, bottom, top, count=1000, noise=3, pressure=0.5):
    """Once round a rectangle, in the chip's steps."""
    shaky = random.Random(6)
    corners = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
    for step in range(count):
        side, along = divmod(4 * step / count, 1)
        (x0, y0), (x1, y1) = corners[int(side)], corners[int(side) + 1]
        yield RawTouch(
            round(x0 + along * (x1 - x0) + shaky.gauss(0, noise)),
            round(y0 + along * (y1 - y0) + shaky.gauss(0, noise)),
            pressure,
        )


def calibrated(readings):
    calibrator = Calibrator(KEPT, USUAL)
    for reading in readings:
        calibrator.add(reading)
    return calibrator.result()


def test_the_edges_are_found_and_all_else_is_kept():
    found = calibrated(round_the_edge(310, 3790, 255, 3611))
    assert found.x_min == pytest.approx(310, abs=8)
    assert found.x_max == pytest.approx(3790, abs=8)
    assert found.y_min == pytest.approx(255, abs=8)
    assert found.y_max == pytest.approx(3611, abs=8)
    assert (found.x_plate_ohms, found.light_ohms, found.hard_ohms) == (512.0, 2000.0, 100.0)


def test_a_round_pad_is_measured_the_same_way():
    circle = (
        RawTouch(
            round(1024 + 880 * math.cos(step / 50)), round(768 + 690 * math.sin(step / 50)), 0.6
        )
        for step in range(700)
    )
    calibrator = Calibrator(USUAL, PadCalibration(128, 1920, 64, 1472))
    for reading in circle:
        calibrator.add(reading)
    found = calibrator.result()
    assert (found.x_min, found.x_max) == pytest.approx((144, 1904), abs=3)
    assert (found.y_min, found.y_max) == pytest.approx((78, 1458), abs=3)


def test_stray_and_light_readings_and_gaps_do_not_move_an_edge():
    readings = list(round_the_edge(310, 3790, 255, 3611))
    stray = [RawTouch(5, 4090, 0.9), RawTouch(4090, 5, 0.9)] * 4
    light = [RawTouch(0, 4095, 0.1)] * 500
    assert calibrated([*readings, *stray, *light, None, None]).x_max == pytest.approx(3790, abs=10)
    assert calibrated([*stray, *readings]).y_min == pytest.approx(255, abs=10)


def test_any_number_of_readings_takes_bounded_room():
    calibrator = Calibrator(USUAL, USUAL)
    for _ in range(20):
        for reading in round_the_edge(310, 3790, 255, 3611):
            calibrator.add(reading)
    assert all(len(counts) <= 4096 for counts in calibrator._counts.values())
    assert calibrator.result().x_min == pytest.approx(310, abs=8)


@pytest.mark.parametrize(
    ("readings", "sentence"),
    [
        ([], "The pad was touched too briefly: draw round its whole edge, firmly."),
        (
            list(round_the_edge(310, 3790, 255, 3611, count=199)),
            "The pad was touched too briefly: draw round its whole edge, firmly.",
        ),
        (
            list(round_the_edge(310, 3790, 255, 3611, pressure=0.14)),
            "The pad was touched too briefly: draw round its whole edge, firmly.",
        ),
        (
            list(round_the_edge(1000, 2110, 255, 3611, noise=0)),
            "Only 30% of the pad was touched from side to side: draw round its whole edge.",
        ),
        (
            list(round_the_edge(310, 3790, 2000, 2000, noise=0)),
            "Only 0% of the pad was touched from bottom to top: draw round its whole edge.",
        ),
    ],
)
def test_too_little_is_refused_in_one_sentence(readings, sentence):
    with pytest.raises(ValueError, match="pad") as error:
        calibrated(readings)
    assert str(error.value) == sentence
