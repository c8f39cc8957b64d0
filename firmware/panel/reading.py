"""From the engine's state and the hands' to what the display shows."""

from __future__ import annotations

from firmware.clock.transport import Phase
from firmware.engine.controls import Controls
from firmware.engine.parameters import PAGES, PARAMETERS
from firmware.engine.state import EngineState
from firmware.panel.gestures import Gestures
from firmware.panel.status import Status, Value

__all__ = ["at_rest", "status_of"]

MINUTE_NS = 60_000_000_000
DIMMED = 0.3
"""Brightness of an untouched display, as a part of the usual one."""
SHIFTS = ((0, 0), (1, 1), (2, 0), (1, -1), (0, -2), (-1, -1), (-2, 0), (-1, 1))
"""Where the picture of an untouched display is moved, minute by minute."""


def status_of(
    state: EngineState,
    model: str,
    gestures: Gestures,
    now_ns: int,
    untouched_ns: int,
    turned: str | None = None,
    snapshots: tuple[bool, ...] = (),
) -> Status:
    """One reading at ``now_ns``.

    ``model`` is the name of that which plays, ``untouched_ns`` how long no hand has moved,
    ``turned`` the control whose value is shown, ``snapshots`` which places hold one.
    """
    controls = state.controls
    brightness, shift = at_rest(controls, untouched_ns)
    return Status(
        playing=state.playing,
        tick=state.tick_at(now_ns),
        bpm_hundredths=state.tempo,
        threshold=controls["threshold"],
        thresholds=tuple(controls.thresholds.tolist()),
        noise=controls["noise"],
        z_extent=state.info.z_extent,
        head=state.head,
        target=(controls["x"], controls["y"]),
        model=model,
        muted=controls.muted,
        ticks_per_beat=state.info.ticks_per_beat,
        external_clock=state.external,
        message=_standing_message(state, gestures),
        pattern=state.pattern,
        velocity_amount=controls["velocity_amount"],
        microtiming_amount=controls["microtiming_amount"],
        decay=controls["decay"],
        page=PAGES[round(controls["page"])],
        value=None if turned is None else _value(turned, controls),
        menu=gestures.menu.view(controls),
        grid=gestures.grid(now_ns),
        snapshots=snapshots,
        show_clips=bool(controls["clips"]),
        brightness=brightness,
        shift=shift,
    )


def _standing_message(state: EngineState, gestures: Gestures) -> str:
    if gestures.calibrating:
        return "Click MODEL to end"  # the pad plays nothing till then
    return "Waiting for clock" if state.phase is Phase.ARMED else ""


def at_rest(controls: Controls, untouched_ns: int) -> tuple[float, tuple[int, int]]:
    """Brightness and shift of the picture: an OLED ages where it shines, and shows it."""
    brightness, after_ns = controls["brightness"], controls["dim_after"] * MINUTE_NS
    if not after_ns or untouched_ns < after_ns:
        return brightness, (0, 0)
    minute = int((untouched_ns - after_ns) // MINUTE_NS)
    return brightness * DIMMED, SHIFTS[minute % len(SHIFTS)]


def _value(name: str, controls: Controls) -> Value:
    parameter = PARAMETERS[name]
    share = (controls[name] - parameter.minimum) / (parameter.maximum - parameter.minimum)
    text = parameter.text(controls[name])
    return Value(parameter.label, text, None if parameter.choices else share)
