"""The emulated touch controller against Adafruit's own driver."""

import adafruit_tsc2007
import pytest

from hardware.virtual.i2c_bus import Fault

IRQ = 22


@pytest.fixture
def chip(board):
    board.pin_factory.pin(IRQ).pull = "up"
    return adafruit_tsc2007.TSC2007(board.i2c, 0x48)


def test_the_library_sees_the_finger(board, chip):
    assert not chip.touched
    board.touch(0.0, 1.0, 0.8)
    assert chip.touched
    assert chip.touch["x"] == 200
    assert chip.touch["y"] == 3900
    board.lift()
    assert not chip.touched


def test_fingers_stay_on_the_panel(board, chip):
    board.touch(-3, 7, 0.8)
    assert (chip.touch["x"], chip.touch["y"]) == (200, 3900)


def test_a_harder_touch_reads_a_higher_z1(board, chip):
    readings = []
    for force in (0.0, 0.25, 0.5, 0.75, 1.0):
        board.touch(0.5, 0.5, force)
        readings.append(chip.touch["pressure"])
    assert readings == sorted(set(readings))


def test_penirq_is_low_only_where_power_down_allows_it(board, chip):
    level = board.pin_factory.pin(IRQ)
    board.touch(0.5, 0.5)
    assert not level.state
    chip.command(adafruit_tsc2007.TSC2007_MEASURE_X, adafruit_tsc2007.TSC2007_ADON_IRQOFF, 0)
    assert level.state
    chip.command(adafruit_tsc2007.TSC2007_MEASURE_TEMP0, 0, 0)
    assert not level.state
    board.lift()
    assert level.state


@pytest.mark.parametrize("fault", [Fault.ABSENT, Fault.SILENT])
def test_the_driver_finds_nobody(board, fault):
    board.set_fault("pad", fault)
    with pytest.raises(ValueError, match="0x48"):
        adafruit_tsc2007.TSC2007(board.i2c, 0x48)
