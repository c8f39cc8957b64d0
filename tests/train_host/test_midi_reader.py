"""MIDI files read into loops: types, resolutions, time codes, channels, damage, folders."""

import io
import random
import struct
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.rhythm.pattern import midi_velocity
from train_host.drum_map import ROLAND_TD11
from train_host.loops import Loops, cut
from train_host.midi_reader import ClipError, read_clips, read_file, read_folder

GROOVE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "groove"

ON, TEMPO, METRE, END = "note_on", "set_tempo", "time_signature", "end_of_track"


def midi(*tracks, kind=None, ppq=480):
    """The bytes of a MIDI file of tracks of (tick, event, fields)."""
    found = []
    for events in tracks:
        now, track = 0, mido.MidiTrack()
        for tick, event, fields in events:
            make = mido.Message if event.startswith("note") else mido.MetaMessage
            fields = {"channel": 9, **fields} if event.startswith("note") else fields
            track.append(make(event, time=tick - now, **fields))
            now = tick
        found.append(track)
    kind = (0 if len(found) == 1 else 1) if kind is None else kind
    stream = io.BytesIO()
    mido.MidiFile(type=kind, ticks_per_beat=ppq, tracks=found).save(file=stream)
    return stream.getvalue()


def hit(tick, note=36, velocity=100, channel=9):
    return tick, ON, {"note": note, "velocity": velocity, "channel": channel}


def chunk(track, division=480, kind=0, count=1):
    """A MIDI file with one track of these raw bytes."""
    head = struct.pack(">4sIHHH", b"MThd", 6, kind, count, division & 0xFFFF)
    return head + struct.pack(">4sI", b"MTrk", len(track)) + track


def ticks(loops, loop=0, drum=0):
    return np.flatnonzero(loops.onset[loop, drum]).tolist()


def only(content):
    (clip,) = read_clips(content, "clip")
    return clip


BAR = [hit(0), hit(480, 38, 90), (600, "note_off", {"note": 38}), hit(1440, 38, 1), (1920, END, {})]


