"""The Pi's I2C adapter, on a stand-in for the kernel's bus."""

import pytest
from adafruit_tsc2007 import TSC2007

from hardware.pi import SmbusI2C

I2C_M_RD = 1


class FakeKernelBus:
    """smbus2's ``SMBus`` as far as ``i2c_rdwr``, in front of an emulated bus; notes each call."""

    def __init__(self, bus):
        self.bus = bus
        self.calls = []
        self.closed = False

    def i2c_rdwr(self, *messages):
        self.calls.append(
            [("read" if m.flags & I2C_M_RD else "write", m.addr, m.len) for m in messages]
        )
        for message in messages:
            if message.flags & I2C_M_RD:
                answer = bytearray(message.len)
                self.bus.readfrom_into(message.addr, answer)
                for index, byte in enumerate(answer):
                    message.buf[index] = bytes([byte])
            else:
                self.bus.writeto(message.addr, bytes(message))

    def close(self):
        self.closed = True


@pytest.fixture
def kernel(board):
    return FakeKernelBus(board.i2c)


@pytest.fixture
def i2c(kernel):
    return SmbusI2C(kernel)


def test_adafruits_driver_reads_the_chip_through_it(board, i2c):
    pad = TSC2007(i2c, 0x48)
    board.touch(0.0, 1.0, 0.5)
    assert (pad.touch["x"], pad.touch["y"]) == (200, 3900)


def test_a_question_and_its_answer_are_one_call(i2c, kernel):
    answer = bytearray(b"....")
    i2c.writeto_then_readfrom(0x48, b"?\xc0?", answer, out_start=1, out_end=2, in_start=1, in_end=3)
    assert kernel.calls == [[("write", 0x48, 1), ("read", 0x48, 2)]]
    assert answer == b".\0\0."


def test_parts_of_buffers(i2c, kernel):
    answer = bytearray(b"....")
    i2c.writeto(0x49, b"..\x00\x01", start=2)
    i2c.readfrom_into(0x49, answer, start=1, end=2)
    assert kernel.calls == [[("write", 0x49, 2)], [("read", 0x49, 1)]]
    assert answer == b".\x87.."


def test_scan_finds_who_answers(i2c):
    assert i2c.scan() == [0x48, 0x49]


def test_an_absent_chip_is_an_oserror(i2c):
    with pytest.raises(OSError, match="Remote I/O"):
        i2c.writeto(0x50, b"\0")


def test_the_lock_is_held_by_one(i2c):
    assert i2c.try_lock()
    assert not i2c.try_lock()
    i2c.unlock()
    assert i2c.try_lock()


def test_close(i2c, kernel):
    i2c.close()
    assert kernel.closed
