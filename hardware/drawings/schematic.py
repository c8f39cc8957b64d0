"""The schematic: four sheets, drawn from the netlist and held against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hardware.drawings.currents import Figure, figures
from hardware.drawings.model import Netlist
from hardware.drawings.nets import GROUND
from hardware.drawings.sheet import Point, Sheet
from hardware.drawings.wires import header_wires

__all__ = ["SHEETS", "draw_sheets", "sheet_faults", "sheets"]


def midi(netlist: Netlist) -> Sheet:
    """MIDI in and out."""
    sheet = Sheet(netlist, "MIDI in and out", (-3, 16))
    _midi_in(sheet)
    _midi_out(sheet)
    return sheet


def _midi_in(sheet: Sheet) -> None:
    socket = sheet.box("J2", (0, 13), right="4 _ _ 5 2 1 3", width=2.6)
    chip = sheet.box("U1", (11, 13), left="1 _ _ 2 3", right="4 _ 6 _ 5", width=3)
    corner = sheet.two("R1", (4.2, 13), (7.2, 13))
    sheet.wire(socket["4"], (4.2, 13))
    sheet.wire(corner, (8, 13), chip["1"])
    sheet.two("D1", (8, 10), (8, 13), first="A")
    sheet.wire(socket["5"], (8, 10), chip["2"])
    sheet.wire(chip["4"], (18, 13), (20, 13))
    sheet.tag("RXD", (20, 13), 1)
    sheet.two("R2", (18, 15.4), (18, 13))
    sheet.rail("3V3", (18, 15.4))
    _supplied(sheet, chip["6"], chip["5"], "C1", 17, "3V3", 19.6)
    sheet.din_face((-1.7, 10.2), "seen from outside")


def _midi_out(sheet: Sheet) -> None:
    y = 2.0
    chip = sheet.box("U2", (6, y), left="2 1", right="4 _ 5 _ 3", width=3)
    socket = sheet.box("J3", (19.6, y), left="5 _ 4 _ 2 1 3", width=2.6)
    sheet.tag("TXD", (2, y), -1)
    sheet.wire((2, y), (3.6, y), chip["2"])
    sheet.two("R5", (3.6, y + 2.4), (3.6, y))
    sheet.rail("3V3", (3.6, y + 2.4))
    sheet.wire(chip["4"], (13.6, y))
    sheet.wire(sheet.two("R3", (13.6, y), (16.6, y)), socket["5"])
    _supplied(sheet, chip["5"], chip["3"], "C2", 10.8, "3V3", 12.8)
    sheet.wire((12.8, y - 2), (14.2, y - 2))
    sheet.wire(sheet.two("R4", (14.2, y - 2), (17.6, y - 2)), socket["4"])
    _grounded(sheet, socket["2"], 17.6)
    sheet.din_face((24.2, y - 3), "seen from outside")
    _notes(sheet, (-3, y - 7), "MIDI", "H11L1M", "R4", "TXD")


def sync(netlist: Netlist) -> Sheet:
    """DIN sync out at 5 V."""
    sheet = Sheet(
        netlist, "Sync out: tip clock (DIN 3), ring run (DIN 1), sleeve ground (DIN 2)", (-4, 16.5)
    )
    chip = sheet.box(
        "U3",
        (8, 14),
        left="2 1 _ _ 5 4 _ _ 9 10 12 13",
        right="3 _ _ _ 6 _ _ 8 11 14 _ 7",
        width=3.4,
    )
    jack = sheet.box("J4", (20, 14), left="T _ _ _ R _ _ S", width=2.6)
    for net, pin, enable, down in (("CLOCK", "2", "1", "R8"), ("RUN", "5", "4", "R9")):
        y = chip[pin][1]
        sheet.tag(net, (2, y), -1)
        sheet.wire((2, y), (3, y), chip[pin])
        sheet.rail(GROUND, sheet.two(down, (3, y), (3, y - 2.4)))
        _grounded(sheet, chip[enable], 6.2)
    for pin in ("9", "10", "12", "13"):
        sheet.wire(chip[pin], (6.2, chip[pin][1]))
    sheet.wire((6.2, chip["9"][1]), (6.2, chip["13"][1]))
    sheet.rail(GROUND, (6.2, chip["13"][1]))
    for series, pin, contact in (("R6", "3", "T"), ("R7", "6", "R")):
        y = chip[pin][1]
        sheet.wire(chip[pin], (14, y))
        sheet.wire(sheet.two(series, (14, y), (17, y)), jack[contact])
    _grounded(sheet, jack["S"], 18)
    _supplied(sheet, chip["14"], chip["7"], "C3", 13.6, "5V", 18.6)
    high, low = chip["14"][1], chip["7"][1]
    sheet.two("C4", (16.2, high), (16.2, low))
    sheet.wire((13.6, low), (16.2, low))
    _notes(sheet, (-4, 0), "Sync", "RUN")
    return sheet


def display_pad_encoders(netlist: Netlist) -> Sheet:
    """What hangs on SPI and I2C."""
    sheet = Sheet(netlist, "Display, encoders and pad", (0, 17))
    display = ["OLED_SCLK", "OLED_MOSI", "OLED_CE", "OLED_DC", "OLED_RESET"]
    bus = ["SDA", "SCL", "ENC_INT"]
    pi = _pi(sheet, (0, 15), [*display, *5 * ["_"], *bus, "PAD_IRQ"])
    oled = sheet.box("A2", (13, 15), left="CL SI OC DC R _ + G", right="SC SO CD 3Vo", width=5)
    encoders = sheet.box("A3", (13, 5), left="SDA SCL INT _ VIN GND", right="3Vo", width=5)
    for ref, nets, points in (("A2", display, oled), ("A3", bus, encoders)):
        for net in nets:
            number = next(number for part, number in netlist.nets[net] if part == ref)
            sheet.wire(pi[net], points[number])
    pad = sheet.box("A4", (13, -3.6), left="SDA SCL IRQ _ VIN GND", right="X+ Y+ X- Y-", width=5)
    panel = sheet.box("TP1", (21.5, -3.6), left="X+ Y+ X- Y-", width=2.6)
    for side, point in panel.items():
        sheet.wire(pad[side], point)
    for net, number, x in (("SDA", "SDA", 10.2), ("SCL", "SCL", 9.2), ("PAD_IRQ", "IRQ", 8.2)):
        down = (x, pad[number][1])
        sheet.wire((x, pi[net][1]), down, pad[number])
    sheet.wire(pi["PAD_IRQ"], (8.2, pi["PAD_IRQ"][1]))
    for points, supply, ground in ((oled, "+", "G"), (encoders, "VIN", "GND"), (pad, "VIN", "GND")):
        _fed(sheet, points[supply], points[ground], 11.4)
    roles = [part for part in netlist.parts.values() if part.kind == "encoder"]
    for row, part in enumerate(roles):
        sheet.text(f"{part.ref}  {part.value}", (15, 3.4 - 0.7 * row))
    for ref, y in (("A3", -1.1), ("A4", -9.7)):
        sheet.text(f"I2C address {netlist.parts[ref].address:#04x}", (15.5, y), "center")
    return sheet


def buttons_led_power(netlist: Netlist) -> Sheet:
    """Buttons, LED, supply, and the plugs of the interface board."""
    sheet = Sheet(netlist, "Buttons, LED, power, and the interface board's plugs", (0, 18.6))
    buttons = [net for net in netlist.nets if net.startswith("BTN_")]
    buttons.sort(key=lambda net: int(_other(netlist, net, "A1")[2:]))
    keys = [*buttons, "POWER_BUTTON"]
    lights = [net for net in netlist.nets if net.startswith("LED_") and not net.endswith("_A")]
    rows = [row for net in (*keys, *lights) for row in (net, "_")]
    pi = _pi(sheet, (0, 16), rows)
    bus, low = 15.0, pi[lights[-1]][1]
    for net in keys:
        y = pi[net][1]
        sheet.wire(pi[net], (10, y))
        sheet.wire(sheet.two(_other(netlist, net, "A1"), (10, y), (13, y)), (bus, y))
    for net in lights:
        resistor = _other(netlist, net, "A1")
        diode = _other(netlist, f"{net}_A", resistor)
        y = pi[net][1]
        sheet.wire(pi[net], (7, y))
        middle = sheet.two(resistor, (7, y), (10, y))
        sheet.wire(sheet.two(diode, middle, (13, y), first="A"), (bus, y))
    sheet.wire((bus, pi[keys[0]][1]), (bus, low))
    sheet.rail(GROUND, (bus, low))
    _power(sheet, low - 5)
    return sheet


def _power(sheet: Sheet, y: float) -> None:
    """The supply and the two plugs, each plug's wires straight from the Pi's pins."""
    names = [pin.name for pin in sheet.netlist.parts["P1"].pins]
    at_pi = [wire.header for wire in header_wires(sheet.netlist) if wire.end[0] == "P1"]
    pi = _pi(sheet, (8, y), at_pi, left="USB+ _ USB-")
    supply = sheet.box("PS1", (-0.6, y), right="+ _ -", width=4)
    for first, second in (("+", "USB+"), ("-", "USB-")):
        sheet.wire(supply[first], pi[second])
    sheet.rail(GROUND, (6, pi["USB-"][1]))
    plug = sheet.box("P1", (20.5, y), left=" ".join(map(str, range(1, 8))), width=2.8)
    for number, position in enumerate(at_pi, 1):
        sheet.wire(pi[position], plug[str(number)])
        sheet.label(names[number - 1], pi[position])
    display = sheet.box("P2", (20.5, y - 9.5), left="1 _ 2", width=2.8)
    high, low = display["1"][1], display["2"][1]
    sheet.wire(display["1"], (15, high))
    sheet.wire(display["2"], (15, low))
    sheet.two("C5", (17, high), (17, low))
    sheet.rail("3V3", (15, high))
    sheet.rail(GROUND, (15, low))


_PI_WIDTH = 4.4


def _pi(sheet: Sheet, at: Point, rows: list[str], left: str = "") -> dict[str, Point]:
    """Some of the Pi's pins, each named by its net or by its position on the header."""
    numbers = {}
    for row in rows:
        nodes = [number for ref, number in sheet.netlist.nets.get(row, []) if ref == "A1"]
        numbers[row] = nodes[0] if nodes else row
    right = " ".join(numbers[row] for row in rows)
    points = sheet.box("A1", at, left, right, _PI_WIDTH)
    for row in rows:
        if row != numbers[row]:
            sheet.label(row, points[numbers[row]])
    return points | {row: points[number] for row, number in numbers.items() if number != "_"}


