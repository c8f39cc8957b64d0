"""The pad's driver on the emulated TSC2007."""

import json
import math
import subprocess
import sys

import pytest

from firmware.devices.touch_pad import PadCalibration, RawTouch, TouchPad, contact_resistance
from hardware.virtual.i2c_bus import Fault
from tests.devices.pads import read


@pytest.fixture
def pad(board):
    return TouchPad(board)


@pytest.mark.parametrize("x", [0.0, 0.1, 0.5, 0.93, 1.0])
@pytest.mark.parametrize("y", [0.0, 0.4, 1.0])
def test_place_and_pressure_come_back(board, pad, x, y):
    for force in (0.1, 0.5, 0.9):
        board.touch(x, y, force)
        touch = read(pad)
        assert touch.x == pytest.approx(x, abs=1e-3)
        assert touch.y == pytest.approx(y, abs=1e-3)
        assert touch.pressure == pytest.approx(force, abs=0.02)


def test_no_finger_is_none(board, pad):
    assert not pad.touched
    assert read(pad) is None
    board.touch(0.5, 0.5)
    assert pad.touched
    assert read(pad) is not None
    assert pad.touched
    board.lift()
    assert not pad.touched
    assert read(pad) is None


def test_a_calibration_moves_the_edges(board):
    pad = TouchPad(board, PadCalibration(x_min=1000, x_max=2000, y_min=150, y_max=4000))
    board.touch(0.3514, 0.5)  # 1500 of 4096
    touch = read(pad)
    assert touch.x == pytest.approx(0.5, abs=1e-3)
    assert touch.y == pytest.approx((2050 - 150) / 3850, abs=1e-3)


def test_a_little_beyond_the_edge_counts_as_the_edge(board):
    pad = TouchPad(board, PadCalibration(x_min=250, x_max=3850))
    board.touch(0.0, 0.5)
    assert read(pad).x == 0.0
    board.touch(1.0, 0.5)
    assert read(pad).x == 1.0


def test_far_beyond_the_edge_is_nonsense(board):
    pad = TouchPad(board, PadCalibration(x_min=1000, x_max=3900))
    board.touch(0.0, 0.5)
    assert read(pad) is None


@pytest.mark.parametrize(
    "wrong",
    [{"x_min": 3000, "x_max": 3000}, {"y_max": 5000}, {"hard_ohms": 2000.0}, {"x_plate_ohms": 0.0}],
)
def test_an_impossible_calibration_is_refused(wrong):
    with pytest.raises(ValueError, match="pad calibration"):
        PadCalibration(**wrong)


def test_a_calibration_is_stored_and_comes_back():
    calibration = PadCalibration(x_min=311, x_max=3777, light_ohms=1800.5)
    stored = json.loads(json.dumps(calibration.to_dict()))
    assert PadCalibration.from_dict(stored) == calibration


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"x_min": 4000}, "pad calibration: x runs from 4000 to 3900."),
        ({"x_min": 1.5}, "pad calibration: x_min cannot be 1.5."),
        ({"x_min": True}, "pad calibration: x_min cannot be True."),
        ({"y_max": "3900"}, "pad calibration: y_max cannot be '3900'."),
        ({"hard_ohms": math.nan}, "pad calibration: hard_ohms cannot be nan."),
        ({"hard_ohms": None}, "pad calibration: hard_ohms cannot be None."),
        ({"z_min": 1}, "pad calibration: it must name x_min, x_max, "),
    ],
)
def test_what_is_not_a_calibration_is_one_sentence(change, sentence):
    with pytest.raises(ValueError, match="pad calibration") as error:
        PadCalibration.from_dict(PadCalibration().to_dict() | change)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize("wrong", [None, [], "x", {}, {"x_min": 200}])
def test_what_is_not_even_a_table_is_the_same(wrong):
    with pytest.raises(ValueError, match="pad calibration: it must name x_min, x_max"):
        PadCalibration.from_dict(wrong)


def test_the_datasheets_formula():
    # Half way along a 400 ohm plate, Z2 three times Z1: 400 * 0.5 * (3 - 1).
    assert contact_resistance(2048, 1000, 3000, 400.0) == 400.0


def test_a_measurement_is_in_the_chips_steps(board, pad):
    board.touch(0.0, 1.0, 0.5)
    assert pad.measure() == RawTouch(200, 3900, pytest.approx(0.5, abs=0.02))


@pytest.mark.parametrize("fault", [Fault.FLOATING, Fault.GARBAGE])
def test_nonsense_on_the_bus_is_an_error_and_no_finger(board, pad, fault):
    board.touch(0.5, 0.5)
    board.set_fault("pad", fault)
    for _ in range(300):
        with pytest.raises(OSError, match="nonsense"):
            pad.measure()
    board.set_fault("pad", None)
    assert read(pad) is not None


def test_a_contact_that_opens_before_the_pressure_is_read_is_no_finger(board, pad):
    class Opening:
        def __init__(self, chip):
            self.chip, self.count = chip, 0

        def write(self, data):
            self.count += 1
            if self.count == 3:
                board.lift()
            self.chip.write(data)

        def read(self, count):
            return self.chip.read(count)

    board.touch(0.2, 0.5)
    board.i2c.attach(0x48, Opening(board._touch_controller))
    assert pad.measure() is None


def test_a_measurement_takes_less_than_half_of_5_ms_on_the_bus(board, pad):
    board.touch(0.5, 0.5)
    before = board.i2c.bytes
    pad.measure()
    assert board.i2c.bytes - before == 25
    assert 9 * 25 / board.pin_map.i2c.speed_hz == pytest.approx(0.00225)


@pytest.mark.parametrize("fault", [Fault.ABSENT, Fault.SILENT])
def test_a_chip_that_stops_answering_is_an_error(board, pad, fault):
    board.set_fault("pad", fault)
    for transfer in (pad.measure, pad.check):
        with pytest.raises(OSError, match=r"Errno"):
            transfer()


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
    """Blinka's modules refuse unknown machines; the pads' drivers need nothing of them."""
    for blinka in ("digitalio", "busio"):
        (tmp_path / f"{blinka}.py").write_text("raise NotImplementedError('unknown machine')")
    program = (
        "from firmware.devices.pinnacle_pad import PinnaclePad\n"
        "from firmware.devices.touch_pad import TouchPad\n"
        "from tests.devices.pads import board_with, read\n"
        "for kind, driver in (('tsc2007', TouchPad), ('pinnacle', PinnaclePad)):\n"
        "    board = board_with(kind); pad = driver(board)\n"
        "    board.touch(1.0, 0.5); kind == 'pinnacle' and board.measure_pad()\n"
        "    print(read(pad).x)\n"
        "print('digitalio' in sys.modules)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{program}"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.stdout == "1.0\n1.0\nFalse\n", result.stderr
