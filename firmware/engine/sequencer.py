"""The sequencer: hits of a pattern to timed note-ons, and the note-off that each one is owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firmware.midi.message import TimedMessage, note_off, note_on
from firmware.rhythm.drums import DRUMS
from firmware.rhythm.pattern import Hit

__all__ = ["GATE_NS", "GENERAL_MIDI", "DrumVoice", "Sequencer"]

GATE_NS = 30_000_000
"""How long a drum's note is held. Drum machines trigger on note-on; some need a few ms of gate."""

MARGIN_NS = 1_000_000
"""A note-off keeps this distance from the next note-on of its note, where there is room."""


@dataclass(frozen=True)
class DrumVoice:
    """Where a drum's notes go: MIDI channel 0..15 and note 0..127."""

    channel: int
    note: int


GENERAL_MIDI = tuple(DrumVoice(9, drum.note) for drum in DRUMS)


def _just_before(next_on_ns: int, on_ns: int) -> int:
    return next_on_ns - max(min(MARGIN_NS, (next_on_ns - on_ns) // 2), 1)


@dataclass
class _Held:
    on_ns: int
    off_ns: int


class Sequencer:
    """Turns hits into messages one tick ahead and never forgets a note-off.

    Microtiming reaches one tick either way (and swing further on), so the hits of one tick may
    sound before those of the tick before it. Note-offs therefore wait until the window that holds
    them is complete, and give way to a note-on of the same note wherever it lands.
    """

    def __init__(self, voices: Sequence[DrumVoice] = GENERAL_MIDI, gate_ns: int = GATE_NS) -> None:
        self.set_voices(voices, gate_ns)
        self._held: dict[DrumVoice, list[_Held]] = {}
        self._handed_ns = 0

    def set_voices(self, voices: Sequence[DrumVoice], gate_ns: int) -> None:
        """From the next hit on; what is held ends when it was going to."""
        self.voices, self._gate_ns = tuple(voices), gate_ns

    def start(self, start_ns: int) -> None:
        """Begin anew: nothing is held (the outputs have ended it), nothing sounds before now."""
        self._held.clear()
        self._handed_ns = start_ns

    def play(
        self, hits: Sequence[Hit], tick_ns: int, tick_length_ns: int, delay: float = 0.0
    ) -> list[TimedMessage]:
        """Messages for the hits of the tick at ``tick_ns``, sorted by time.

        A hit sounds (``delay`` + its microtiming) ticks of ``tick_length_ns`` away from its tick,
        but not before the tick before, whose window has been handed over. Also returns the
        note-offs that fall due up to ``tick_ns``: nothing played later can sound before them.
        """
        messages: list[TimedMessage] = []
        for hit in hits:
            on_ns = tick_ns + round((delay + hit.microtiming) * tick_length_ns)
            messages += self._begin(
                self.voices[hit.drum], max(on_ns, self._handed_ns), hit.velocity
            )
        self._handed_ns = max(tick_ns, self._handed_ns)
        messages += self._ends_up_to(self._handed_ns)
        return sorted(messages)  # at one time, a note-off (0x8n) comes before a note-on (0x9n)

    def finish(self) -> list[TimedMessage]:
        """Every note-off still owed, at its own time; nothing is held afterwards."""
        return self._ends_up_to(None)

    def _begin(self, voice: DrumVoice, on_ns: int, velocity: int) -> list[TimedMessage]:
        held = self._held.setdefault(voice, [])
        if any(abs(other.on_ns - on_ns) < 2 for other in held):
            return []  # two drums on one note at one moment are one hit
        off_ns = on_ns + self._gate_ns
        for other in held:
            if other.on_ns < on_ns:
                # What was due before the window in hand has been handed over already.
                before = max(_just_before(on_ns, other.on_ns), min(self._handed_ns, on_ns))
                other.off_ns = min(other.off_ns, before)
            else:
                off_ns = min(off_ns, _just_before(other.on_ns, on_ns))
        held.append(_Held(on_ns, off_ns))
        return [TimedMessage(on_ns, note_on(voice.channel, voice.note, velocity))]

    def _ends_up_to(self, until_ns: int | None) -> list[TimedMessage]:
        ends = []
        for voice, held in self._held.items():
            due = [note for note in held if until_ns is None or note.off_ns <= until_ns]
            for note in due:
                held.remove(note)
                ends.append(TimedMessage(note.off_ns, note_off(voice.channel, voice.note)))
        return sorted(ends)
