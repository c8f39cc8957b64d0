"""DIN sync, by whoever holds a meter at the socket."""

from __future__ import annotations

from collections.abc import Iterator

from gpiozero import OutputDevice

from firmware.selftest.bench import Bench, header
from firmware.selftest.eyes import NOBODY
from firmware.selftest.report import Line, failed, passed, skipped

__all__ = ["check_sync"]

CONTACTS = {"clock": "tip", "run": "ring"}


def check_sync(bench: Bench) -> Iterator[Line]:
    """One line of the two after the other is up, so that a bridge between them shows."""
    if not bench.answer("meter", "sync", "A voltmeter from SYNC OUT's sleeve to its tip?"):
        yield skipped("Sync", "there is no voltmeter at the socket.")
        return
    factory, wiring = bench.board.pin_factory, bench.board.pin_map.din_sync
    pins = {name: getattr(wiring, name) for name in CONTACTS}
    outputs = {name: OutputDevice(pin, pin_factory=factory) for name, pin in pins.items()}
    try:
        for name, contact in CONTACTS.items():
            outputs[name].on()
            up = bench.answer("volts", f"{name} up", f"Are there 5 V at the {contact}?")
            outputs[name].off()
            question = f"And 0 V at the {contact} now?"
            down = up and bench.answer("volts", f"{name} down", question)
            label = f"Sync {name}"
            if up and down:
                yield passed(label, f"5 V and 0 V at the {contact}.")
                continue
            fault = f"no 5 V at the {contact}." if up is False else f"the {contact} stays up."
            yield failed(
                label,
                NOBODY if None in (up, down) else fault,
                f"{header(pins[name])}, the buffer SN74AHCT125N with its 5 V, 220 ohm, the jack.",
            )
    finally:
        for output in outputs.values():
            output.close()
