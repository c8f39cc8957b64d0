"""A route: one output, and how the box plays on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from firmware.engine.controls import Controls
from firmware.engine.parameters import note_of_drum
from firmware.engine.sequencer import GATE_NS, GENERAL_MIDI, DrumVoice, Sequencer
from firmware.midi.message import MidiOut, TimedMessage, all_notes_off
from firmware.rhythm.drums import DRUMS
from firmware.rhythm.pattern import Hit

__all__ = ["PANEL_SETTINGS", "Route", "RouteSettings", "panel_settings"]


@dataclass(frozen=True)
class RouteSettings:
    """What the player can choose for each port."""

    voices: tuple[DrumVoice, ...] = GENERAL_MIDI
    """channel and note of each drum"""
    velocity: int | None = None
    """one MIDI velocity for every hit, or None for the decoded ones"""
    gate_ns: int = GATE_NS
    """how long a note is held"""
    advance_ns: int = 0
    """how much sooner everything is sent here, to make up for what delays it on the way; below
    zero later; at most the engine's hand-over margin"""
    clock: bool = True
    """send MIDI clock, start, stop and song position"""
    clock_while_stopped: bool = False
    controllers: bool = True
    """send the pad and the knobs as controllers"""


PANEL_SETTINGS = frozenset(
    {"channel", "gate", "fixed_velocity", "clock_out", "clock_stopped", "controllers_out"}
) | {note_of_drum(drum.key) for drum in DRUMS}
"""The controls that ``panel_settings`` reads."""


def panel_settings(controls: Controls) -> RouteSettings:
    """What the player chose at the panel, for the ports that follow it."""
    channel = int(controls["channel"]) - 1
    return RouteSettings(
        voices=tuple(DrumVoice(channel, int(controls[note_of_drum(d.key)])) for d in DRUMS),
        velocity=int(controls["fixed_velocity"]) or None,
        gate_ns=int(controls["gate"]) * 1_000_000,
        clock=bool(controls["clock_out"]),
        clock_while_stopped=bool(controls["clock_stopped"]),
        controllers=bool(controls["controllers_out"]),
    )


@dataclass
class Route:
    """An output with its settings and the notes it holds.

    ``follows_panel``: the settings, but for the advance, are those chosen at the panel.
    """

    output: MidiOut
    settings: RouteSettings = field(default_factory=RouteSettings)
    follows_panel: bool = False

    def __post_init__(self) -> None:
        self._sequencer = Sequencer(self.settings.voices, self.settings.gate_ns)

    def follow_panel(self, settings: RouteSettings) -> None:
        """Take over ``settings``, if this route does. What sounds still ends at its own time."""
        settings = replace(settings, advance_ns=self.settings.advance_ns)
        if self.follows_panel and settings != self.settings:
            self.settings = settings
            self._sequencer.set_voices(settings.voices, settings.gate_ns)

    def start(self, start_ns: int) -> None:
        """The music begins at ``start_ns``."""
        self._sequencer.start(start_ns)

    def play(
        self,
        clock: Sequence[TimedMessage],
        hits: Sequence[Hit],
        tick_ns: int,
        tick_length_ns: int,
        delay: float,
    ) -> list[TimedMessage]:
        """Hand over one tick: the clock up to it, and its hits (see Sequencer.play).

        Returns what was handed over.
        """
        if self.settings.velocity is not None:
            hits = [hit._replace(velocity=self.settings.velocity) for hit in hits]
        messages = self._sequencer.play(hits, tick_ns, tick_length_ns, delay)
        if self.settings.clock:
            messages = [*clock, *messages]
        self._send(messages)
        return messages

    def announce(self, messages: Sequence[TimedMessage]) -> None:
        """Send transport messages, where the port wants them."""
        if self.settings.clock:
            self._send(messages)

    def control(self, messages: Sequence[TimedMessage]) -> None:
        """Send controllers, where the port wants them."""
        if self.settings.controllers:
            self._send(messages)

    def panic(self, now_ns: int) -> None:
        """Silence, and tell the instruments to end whatever they still play."""
        self.silence()
        channels = sorted({voice.channel for voice in self.settings.voices})
        self.output.send([TimedMessage(now_ns, all_notes_off(channel)) for channel in channels])

    def silence(self) -> None:
        """End everything that sounds and forget what is to come."""
        self.output.flush()
        self._sequencer.start(0)

    def finish(self) -> list[TimedMessage]:
        """The note-offs still owed, at their own times."""
        return self._sequencer.finish()

    def _send(self, messages: Sequence[TimedMessage]) -> None:
        if advance_ns := self.settings.advance_ns:
            messages = [TimedMessage(m.time_ns - advance_ns, m.data) for m in messages]
        if messages:
            self.output.send(messages)
