"""The Pi's own hardware as the kernel sees it; then what the self-test says of the board."""

import os
import re
import subprocess
from pathlib import Path

from listen import BOX, mounts
from told import property_of, tell, wait_for

from firmware.midi.alsa_client import AlsaClient
from firmware.midi.din_bridge import DIN_CLIENT

SYS = Path("/sys")
TREE = SYS / "firmware/devicetree/base"
DEVICES = {
    "i2c-1": "bus/i2c/devices/i2c-1",
    "spidev0.0": "bus/spi/devices/spi0.0",
    "ttyAMA0": "class/tty/ttyAMA0/device",
    "gpiochip0": "bus/gpio/devices/gpiochip0",
}
TESTED = ("display", "bus", "encoders", "pad", "usb", "memory", "card")
PATIENCE_S = 300
PIPES = "/run/groovebox"
"""lgpio makes a pipe in the folder where it is started."""
GO_ON = b"\xb0\x77"
"""Controller 119, which nobody uses: the host has heard enough."""


def nodes():
    """The node in the device tree of each device that there is."""
    there = {
        device: (SYS / place / "of_node").resolve().relative_to(TREE)
        for device, place in DEVICES.items()
        if Path("/dev", device).is_char_device()
    }
    return {device: f"/{node}" for device, node in there.items()}


def number(place):
    return int.from_bytes((TREE / place).read_bytes(), "big")


def pins():
    """Who has which GPIO, and as what."""
    listing = next(SYS.glob("kernel/debug/pinctrl/*pinctrl-bcm2835/pinmux-pins")).read_text()
    line = re.compile(r"^pin (\d+) \(gpio\d+\): (?!\(MUX UNCLAIMED\))(\S+) .* function (\w+)", re.M)
    return {int(pin): [owner, function] for pin, owner, function in line.findall(listing)}


def wait_for_the_host():
    client = AlsaClient("Test")
    port = client.create_port("in", readable=False, writable=True)
    din = wait_for(
        lambda: next((peer.address for peer in client.peers() if peer.client == DIN_CLIENT), None)
    )
    client.connect(din, (client.number, port))
    wait_for(
        lambda: any(
            message.startswith(GO_ON)
            for event in client.receive().events
            for message in event.messages
        )
    )
    client.close()


def self_test():
    command = ["python3", "-m", "firmware", "selftest", "--board", "pi", "--only", *TESTED]
    env = {**os.environ, "XDG_STATE_HOME": "/data"}
    done = subprocess.run(command, cwd=PIPES, env=env, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() + done.stderr.splitlines()


def journal():
    command = ["journalctl", "--boot", "--output=short-monotonic", "--unit", BOX, "--no-pager"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


wait_for(lambda: property_of(BOX, "ActiveState") == "active", PATIENCE_S)
tell(
    ready_s=int(property_of(BOX, "ActiveEnterTimestampMonotonic")) / 1e6,
    model=(TREE / "model").read_text().rstrip("\0"),
    nodes=nodes(),
    pins=pins(),
    i2c_hz=number("soc/i2c@7e804000/clock-frequency"),
    spi_hz=number("soc/spi@7e204000/display@0/spi-max-frequency"),
    light=(SYS / "class/leds/ACT/trigger").read_text(),
    mounts=mounts(),
    restarts=int(property_of(BOX, "NRestarts")),
    journal=journal(),
)
wait_for_the_host()
subprocess.run(["systemctl", "stop", BOX], check=True)
tell(self_test=self_test())
