"""The round pad's driver on the emulated Pinnacle."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.devices.pinnacle_pad import PinnaclePad, disc_to_square
from firmware.devices.touch_pad import PadCalibration, RawTouch
from hardware.virtual.i2c_bus import Fault
from tests.devices.pads import board_with, read

ADDRESS = 0x2A


@pytest.fixture
def board():
    board = board_with("pinnacle")
    yield board
    board.close()


@pytest.fixture
def pad(board):
    return PinnaclePad(board)


def touched(board, pad, x, y, force=0.5):
    board.touch(x, y, force)
    board.measure_pad()
    return read(pad)


@pytest.mark.parametrize(
    ("x", "y"), [(0.5, 0.5), (0.0, 0.5), (1.0, 0.5), (0.5, 0.0), (0.5, 1.0), (0.7, 0.5)]
)
def test_on_the_axes_the_disc_is_the_square(board, pad, x, y):
    touch = touched(board, pad, x, y, 0.8)
    assert touch.x == pytest.approx(x, abs=2e-3)
    assert touch.y == pytest.approx(y, abs=2e-3)
    assert touch.pressure == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("x", [0.0, 1.0])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_the_rim_between_two_sides_is_the_corner(board, pad, x, y):
    touch = touched(board, pad, x, y)
    assert (touch.x, touch.y) == pytest.approx((x, y), abs=2e-3)


def test_a_reading_is_there_when_the_line_is_high_and_only_once(board, pad):
    assert not pad.touched
    board.touch(0.5, 0.5)
    assert not pad.touched
    board.measure_pad()
    assert pad.touched
    assert read(pad) is not None
    assert not pad.touched
    assert pad.measure() is None


def test_a_lift_is_told_a_few_times(board, pad):
    touched(board, pad, 0.5, 0.5)
    board.lift()
    for _ in range(5):
        board.measure_pad()
        assert pad.touched
        assert pad.measure() is None
    board.measure_pad()
    assert not pad.touched


def test_every_measurement_is_called_out(board):
    calls = []
    pad = PinnaclePad(board, on_touch=lambda: calls.append(1))
    touched(board, pad, 0.5, 0.5)
    touched(board, pad, 0.5, 0.5)
    assert calls == [1, 1]
    pad.close()
    board.measure_pad()
    assert calls == [1, 1]


def test_a_calibration_moves_the_rim(board):
    pad = PinnaclePad(board, PadCalibration(x_min=128, x_max=1024, y_min=64, y_max=1472))
    assert touched(board, pad, 0.5, 0.5).x == 1.0
    assert touched(board, pad, 0.25, 0.5).x == pytest.approx(0.5, abs=2e-3)
    assert touched(board, pad, 0.75, 0.5) is None


def test_a_little_beyond_the_rim_is_the_rim_and_far_beyond_it_nonsense(pad):
    assert pad.place(RawTouch(0, 768, 0.5)).x == 0.0
    for x, y in ((0, 0), (2047, 1535), (1024, 1600), (4095, 4095)):
        assert pad.place(RawTouch(x, y, 0.5)) is None


@pytest.mark.parametrize("fault", [Fault.FLOATING, Fault.GARBAGE])
def test_nonsense_on_the_bus_is_an_error(board, pad, fault):
    board.touch(0.5, 0.5)
    board.measure_pad()
    board.set_fault("pad", fault)
    for _ in range(300):
        with pytest.raises(OSError, match="nonsense"):
            pad.measure()
    board.set_fault("pad", None)
    assert read(pad) is not None


@pytest.mark.parametrize("fault", [Fault.ABSENT, Fault.SILENT])
def test_a_chip_that_stops_answering_is_an_error(board, pad, fault):
    board.set_fault("pad", fault)
    for transfer in (pad.measure, pad.check):
        with pytest.raises(OSError, match=r"Errno"):
            transfer()
    board.set_fault("pad", None)
    pad.check()


def test_a_chip_that_was_without_power_is_an_error(board, pad):
    pad.check()
    board._touch_controller.reset()
    with pytest.raises(OSError, match="without power"):
        pad.check()


@pytest.mark.parametrize("fault", list(Fault))
def test_no_chip_or_another_one_cannot_be_opened(board, fault):
    board.set_fault("pad", fault)
    with pytest.raises((ValueError, RuntimeError)):
        PinnaclePad(board)
    board.set_fault("pad", None)
    PinnaclePad(board)  # the first attempt left no pin reserved


class Stuck:
    """The chip until it is asked for ``register``; from then on every byte reads 0xFF."""

    def __init__(self, chip, register):
        self.chip, self.register, self.stuck = chip, register, False

    def write(self, data):
        self.stuck = self.stuck or data[0] == 0xA0 | self.register
        self.chip.write(data)

    def read(self, count):
        return b"\xff" * count if self.stuck else self.chip.read(count)


@pytest.mark.parametrize("register", [0x1E, 0x04])
def test_a_chip_that_gets_stuck_while_it_is_opened_is_given_up(board, register):
    """The library waits for a register to become zero, for ever."""
    board.i2c.attach(ADDRESS, Stuck(board._touch_controller, register))
    with pytest.raises(OSError, match="does not get ready"):
        PinnaclePad(board, opening_s=0.05)


def test_a_data_ready_line_that_is_not_wired_is_found_out(board):
    board._touch_controller._data_ready = lambda level: None
    board.pin_factory.drive(board.pin_map.pad.irq, None)
    with pytest.raises(RuntimeError, match="data-ready"):
        PinnaclePad(board)


def test_a_data_ready_line_that_is_stuck_is_given_up(board):
    board._touch_controller._data_ready = lambda level: None
    board.pin_factory.drive(board.pin_map.pad.irq, True)
    with pytest.raises(OSError, match="does not get ready"):
        PinnaclePad(board, opening_s=0.05)


def test_a_reading_takes_a_sixth_of_10_ms_on_the_bus(board, pad):
    board.touch(0.5, 0.5)
    board.measure_pad()
    before = board.i2c.bytes
    pad.measure()
    assert board.i2c.bytes - before == 18
    assert 9 * 18 / board.pin_map.i2c.speed_hz == pytest.approx(0.00162)


class TestDiscToSquare:
    @given(st.floats(0, 2 * math.pi))
    def test_the_rim_is_the_edge(self, angle):
        x, y = disc_to_square(math.cos(angle), math.sin(angle))
        assert max(abs(x), abs(y)) == pytest.approx(1.0)

    def test_every_corner_is_reached(self):
        half = math.sqrt(0.5)
        for u, v in ((half, half), (-half, half), (half, -half), (-half, -half)):
            assert disc_to_square(u, v) == pytest.approx((math.copysign(1, u), math.copysign(1, v)))

    @given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1e-4, 1e-4), st.floats(-1e-4, 1e-4))
    def test_it_is_continuous(self, u, v, du, dv):
        scale = 1 / max(math.hypot(u, v), math.hypot(u + du, v + dv), 1)
        here = disc_to_square(u * scale, v * scale)
        there = disc_to_square((u + du) * scale, (v + dv) * scale)
        assert math.dist(here, there) <= 2.5 * math.hypot(du, dv) + 1e-12

    @given(st.floats(-1, 1), st.floats(-1, 1))
    def test_no_two_places_are_one(self, x, y):
        """Shrinking the square's rays again gives the place in the disc back."""
        radius = math.hypot(x, y)
        share = max(abs(x), abs(y)) / radius if radius else 0
        assert disc_to_square(x * share, y * share) == pytest.approx((x, y), abs=1e-9)