def _other(netlist: Netlist, net: str, ref: str) -> str:
    """The first part on a net besides ``ref``."""
    return next(part for part, _ in netlist.nets[net] if part != ref)


def _grounded(sheet: Sheet, pin: Point, x: float) -> None:
    sheet.wire(pin, (x, pin[1]))
    sheet.rail(GROUND, (x, pin[1]))


def _fed(sheet: Sheet, supply: Point, ground: Point, x: float) -> None:
    """3.3 V and ground at a board's two pins."""
    sheet.wire(supply, (x, supply[1]))
    sheet.rail("3V3", (x, supply[1]))
    _grounded(sheet, ground, x)


def _supplied(
    sheet: Sheet, supply: Point, ground: Point, capacitor: str, x: float, net: str, rail_x: float
) -> None:
    """A chip's supply with its capacitor at ``x``; the supply's arrow stands at ``rail_x``."""
    sheet.wire(supply, (x, supply[1]), (rail_x, supply[1]))
    sheet.rail(net, (rail_x, supply[1]))
    sheet.two(capacitor, (x, supply[1]), (x, ground[1]))
    sheet.wire(ground, (x, ground[1]))
    sheet.rail(GROUND, (x, ground[1]))


def _notes(sheet: Sheet, at: Point, *names: str) -> None:
    """The figures of a circuit, at the foot of its sheet."""
    chosen = [figure for figure in figures(sheet.netlist) if figure.what.startswith(names)]
    for row, figure in enumerate(chosen):
        sheet.text(_note(figure), (at[0], at[1] - 0.6 * row), size=10)


