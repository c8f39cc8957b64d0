"""The emulated encoder board against Adafruit's own driver."""

import pytest
from adafruit_seesaw.neopixel import GRB, NeoPixel
from adafruit_seesaw.rotaryio import IncrementalEncoder
from adafruit_seesaw.seesaw import Seesaw

from hardware.virtual.i2c_bus import Fault

SWITCHES = (12, 14, 17, 9)
ALL_SWITCHES = sum(1 << pin for pin in SWITCHES)
INT = 17


@pytest.fixture
def seesaw(board):
    return Seesaw(board.i2c, 0x49, reset=False)


def test_it_is_product_5752(seesaw):
    assert seesaw.get_version() >> 16 == 5752


def test_positions_by_the_library(board, seesaw):
    encoders = [IncrementalEncoder(seesaw, n) for n in range(4)]
    board.turn(0, 2)
    board.turn(3, -7)
    clockwise = board.pin_map.encoders.clockwise
    assert [encoder.position * clockwise for encoder in encoders] == [2, 0, 0, -7]
    encoders[0].position = 100
    board.turn(0, 1)
    assert encoders[0].position == 100 + clockwise


def test_reading_a_position_or_a_delta_zeroes_the_delta(board, seesaw):
    clockwise = board.pin_map.encoders.clockwise
    board.turn(1, 3)
    assert seesaw.encoder_delta(1) == 3 * clockwise
    assert seesaw.encoder_delta(1) == 0
    board.turn(1, 3)
    assert seesaw.encoder_position(1) == 6 * clockwise
    assert seesaw.encoder_delta(1) == 0


def test_switches_need_their_pull_ups(board, seesaw):
    assert seesaw.digital_read_bulk(ALL_SWITCHES) == 0
    seesaw.pin_mode_bulk(ALL_SWITCHES, Seesaw.INPUT_PULLUP)
    assert seesaw.digital_read_bulk(ALL_SWITCHES) == ALL_SWITCHES
    board.push(2, True)
    assert seesaw.digital_read_bulk(ALL_SWITCHES) == ALL_SWITCHES & ~(1 << 17)
    board.push(2, False)
    assert seesaw.digital_read_bulk(ALL_SWITCHES) == ALL_SWITCHES


def test_interrupts_only_when_enabled_and_until_read(board, seesaw):
    line = board.pin_factory.pin(INT)
    line.pull = "up"
    board.turn(0, 1)
    assert line.state
    seesaw.enable_encoder_interrupt(0)
    seesaw.set_GPIO_interrupts(1 << SWITCHES[0], True)
    board.turn(0, 1)
    assert not line.state
    seesaw.encoder_position(0)
    assert not line.state
    assert seesaw.get_GPIO_interrupt_flag() == 1 << 13 | 1 << 16
    assert line.state
    board.push(0, True)
    assert not line.state
    seesaw.digital_read_bulk(ALL_SWITCHES)
    assert line.state
    seesaw.disable_encoder_interrupt(0)
    seesaw.set_GPIO_interrupts(1 << SWITCHES[0], False)
    board.turn(0, 1)
    board.push(0, False)
    assert line.state


def test_neopixels_light_when_shown(board, seesaw):
    pixels = NeoPixel(seesaw, 18, 4, pixel_order=GRB, auto_write=False)
    pixels[0], pixels[3] = (255, 1, 2), (0, 0, 9)
    assert board.colours() == [(0, 0, 0)] * 4
    pixels.show()
    assert board.colours() == [(255, 1, 2), (0, 0, 0), (0, 0, 0), (0, 0, 9)]


def test_neopixels_on_another_pin_stay_dark(board, seesaw):
    NeoPixel(seesaw, 17, 4, pixel_order=GRB)[0] = (1, 1, 1)
    assert board.colours() == [(0, 0, 0)] * 4


def test_a_software_reset_forgets_everything_but_the_finger(board, seesaw):
    board.turn(0, 5)
    board.push(1, True)
    NeoPixel(seesaw, 18, 4, pixel_order=GRB)[0] = (1, 1, 1)
    seesaw.sw_reset(0)
    assert seesaw.encoder_position(0) == 0
    assert board.colours() == [(0, 0, 0)] * 4
    seesaw.pin_mode_bulk(ALL_SWITCHES, Seesaw.INPUT_PULLUP)
    assert not seesaw.digital_read(SWITCHES[1])


def test_unknown_registers_read_as_ff(board):
    answer = bytearray(3)
    board.i2c.writeto(0x49, b"\x30\x40\x01\x02")
    board.i2c.readfrom_into(0x49, answer)
    assert answer == b"\xff\xff\xff"


@pytest.mark.parametrize("fault", [Fault.ABSENT, Fault.SILENT])
def test_the_driver_finds_nobody(board, fault):
    board.set_fault("encoders", fault)
    with pytest.raises(ValueError, match="0x49"):
        Seesaw(board.i2c, 0x49, reset=False)


def test_there_are_four(board):
    with pytest.raises(ValueError, match="no encoder 4"):
        board.turn(4, 1)
    with pytest.raises(ValueError, match="no encoder -1"):
        board.push(-1, True)
