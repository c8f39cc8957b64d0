"""What the player's hands do: buttons, encoders, the pad's corners."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from firmware.devices.encoders import Encoders
from firmware.devices.events import Push, Turn
from firmware.devices.inputs import pad_class
from firmware.devices.touch_pad import Pad, Touch
from firmware.selftest.bench import Ask, Bench, header
from firmware.selftest.eyes import check_colours
from firmware.selftest.report import Line, failed, passed, skipped

__all__ = ["check_buttons", "check_encoders", "check_pad", "verdict_on_corners"]

READINGS = 50
LETTING_GO_S = 2.0
DETENTS = 3
CORNERS = {
    "bottom left": (0, 0),
    "bottom right": (1, 0),
    "top right": (1, 1),
    "top left": (0, 1),
}
FROM_MIDDLE = 0.2
"""So far from the middle a corner lies at least, in widths of the pad."""
SETTLED = 5
"""Readings of one touch before it counts."""
SILENCE_S = 0.1
"""Without a finger, before it counts as lifted."""


def check_buttons(bench: Bench) -> Iterator[Line]:
    pins = bench.board.pin_map.buttons
    # The last answer's button may still be down.
    bench.wait(
        lambda: not any(map(bench.buttons.is_down, pins)), min(LETTING_GO_S, bench.patience_s)
    )
    stuck = {name for name in pins if bench.buttons.is_down(name)}
    for name, pin in pins.items():
        label = f"Button {name}"
        if name in stuck:
            yield failed(
                label,
                "it is down and nobody presses it.",
                f"Look for a bridge from {header(pin)} to ground; turn the switch by 90 degrees.",
            )
            continue
        heard: list[str] = []
        ask = Ask("press", name, f"Press {name.upper()}")

        def pressed(heard: list[str] = heard) -> bool:
            heard.extend(press.button for press in bench.presses() if press.down)
            return bool(heard)

        bench.presses()
        bench.ask(ask, pressed)
        if heard == [name]:
            yield passed(label, f"{header(pin)}.")
        elif heard:
            yield failed(
                label,
                f"{heard[0].upper()} answers.",
                f"Exchange the wires at {header(pin, pins[heard[0]])}.",
            )
        else:
            yield failed(label, "it was not pressed.", f"{header(pin)}, and the switch's ground.")


def check_encoders(bench: Bench) -> Iterator[Line]:
    wiring = bench.board.pin_map.encoders
    try:
        encoders = Encoders(bench.board)
    except (OSError, ValueError, RuntimeError):
        yield failed(
            "Encoder board",
            f"no seesaw answers at {wiring.address:#04x}.",
            "Its 3V3, ground, SDA and SCL; its address jumpers; is it an Adafruit 5752?",
        )
        for role in wiring.roles:
            yield skipped(f"Encoder {role}", "needs the encoder board.")
        yield skipped("Encoder interrupt", "needs the encoder board.")
        yield skipped("Encoder lights", "needs the encoder board.")
        return
    with contextlib.closing(encoders):
        errors = 0
        for _ in range(READINGS):
            try:
                encoders.poll()
            except OSError:
                errors += 1
        text = f"{READINGS - errors} of {READINGS} readings are right."
        advice = "Shorten the wires; is i2c.speed_hz 100000 in board.toml?"
        yield failed("Encoder board", text, advice) if errors else passed("Encoder board", text)
        called: list[bool] = []
        for encoder, role in enumerate(wiring.roles):
            yield _check_encoder(bench, encoders, encoder, role, called)
        if any(called):
            yield passed("Encoder interrupt", f"{header(wiring.interrupt)}.")
        elif called:
            advice = f"INT of the encoder board to {header(wiring.interrupt)}."
            yield failed("Encoder interrupt", "the line did not call.", advice)
        else:
            yield skipped("Encoder interrupt", "needs an encoder that moves.")
        yield from check_colours(bench, encoders)


def _check_encoder(
    bench: Bench, encoders: Encoders, encoder: int, role: str, called: list[bool]
) -> Line:
    """One line; ``called`` notes for each movement whether the interrupt line told of it."""
    label = f"Encoder {role}"
    turned, pushed = [0] * 4, [False] * 4

    def look() -> None:
        line = encoders.changed
        with contextlib.suppress(OSError):
            events = encoders.poll()
            if events:
                called.append(line)
            for event in events:
                if isinstance(event, Turn):
                    turned[event.encoder] += event.steps
                elif isinstance(event, Push) and event.down:
                    pushed[event.encoder] = True

    def was_turned() -> bool:
        look()
        return any(abs(steps) >= DETENTS for steps in turned)

    def was_pushed() -> bool:
        look()
        return any(pushed)

    name = role.upper()
    look()
    turned[:], pushed[:] = [0] * 4, [False] * 4
    solder = f"Resolder the five pins of encoder {encoder + 1}."
    if not bench.ask(Ask("turn", role, f"Turn {name} to the right"), was_turned):
        return failed(label, "it was not turned.", solder)
    other = max(range(4), key=lambda place: abs(turned[place]))
    if other != encoder:
        return failed(
            label,
            f"encoder {other + 1} turns.",
            "Its role is another: encoders.roles in board.toml.",
        )
    if turned[encoder] < 0:
        return failed(label, "it counts backwards.", "encoders.clockwise in board.toml.")
    if not bench.ask(Ask("push", role, f"Push {name} down"), was_pushed):
        return failed(label, "it was not pushed.", solder)
    if not pushed[encoder]:
        other = pushed.index(True)
        return failed(label, f"encoder {other + 1} is pushed.", solder)
    return passed(label, "it turns and can be pushed.")


def check_pad(bench: Bench) -> Iterator[Line]:
    wiring = bench.board.pin_map.pad
    kind = pad_class(wiring.kind)
    try:
        pad = kind(bench.board, kind.USUAL, lambda: None)
    except (OSError, ValueError, RuntimeError):
        yield _no_pad(wiring.kind, wiring.address)
        yield skipped("Pad interrupt", "needs the pad.")
        yield skipped("Pad corners", "needs the pad.")
        return
    with contextlib.closing(pad):
        errors = 0
        for _ in range(READINGS):
            try:
                pad.check()
            except OSError:
                errors += 1
        if errors:
            yield _no_pad(wiring.kind, wiring.address, f"{errors} of {READINGS} readings fail.")
        else:
            yield passed("Pad", f"{wiring.kind} at {wiring.address:#04x}.")
        places, called = _touch_corners(bench, pad)
        if called:
            yield passed("Pad interrupt", f"{header(wiring.irq)}.")
        elif any(places.values()):
            advice = f"IRQ of the pad's board to {header(wiring.irq)}."
            yield failed("Pad interrupt", "the line did not call.", advice)
        else:
            yield skipped("Pad interrupt", "needs a touch.")
        wrong = verdict_on_corners(places)
        if wrong:
            yield failed("Pad corners", *wrong)
        else:
            yield passed("Pad corners", "all four are where they belong.")


def _no_pad(kind: str, address: int, text: str = "") -> Line:
    text = text or f"no {kind} answers at {address:#04x}."
    return failed("Pad", text, "Its 3V3, ground, SDA and SCL; its address jumpers.")


def _touch_corners(bench: Bench, pad: Pad) -> tuple[dict[str, Touch | None], bool]:
    """Where each corner was felt, and whether the interrupt line told of it."""
    places: dict[str, Touch | None] = {}
    called = False
    for corner in CORNERS:
        touches: list[Touch] = []
        read = 0

        def touched(touches: list[Touch] = touches) -> bool:
            nonlocal called, read
            called |= pad.touched
            with contextlib.suppress(OSError):
                raw = pad.measure()
                read += raw is not None
                touch = None if raw is None else pad.place(raw)
                if touch is not None:
                    touches.append(touch)
            return len(touches) >= SETTLED

        if bench.ask(Ask("corner", corner, f"Press the pad's {corner} corner"), touched):
            places[corner] = touches[-1]
            _lift(bench, pad, corner)
        else:
            places[corner] = None
            if not read:  # nor would it be in the other corners
                break
    return places, called


def _lift(bench: Bench, pad: Pad, corner: str) -> None:
    """Ask for the finger to be lifted. A pad that measures by itself has nothing to say between two
    measurements either."""
    felt_s = time.monotonic()

    def lifted() -> bool:
        nonlocal felt_s
        try:
            if pad.measure() is not None or pad.touched:
                felt_s = time.monotonic()
        except OSError:
            return True
        return time.monotonic() - felt_s >= SILENCE_S

    bench.ask(Ask("lift", corner, "Lift the finger"), lifted)


def verdict_on_corners(places: dict[str, Touch | None]) -> tuple[str, str] | None:
    """What is wrong with where the corners were felt, and what to do; None if nothing is."""
    felt = {corner: touch for corner, touch in places.items() if touch is not None}
    if not felt:
        return "no touch was felt.", "The panel's four wires: X+, Y+, X-, Y- of the pad's board."
    if len(felt) < len(CORNERS):
        missing = ", ".join(corner for corner in CORNERS if corner not in felt)
        return f"not felt: {missing}.", "Is the panel pressed by its frame there?"
    sides = {
        corner: tuple(_side(value) for value in (touch.x, touch.y))
        for corner, touch in felt.items()
    }
    if any(0 in side for side in sides.values()):
        axis = "x" if any(side[0] == 0 for side in sides.values()) else "y"
        wires = "X+ and X-" if axis == "x" else "Y+ and Y-"
        return f"{axis} does not reach both edges.", f"{wires} of the panel's flexible strip."
    wanted = {corner: (2 * x - 1, 2 * y - 1) for corner, (x, y) in CORNERS.items()}
    mendings = {
        "x is mirrored.": (lambda x, y: (-x, y), "Exchange X+ and X-."),
        "y is mirrored.": (lambda x, y: (x, -y), "Exchange Y+ and Y-."),
        "it stands upside down.": (lambda x, y: (-x, -y), "Exchange X+ with X- and Y+ with Y-."),
        "x and y are exchanged.": (lambda x, y: (y, x), "Exchange X+ with Y+ and X- with Y-."),
        "it is turned to the left.": (lambda x, y: (-y, x), "Turn the panel by 90 degrees."),
        "it is turned to the right.": (lambda x, y: (y, -x), "Turn the panel by 90 degrees."),
    }
    if sides == wanted:
        return None
    for text, (turned, advice) in mendings.items():
        if all(turned(*wanted[corner]) == sides[corner] for corner in CORNERS):
            return text, advice
    return "the corners are at no places that fit together.", "Repeat it with a pen's blunt end."


def _side(value: float) -> int:
    """-1 or 1, or 0 for what is near the middle."""
    if abs(value - 0.5) < FROM_MIDDLE:
        return 0
    return 1 if value > 0.5 else -1
