import subprocess
import sys

from firmware.engine.route import RouteSettings
from firmware.engine.sequencer import GENERAL_MIDI, DrumVoice
from firmware.midi import din_bridge, din_process
from hardware.pin_map import load_pin_map


def test_kick_and_snare_open_a_burst_wherever_they_are():
    voices = (DrumVoice(0, 60), DrumVoice(3, 61), *GENERAL_MIDI[2:])
    arguments = din_process.bridge_arguments("/dev/ttyAMA0", RouteSettings(voices))
    assert arguments[-3:] == ["--first", "1:60", "4:61"]
    assert arguments[1] == "/dev/ttyAMA0"


def test_din_sync_is_on_the_board_s_pins():
    pins = load_pin_map().din_sync
    arguments = din_process.bridge_arguments("/dev/ttyAMA0", RouteSettings(), pins)
    at = arguments.index("--sync")
    assert arguments[at + 1 : at + 3] == [str(pins.clock), str(pins.run)]


def test_without_gpio_lines_the_bridge_says_so_and_plays_on():
    said = []
    assert din_bridge._sync_out([4, 5], "/dev/no/chip", said.append) is None
    assert said[0].startswith("DIN sync: /dev/no/chip gives no lines 4 and 5 (")
    assert said[0].endswith(").")


def test_the_bridge_ends_with_its_context(monkeypatch):
    popen = subprocess.Popen

    def sleeper(command):
        assert command[:3] == [sys.executable, "-m", "firmware.midi.din_bridge"]
        return popen([sys.executable, "-c", "import time; time.sleep(60)"])

    monkeypatch.setattr(din_process.subprocess, "Popen", sleeper)
    with din_process.din_bridge("/dev/null", RouteSettings()) as process:
        assert process.poll() is None
    assert process.poll() is not None


def test_a_bridge_without_alsa_or_device_says_so_and_ends(capfd):
    with din_process.din_bridge("/nowhere/tty", RouteSettings()) as process:
        assert process.wait(20) == 1
    error = capfd.readouterr().err
    assert "The DIN bridge cannot go on" in error
    assert "Traceback" not in error
