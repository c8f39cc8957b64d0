"""The electrical drawings: they are of board.toml's board, and what can be wrong is found."""

import copy
import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from hardware.drawings.__main__ import OUT, all_faults, make
from hardware.drawings.checks import faults
from hardware.drawings.harness import harness
from hardware.drawings.model import Part, Pin
from hardware.drawings.nets import board_netlist
from hardware.drawings.parts import load_parts, parts_faults
from hardware.drawings.wires import header_wires
from hardware.drawings.wiring import wiring_table
from hardware.pin_map import HEADER, load_pin_map, parse_pin_map
from image_build.device_tree import our_part

BOARD_TOML = (Path(__file__).parents[2] / "hardware/board.toml").read_text()
SIGNALS = {
    "i2c.sda": "SDA",
    "i2c.scl": "SCL",
    "oled.sclk": "OLED_SCLK",
    "oled.mosi": "OLED_MOSI",
    "oled.ce": "OLED_CE",
    "oled.dc": "OLED_DC",
    "oled.reset": "OLED_RESET",
    "encoders.interrupt": "ENC_INT",
    "pad.irq": "PAD_IRQ",
    "din_midi.txd": "TXD",
    "din_midi.rxd": "RXD",
    "din_sync.clock": "CLOCK",
    "din_sync.run": "RUN",
    "power.button": "POWER_BUTTON",
    "led.play": "LED_PLAY",
    **{f"buttons.{name}": f"BTN_{name.upper()}" for name in load_pin_map().buttons},
}
SWAPPED = [("sda = 2", "sda = 4"), ("run = 4", "run = 2")]


def other_board(*changes):
    """The pin map of board.toml with lines changed."""
    text = BOARD_TOML
    for old, new in changes:
        assert re.search(rf"^{old}\b", text, re.M), old
        text = re.sub(rf"^{old}\b", new, text, flags=re.M)
    return parse_pin_map(tomllib.loads(text))


def soldered(pin_map):
    """Each signal's GPIO, as board.toml has it."""
    return {
        SIGNALS[owner]: gpio
        for gpio, owner in pin_map.pins().items()
        if not owner.startswith("reserved.")
    }


def test_the_board_may_be_soldered():
    assert all_faults(board_netlist()) == []


@pytest.mark.parametrize(
    "pin_map", [load_pin_map(), other_board(*SWAPPED)], ids=["board.toml", "another"]
)
def test_drawings_table_and_harness_have_the_pins_of_the_board(pin_map):
    netlist = board_netlist(pin_map)
    wanted = soldered(pin_map)
    wired = {
        wire.net: int(wire.header)
        for wire in header_wires(netlist)
        if wire.net not in ("3V3", "5V", "GND")
    }
    assert wired == {net: HEADER[gpio] for net, gpio in wanted.items()}
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in wiring_table(netlist).splitlines()[2:]
    ]
    assert {row[6]: int(row[5]) for row in rows if row[5]} == wanted
    drawn = harness(netlist)["connectors"]["A1"]
    named = dict(zip(drawn["pins"], drawn["pinlabels"], strict=True))
    for gpio in wanted.values():
        assert named[HEADER[gpio]] == f"GPIO{gpio}"


def test_the_device_trees_have_the_pins_of_the_board():
    pin_map = other_board(*SWAPPED, ("button = 7", "button = 27"), ("clock = 27", "clock = 7"))
    for board in (load_pin_map(), pin_map):
        text = our_part(board, "bcm2837-rpi-zero-2-w")
        pins = [numbers.split() for numbers in re.findall(r"brcm,pins = <([\d ]+)>", text)]
        assert pins == [
            [str(board.oled.mosi), str(board.oled.sclk)],
            [str(board.power_button)],
        ]
        gpios = re.findall(r"gpios = <\S+ (\d+) 1>", text)
        assert gpios == [str(board.oled.ce), str(board.power_button)]
        assert f"spi-max-frequency = <{board.oled.speed_hz}>" in text
        assert f"clock-frequency = <{board.i2c.speed_hz}>" in text


def test_what_is_in_the_repository_is_what_is_drawn(tmp_path):
    """All but the harness's picture, which depends on Graphviz's release."""
    assert make(tmp_path) == (0 if shutil.which("dot") else 1)
    made = {path.name for path in tmp_path.iterdir()} - {"harness.svg", "harness.bom.tsv"}
    assert len(made) == 8
    for name in made:
        assert (tmp_path / name).read_text() == (OUT / name).read_text(), name


