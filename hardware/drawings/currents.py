"""The figures that the parts' values stand on: currents, voltages and powers, with their limits.

Sources: MIDI 1.0 electrical specification and its update CA-033 of 2014 (a loop of 5 mA; 220 Ω at
the receiver; 33 Ω and 10 Ω at a 3.3 V sender, 220 Ω twice at one of 5 V); H11L1M, onsemi, rev. 2
(30 mA through the diode, 16 mA out of the output); SN74AHCT125, Texas Instruments SCLS264 (25 mA
at most, 2.0 V is high, 0.8 V is low); SN74LVC1G34, Texas Instruments SCES519 (24 mA with at most
0.55 V lost at 3 V); I2C specification, UM10204 (3 mA at 0.4 V); BCM2835 peripherals (pulls of
about 50 kΩ: up on GPIO 0 to 8, down on 9 to 27, until software sets them).
"""

from __future__ import annotations

from dataclasses import dataclass

from hardware.drawings.model import Netlist, ohms
from hardware.drawings.nets import RAILS, board_netlist

__all__ = ["Figure", "figures", "figures_table"]

_DIODE_V = 1.2  # of an optocoupler's infrared diode at some mA; 1.0 to 1.5 over parts and cold
_LED_V = 2.1  # of a green indicator
_MIDI_LOAD_OHM = 220.0  # in every MIDI input
_MIDI_5V_SENDER_OHM = 440.0  # 220 Ω twice
_BUFFER_OHM = 0.55 / 0.024  # what 74LVC1G34 may add when it sinks, at worst
_PULL_OHM = 50e3  # of the Pi's own pulls
_I2C_PULLS_OHM = (1.8e3, 10e3, 10e3)  # the Pi's, the encoder board's, the touch board's


@dataclass(frozen=True)
class Figure:
    """One figure of a circuit, with the least and the most it may be, all in ``unit``."""

    what: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None
    why: str = ""

    @property
    def fits(self) -> bool:
        """Whether the figure is within its limits."""
        above = self.least is None or self.value >= self.least
        return above and (self.most is None or self.value <= self.most)


def figures(netlist: Netlist | None = None) -> list[Figure]:
    """Every figure, worked out from the resistors in the netlist.

    MIDI out, typical: (3.3 V - 1.2 V) / (33 + 10 + 220) Ω = 8.0 mA; with the buffer's worst
    23 Ω, a supply 5 % low and a diode of 1.5 V still 5.7 mA. MIDI in, from a 5 V sender:
    (5 V - 1.2 V) / 660 Ω = 5.8 mA; from another box of 3.3 V 8.0 mA.
    """
    netlist = netlist or board_netlist()

    def r(ref: str) -> float:
        return ohms(netlist.parts[ref].value)

    low, high = RAILS["3V3"], RAILS["5V"]
    sender = r("R3") + r("R4")
    at_worst = (0.95 * low - 1.5) / (sender + _MIDI_LOAD_OHM + _BUFFER_OHM)
    i2c_ohm = 1 / sum(1 / pull for pull in _I2C_PULLS_OHM)
    return [
        _ma("MIDI out, loop", (low - _DIODE_V) / (sender + _MIDI_LOAD_OHM), 5, 24, "buffer"),
        _ma("MIDI out, loop at worst", at_worst, 5, 24, "the loop's 5 mA"),
        _ma(
            "MIDI in, from a 5 V sender", (high - _DIODE_V) / (_MIDI_5V_SENDER_OHM + r("R1")), 2, 30
        ),
        _ma("MIDI in, from a 3.3 V sender", (low - _DIODE_V) / (sender + r("R1")), 2, 30, "H11L1M"),
        _ma("H11L1M output, low", low / r("R2"), None, 16, "0.4 V at most"),
        Figure("R4, DIN 4 shorted to the shield", low**2 / r("R4"), "W", None, 0.5, "its rating"),
        _ma("Sync output, shorted", high / r("R6"), None, 25, "SN74AHCT125, at most"),
        Figure(
            "Sync output into 10 kΩ", high * 10e3 / (10e3 + r("R6")), "V", 2.4, None, "TTL high"
        ),
        Figure(
            "RUN while the Pi starts", low * r("R9") / (r("R9") + _PULL_OHM), "V", None, 0.8, "low"
        ),
        Figure(
            "TXD while the Pi starts",
            low * _PULL_OHM / (r("R5") + _PULL_OHM),
            "V",
            2.0,
            None,
            "high",
        ),
        _ma("PLAY's LED", (low - _LED_V) / r("R10"), None, 8, "the Pi's usual drive"),
        _ma("SDA and SCL, low", low / i2c_ohm, None, 3, "I2C"),
    ]


def figures_table(netlist: Netlist | None = None) -> str:
    """All figures as a Markdown table."""
    lines = ["| What | Worked out | Least | Most | Limit of |", "|---|---:|---:|---:|---|"]
    for figure in figures(netlist):
        limits = [
            "" if limit is None else f"{limit:g} {figure.unit}"
            for limit in (figure.least, figure.most)
        ]
        value = f"{figure.value:.3g} {figure.unit}"
        lines.append(f"| {figure.what} | {value} | {limits[0]} | {limits[1]} | {figure.why} |")
    return "\n".join(lines)


def _ma(
    what: str, amperes: float, least: float | None, most: float | None, why: str = "H11L1M"
) -> Figure:
    return Figure(what, 1e3 * amperes, "mA", least, most, why)
