"""The self-test on the virtual board: all is well, and each fault is found on its own line."""

import os
import threading
import time
import tty
from contextlib import closing, contextmanager

import numpy as np
import pytest

from firmware.__main__ import main
from firmware.devices.touch_pad import Touch
from firmware.selftest import machine, midi
from firmware.selftest.command import GROUPS, held_at_start, self_test
from firmware.selftest.hands import CORNERS, verdict_on_corners
from firmware.selftest.report import Result
from hardware.pin_map import HEADER, load_pin_map
from hardware.virtual.i2c_bus import Fault
from hardware.virtual.virtual_board import VirtualBoard
from tests.selftest.player import SOON_S, Player

ON_THE_BOARD = ("display", "buttons", "light", "bus", "encoders", "pad", "sync")
PATIENCE_S = 1.0


@contextmanager
def loop_back(change=lambda data: data):
    """A UART whose out leads to its in; the name of its device."""
    far, near = os.openpty()
    tty.setraw(near)
    closing_down = threading.Event()

    def echo():
        while not closing_down.is_set():
            try:
                os.write(far, change(os.read(far, 64)))
            except OSError:
                return

    thread = threading.Thread(target=echo, daemon=True)
    thread.start()
    try:
        yield os.ttyname(near)
    finally:
        closing_down.set()
        os.close(near)
        thread.join(1)
        os.close(far)


def run(groups, fault=lambda board: None, pin_map=None, cable=True, lift_s=SOON_S, **options):
    """The lines and what was told."""
    told = []
    with closing(VirtualBoard(pin_map, pinnacle_period_s=0.01)) as board:
        fault(board)
        player = Player(board, cable, lift_s)
        lines = self_test(
            board, told.append, groups, on_ask=player.on_ask, patience_s=PATIENCE_S, **options
        )
        player.done()
    return lines, told


@pytest.mark.parametrize("display", ["ssd1351", "ssd1306", "sh1106"])
def test_a_sound_board_passes(display):
    lines, told = run(ON_THE_BOARD, pin_map=load_pin_map().with_display(display))
    assert [str(line) for line in lines if line.result is not Result.PASS] == []
    names = [line.name for line in lines]
    assert len(names) == len(set(names))
    pin_map = load_pin_map()
    assert {f"Button {name}" for name in pin_map.buttons} <= set(names)
    assert {f"Encoder {role}" for role in pin_map.encoders.roles} <= set(names)
    assert told[-1] == f"{len(lines)} pass, 0 fail, 0 not tested."
    assert "      Press PLAY" in told


@pytest.mark.parametrize("lift_s", [SOON_S, 0.04])
def test_a_round_pad_passes(lift_s):
    lines, _ = run(("bus", "pad"), pin_map=load_pin_map().with_pad("pinnacle"), lift_s=lift_s)
    assert [str(line) for line in lines if line.result is not Result.PASS] == []


def cut(*path):
    """A fault that puts a function that does nothing in a place below the board."""

    def fault(board):
        *places, last = path
        for place in places:
            board = getattr(board, place)
        setattr(board, last, lambda *arguments: None)

    return fault


def dead_pin(name):
    def fault(board):
        board.pin_factory.pin(board.pin_map.buttons[name]).drive = lambda level: None

    return fault


def bridged(name):
    return lambda board: board.pin_factory.drive(board.pin_map.buttons[name], False)


def sync_line(name, level):
    """A line that stays where it is."""

    def fault(board):
        number = getattr(board.pin_map.din_sync, name)
        true_level = board.pin_factory.level
        board.pin_factory.level = lambda pin: level if pin == number else true_level(pin)

    return fault


def crossed(first, second):
    def fault(board):
        pins, pin = board.pin_map.buttons, board.pin_factory.pin
        one, two = pin(pins[first]), pin(pins[second])
        one.drive, two.drive = two.drive, one.drive

    return fault


def both(fault):
    def break_both(board):
        board.set_fault("encoders", fault)
        board.set_fault("pad", fault)

    return break_both


def panel(change):
    """What the finger's place becomes on a panel that is wired otherwise."""

    def fault(board):
        chip = board._touch_controller
        touch = chip.touch
        chip.touch = lambda x, y, force: touch(*change(x, y), force)

    return fault


def dead_encoder(number):
    def fault(board):
        chip = board._seesaw
        turn = chip.turn
        chip.turn = lambda encoder, steps: None if encoder == number else turn(encoder, steps)

    return fault


def backwards(board):
    turn = board._seesaw.turn
    board._seesaw.turn = lambda encoder, steps: turn(encoder, -steps)


def stuck_dc(board):
    board.spi._dc = lambda: 0.0


