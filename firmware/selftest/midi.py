"""MIDI in a loop: what goes out by a cable must come in again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from firmware.midi.message import MidiOut, TimedMessage
from firmware.midi.rtmidi_port import PortError
from firmware.selftest.bench import NEW_CARD, Bench, header
from firmware.selftest.report import Line, failed, passed, skipped

__all__ = ["check_din", "check_usb"]

BAUD = 31_250
PROBE = bytes([0xB9, 0x66, 0x55, 0xB9, 0x66, 0x2A, 0x99, 0x25, 0x7F, 0x89, 0x25, 0x40])
"""Controller 102, which nobody uses, twice, and a note on and off: every bit both ways."""
ROUNDS = 20
ANSWER_S = 0.3
CONTROLLERS = Path("/sys/class/udc")


def check_din(bench: Bench, device: str | None) -> Iterator[Line]:
    wiring = bench.board.pin_map.din_midi
    if device is None:
        yield skipped("DIN MIDI", "this board has none.")
        return
    try:
        from serial import Serial  # of no use to the box that plays

        port = Serial(device, BAUD, timeout=ANSWER_S, write_timeout=ANSWER_S)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        advice = f"No wire does this: is a console on it (console= in cmdline.txt)? {NEW_CARD}"
        yield failed("DIN MIDI", f"{device} cannot be opened ({reason}).", advice)
        return
    with contextlib.closing(port):
        if not bench.answer("cable", "din", "Is a cable from MIDI OUT to MIDI IN?"):
            yield skipped("DIN MIDI", "there is no cable from out to in.")
            return
        port.reset_input_buffer()
        right, came, worst_ns = 0, b"", 0
        for _ in range(ROUNDS):
            before_ns = time.monotonic_ns()
            try:
                port.write(PROBE)
                came = port.read(len(PROBE))
            except OSError:
                break
            right += came == PROBE
            worst_ns = max(worst_ns, time.monotonic_ns() - before_ns)
            if not came:
                break
    if right == ROUNDS:
        text = f"{ROUNDS} of {ROUNDS} bursts came back, within {worst_ns / 1e6:.1f} ms."
        yield passed("DIN MIDI", text)
    elif not came and not right:
        yield failed(
            "DIN MIDI",
            "nothing comes back.",
            f"Out: {header(wiring.txd)}, the buffer, DIN 4 and 5. In: the optocoupler's way round, "
            f"its pull-up, {header(wiring.rxd)}.",
        )
    else:
        yield failed(
            "DIN MIDI",
            f"{right} of {ROUNDS} bursts came back right.",
            "The optocoupler's pull-up (470 ohm to 1 kilohm); the core clock in config.txt.",
        )


def check_usb(bench: Bench) -> Iterator[Line]:
    states = {place.name: _state(place) for place in _controllers()}
    if not states:
        yield skipped("USB device", "this machine's USB cannot be a device's.")
    elif "configured" in states.values():
        yield passed("USB device", "a computer is attached.")
    else:
        yield skipped("USB device", "no computer is attached.")
    yield from _loops()


def _controllers() -> list[Path]:
    return sorted(CONTROLLERS.iterdir()) if CONTROLLERS.is_dir() else []


def _state(controller: Path) -> str:
    try:
        return (controller / "state").read_text().strip()
    except OSError:
        return ""


def _loops() -> Iterator[Line]:
    outputs: dict[str, MidiOut] = {}
    heard: list[bytes] = []
    try:
        from firmware.midi.alsa_ports import MAIN_PORT, AlsaMidi

        midi = AlsaMidi(
            lambda time_ns, source, data: heard.append(data),
            lambda output: outputs.update({output.name: output}),
            lambda name: None,
        )
    except (ImportError, PortError) as error:
        yield skipped("USB MIDI", str(error))
        return
    with contextlib.closing(midi):
        devices = [output for name, output in outputs.items() if name != MAIN_PORT]
        if not devices:
            yield skipped("USB MIDI", "no MIDI device is plugged in.")
        for output in devices:
            heard.clear()
            output.send([TimedMessage(time.monotonic_ns(), PROBE[:3])])
            end_s = time.monotonic() + ANSWER_S
            while time.monotonic() < end_s and PROBE[:3] not in heard:
                time.sleep(0.005)
            if PROBE[:3] in heard:
                yield passed("USB MIDI", f"{output.name}: what went out came in again.")
            else:
                yield skipped("USB MIDI", f"{output.name}: no cable from its out to its in.")
