"""The whole board as data: every part, every pin, every net, built from ``board.toml``.

Each section below says what its circuit rests on. The currents are worked out from the values
here by :mod:`hardware.drawings.currents`.
"""

from __future__ import annotations

from hardware.drawings.model import Netlist, Node, Part, Pin, PinKind, numbered_pins, pins_of
from hardware.pin_map import HEADER, PinMap, load_pin_map

__all__ = ["GROUND", "POWER_POSITIONS", "RAILS", "board_netlist", "header_node"]

GROUND = "GND"
RAILS = {"3V3": 3.3, "5V": 5.0, GROUND: 0.0}
"""The header's supplies, in volts."""

POWER_POSITIONS = {1: "3V3", 17: "3V3", 2: "5V", 4: "5V"} | dict.fromkeys(
    (6, 9, 14, 20, 25, 30, 34, 39), GROUND
)
"""Header positions that are supplies, the same on every Raspberry Pi with 40 pins."""

_EEPROM_POSITIONS = {27: 0, 28: 1}  # the HAT's identification bus: GPIO 0 and 1
_SPARE_POSITIONS = (4, 14, 20, 39)  # supplies that no wire needs; see wires.py for the others

_QWIIC_VOLTS = (3.0, 3.6)  # these boards would take 5 V, but pull SDA and SCL up to what they get

_DISPLAYS = {
    "ssd1351": "SSD1351 1.5 inch 128 x 128",
    "ssd1306": "SSD1306 128 x 64",
    "sh1106": "SH1106 128 x 64",
}


def board_netlist(pin_map: PinMap | None = None) -> Netlist:
    """The circuit of a board description; that of ``board.toml`` unless another is given.

    Raises ``ValueError`` for a pad that is not drawn here.
    """
    pin_map = pin_map or load_pin_map()
    netlist = Netlist()
    _computer(netlist, pin_map)
    _display(netlist, pin_map)
    _encoders(netlist, pin_map)
    _pad(netlist, pin_map)
    _buttons(netlist, pin_map)
    _interface_board(netlist)
    _midi_in(netlist)
    _midi_out(netlist)
    _sync(netlist)
    return netlist


def _computer(netlist: Netlist, pin_map: PinMap) -> None:
    """The Raspberry Pi and its supply.

    A signal pin stands 3.3 V and no more. The 3.3 V header pins come from the Pi's own regulator,
    the 5 V pins straight from the USB input. I2C has 1.8 kΩ to 3.3 V on every Pi.
    """
    supply = pins_of("+ 5V power_out, - GND power_out", {"+": (5.0, 5.0), "-": (0.0, 0.0)})
    netlist.add(Part("PS1", "supply", "5 V 2.5 A USB", supply, "pi"))
    signals = _signals(pin_map)
    kinds = {gpio: (net, kind) for net, (gpio, kind) in signals.items()}
    pins = [Pin("USB+", "5V in", "power_in", (4.75, 5.25)), Pin("USB-", "GND", "power_in", (0, 0))]
    gpios = {position: gpio for gpio, position in HEADER.items()} | _EEPROM_POSITIONS
    kept = {gpio: name for name, kept in pin_map.reserved.items() for gpio in kept}
    for position in range(1, 41):
        node = f"A1.{position}"
        if rail := POWER_POSITIONS.get(position):
            pins.append(Pin(str(position), rail, "power_out", (RAILS[rail], RAILS[rail])))
            if position in _SPARE_POSITIONS:
                netlist.leave("spare", node)
            else:
                netlist.join(rail, node)
            continue
        gpio = gpios[position]
        net, kind = kinds.get(gpio, ("", "input"))
        pins.append(Pin(str(position), f"GPIO{gpio}", kind, (0.0, RAILS["3V3"])))
        if net:
            netlist.join(net, node)
        else:
            netlist.leave(f"kept free for {kept[gpio]}" if gpio in kept else "not used", node)
    netlist.add(Part("A1", "computer", "Raspberry Pi Zero 2 WH", tuple(pins), "pi"))
    netlist.join("USB_5V", "PS1.+", "A1.USB+")
    netlist.join(GROUND, "PS1.-", "A1.USB-")


