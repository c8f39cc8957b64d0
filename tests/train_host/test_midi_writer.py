"""Loops written to MIDI and read again: onsets, velocities and microtiming survive."""

import io
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.rhythm.drums import DRUMS
from firmware.rhythm.pattern import Pattern, midi_velocity
from train_host.drum_map import ROLAND_TD11
from train_host.loops import Loops, cut
from train_host.midi_reader import read_clips, read_file
from train_host.midi_writer import midi_file, write_midi

GROOVE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "groove"


def read_back(midi, ticks_per_beat=24):
    stream = io.BytesIO()
    midi.save(file=stream)
    (clip,) = read_clips(stream.getvalue(), "clip")
    return cut(clip, ticks_per_beat)


def assert_same(loops, again):
    assert np.array_equal(loops.onset, again.onset)
    assert np.array_equal(loops.velocity, again.velocity)
    assert np.abs(loops.microtiming - again.microtiming).max() < 0.01


def random_loops(rng, count, density=0.2):
    onset = (rng.random((count, 9, 96)) < density).astype(np.float32)
    onset[:, 0, 48] = 1
    velocity = rng.integers(0, 127, onset.shape).astype(np.float32) / 126 * onset
    microtiming = rng.uniform(-0.5, 0.5, onset.shape).astype(np.float32) * onset
    return Loops(onset, velocity, microtiming, ("clip",) * count)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 2**32),
    st.integers(1, 4),
    st.sampled_from([12, 16, 24, 32, 48, 64, 96]),
    st.sampled_from([0.01, 0.2, 1.0]),
)
def test_any_loops_survive(seed, count, ticks_per_beat, density):
    loops = random_loops(np.random.default_rng(seed), count, density)
    assert_same(loops, read_back(midi_file(loops, ticks_per_beat), ticks_per_beat))


@pytest.mark.parametrize("microtiming", [-0.5, -0.4999, -0.35, 0.0, 0.35, 0.4999, 0.49999997])
@pytest.mark.parametrize("ticks_per_beat", [24, 32, 64])
def test_rounding_never_moves_a_hit_to_another_tick(microtiming, ticks_per_beat):
    onset = np.zeros((2, 9, 96), np.float32)
    onset[:, 0, [0, 10, 95]] = 1
    loops = Loops(onset, onset / 2, onset * np.float32(microtiming), ("a", "b"))
    again = read_back(midi_file(loops, ticks_per_beat), ticks_per_beat)
    assert np.array_equal(again.onset, onset)
    assert np.abs(again.microtiming - loops.microtiming).max() < 0.01


def test_a_hit_before_the_start_is_written_at_the_end():
    onset = np.zeros((9, 96), np.float32)
    onset[0, 0] = onset[1, 24] = 1
    midi = midi_file(Pattern(onset, onset, -0.25 * onset), name="früh")
    ons = [
        (time, m.note) for time, m in absolute(midi) if m.type == "note_on" and m.velocity == 127
    ]
    assert ons == [(24 * 400 - 100, 38), (96 * 400 - 100, 36)]
    assert midi.tracks[0].name == "früh"
    again = read_back(midi)
    assert again.onset[0, 0, 0] == 1
    assert again.microtiming[0, 0, 0] == -0.25


def absolute(midi):
    time = 0
    for message in midi.tracks[0]:
        time += message.time
        yield time, message


def test_a_pattern_sounds_above_its_threshold_on_the_notes_given():
    onset = np.zeros((9, 96), np.float32)
    onset[3, 5], onset[4, 6] = 0.4, 0.2
    pattern = Pattern(onset, np.full_like(onset, 0.5), np.full_like(onset, 0.9))
    midi = midi_file(pattern, tempo=174, threshold=0.3, drum_notes=range(60, 69))
    ons = [(time, m.note, m.velocity) for time, m in absolute(midi) if m.type == "note_on"]
    assert ons == [(5 * 400 + 360, 63, 64)]
    assert midi.ticks_per_beat == 9600
    tempo = next(m.tempo for m in midi.tracks[0] if m.type == "set_tempo")
    assert mido.tempo2bpm(tempo) == pytest.approx(174, abs=0.01)


