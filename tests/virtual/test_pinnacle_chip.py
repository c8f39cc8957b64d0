"""The emulated Pinnacle against its own open driver."""

import time

import circuitpython_cirque_pinnacle as library
import pytest

from hardware.pin_map import load_pin_map
from hardware.virtual.i2c_bus import Fault
from hardware.virtual.virtual_board import VirtualBoard

ADDRESS, DATA_READY = 0x2A, 22


class Line:
    """The data-ready pin, as the driver sees it."""

    def __init__(self, board):
        self.pin = board.pin_factory.pin(DATA_READY)

    def switch_to_input(self):
        self.pin.pull = "down"

    @property
    def value(self):
        return bool(self.pin.state)


@pytest.fixture
def board():
    board = VirtualBoard(load_pin_map().with_pad("pinnacle"), pinnacle_period_s=None)
    yield board
    board.close()


@pytest.fixture
def chip(board):
    chip = library.PinnacleTouchI2C(board.i2c, Line(board))
    chip.data_mode = library.PINNACLE_ABSOLUTE
    return chip


def register(board, number, count=1):
    answer = bytearray(count)
    board.i2c.writeto_then_readfrom(ADDRESS, bytes([0xA0 | number]), answer)
    return bytes(answer)


def touched(board, chip, x, y, force=0.5):
    board.touch(x, y, force)
    board.measure_pad()
    report = library.AbsoluteReport()
    chip.read(report)
    return report.x, report.y, report.z


def test_the_driver_sets_it_up(board, chip):
    assert not chip.rev2025
    assert chip.feed_enable
    assert chip.sample_rate == 100
    assert not chip.hard_configured
    assert register(board, 0, 2) == b"\x07\x3a"
    assert not chip.available()


def test_the_edges_of_the_disc_and_its_middle(board, chip):
    assert touched(board, chip, 0.5, 0.5)[:2] == (1024, 768)
    assert touched(board, chip, 0.0, 0.5)[:2] == (128, 768)
    assert touched(board, chip, 1.0, 0.5)[:2] == (1920, 768)
    assert touched(board, chip, 0.5, 1.0)[:2] == (1024, 64)  # y grows downwards
    assert touched(board, chip, 0.5, 0.0)[:2] == (1024, 1472)


def test_beyond_the_rim_a_finger_lies_on_it(board, chip):
    x, y, _ = touched(board, chip, 1.0, 1.0)
    assert (x, y) == (round(1024 + 896 / 2**0.5), round(768 - 704 / 2**0.5))


def test_axes_are_inverted_on_demand(board, chip):
    chip.absolute_mode_config(invert_x=True, invert_y=True)
    assert touched(board, chip, 0.0, 1.0)[:2] == (
        2047 - round(1024 - 896 / 2**0.5),
        1535 - round(768 - 704 / 2**0.5),
    )


def test_force_is_z_in_six_bits(board, chip):
    assert touched(board, chip, 0.5, 0.5, 0.0)[2] == 1
    assert touched(board, chip, 0.5, 0.5, 1.0)[2] == 63


def test_data_ready_is_high_until_the_status_is_cleared(board, chip):
    board.touch(0.5, 0.5)
    assert not chip.available()
    board.measure_pad()
    assert chip.available()
    assert register(board, 2) == b"\x04"
    chip.clear_status_flags()
    assert not chip.available()
    assert register(board, 2) == b"\x00"


def test_after_a_lift_come_idle_packets(board, chip):
    chip.absolute_mode_config(z_idle_count=2)
    touched(board, chip, 0.5, 0.5)
    board.lift()
    report = library.AbsoluteReport()
    heard = []
    for _ in range(4):
        board.measure_pad()
        if chip.available():
            chip.read(report)
            heard.append((report.x, report.y, report.z))
    assert heard == [(0, 0, 0)] * 2


def test_no_feed_no_data(board, chip):
    chip.feed_enable = False
    board.touch(0.5, 0.5)
    board.measure_pad()
    assert not chip.available()
    chip.feed_enable = True
    chip.shutdown = True
    board.measure_pad()
    assert not chip.available()


def test_extended_registers_are_written_and_read_back(board, chip):
    chip.calibration_matrix = list(range(-23, 23))
    assert chip.calibration_matrix == list(range(-23, 23))
    chip.set_adc_gain(3)
    chip.tune_edge_sensitivity(9, 8)
    assert chip._era_read(0x0187) == 0xC0
    assert chip._era_read(0x0149) == 9
    assert not chip.available()


def test_calibration_ends_with_command_complete(board, chip):
    assert chip.calibrate()
    board.i2c.writeto(ADDRESS, b"\x87\x01")
    assert register(board, 2) == b"\x08"
    assert register(board, 7) == b"\x00"


def test_a_reset_loses_the_settings(board, chip):
    board.i2c.writeto(ADDRESS, b"\x83\x01")
    assert register(board, 4) == b"\x00"
    assert register(board, 9, 2) == bytes([100, 30])
    assert chip.available()  # command complete, once it is up


def test_writes_come_in_pairs_and_reads_go_on(board, chip):
    board.i2c.writeto(ADDRESS, b"\x89\x28\x8a\x07")
    assert register(board, 9, 2) == b"\x28\x07"
    board.i2c.writeto(ADDRESS, b"\x80\x55\x92\x55\xf3\x89")
    assert register(board, 0) == b"\x07"
    assert register(board, 0x12) == b"\x00"
    assert register(board, 0x1F, 3) == b"\x00\xff\xff"


@pytest.mark.parametrize("fault", [Fault.ABSENT, Fault.SILENT])
def test_the_driver_finds_nobody(board, fault):
    board.set_fault("pad", fault)
    with pytest.raises(ValueError, match="0x2a"):
        library.PinnacleTouchI2C(board.i2c, Line(board))


def test_it_measures_by_itself_while_there_is_a_finger():
    board = VirtualBoard(load_pin_map().with_pad("pinnacle"), pinnacle_period_s=0.001)
    chip = library.PinnacleTouchI2C(board.i2c, Line(board))
    chip.data_mode = library.PINNACLE_ABSOLUTE
    chip.absolute_mode_config(z_idle_count=3)
    report = library.AbsoluteReport()

    def next_z():
        deadline = time.monotonic() + 10
        while not chip.available():
            assert time.monotonic() < deadline
            time.sleep(0.0002)
        chip.read(report)
        return report.z

    for _ in range(2):  # the second time it has come to rest in between
        board.touch(0.5, 0.5, 1.0)
        assert [next_z() for _ in range(3)] == [63] * 3
        board.lift()
        while next_z():
            pass
        while board._touch_controller._paced:
            time.sleep(0.0002)
        chip.clear_status_flags()
    board.close()