def _signals(pin_map: PinMap) -> dict[str, tuple[int, PinKind]]:
    """Every net that reaches a GPIO: its BCM number, and what the Pi's pin does."""
    oled, midi, sync = pin_map.oled, pin_map.din_midi, pin_map.din_sync
    signals: dict[str, tuple[int, PinKind]] = {
        "SDA": (pin_map.i2c.sda, "open_drain"),
        "SCL": (pin_map.i2c.scl, "open_drain"),
        "ENC_INT": (pin_map.encoders.interrupt, "input"),
        "PAD_IRQ": (pin_map.pad.irq, "input"),
        "OLED_SCLK": (oled.sclk, "output"),
        "OLED_MOSI": (oled.mosi, "output"),
        "OLED_CE": (oled.ce, "output"),
        "OLED_DC": (oled.dc, "output"),
        "OLED_RESET": (oled.reset, "output"),
        "TXD": (midi.txd, "output"),
        "RXD": (midi.rxd, "input"),
        "CLOCK": (sync.clock, "output"),
        "RUN": (sync.run, "output"),
        "POWER_BUTTON": (pin_map.power_button, "input"),
    }
    signals |= {f"BTN_{name.upper()}": (gpio, "input") for name, gpio in pin_map.buttons.items()}
    signals |= {f"LED_{name.upper()}": (gpio, "output") for name, gpio in pin_map.led.items()}
    return signals


def _display(netlist: Netlist, pin_map: PinMap) -> None:
    """The display on SPI0, with the pin names that Adafruit prints on its 1.5 inch board.

    It runs from 3.3 V, so that boards without a regulator or level shifter of their own fit too.
    The card slot of that board (SC, SO, CD) is not used.
    """
    pins = pins_of(
        "+ VIN power_in, G GND power_in, CL SCLK input, SI MOSI input, OC CS input, DC D/C input, "
        "R RESET input, SC SDCS input, SO MISO output, CD CARD output, 3Vo 3.3V output",
        {"+": (3.0, 5.5), "G": (0.0, 0.0)},
    )
    netlist.add(Part("A2", "display", _DISPLAYS[pin_map.oled.kind], pins, "panel"))
    netlist.join_all(
        {"3V3": "A2.+", GROUND: "A2.G", "OLED_SCLK": "A2.CL", "OLED_MOSI": "A2.SI"}
        | {"OLED_CE": "A2.OC", "OLED_DC": "A2.DC", "OLED_RESET": "A2.R"},
    )
    netlist.leave("card slot and regulator are not used", "A2.SC", "A2.SO", "A2.CD", "A2.3Vo")


def _encoders(netlist: Netlist, pin_map: PinMap) -> None:
    """The encoders' board on I2C, and the encoders that are soldered into it.

    Its INT is open-drain; the Pi's own pull-up holds it. Its 10 kΩ and the pad's on SDA and SCL
    with the Pi's 1.8 kΩ make 1.3 kΩ: 2.5 mA at 3.3 V, within the 3 mA of the I2C specification.
    """
    pins = pins_of(
        "VIN VIN power_in, GND GND power_in, SDA SDA open_drain, SCL SCL open_drain, "
        "INT INT open_drain, 3Vo 3Vo output",
        {"VIN": _QWIIC_VOLTS, "GND": (0.0, 0.0)},
    )
    address = pin_map.encoders.address
    netlist.add(Part("A3", "encoder board", "Adafruit 5752, seesaw", pins, "panel", address))
    for index, role in enumerate(pin_map.encoders.roles, 1):
        netlist.add(Part(f"EN{index}", "encoder", role.upper(), (), "panel"))
    netlist.join_all(
        {"3V3": "A3.VIN", GROUND: "A3.GND", "SDA": "A3.SDA", "SCL": "A3.SCL", "ENC_INT": "A3.INT"},
    )
    netlist.leave("its own regulator's output", "A3.3Vo")


def _pad(netlist: Netlist, pin_map: PinMap) -> None:
    """The touch controller on I2C and the four-wire panel. IRQ is low while the pad is touched."""
    if pin_map.pad.kind != "tsc2007":
        raise ValueError(f"The drawings know a tsc2007 pad, not a {pin_map.pad.kind}.")
    pins = pins_of(
        "VIN VIN power_in, GND GND power_in, SDA SDA open_drain, SCL SCL open_drain, "
        "IRQ IRQ open_drain, X+ X+, Y+ Y+, X- X-, Y- Y-",
        {"VIN": _QWIIC_VOLTS, "GND": (0.0, 0.0)},
    )
    netlist.add(
        Part("A4", "touch board", "Adafruit 5423, TSC2007", pins, "panel", pin_map.pad.address)
    )
    panel = pins_of("X+ X+, Y+ Y+, X- X-, Y- Y-")
    netlist.add(Part("TP1", "touch panel", "4-wire resistive", panel, "panel"))
    netlist.join_all(
        {"3V3": "A4.VIN", GROUND: "A4.GND", "SDA": "A4.SDA", "SCL": "A4.SCL", "PAD_IRQ": "A4.IRQ"},
    )
    for side in ("X+", "Y+", "X-", "Y-"):
        netlist.join(f"PAD_{side}", f"A4.{side}", f"TP1.{side}")