def without(net, node):
    def change(netlist):
        netlist.nets[net].remove(node)

    return change


def with_pin(ref, number, **changes):
    def change(netlist):
        part = netlist.parts[ref]
        pins = tuple(replace(pin, **changes) if pin.number == number else pin for pin in part.pins)
        netlist.parts[ref] = replace(part, pins=pins)

    return change


def with_value(ref, value):
    def change(netlist):
        netlist.parts[ref] = replace(netlist.parts[ref], value=value)

    return change


def joined(net, node):
    return lambda netlist: netlist.join(net, node)


def swapped(first, second):
    """Two pins are each on the other's net."""

    def change(netlist):
        for nodes in netlist.nets.values():
            nodes[:] = [{first: second, second: first}.get(node, node) for node in nodes]

    return change


def with_address(ref, address):
    def change(netlist):
        netlist.parts[ref] = replace(netlist.parts[ref], address=address)

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (joined("TXD", "U9.1"), "U9 pin 1 is wired but does not exist."),
        (joined("RXD", "A1.8"), "A1 pin 8 is used twice: on TXD and RXD."),
        (without("RXD", ("U1", "4")), "U1 pin 4 (VO) is on no net and not marked as open."),
        (joined("TXD", "J2.1"), "J2 pin 1 is wired, but marked as left open."),
        (without("TXD", ("U2", "2")), "U2 pin 2 (A) is on no net and not marked as open."),
        (swapped(("U3", "14"), ("U2", "5")), "U3 pin 14 (VCC) is on 3V3: 3.3 V."),
        (swapped(("A4", "VIN"), ("P1", "2")), "A4 pin VIN (VIN) is on 5V: 5 V."),
        (with_pin("A1", "17", volts=(5.0, 5.0)), "3V3 is fed with 3.3 V and 5 V."),
        (joined("TXD", "U3.8"), "drive each other"),
        (with_address("A4", 0x49), "The I2C address 0x49 is used 2 times."),
        (joined("GND", "J2.5"), "J2 pin 5 is used twice: on GND and MIDI_IN_5."),
        (with_value("R4", "10 Ω 0.5 W"), "R4, DIN 4 shorted to the shield is out of its limits."),
        (with_value("R6", "100 Ω"), "Sync output, shorted is out of its limits."),
        (with_value("R3", "220 Ω"), "MIDI out, loop at worst is out of its limits."),
        (with_value("R1", "330 Ω"), "Resistor 220 Ω, 0.25 W, 5 % is listed for"),
    ],
)
def test_a_fault_is_found(change, sentence):
    netlist = copy.deepcopy(board_netlist())
    change(netlist)
    found = faults(netlist) or all_faults(netlist)  # some cannot even be drawn
    assert any(sentence in fault for fault in found), found


def test_ground_from_box_to_box_is_found():
    netlist = board_netlist()
    del netlist.unconnected["U1", "3"]
    with_pin("U1", "3", kind="input")(netlist)
    netlist.join("MIDI_IN_5", "U1.3")
    assert "MIDI in is not isolated: its loop reaches U1 pin 3." in all_faults(netlist)


def test_too_many_volts_at_a_pin_of_the_pi_are_found():
    netlist = board_netlist()
    netlist.add(Part("R99", "resistor", "1 kΩ", (Pin("1", "1"), Pin("2", "2"))))
    netlist.join("5V", "R99.1")
    netlist.join("RXD", "R99.2")
    found = all_faults(netlist)
    assert "A1 pin 10 stands 3.3 V, RXD has 5." in found
    assert "No sheet shows R99 pin 1 on 5V." in found
    assert "R99 is in the schematic but not in parts.toml." in found


def test_the_parts_list_is_held_against_the_schematic():
    netlist, parts = board_netlist(), load_parts()
    first = next(part for part in parts if len(part.references) == 6)
    others = [part for part in parts if part is not first]
    fewer = [*others, replace(first, quantity=5)]
    assert parts_faults(netlist, fewer) == [f"{first.description}: 5 for 6 references."]
    assert f"{first.references[0]} is in the schematic but not in parts.toml." in parts_faults(
        netlist, others
    )
    assert "A1 is in parts.toml 2 times." in parts_faults(
        netlist, [*parts, replace(first, references=("A1",), quantity=1)]
    )


def test_each_part_has_a_maker_or_may_be_any():
    for part in load_parts():
        assert part.price > 0
        assert part.quantity > 0
        assert part.mpn or not part.manufacturer
        if part.references:
            assert part.alternatives, part.description
