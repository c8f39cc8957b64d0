"""The I2C bus itself: addresses, buffers and faults."""

import errno

import pytest

from hardware.virtual.i2c_bus import Fault, VirtualI2CBus


class Echo:
    """Answers with the last bytes it was sent, repeated."""

    def __init__(self):
        self.last = b"\0"

    def write(self, data):
        self.last = data

    def read(self, count):
        return (self.last * count)[:count]


@pytest.fixture
def bus():
    bus = VirtualI2CBus()
    bus.attach(0x20, Echo())
    return bus


def test_parts_of_buffers(bus):
    answer = bytearray(6)
    bus.writeto(0x20, b"abcd", start=1, end=3)
    bus.readfrom_into(0x20, answer, start=1, end=5)
    assert answer == b"\0bcbc\0"
    bus.writeto_then_readfrom(0x20, b"xyz", answer, out_start=2, in_end=2)
    assert answer == b"zzcbc\0"


@pytest.mark.parametrize(
    ("fault", "number"), [(Fault.ABSENT, errno.EREMOTEIO), (Fault.SILENT, errno.ETIMEDOUT)]
)
def test_a_dead_chip_is_an_error_until_mended(bus, fault, number):
    bus.set_fault(0x20, fault)
    assert bus.scan() == []
    for transfer in (
        lambda: bus.writeto(0x20, b""),
        lambda: bus.readfrom_into(0x20, bytearray(1)),
    ):
        with pytest.raises(OSError, match=r"Errno") as error:
            transfer()
        assert error.value.errno == number
    bus.set_fault(0x20, None)
    assert bus.scan() == [0x20]
    bus.writeto(0x20, b"a")


def test_nobody_at_an_address(bus):
    with pytest.raises(OSError, match="Remote I/O"):
        bus.writeto(0x21, b"")


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.FLOATING])
def test_nonsense_is_read_and_writes_are_lost(bus, fault):
    bus.writeto(0x20, b"a")
    bus.set_fault(0x20, fault)
    answer = bytearray(8)
    bus.writeto_then_readfrom(0x20, b"b", answer)
    assert b"a" * 8 != answer != b"b" * 8
    assert (answer == b"\xff" * 8) == (fault is Fault.FLOATING)
    bus.set_fault(0x20, None)
    bus.readfrom_into(0x20, answer)
    assert answer == b"a" * 8


def test_a_glitch_passes(bus):
    bus.glitch(0x20, 2)
    for _ in range(2):
        with pytest.raises(OSError, match="Remote I/O"):
            bus.writeto(0x20, b"a")
    bus.writeto(0x20, b"a")


def test_bytes_on_the_wire_are_counted_with_their_addresses(bus):
    bus.writeto(0x20, b"ab")
    assert (bus.transfers, bus.bytes) == (1, 3)
    bus.writeto_then_readfrom(0x20, b"c", bytearray(4), in_end=2)
    assert (bus.transfers, bus.bytes) == (3, 8)
    with pytest.raises(OSError, match="Remote I/O"):
        bus.writeto(0x21, b"abc")  # nobody acknowledges the address: nothing follows
    assert bus.bytes == 9


def test_the_lock_is_held_by_one(bus):
    assert bus.try_lock()
    assert not bus.try_lock()
    bus.unlock()
    assert bus.try_lock()