def _note(figure: Figure) -> str:
    limits = []
    if figure.least is not None:
        limits.append(f"at least {figure.least:g} {figure.unit}")
    if figure.most is not None:
        limits.append(f"at most {figure.most:g} {figure.unit}")
    return f"{figure.what}: {figure.value:.2g} {figure.unit} ({', '.join(limits)})"


SHEETS: dict[str, Callable[[Netlist], Sheet]] = {
    "midi": midi,
    "display_pad_encoders": display_pad_encoders,
    "buttons_led_power": buttons_led_power,
    "sync": sync,
}


def sheets(netlist: Netlist) -> dict[str, Sheet]:
    """Every sheet by its file's name."""
    return {name: draw(netlist) for name, draw in SHEETS.items()}


def sheet_faults(netlist: Netlist) -> list[str]:
    """Where the drawings differ from the netlist, or leave a wired pin out; a sentence each."""
    drawn = sheets(netlist)
    found = [fault for sheet in drawn.values() for fault in sheet.faults()]
    seen = {node for sheet in drawn.values() for node in sheet.pins}
    header = [node for node in seen if node[0] == "A1"]
    for net, nodes in netlist.nets.items():
        for node in nodes:
            supply = node[0] == "A1" and netlist.pin(node).kind == "power_out"
            if node not in seen and not (supply and header):
                found.append(f"No sheet shows {node[0]} pin {node[1]} on {net}.")
    return found


def draw_sheets(netlist: Netlist, folder: Path) -> list[Path]:
    """Write every sheet as SVG into a folder; returns the files."""
    files = []
    for name, sheet in sheets(netlist).items():
        path = folder / f"{name}.svg"
        sheet.save(path)
        files.append(path)
    return files
