"""The I2C bus and who answers on it."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from firmware.selftest.bench import Bench, header
from firmware.selftest.report import Line, failed, passed

__all__ = ["check_i2c"]

STUCK = {errno.ETIMEDOUT, errno.EAGAIN}
"""What the controller gives when a line is held low."""


def check_i2c(bench: Bench) -> Iterator[Line]:
    wiring, bus = bench.board.pin_map, bench.board.i2c
    lines = f"SDA {header(wiring.i2c.sda)}, SCL {header(wiring.i2c.scl)}"
    wanted = {"encoder board": wiring.encoders.address, "pad": wiring.pad.address}
    errors = {name: _error(bench, address) for name, address in wanted.items()}
    if any(error in STUCK for error in errors.values()):
        names = " and ".join(name for name, error in errors.items() if error in STUCK)
        yield failed(
            "I2C bus",
            f"it is held low: no answer in time from the {names}.",
            f"Look for a bridge at {lines}; take the boards off one by one.",
        )
        return
    while not bus.try_lock():
        pass
    try:
        found = bus.scan()
    except OSError:
        found = []
    finally:
        bus.unlock()
    if not found:
        yield failed(
            "I2C bus",
            "nobody answers.",
            f"{lines}, 3V3 and ground of both boards.",
        )
        return
    strangers = sorted(set(found) - set(wanted.values()))
    text = f"{', '.join(f'{address:#04x}' for address in found)} answer."
    absent = [name for name, address in wanted.items() if address not in found]
    if absent and strangers:
        yield failed(
            "I2C bus",
            text,
            f"Is the {absent[0]} at another address? See its jumpers, and board.toml.",
        )
        return
    yield passed("I2C bus", text)


def _error(bench: Bench, address: int) -> int | None:
    bus = bench.board.i2c
    while not bus.try_lock():
        pass
    try:
        bus.readfrom_into(address, bytearray(1))
    except OSError as error:
        return error.errno
    finally:
        bus.unlock()
    return None