def _buttons(netlist: Netlist, pin_map: PinMap) -> None:
    """Buttons to ground with the Pi's own pull-ups (about 50 kΩ: 66 µA); LEDs by a resistor."""
    for index, name in enumerate(pin_map.buttons, 1):
        netlist.two(f"SW{index}", "switch", name.upper(), f"BTN_{name.upper()}", GROUND, "panel")
    power = f"SW{len(pin_map.buttons) + 1}"
    netlist.two(power, "switch", "POWER", "POWER_BUTTON", GROUND, "panel")
    for index, name in enumerate(name.upper() for name in pin_map.led):
        net = f"LED_{name}"
        netlist.two(f"R{10 + index}", "resistor", "330 Ω", net, f"{net}_A", "panel")
        netlist.add(Part(f"D{2 + index}", "led", f"{name}, green", pins_of("A A, K K"), "panel"))
        netlist.join(f"{net}_A", f"D{2 + index}.A")
        netlist.join(GROUND, f"D{2 + index}.K")


def _interface_board(netlist: Netlist) -> None:
    """The plugs of the interface board, and its reservoirs for the two supplies.

    P2 hands 3.3 V on to the display, as the header has only two such pins. C4 and C5 have their
    plus at leg 1.
    """
    nets = ("3V3", "5V", GROUND, "TXD", "RXD", "CLOCK", "RUN")
    netlist.add(Part("P1", "plug", "to the Pi", numbered_pins(nets)))
    netlist.add(Part("P2", "plug", "to the display", numbered_pins(("3V3", GROUND))))
    for number, net in enumerate(nets, 1):
        netlist.join(net, f"P1.{number}")
    netlist.join_all({"3V3": "P2.1", GROUND: "P2.2"})
    netlist.two("C4", "electrolytic", "10 µF", "5V", GROUND)
    netlist.two("C5", "electrolytic", "10 µF", "3V3", GROUND)


def _midi_in(netlist: Netlist) -> None:
    """MIDI in: a current loop that ends in an optocoupler (MIDI 1.0 and CA-033).

    DIN 4 is the sender's source, DIN 5 its sink; 1, 2 and 3 stay open, so that no ground runs from
    box to box. D1 lies the other way across the diode of the H11L1, whose reverse limit is 6 V.
    The H11L1 works from 3 V upwards and sinks 16 mA at 0.4 V (onsemi's data sheet). Current on is
    a low level: logical 0, as MIDI wants it.
    """
    netlist.add(Part("J2", "din", "MIDI IN", pins_of("1 1, 2 2, 3 3, 4 4, 5 5")))
    pins = pins_of(
        "1 A, 2 K, 3 NC, 4 VO open_drain, 5 GND power_in, 6 VCC power_in",
        {"6": (3.0, 16.0), "5": (0.0, 0.0)},
    )
    netlist.add(Part("U1", "optocoupler", "H11L1M", pins))
    netlist.two("R1", "resistor", "220 Ω", "MIDI_IN_4", "MIDI_IN_A")
    netlist.join("MIDI_IN_4", "J2.4")
    netlist.join("MIDI_IN_A", "U1.1")
    netlist.join("MIDI_IN_5", "J2.5", "U1.2")
    netlist.add(Part("D1", "diode", "1N4148", pins_of("A A, K K")))
    netlist.join("MIDI_IN_5", "D1.A")
    netlist.join("MIDI_IN_A", "D1.K")
    netlist.two("R2", "resistor", "470 Ω", "3V3", "RXD")
    netlist.two("C1", "capacitor", "100 nF", "3V3", GROUND)
    netlist.join_all({"RXD": "U1.4", "3V3": "U1.6", GROUND: "U1.5"})
    netlist.leave("no ground from box to box (MIDI 1.0)", "J2.1", "J2.2", "J2.3")
    netlist.leave("has no function", "U1.3")


