"""The pin map: ``board.toml`` as dataclasses, checked so that a mistake is one clear sentence."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

__all__ = [
    "BOARD_TOML",
    "HEADER",
    "OLED_SPEEDS_HZ",
    "PAD_ADDRESSES",
    "DinMidi",
    "DinSync",
    "Encoders",
    "I2c",
    "Oled",
    "Pad",
    "PinMap",
    "PinMapError",
    "load_pin_map",
    "parse_pin_map",
]

BOARD_TOML = Path(__file__).with_name("board.toml")

Gpio: TypeAlias = int
"""A BCM pin number; fields of this type are the pins that must differ from one another."""
Address: TypeAlias = int
"""A 7-bit I2C address."""

_GPIO_RANGE = range(2, 28)  # what the 40-pin header brings out besides the HAT's EEPROM bus
_ADDRESS_RANGE = range(0x08, 0x78)  # the rest is reserved by the I2C specification
_ENCODER_COUNT = 4

_POSITIONS = "3 5 7 29 31 26 24 21 19 23 32 33 8 10 36 11 12 35 38 40 15 16 18 22 37 13"
HEADER = {gpio: int(position) for gpio, position in enumerate(_POSITIONS.split(), 2)}
"""Where each GPIO is on the 40-pin header of every Raspberry Pi that has one."""

OLED_SPEEDS_HZ = {"ssd1351": 20_000_000, "ssd1306": 10_000_000, "sh1106": 4_000_000}
"""Each kind of display, and the fastest clock its datasheet allows: shortest cycles of 50, 100 and
250 ns (SSD1351 rev. 1.5, SSD1306 rev. 1.1 table 13-4, SH1106 V2.3 at 2.4 V and more)."""

PAD_ADDRESSES = {"tsc2007": (0x48, 0x49, 0x4A, 0x4B), "pinnacle": (0x2A,)}
"""Each kind of pad, and the I2C addresses its chip can have, the usual one first."""

_Section = TypeVar("_Section")


class PinMapError(ValueError):
    """The board description is wrong; the message is one sentence that says where."""


@dataclass(frozen=True)
class I2c:
    bus: int
    sda: Gpio
    scl: Gpio
    speed_hz: int


@dataclass(frozen=True)
class Oled:
    kind: str
    spi_port: int
    spi_device: int
    sclk: Gpio
    mosi: Gpio
    ce: Gpio
    dc: Gpio
    reset: Gpio
    speed_hz: int
    bgr: bool


@dataclass(frozen=True)
class Encoders:
    address: Address
    interrupt: Gpio
    clockwise: int
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Pad:
    kind: str
    address: Address
    irq: Gpio


@dataclass(frozen=True)
class DinMidi:
    device: str
    txd: Gpio
    rxd: Gpio


@dataclass(frozen=True)
class DinSync:
    clock: Gpio
    run: Gpio


@dataclass(frozen=True)
class PinMap:
    """Everything that is soldered: who sits on which bus, address and pin."""

    i2c: I2c
    oled: Oled
    encoders: Encoders
    pad: Pad
    buttons: dict[str, Gpio]
    led: dict[str, Gpio]
    din_midi: DinMidi
    din_sync: DinSync
    power_button: Gpio
    reserved: dict[str, tuple[Gpio, ...]]

    def pins(self) -> dict[Gpio, str]:
        """Every pin in use, with its owner's name ("oled.dc"), in order of pin number.

        Raises ``PinMapError`` if two owners share a pin.
        """
        owners: list[tuple[Gpio, str]] = []
        for name in ("i2c", "oled", "encoders", "pad", "din_midi", "din_sync"):
            section = getattr(self, name)
            owners += [
                (getattr(section, field.name), f"{name}.{field.name}")
                for field in fields(section)
                if field.type == "Gpio"
            ]
        owners += [(pin, f"buttons.{name}") for name, pin in self.buttons.items()]
        owners += [(pin, f"led.{name}") for name, pin in self.led.items()]
        owners.append((self.power_button, "power.button"))
        owners += [
            (pin, f"reserved.{name}") for name, pins in self.reserved.items() for pin in pins
        ]
        taken: dict[Gpio, str] = {}
        for pin, owner in owners:
            if pin in taken:
                raise PinMapError(f"GPIO {pin} is given to both {taken[pin]} and {owner}.")
            taken[pin] = owner
        return dict(sorted(taken.items()))

    def with_display(self, kind: str) -> PinMap:
        """The same board with another kind of display, clocked no faster than that allows."""
        speed_hz = min(self.oled.speed_hz, OLED_SPEEDS_HZ[kind])
        return replace(self, oled=replace(self.oled, kind=kind, speed_hz=speed_hz))

    def with_pad(self, kind: str) -> PinMap:
        """The same board with another kind of pad, at that kind's usual address."""
        return replace(self, pad=replace(self.pad, kind=kind, address=PAD_ADDRESSES[kind][0]))

    def encoder(self, role: str) -> int:
        """The index of the encoder that plays ``role``; ``KeyError`` if none does."""
        try:
            return self.encoders.roles.index(role)
        except ValueError:
            raise KeyError(role) from None