ENCODERS = [f"Encoder {role}" for role in load_pin_map().encoders.roles]
FAULTS = {
    "the display's bus fails": (
        ("display",),
        lambda board: board.fail_display(True),
        ["Display bus"],
        "No wire does this. Make the image anew",
    ),
    "the display's D/C line is broken": (("display",), stuck_dc, ["Display"], "D/C header pin 18"),
    "a switch is bridged": (("buttons",), bridged("snare"), ["Button snare"], "header pin 37"),
    "a switch has no ground": (("buttons",), dead_pin("kick"), ["Button kick"], "header pin 36"),
    "two switches are exchanged": (
        ("buttons",),
        crossed("kick", "hat"),
        ["Button kick", "Button hat"],
        "header pins",
    ),
    "the light is the wrong way round": (
        ("light",),
        lambda board: setattr(board, "led", lambda name: 0.0),
        ["Light play"],
        "long leg goes to header pin 32",
    ),
    "sync: the buffer has no power": (
        ("sync",),
        lambda board: setattr(board.pin_factory, "level", lambda pin: 0.0),
        ["Sync clock", "Sync run"],
        "SN74AHCT125N",
    ),
    "sync: run is shorted to 5 V": (
        ("sync",),
        sync_line("run", 1.0),
        ["Sync run"],
        "header pin 7",
    ),
    "no chip answers": (("bus",), both(Fault.ABSENT), ["I2C bus"], "SDA header pin 3"),
    "a chip holds the bus": (
        ("bus",),
        lambda board: board.set_fault("pad", Fault.SILENT),
        ["I2C bus"],
        "bridge",
    ),
    "the bus is held": (
        ("bus",),
        both(Fault.SILENT),
        ["I2C bus"],
        "no answer in time from the encoder board and pad",
    ),
    "the encoder board is not there": (
        ("bus", "encoders"),
        lambda board: board.set_fault("encoders", Fault.ABSENT),
        ["Encoder board"],
        "address jumpers",
    ),
    "the encoder board talks nonsense": (
        ("bus", "encoders"),
        lambda board: board.set_fault("encoders", Fault.GARBAGE),
        ["Encoder board"],
        "0x49",
    ),
    "the encoders' INT is cut": (
        ("encoders",),
        cut("_seesaw", "_interrupt"),
        ["Encoder interrupt"],
        "INT of the encoder board to header pin 11",
    ),
    "an encoder is badly soldered": (
        ("encoders",),
        dead_encoder(2),
        [ENCODERS[2]],
        "five pins of encoder 3",
    ),
    "an encoder's switch is dead": (("encoders",), cut("push"), ENCODERS, "five pins"),
    "encoders count backwards": (("encoders",), backwards, ENCODERS, "encoders.clockwise"),
    "the encoders' lights get nothing": (
        ("encoders",),
        cut("_seesaw", "_write_pixels"),
        ["Encoder lights"],
        "3V3",
    ),
    "the pad's chip is not there": (
        ("bus", "pad"),
        lambda board: board.set_fault("pad", Fault.ABSENT),
        ["Pad"],
        "address jumpers",
    ),
    "the pad's chip floats": (
        ("pad",),
        lambda board: board.set_fault("pad", Fault.FLOATING),
        ["Pad"],
        "0x48",
    ),
    "the pad's IRQ is cut": (
        ("pad",),
        cut("_touch_controller", "_penirq"),
        ["Pad interrupt"],
        "header pin 15",
    ),
    "X+ and X- are exchanged": (
        ("pad",),
        panel(lambda x, y: (1 - x, y)),
        ["Pad corners"],
        "Exchange X+ and X-.",
    ),
    "a wire of the panel is broken": (
        ("pad",),
        panel(lambda x, y: (x, 0.5)),
        ["Pad corners"],
        "Y+ and Y-",
    ),
    "nobody touches": (("pad",), cut("touch"), ["Pad corners"], "four wires"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_on_its_line_and_on_no_other(name):
    groups, fault, wrong, advice = FAULTS[name]
    lines, told = run(groups, fault)
    assert [line.name for line in lines if line.result is Result.FAIL] == wrong
    assert advice in " ".join(map(str, lines))
    assert all(line.advice for line in lines if line.result is Result.FAIL)
    assert f"{len(wrong)} fail" in told[-1]


def test_a_cable_from_out_to_in():
    with loop_back() as device:
        [line], _ = run(("din",), din=device)
    assert (line.result, line.text[:15]) == (Result.PASS, "20 of 20 bursts")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: b"", "nothing comes back"),
        (lambda data: data[:-1] + b"\xff", "0 of 20"),
    ],
)
def test_din_that_does_not_come_back_right(change, words):
    with loop_back(change) as device:
        [line], _ = run(("din",), din=device)
    assert line.result is Result.FAIL
    assert words in line.text
    assert "optocoupler" in line.advice


def test_sync_without_a_meter_is_passed_over():
    [line], _ = run(("sync",), cable=False)
    assert line.result is Result.SKIP