def test_every_note_ends_before_its_drum_is_hit_again_and_before_the_end():
    loops = random_loops(np.random.default_rng(5), 2, density=0.9)
    midi = midi_file(loops)
    sounding = set()
    for _, message in absolute(midi):
        if message.type == "note_on":
            assert message.note not in sounding
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.remove(message.note)
    assert not sounding
    assert sum(message.time for message in midi.tracks[0]) == 2 * 96 * 400


@pytest.mark.parametrize(
    ("ticks_per_beat", "metre"),
    [(24, (4, 4)), (12, (4, 4)), (32, (3, 4)), (48, (2, 4)), (64, (3, 8)), (36, (4, 4))],
)
def test_the_metre_fits_the_loop(ticks_per_beat, metre):
    midi = midi_file(random_loops(np.random.default_rng(1), 1), ticks_per_beat)
    found = next(m for m in midi.tracks[0] if m.type == "time_signature")
    assert (found.numerator, found.denominator) == metre
    assert midi.ticks_per_beat % ticks_per_beat == 0


def test_errors():
    loops = random_loops(np.random.default_rng(1), 1)
    with pytest.raises(ValueError, match="no loops"):
        midi_file(Loops.merge([]))
    with pytest.raises(ValueError, match="ticks_per_beat"):
        midi_file(loops, 0)
    with pytest.raises(ValueError, match="drum notes"):
        midi_file(loops, drum_notes=[36])


def test_a_file_is_written_and_named_after_its_path(tmp_path):
    path = tmp_path / "loops.mid"
    loops = random_loops(np.random.default_rng(2), 2)
    write_midi(path, loops, tempo=90)
    again = read_file(path)
    assert_same(loops, again)
    assert again.names == ("loops #1", "loops #2")
    assert again.tempo == pytest.approx(90)


@pytest.mark.skipif(not GROOVE.is_dir(), reason="the drumming in ../shared/data/groove is not here")
def test_real_drumming_survives():
    # One in 16 of the files below 12 kB, in 4/4 and, one each, in the other metres that there are.
    small = [path for path in sorted(GROOVE.rglob("*.mid")) if path.stat().st_size < 12e3]
    metres = {path.stem.rsplit("_", 1)[1]: path for path in small}
    hits = 0
    for path in {*small[::16], *metres.values()}:
        (track,) = read_clips(path.read_bytes(), path.stem, ROLAND_TD11)
        for ticks_per_beat in (24, 12) if path in small[::16] else (24, 32):
            loops = cut(track, ticks_per_beat)
            assert_same(loops, read_back(midi_file(loops, ticks_per_beat), ticks_per_beat))
            hits += int(loops.onset.sum())
    assert hits > 5000


@pytest.mark.skipif(not GROOVE.is_dir(), reason="the drumming in ../shared/data/groove is not here")
def test_loops_of_real_drumming_are_the_notes_of_the_file():
    path = GROOVE / "drummer1" / "session1" / "1_funk_80_beat_4-4.mid"
    played = {}
    time = 0
    for message in mido.MidiFile(path).tracks[0]:
        time += message.time
        if message.type == "note_on" and message.velocity:
            place = (*divmod((time + 10) // 20, 96), ROLAND_TD11.notes[message.note])
            played.setdefault(place, []).append((message.velocity, time))
    loops = read_file(path, ROLAND_TD11)
    bars = [int(name.split("#")[1]) - 1 for name in loops.names]
    heard = 0
    for (bar, tick, drum), hits in played.items():
        row = bars.index(bar)
        velocity, time = max(hits)
        assert loops.onset[row, drum, tick] == 1
        assert midi_velocity(loops.velocity[row, drum, tick]) == velocity
        offsets = [t / 20 - (bar * 96 + tick) for v, t in hits if v == velocity]
        assert float(loops.microtiming[row, drum, tick]) == pytest.approx(min(offsets, key=abs))
        heard += 1
    assert heard == loops.onset.sum()
    assert len(DRUMS) == loops.onset.shape[1]