@pytest.mark.parametrize("ppq", [24, 96, 101, 480, 960])
def test_a_bar_at_any_resolution(ppq):
    events = [(tick * ppq // 480, event, fields) for tick, event, fields in BAR]
    loops = cut(only(midi(events, ppq=ppq)))
    assert loops.onset.sum() == 3
    assert ticks(loops) == [0]
    assert ticks(loops, drum=1) == [24, 72]
    assert midi_velocity(loops.velocity[0, 1, 24]) == 90


def test_tracks_of_type_1_play_together_and_those_of_type_2_are_clips():
    first = [hit(0), (1920, END, {})]
    second = [hit(960), hit(5760, 38), (7680, END, {})]
    together = cut(only(midi(first, second)))
    assert together.names == ("clip #1", "clip #4")
    assert ticks(together) == [0, 48]
    assert only(midi(second, first)).end == 7680
    silent = [(0, TEMPO, {"tempo": 500_000})]
    clips = read_clips(midi(first, silent, second, kind=2), "clip")
    assert [clip.name for clip in clips] == ["clip 1", "clip 3"]
    assert [ticks(cut(clip)) for clip in clips] == [[0], [48]]


def test_running_status_and_velocity_0_as_note_off():
    track = bytes.fromhex("00 99 24 64  60 24 00  60 26 50  8140 26 00  00 ff 2f 00")
    loops = cut(only(chunk(track, division=96)))
    assert loops.onset.sum() == 2
    assert ticks(loops) == [0]
    assert ticks(loops, drum=1) == [48]


def test_tempo_changes_do_not_move_notes_and_the_first_is_kept():
    tempos = [(0, TEMPO, {"tempo": 400_000}), (480, TEMPO, {"tempo": 900_000})]
    clip = only(midi([*tempos, hit(960), (1920, END, {})]))
    assert ticks(cut(clip)) == [48]
    assert clip.tempo == pytest.approx(150)
    assert only(midi(BAR)).tempo == 120
    # A tempo that nobody plays is damage, not a tempo.
    assert only(midi([(0, TEMPO, {"tempo": 0}), hit(0)])).tempo == 120


def test_the_metre_decides_what_a_bar_is():
    waltz = [(0, METRE, {"numerator": 3, "denominator": 4}), hit(0), hit(960), (1100, END, {})]
    clip = only(midi(waltz))
    assert clip.metre == (3, 4)
    assert clip.length(24) == 3 * 480
    for numerator, denominator in ((0, 4), (1, 128), (1, 16)):
        odd = (0, METRE, {"numerator": numerator, "denominator": denominator})
        assert only(midi([odd, hit(0)])).metre == (4, 4)


@pytest.mark.parametrize(("frames", "rate"), [(24, 24), (25, 25), (29, 30_000 / 1001), (30, 30)])
def test_smpte_time_code_is_read_by_the_tempo(frames, rate):
    # 100 ticks a frame. At 120 BPM a beat is half a second; from the second beat on, at 60, one.
    second = rate * 100
    division = ((256 - frames) << 8) | 100
    moments = [(0, hit), (0.5, TEMPO), (1.5, hit), (3.5, END)]
    events = bytearray()
    now = 0
    for moment, what in moments:
        tick = round(moment * second)
        delta = tick - now
        now = tick
        events += bytes([0x80 | delta >> 14, 0x80 | (delta >> 7 & 0x7F), delta & 0x7F])
        if what is TEMPO:
            events += b"\xff\x51\x03" + (1_000_000).to_bytes(3, "big")
        elif what is END:
            events += b"\xff\x2f\x00"
        else:
            events += b"\x99\x24\x64"
    clip = only(chunk(bytes(events), division))
    beats = [note.position / clip.ppq for note in clip.notes]
    assert beats == pytest.approx([0, 2], abs=1e-3)
    assert clip.end / clip.ppq == pytest.approx(4, abs=1e-3)
    loops = cut(clip)
    assert ticks(loops) == [0, 48]
    assert np.abs(loops.microtiming).max() < 0.02


def test_channel_10_is_the_drums_where_it_has_notes():
    piano = hit(480, 38, channel=0)
    assert cut(only(midi([hit(0), piano, (1920, END, {})]))).onset.sum() == 1
    assert ticks(cut(only(midi([piano, (1920, END, {})]))), drum=1) == [24]
    with pytest.raises(ClipError, match="no drums"):
        read_clips(midi([hit(0, 99), piano]), "clip")


def test_notes_that_are_no_drum_are_named():
    clip = only(midi([hit(0), hit(10, 22), hit(20, 26), hit(30, 22), (1920, END, {})]))
    assert clip.unmapped == (22, 26)
    (clip,) = read_clips(midi([hit(0, 22), (1920, END, {})]), "clip", ROLAND_TD11)
    assert [note.drum for note in clip.notes] == [2]
    with pytest.raises(ClipError, match=r"its notes \(1, 2\) are not in the map general_midi"):
        read_clips(midi([hit(0, 2), hit(0, 1)]), "clip")


TRACK = chunk(b"\0\x99\x24\x64")[14:]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"GIF89a", "not a MIDI file"),
        (b"RIFF\0\0\0\0RMID", "not a MIDI file"),
        (b"MThd", "cut short"),
        (midi(BAR)[:-9], "cut short"),
        (midi(BAR)[:20], "cut short"),
        (chunk(b"", count=0), "no notes"),
        (chunk(b"", kind=2, count=0), "no tracks"),
        (midi([(0, TEMPO, {"tempo": 500_000})]), "no notes"),
        (midi([hit(0, velocity=0)]), "no notes"),
        (chunk(b"\0\x24\x64"), "damaged"),
        (chunk(b"\0\x99\x24\xe4"), "damaged"),
        (chunk(b"\0\xff\x59\x02\x7f\x00"), "damaged"),
        (chunk(b"\0\xff\x51\x01\x00"), "damaged"),
        (chunk(b"\0\x99\x24\x64", division=0), "time division"),
        (chunk(b"\0\x99\x24\x64", division=0x9F04), "time division"),
        (chunk(b"\0\x99\x24\x64", division=0xE700), "time division"),
        (chunk(b"\0\x99\x24\x64", kind=7), "unknown type 7"),
        (chunk(b"\xff" * 1_000_000 + b"\x7f\x99\x24\x64"), "never ends"),
        (chunk(b"\xff" * 30 + b"\x7f\x99\x24\x64"), "after years"),
        (chunk(b"\xff" * 30 + b"\x7f\x99\x24\x64", division=0xE764), "after years"),
        (chunk(b"\0\x99\x24\x64" * 65_536), "more than 65536 events"),
        (chunk(b"\0\x99\x24\x64", kind=2, count=1025)[:14] + 1025 * TRACK, "1024 is the most"),
        (b"MThd" + bytes(3_000_000), "larger than 1 MB"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(content, reason):
    with pytest.raises(ClipError) as caught:
        read_clips(content, "clip")
    assert reason in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_small_file_cannot_make_a_million_loops():
    content = chunk(b"\0\x99\x24\x64\xff\xff\xff\x7f\x99\x24\x64")
    with pytest.raises(ClipError, match="loops long"):
        cut(only(content))


def survives(content):
    try:
        loops = Loops.merge(cut(clip) for clip in read_clips(content, "clip"))
    except ClipError:
        return
    assert len(loops)
    assert np.isfinite(loops.microtiming).all()


@settings(deadline=None)
@given(st.binary(max_size=200), st.booleans(), st.integers(0, 0xFFFF), st.integers(0, 3))
def test_random_bytes_are_refused_or_read(data, headed, division, kind):
    survives(chunk(data, division, kind) if headed else data)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_damaged_files_are_refused_or_read(seed, changes):
    rng = random.Random(seed)
    content = bytearray(midi([(0, TEMPO, {"tempo": 1}), *BAR], BAR))
    for _ in range(changes):
        place = rng.randrange(8, len(content))
        match rng.randrange(3):
            case 0:
                content[place] = rng.randrange(256)
            case 1:
                del content[place : place + rng.randrange(1, 5)]
            case _:
                content[place:place] = rng.randbytes(rng.randrange(1, 5))
    survives(bytes(content))


@pytest.mark.skipif(not GROOVE.is_dir(), reason="the drumming in ../shared/data/groove is not here")
def test_damaged_drumming_is_refused_or_read():
    rng = random.Random(1)
    whole = min(GROOVE.rglob("*.mid"), key=lambda path: path.stat().st_size).read_bytes()
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        survives(bytes(content[: rng.randrange(len(content))] if rng.random() < 0.2 else content))


def test_folders_are_read_and_the_rest_is_skipped_with_its_reason(tmp_path):
    inner = tmp_path / "clips" / "more"
    inner.mkdir(parents=True)
    (tmp_path / "clips" / "b.mid").write_bytes(midi(BAR))
    (inner / "a.MID").write_bytes(midi(BAR, [hit(2000), (3840, END, {})]))
    (inner / "bad.midi").write_bytes(b"no")
    (inner / "._a.mid").write_bytes(b"no")
    (inner / "notes.txt").write_text("no")
    empty = tmp_path / "empty"
    empty.mkdir()
    single = tmp_path / "clips" / "b.mid"
    loops, skipped = read_folder([tmp_path / "clips", str(single), empty, tmp_path / "gone.mid"])
    assert loops.names == ("b", "a #1", "a #2")
    assert [(path.name, reason) for path, reason in skipped] == [
        ("bad.midi", "This is not a MIDI file."),
        ("empty", "There are no MIDI files in this folder."),
        ("gone.mid", "There is no such file."),
    ]
    assert read_folder([single], ticks_per_beat=12)[0].onset.sum() == 6


def test_nothing_usable_is_an_error_that_names_a_reason(tmp_path):
    (tmp_path / "bad.mid").write_bytes(b"no")
    with pytest.raises(ClipError, match=r"No drum clip.*bad\.mid: This is not a MIDI file\."):
        read_folder([tmp_path])
    with pytest.raises(ClipError, match="No drum clip could be used"):
        read_folder([])


def test_what_is_not_a_plain_file_is_not_waited_for(tmp_path):
    with pytest.raises(ClipError, match="not a file"):
        read_file(tmp_path)
    link = tmp_path / "a.mid"
    link.symlink_to(link)
    with pytest.raises(ClipError, match="no such file"):
        read_folder([tmp_path])