def test_din_without_a_cable_or_a_socket_is_passed_over():
    with loop_back() as device:
        [line], _ = run(("din",), din=device, cable=False)
        assert line.result is Result.SKIP
    [line], _ = run(("din",), din=None)
    assert line.result is Result.SKIP
    [line], _ = run(("din",), din="/dev/no/uart")
    assert line.result is Result.FAIL
    assert "console= in cmdline.txt" in line.advice


def test_usb(monkeypatch, tmp_path):
    monkeypatch.setattr(midi, "CONTROLLERS", tmp_path)
    monkeypatch.setattr(midi, "_loops", lambda: iter(()))
    assert [line.result for line in midi.check_usb(None)] == [Result.SKIP]
    (tmp_path / "dwc2").mkdir()
    (tmp_path / "dwc2/state").write_text("not attached\n")
    assert [line.text for line in midi.check_usb(None)] == ["no computer is attached."]
    (tmp_path / "dwc2/state").write_text("configured\n")
    assert [line.result for line in midi.check_usb(None)] == [Result.PASS]


def test_timing_tells_how_far_ahead():
    [line] = machine.check_timing(0.5)
    assert "handed over" in line.text
    assert int(line.text.split()[0]) > 20


def test_timing_that_is_late_is_found(monkeypatch):
    send = machine._Watch.send

    def late(self, messages):
        time.sleep(0.03)
        send(self, messages)

    monkeypatch.setattr(machine._Watch, "send", late)
    [line] = machine.check_timing(0.5)
    assert line.result is Result.FAIL
    assert "real-time priority" in line.advice


@pytest.mark.parametrize(
    ("free", "result"), [(100_000, Result.PASS), (20_000, Result.FAIL), (None, Result.SKIP)]
)
def test_memory(tmp_path, free, result):
    if free:
        (tmp_path / "meminfo").write_text(f"MemTotal: 425984 kB\nMemAvailable: {free} kB\n")
    [line] = machine.check_memory(tmp_path)
    assert line.result is result


def test_card(tmp_path, monkeypatch):
    ext4 = tmp_path / "ext4/mmcblk0p3"
    ext4.mkdir(parents=True)
    (ext4 / "errors_count").write_text("0\n")

    def card(folder=tmp_path / "state", **options):
        [line] = machine.check_card(folder, tmp_path / "ext4", **options)
        return line

    assert card().result is Result.PASS
    assert list((tmp_path / "state").iterdir()) == []
    slow = iter((0.0, 9.0)).__next__
    assert "slow" in card(clock=slow).advice
    (ext4 / "errors_count").write_text("3\n")
    assert "3 errors" in card().text
    (tmp_path / "file").write_text("")
    assert "cannot be written" in card(tmp_path / "file/state").text


@pytest.mark.parametrize(("alarm", "result"), [("0", Result.PASS), ("1", Result.FAIL)])
def test_power(tmp_path, alarm, result):
    for name, kind in (("hwmon0", "cpu_thermal"), ("hwmon1", "rpi_volt")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "name").write_text(kind + "\n")
    (tmp_path / "hwmon1/in0_lcrit_alarm").write_text(alarm + "\n")
    [line] = machine.check_power(tmp_path)
    assert line.result is result
    assert next(machine.check_power(tmp_path / "none")).result is Result.SKIP


@pytest.mark.parametrize("turns", range(4))
def test_a_panel_that_is_turned_is_told(turns):
    def turned(x, y):
        for _ in range(turns):
            x, y = 1 - y, x
        return x, y

    felt = {corner: Touch(*turned(*place), 0.5) for corner, place in CORNERS.items()}
    assert bool(verdict_on_corners(felt)) == bool(turns)
    felt["top left"] = None
    assert "not felt: top left." in verdict_on_corners(felt)[0]


def test_the_button_that_asks_for_it():
    with closing(VirtualBoard()) as board:
        assert not held_at_start(board)
        board.press("shift", True)
        assert held_at_start(board)


def test_the_result_stays_on_the_display():
    with closing(VirtualBoard()) as board:
        player = Player(board)
        seen = []

        def look(text):
            if "pass," in text:
                time.sleep(0.05)
                seen.append(np.array(board.oled.rgb()))

        self_test(board, look, ("display",), on_ask=player.on_ask, patience_s=PATIENCE_S)
        player.done()
    assert seen[0].any()


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    status = main(["selftest", "--only", "memory", "card", "--port", "0"])
    told = capsys.readouterr().out.splitlines()
    assert status == 0
    assert told[1].startswith("pass  Memory: ")
    assert told[2].startswith("pass  Card: ")
    assert set(GROUPS) >= set(ON_THE_BOARD)


def test_the_header_is_the_pi_s():
    # Two places from the pinout that every Pi has printed, and that none is there twice.
    assert (HEADER[2], HEADER[14], HEADER[21]) == (3, 8, 40)
    power_and_ground = {1, 2, 4, 6, 9, 14, 17, 20, 25, 30, 34, 39, 27, 28}
    assert set(HEADER.values()) | power_and_ground == set(range(1, 41))
    assert len(set(HEADER.values())) == len(HEADER)