def _midi_out(netlist: Netlist) -> None:
    """MIDI out from 3.3 V: 33 Ω to DIN 4, 10 Ω to DIN 5, the shield on ground (CA-033).

    R4 bears a cable that shorts DIN 4 to the shield: 3.3 V squared over 33 Ω is 0.33 W, so it is
    rated at 0.5 W. R5 holds the line idle while the Pi starts and its UART is not set up yet: its
    pull-down (about 50 kΩ) leaves 2.75 V, above the 2.0 V that U2 takes as high.
    """
    netlist.add(Part("J3", "din", "MIDI OUT", pins_of("1 1, 2 2, 3 3, 4 4, 5 5")))
    pins = pins_of(
        "1 NC, 2 A input, 3 GND power_in, 4 Y output, 5 VCC power_in",
        {"5": (1.65, 5.5), "3": (0.0, 0.0), "2": (0.0, 5.5)},
    )
    netlist.add(Part("U2", "buffer", "74LVC1G34", pins))
    netlist.two("R3", "resistor", "10 Ω", "MIDI_OUT_Y", "MIDI_OUT_5")
    netlist.two("R4", "resistor", "33 Ω 0.5 W", "3V3", "MIDI_OUT_4")
    netlist.two("R5", "resistor", "10 kΩ", "3V3", "TXD")
    netlist.two("C2", "capacitor", "100 nF", "3V3", GROUND)
    netlist.join_all({"TXD": "U2.2", "MIDI_OUT_Y": "U2.4", "3V3": "U2.5"})
    netlist.join_all({"MIDI_OUT_5": "J3.5", "MIDI_OUT_4": "J3.4"})
    netlist.join(GROUND, "U2.3", "J3.2")
    netlist.leave("not used by MIDI", "J3.1", "J3.3")
    netlist.leave("has no function", "U2.1")


def _sync(netlist: Netlist) -> None:
    """DIN sync at 5 V: clock on the tip, run on the ring (DIN 3 and DIN 1 by an adapter).

    The inputs of an AHCT take 2.0 V as high, so 3.3 V drives them. 220 Ω keeps a shorted output
    (a mono plug shorts the ring) under the chip's limit of 25 mA. The pull-downs hold both lines
    low while the Pi starts: GPIO 0 to 8 have pull-ups of about 50 kΩ then, which leaves 0.28 V.
    """
    netlist.add(Part("J4", "jack", "SYNC OUT", pins_of("T TIP, R RING, S SLEEVE")))
    gates = {1: (2, 1, 3), 2: (5, 4, 6), 3: (9, 10, 8), 4: (12, 13, 11)}
    text = ", ".join(
        f"{a} {gate}A input, {oe} /{gate}OE input, {y} {gate}Y output"
        for gate, (a, oe, y) in gates.items()
    )
    limits = {"14": (4.5, 5.5), "7": (0.0, 0.0)}
    pins = pins_of(text + ", 7 GND power_in, 14 VCC power_in", limits)
    netlist.add(Part("U3", "buffer", "SN74AHCT125N", pins))
    for net, gate, contact, series, down in (("CLOCK", 1, "T", 6, 8), ("RUN", 2, "R", 7, 9)):
        a, enable, y = gates[gate]
        netlist.join(net, f"U3.{a}")
        netlist.join(GROUND, f"U3.{enable}")
        netlist.join(f"{net}_5V", f"U3.{y}")
        netlist.two(f"R{series}", "resistor", "220 Ω", f"{net}_5V", f"SYNC_{net}")
        netlist.two(f"R{down}", "resistor", "4.7 kΩ", net, GROUND)
        netlist.join(f"SYNC_{net}", f"J4.{contact}")
    for gate in (3, 4):  # no input of a CMOS chip may float
        a, enable, y = gates[gate]
        netlist.join(GROUND, f"U3.{a}", f"U3.{enable}")
        netlist.leave("gate is not used", f"U3.{y}")
    netlist.two("C3", "capacitor", "100 nF", "5V", GROUND)
    netlist.join("5V", "U3.14")
    netlist.join(GROUND, "U3.7", "J4.S")


def header_node(netlist: Netlist, net: str) -> Node | None:
    """The header pin that a signal's net reaches, if it reaches one; supplies have several."""
    nodes = [node for node in netlist.nets[net] if node[0] == "A1"]
    return nodes[0] if net not in RAILS and nodes and nodes[0][1].isdigit() else None
