"""The player's MIDI settings: one TOML file, by default where the box keeps its state.

::

    [controllers]
    channel = 1                   # 1 to 16; without it all are heard and the first one is sent on
    numbers = { x = 12, y = 13 }  # control = controller; those not named keep theirs

    [ports."*"]                   # every port; the first name that fits a port is taken, and
                                  # a port that none fits follows the panel's menu
    channel = 10                  # for all drums, or by drum: channels = { kick = 1 }
    notes = { kick = 36 }
    velocity = 100                # one for all; without it as decoded
    gate_ms = 30
    advance_ms = 0                # sent so much sooner, -100 (later) to 4
    clock = true
    clock_while_stopped = false
    controllers = true
"""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from firmware.engine.controls import CONTROL_NAMES, Controls
from firmware.engine.route import Route, RouteSettings, panel_settings
from firmware.engine.sequencer import GENERAL_MIDI, DrumVoice
from firmware.midi.control_map import DEFAULT_CONTROLLERS
from firmware.midi.din_bridge import DELAY_NS, DIN_CLIENT
from firmware.midi.message import MidiOut
from firmware.rhythm.drums import DRUMS

__all__ = ["MidiSettings", "SettingsError", "load_midi_settings", "parse_midi_settings"]

LONGEST_GATE_MS = 2_000
MOST_ADVANCE_MS, MOST_DELAY_MS = 4, 100
"""Sooner than 4 ms would be too late for the engine, which hands over 5 ms ahead."""


class SettingsError(ValueError):
    """A settings file that cannot be used; its text is one sentence."""


@dataclass(frozen=True)
class MidiSettings:
    """All of the file; ``ports`` are name patterns and their settings, in the file's order."""

    controllers: dict[int, str] = field(default_factory=lambda: dict(DEFAULT_CONTROLLERS))
    control_channel: int | None = None
    ports: tuple[tuple[str, RouteSettings], ...] = ()

    def for_port(self, name: str) -> RouteSettings | None:
        """The settings of the first pattern that fits ``name`` (*, ? and [] as in file names)."""
        fitting = (settings for pattern, settings in self.ports if fnmatch.fnmatch(name, pattern))
        return next(fitting, None)

    def route(self, output: MidiOut, controls: Controls) -> Route:
        """A route to ``output`` as the file has it; one that it does not name follows the panel."""
        own = self.for_port(output.name)
        settings = own or panel_settings(controls)
        if output.name.startswith(DIN_CLIENT):  # its bridge holds everything back a little
            settings = replace(settings, advance_ns=settings.advance_ns + DELAY_NS)
        return Route(output, settings, follows_panel=own is None)


def load_midi_settings(path: Path) -> MidiSettings:
    """Read the file; without one, the defaults. Raises SettingsError for one that is wrong."""
    try:
        return parse_midi_settings(path.read_text("utf-8"))
    except FileNotFoundError:
        return MidiSettings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name} cannot be read ({error}).") from error
    except SettingsError as error:
        raise SettingsError(f"{path.name}: {error}") from error


def parse_midi_settings(text: str) -> MidiSettings:
    """Settings from the file's text. Raises SettingsError naming what is wrong."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"This is not TOML: {error}.") from error
    table = _Table(raw, "the file", {"controllers", "ports"})
    controllers = table.table("controllers", {"channel", "numbers"})
    ports = table.raw.get("ports", {})
    if not isinstance(ports, dict):
        raise SettingsError("'ports' holds a table for each port.")
    channel = controllers.whole("channel", 1, 16)
    return MidiSettings(
        controllers=_controllers(controllers),
        control_channel=None if channel is None else channel - 1,
        ports=tuple((pattern, _port(pattern, raw)) for pattern, raw in ports.items()),
    )


def _controllers(table: _Table) -> dict[int, str]:
    named = table.by_name("numbers", CONTROL_NAMES, 0, 119)
    kept = {n: name for n, name in DEFAULT_CONTROLLERS.items() if name not in named}
    numbers = {number: name for name, number in named.items()}
    if len(numbers) < len(named):
        raise SettingsError("Two controls have one number in 'controllers'.")
    return {**kept, **numbers}


def _port(pattern: str, raw: Any) -> RouteSettings:
    keys = {"channel", "channels", "notes", "velocity", "gate_ms", "advance_ms", "clock"}
    table = _Table(raw, f"port '{pattern}'", keys | {"clock_while_stopped", "controllers"})
    keys_of_drums = [drum.key for drum in DRUMS]
    default = RouteSettings()
    channel = table.whole("channel", 1, 16) or GENERAL_MIDI[0].channel + 1
    channels = table.by_name("channels", keys_of_drums, 1, 16)
    notes = table.by_name("notes", keys_of_drums, 0, 127)
    gate_ms = table.whole("gate_ms", 1, LONGEST_GATE_MS)
    return RouteSettings(
        voices=tuple(
            DrumVoice(channels.get(drum.key, channel) - 1, notes.get(drum.key, drum.note))
            for drum in DRUMS
        ),
        velocity=table.whole("velocity", 1, 127),
        gate_ns=default.gate_ns if gate_ms is None else gate_ms * 1_000_000,
        advance_ns=(table.whole("advance_ms", -MOST_DELAY_MS, MOST_ADVANCE_MS) or 0) * 1_000_000,
        clock=table.switch("clock", default.clock),
        clock_while_stopped=table.switch("clock_while_stopped", default.clock_while_stopped),
        controllers=table.switch("controllers", default.controllers),
    )


class _Table:
    """A TOML table whose keys are known and whose values are checked as they are read."""

    def __init__(self, raw: Any, place: str, keys: set[str]) -> None:
        if not isinstance(raw, dict):
            raise SettingsError(f"{place} is not a table.")
        unknown = sorted(raw.keys() - keys)
        if unknown:
            raise SettingsError(f"There is no '{unknown[0]}' in {place}.")
        self.raw: Mapping[str, Any] = raw
        self.place = place

    def table(self, key: str, keys: set[str]) -> _Table:
        return _Table(self.raw.get(key, {}), f"'{key}'", keys)

    def whole(self, key: str, low: int, high: int) -> int | None:
        value = self.raw.get(key)
        return None if value is None else self._checked(key, value, low, high)

    def _checked(self, key: str, value: Any, low: int, high: int) -> int:
        if type(value) is not int or not low <= value <= high:
            raise SettingsError(
                f"'{key}' in {self.place} is a whole number from {low} to {high}, not {value!r}."
            )
        return value

    def by_name(self, key: str, names: Iterable[str], low: int, high: int) -> dict[str, int]:
        table = _Table(self.raw.get(key, {}), f"'{key}'", set(names))
        return {name: table._checked(name, value, low, high) for name, value in table.raw.items()}

    def switch(self, key: str, default: bool) -> bool:
        value = self.raw.get(key, default)
        if not isinstance(value, bool):
            raise SettingsError(f"'{key}' in {self.place} is true or false, not {value!r}.")
        return value
