"""The pad's driver on the emulated TSC2007."""

import subprocess
import sys

import pytest

from firmware.devices.touch_pad import PadCalibration, TouchPad, contact_resistance
from hardware.virtual.i2c_bus import Fault


@pytest.fixture
def pad(board):
    return TouchPad(board)


@pytest.mark.parametrize("x", [0.0, 0.1, 0.5, 0.93, 1.0])
@pytest.mark.parametrize("y", [0.0, 0.4, 1.0])
def test_place_and_pressure_come_back(board, pad, x, y):
    for force in (0.1, 0.5, 0.9):
        board.touch(x, y, force)
        touch = pad.read()
        assert touch.x == pytest.approx(x, abs=1e-3)
        assert touch.y == pytest.approx(y, abs=1e-3)
        assert touch.pressure == pytest.approx(force, abs=0.02)


def test_no_finger_is_none(board, pad):
    assert not pad.touched
    assert pad.read() is None
    board.touch(0.5, 0.5)
    assert pad.touched
    assert pad.read() is not None
    assert pad.touched
    board.lift()
    assert not pad.touched
    assert pad.read() is None


def test_a_calibration_moves_the_edges(board):
    pad = TouchPad(board, PadCalibration(x_min=1000, x_max=2000, y_min=150, y_max=4000))
    board.touch(0.3514, 0.5)  # 1500 of 4096
    touch = pad.read()
    assert touch.x == pytest.approx(0.5, abs=1e-3)
    assert touch.y == pytest.approx((2050 - 150) / 3850, abs=1e-3)


def test_a_little_beyond_the_edge_counts_as_the_edge(board):
    pad = TouchPad(board, PadCalibration(x_min=250, x_max=3850))
    board.touch(0.0, 0.5)
    assert pad.read().x == 0.0
    board.touch(1.0, 0.5)
    assert pad.read().x == 1.0


def test_far_beyond_the_edge_is_nonsense(board):
    pad = TouchPad(board, PadCalibration(x_min=1000, x_max=3900))
    board.touch(0.0, 0.5)
    assert pad.read() is None


@pytest.mark.parametrize(
    "wrong",
    [{"x_min": 3000, "x_max": 3000}, {"y_max": 5000}, {"hard_ohms": 2000.0}, {"x_plate_ohms": 0.0}],
)
def test_an_impossible_calibration_is_refused(wrong):
    with pytest.raises(ValueError, match="pad calibration"):
        PadCalibration(**wrong)


def test_the_datasheets_formula():
    # Half way along a 400 ohm plate, Z2 three times Z1: 400 * 0.5 * (3 - 1).
    assert contact_resistance(2048, 1000, 3000, 400.0) == 400.0


def test_nonsense_on_the_bus_is_no_finger(board, pad):
    board.touch(0.5, 0.5)
    board.set_fault("pad", Fault.FLOATING)
    assert pad.read() is None
    board.set_fault("pad", Fault.GARBAGE)
    assert [pad.read() for _ in range(200)].count(None) >= 199
    board.set_fault("pad", None)
    assert pad.read() is not None


def test_a_contact_that_jumps_between_the_readings_is_no_finger(board, pad):
    class Jump:
        def __init__(self, chip):
            self.chip, self.count = chip, 0

        def write(self, data):
            self.count += 1
            board.touch(0.2 if self.count < 5 else 0.3, 0.5)
            self.chip.write(data)

        def read(self, count):
            return self.chip.read(count)

    board.touch(0.2, 0.5)
    board.i2c.attach(0x48, Jump(board._touch_controller))
    assert pad.read() is None
    assert pad.read().x == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize("fault", [Fault.ABSENT, Fault.SILENT])
def test_a_chip_that_stops_answering_is_an_error(board, pad, fault):
    board.set_fault("pad", fault)
    with pytest.raises(OSError, match=r"Errno"):
        pad.read()


def test_no_chip_at_all(board):
    board.set_fault("pad", Fault.ABSENT)
    with pytest.raises(ValueError, match="0x48"):
        TouchPad(board)
    board.set_fault("pad", None)
    TouchPad(board)  # the first attempt left no pin reserved


def test_the_arrival_of_a_finger_is_called_out(board):
    calls = []
    pad = TouchPad(board, on_touch=lambda: calls.append(1))
    board.touch(0.5, 0.5)
    assert calls == [1]
    pad.close()
    board.lift()
    board.touch(0.5, 0.5)
    assert calls == [1]


def test_it_imports_where_blinka_does_not_know_the_machine(tmp_path):
    """Blinka's digitalio refuses unknown machines; the pad's driver needs nothing of it."""
    (tmp_path / "digitalio.py").write_text("raise NotImplementedError('unknown machine')")
    program = (
        "from hardware.virtual.virtual_board import VirtualBoard\n"
        "from firmware.devices.touch_pad import TouchPad\n"
        "board = VirtualBoard(); pad = TouchPad(board); board.touch(1, 1)\n"
        "print(pad.read().x)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{program}"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.stdout == "1.0\n", result.stderr
