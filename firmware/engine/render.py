"""What the box would play, as a MIDI file: the engine itself, driven in simulated time."""

from __future__ import annotations

from collections.abc import Sequence

import mido

from firmware.clock.tempo import HUNDREDTHS_MINUTE_NS
from firmware.engine.controls import Controls, Play, Set
from firmware.engine.engine import HANDOVER_NS, Engine
from firmware.engine.route import Route, RouteSettings
from firmware.midi.message import TimedMessage
from firmware.rhythm.decoder import Decoder
from firmware.rhythm.latent_map import z_to_pad
from firmware.rhythm.pattern import beats_per_bar

__all__ = ["RENDER_PPQ", "render"]

RENDER_PPQ = 9_600
"""Ticks a quarter note in the file: 1/400 of a tick of the loop, so that microtiming is kept."""


class _Recorder:
    """An output that keeps all it is given."""

    name = "render"

    def __init__(self) -> None:
        self.messages: list[TimedMessage] = []

    def send(self, messages: Sequence[TimedMessage]) -> None:
        self.messages += messages

    def flush(self) -> None: ...

    def close(self) -> None: ...


def render(
    decoder: Decoder, z: tuple[float, float], threshold: float, bars: int, tempo: int
) -> mido.MidiFile:
    """``bars`` bars at the point ``z`` of the map, at ``tempo`` hundredths of a beat a minute.

    The loop's start is the file's: a hit that is early on the very first tick sounds at 0, as on
    the box, where nothing sounds before the start.
    Raises ValueError where a number is outside what the box can play.
    """
    info = decoder.info
    if bars < 1:
        raise ValueError(f"bars is {bars}, not 1 or more.")
    if not all(abs(coordinate) <= info.z_extent for coordinate in z):
        raise ValueError(
            f"z is outside the map, which reaches from -{info.z_extent} to {info.z_extent}."
        )
    x, y = z_to_pad(*z, info.z_extent)
    controls = Controls.defaults()
    for name, value in {"x": x, "y": y, "threshold": threshold, "tempo": tempo}.items():
        changed = controls.apply(Set(name, value))
        if changed[name] != value:
            raise ValueError(f"{name} is outside what the box can play.")
        controls = changed
    recorder = _Recorder()
    route = Route(recorder, RouteSettings(clock=False))
    engine = Engine(decoder, [route], controls)
    engine.post(Play())
    due_ns = engine.step(0)
    while (engine.next_tick or 0) < bars * beats_per_bar(info.ticks_per_beat) * info.ticks_per_beat:
        due_ns = engine.step(due_ns)
    return _midi_file(recorder.messages + route.finish(), tempo, info.name)


def _midi_file(messages: list[TimedMessage], tempo: int, name: str) -> mido.MidiFile:
    track = mido.MidiTrack()
    track.append(
        mido.MetaMessage("track_name", name=name.encode("latin-1", "replace").decode("latin-1"))
    )
    track.append(mido.MetaMessage("set_tempo", tempo=round(HUNDREDTHS_MINUTE_NS / tempo / 1000)))
    position = 0
    for message in sorted(messages):
        beats = (message.time_ns - HANDOVER_NS) * tempo / HUNDREDTHS_MINUTE_NS
        tick = round(beats * RENDER_PPQ)
        track.append(mido.Message.from_bytes(message.data, time=tick - position))
        position = tick
    return mido.MidiFile(type=0, ticks_per_beat=RENDER_PPQ, tracks=[track])