def load_pin_map(path: Path = BOARD_TOML) -> PinMap:
    """Read and check a board description; ``PinMapError`` says what is wrong with it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PinMapError(f"{path.name} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PinMapError(f"{path.name} is not TOML: {error}.") from error
    return parse_pin_map(data)


def parse_pin_map(data: dict[str, Any]) -> PinMap:
    """Check the tables of a board description and make a :class:`PinMap` of them."""
    pin_map = PinMap(
        i2c=_section(data, "i2c", I2c),
        oled=_section(data, "oled", Oled),
        encoders=_section(data, "encoders", Encoders),
        pad=_section(data, "pad", Pad),
        buttons=_named_pins(data, "buttons"),
        led=_named_pins(data, "led"),
        din_midi=_section(data, "din_midi", DinMidi),
        din_sync=_section(data, "din_sync", DinSync),
        power_button=_gpio(_key(_table(data, "power"), "power", "button"), "power.button"),
        reserved={
            name: tuple(_gpio(pin, f"reserved.{name}") for pin in _listed(pins, f"reserved.{name}"))
            for name, pins in _table(data, "reserved").items()
        },
    )
    unknown = data.keys() - {"power"} - {field.name for field in fields(PinMap)}
    if unknown:
        raise PinMapError(f"[{min(unknown)}] is not part of a board description.")
    pin_map.pins()
    _check_oled(pin_map.oled)
    if pin_map.encoders.address == pin_map.pad.address:
        raise PinMapError(f"encoders and pad share the I2C address {pin_map.pad.address:#04x}.")
    _check_pad(pin_map.pad)
    if pin_map.encoders.clockwise not in (1, -1):
        raise PinMapError("encoders.clockwise must be 1 or -1.")
    if len(set(pin_map.encoders.roles)) != _ENCODER_COUNT:
        raise PinMapError(f"encoders.roles must name {_ENCODER_COUNT} different roles.")
    return pin_map


def _check_oled(oled: Oled) -> None:
    fastest_hz = OLED_SPEEDS_HZ.get(oled.kind)
    if fastest_hz is None:
        kinds = ", ".join(OLED_SPEEDS_HZ)
        raise PinMapError(f"oled.kind must be one of {kinds}, not {oled.kind!r}.")
    if not 0 < oled.speed_hz <= fastest_hz:
        raise PinMapError(
            f"oled.speed_hz must be 1 to {fastest_hz} for the {oled.kind}, not {oled.speed_hz}."
        )


def _check_pad(pad: Pad) -> None:
    addresses = PAD_ADDRESSES.get(pad.kind)
    if addresses is None:
        raise PinMapError(f"pad.kind must be {' or '.join(PAD_ADDRESSES)}, not {pad.kind!r}.")
    if pad.address not in addresses:
        *others, last = (f"{address:#04x}" for address in addresses)
        known = f"{', '.join(others)} or {last}" if others else last
        raise PinMapError(f"pad.address of a {pad.kind} must be {known}, not {pad.address:#04x}.")


def _section(data: dict[str, Any], name: str, kind: type[_Section]) -> _Section:
    table = _table(data, name)
    known = fields(kind)  # type: ignore[arg-type]
    unknown = table.keys() - {field.name for field in known}
    if unknown:
        raise PinMapError(f"[{name}] does not know the key {min(unknown)!r}.")
    values: dict[str, Any] = {}
    for field in known:
        value = _key(table, name, field.name)
        where = f"{name}.{field.name}"
        if field.type == "Gpio":
            values[field.name] = _gpio(value, where)
        elif field.type == "Address":
            values[field.name] = _within(value, where, _ADDRESS_RANGE, "an I2C address")
        elif field.type == "bool":
            values[field.name] = _typed(value, where, bool, "true or false")
        elif field.type == "str":
            values[field.name] = _typed(value, where, str, "text")
        elif field.type == "int":
            values[field.name] = _typed(value, where, int, "a whole number")
        else:
            values[field.name] = tuple(
                _typed(item, where, str, "a list of text") for item in _listed(value, where)
            )
    return kind(**values)


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    table = data.get(name)
    if not isinstance(table, dict):
        raise PinMapError(f"the section [{name}] is missing.")
    return table


def _key(table: dict[str, Any], section: str, key: str) -> Any:
    if key not in table:
        raise PinMapError(f"[{section}] lacks the key {key!r}.")
    return table[key]


def _named_pins(data: dict[str, Any], name: str) -> dict[str, Gpio]:
    pins = {key: _gpio(pin, f"{name}.{key}") for key, pin in _table(data, name).items()}
    if not pins:
        raise PinMapError(f"[{name}] is empty.")
    return pins


def _gpio(value: Any, where: str) -> Gpio:
    return _within(value, where, _GPIO_RANGE, "a GPIO number")


def _within(value: Any, where: str, limits: range, kind: str) -> int:
    if type(value) is not int or value not in limits:
        raise PinMapError(
            f"{where} must be {kind} from {limits.start} to {limits.stop - 1}, not {value!r}."
        )
    return value


def _typed(value: Any, where: str, kind: type, described: str) -> Any:
    if type(value) is not kind:
        raise PinMapError(f"{where} must be {described}, not {value!r}.")
    return value


def _listed(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise PinMapError(f"{where} must be a list, not {value!r}.")
    return value
