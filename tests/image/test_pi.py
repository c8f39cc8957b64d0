"""The card in QEMU's Raspberry Pi: its own device tree, SD controller, UART and watchdog."""

import contextlib
import json
import subprocess
import time
from collections import Counter
from statistics import median
from types import SimpleNamespace

import pytest

from firmware.library.models import factory_folder, find_models, read_model
from firmware.midi.message import CLOCK, STOP, SoundingNotes, is_note_on
from firmware.midi.parser import MidiParser
from firmware.rhythm.decoder import Decoder
from firmware.rhythm.drums import DRUMS
from hardware.pin_map import load_pin_map
from image_build.recipe import BOARDS
from tests.image.card import Card
from tests.image.machine import PATIENCE_S, told, words_for
from tests.image.pi_machine import PiMachine

pytestmark = pytest.mark.image

BOARD = "bcm2837-rpi-zero-2-w"
"""The box's own."""
LISTENED_S, SOON_S = 5.0, 3.0
MUTE_KICK, GO_ON = b"\xb9\x50\x7f", b"\xb0\x77\x00"
KICK = next(drum.note for drum in DRUMS if drum.key == "kick")
PINS = load_pin_map()


@pytest.fixture(scope="module")
def pi(image, scripts, tmp_path_factory):
    """One start: what the guest told, and what was on the wire until the box was told to stop."""
    work = tmp_path_factory.mktemp("pi")
    machine = PiMachine(Card(image / "groovebox.img", work / "card.img"), work, BOARD)
    words = words_for("patience", "pi", "watchdog", disks=["mmcblk0p3"])
    # QEMU resets as soon as the watchdog is started, so that comes last.
    with machine.running_pi(f"{words} modprobe.blacklist=bcm2835_wdt", scripts):
        machine.wait_for('"model"', PATIENCE_S)
        rises = machine.rises(PINS.din_sync.clock, LISTENED_S)
        machine.send(MUTE_KICK)
        muted_ns = time.monotonic_ns() + round(SOON_S * 1e9)
        time.sleep(SOON_S + LISTENED_S)
        machine.send(GO_ON)
        machine.wait_for('"watchdogs"', PATIENCE_S)
        with contextlib.suppress(subprocess.TimeoutExpired):
            machine.wait_for_end(30)
        reset, found = machine.has_ended, told(machine.lines)
    print(json.dumps(found, indent=1))
    parser = MidiParser()
    messages = [m for time_ns, data in machine.midi for m in parser.feed(time_ns, data)]
    wire = SimpleNamespace(messages=messages, garbage=parser.garbage, muted_ns=muted_ns)
    return SimpleNamespace(told=found, wire=wire, reset=reset, sync_rises=rises)


@pytest.mark.parametrize("board", BOARDS)
def test_each_board_s_device_tree(image, board):
    tree = image / f"work/files/boot/a/{board}.dtb"

    def value(node, name, default=()):
        command = ["fdtget", *default, tree, node, name]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    for alias in (f"i2c{PINS.i2c.bus}", f"spi{PINS.oled.spi_port}", "serial0", "mmc0"):
        assert value(value("/aliases", alias), "status", ["-d", "okay"]) == "okay"
    assert value("/soc/serial@7e215040", "status") == "disabled"
    assert value("/soc/gpio@7e200000", "pinctrl-0", ["-d", "none"]) == "none"
    assert value("/leds/led-act", "linux,default-trigger") == "mmc0"


def test_the_card_is_read_and_the_data_partition_made_by_the_pi_s_own_controller(pi):
    root, data = (pi.told["mounts"][place] for place in ("/", "/data"))
    assert root[:2] == ["/dev/mmcblk0p2", "squashfs"]
    assert root[2].split(",")[0] == "ro"
    assert data[:2] == ["/dev/mmcblk0p6", "ext4"]
    assert data[2].split(",")[0] == "rw"


def test_the_buses_are_where_board_toml_has_them(pi):
    spi, i2c, midi = PINS.oled, PINS.i2c, PINS.din_midi
    assert pi.told["nodes"] == {
        f"i2c-{i2c.bus}": "/soc/i2c@7e804000",
        f"spidev{spi.spi_port}.{spi.spi_device}": f"/soc/spi@7e204000/display@{spi.spi_device}",
        midi.device.removeprefix("/dev/"): "/soc/serial@7e201000",
        "gpiochip0": "/soc/gpio@7e200000",
    }
    assert (pi.told["i2c_hz"], pi.told["spi_hz"]) == (i2c.speed_hz, spi.speed_hz)
    wanted = {
        "3f804000.i2c": (i2c.sda, i2c.scl),
        "3f204000.spi": (spi.mosi, spi.sclk),
        "3f201000.serial": (midi.txd, midi.rxd),
    }
    for owner, pins in wanted.items():
        assert [pi.told["pins"].get(str(pin)) for pin in pins] == [[owner, "alt0"]] * 2
    assert pi.told["pins"].get(str(PINS.power_button)) == ["power-button", "gpio_in"]


def test_the_light_shows_the_card_at_work(pi):
    assert "[mmc0]" in pi.told["light"]


def test_it_plays_by_the_uart_at_the_model_s_tempo(pi):
    assert pi.told["restarts"] == 0
    assert pi.wire.garbage == 0
    clocks = [message.time_ns for message in pi.wire.messages if message.data == CLOCK]
    # The machine stands still now and then and catches up: the middle one of its seconds is right.
    *counts, _ = Counter((time_ns - clocks[0]) // 10**9 for time_ns in clocks).values()
    bpm = median(counts) * 60 / 24
    model = Decoder(read_model(find_models([factory_folder()])[0].path))
    assert bpm == pytest.approx(model.info.tempo, rel=0.05)
    notes = {message.data[1] for message in pi.wire.messages if is_note_on(message.data)}
    assert KICK in notes
    assert notes <= {drum.note for drum in DRUMS}


def test_din_sync_has_the_clock(pi):
    # Looked at from outside, most of its edges are missed.
    assert pi.sync_rises > 10


def test_it_hears_by_the_uart(pi):
    notes = [
        message.data[1]
        for message in pi.wire.messages
        if is_note_on(message.data) and message.time_ns > pi.wire.muted_ns
    ]
    assert notes
    assert KICK not in notes


def test_it_ends_on_the_wire(pi):
    sounding = SoundingNotes()
    for message in pi.wire.messages:
        sounding.track(message.data)
    assert sounding.end_all() == []
    assert STOP in [message.data for message in pi.wire.messages[-20:]]
    assert pi.wire.messages[-1].data != CLOCK


def test_the_self_test_names_what_this_machine_has_not(pi):
    lines = pi.told["self_test"]
    assert [line.split(":")[0] for line in lines if line.startswith("FAIL")] == [
        "FAIL  Display bus",
        "FAIL  I2C bus",
        "FAIL  Encoder board",
        "FAIL  Pad",
    ]
    assert "no answer in time from the encoder board and pad." in "\n".join(lines)


def test_systemd_starts_the_pi_s_watchdog(pi):
    assert pi.told["watchdogs"] == []
    assert pi.reset
