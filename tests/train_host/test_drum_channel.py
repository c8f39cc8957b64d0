"""Drums among other notes: by channel, by the name of their track, or as told."""

import pytest

from tests.train_host.test_midi_reader import END, chunk, hit, midi
from train_host.clip_fit import fit_clip
from train_host.drum_channel import Struck, choose
from train_host.loops import ClipError
from train_host.midi_reader import read_clips

NAME = "track_name"


def note(channel, track, key=36):
    return Struck(0, key, 100, channel, track)


def test_channel_10_comes_first_then_names_then_all():
    notes = [note(0, 0), note(9, 1), note(0, 2)]
    assert choose(notes, ["Drums", "", ""]) == ([notes[1]], "channel 10")
    others = [notes[0], notes[2]]
    assert choose(others, ["Bass", "", "Drum Kit"]) == ([notes[2]], "the track named Drum Kit")
    assert choose(others, ["Bass", "", "Piano"]) == (others, "all channels")


def test_the_channel_that_is_told_wins():
    notes = [note(0, 0), note(9, 1), note(3, 0)]
    assert choose(notes, ["", "Drums"], 4) == ([notes[2]], "channel 4, as told")
    assert choose(notes, ["", "Drums"], 5).notes == []


@pytest.mark.parametrize(
    "name", ["Drums", "808", "MIDI drums 2", "TR-909 Core Kit", "perc_loop", "Hi-Hat", "Schlagzeug"]
)
def test_names_of_drum_tracks(name):
    notes = [note(0, 0), note(0, 1)]
    assert choose(notes, ["Piano", name]).notes == [notes[1]]


@pytest.mark.parametrize("name", ["Kitchen", "Drumheller Piano", "Bass", "Perceval", "1808", ""])
def test_names_of_other_tracks(name):
    notes = [note(0, 0), note(0, 1)]
    assert choose(notes, ["", name]).found_by == "all channels"


def test_other_notes_of_a_file_are_left_out_and_counted():
    bass = [(0, NAME, {"name": "Bass"}), hit(0, 38, channel=0), hit(480, 40, channel=0)]
    drums = [(0, NAME, {"name": "Drums"}), hit(0, 36, channel=1), hit(0, 3, channel=1)]
    (clip,) = read_clips(midi(bass, [*drums, (1920, END, {})]), "clip")
    assert [n.drum for n in clip.notes] == [0]
    assert clip.found_by == "the track named Drums"
    fate = fit_clip(clip).fate
    assert fate.left_out == {
        "not on the drums' channel or track": 2,
        "not in the drum map general_midi (3)": 1,
    }
    assert (fate.taken, fate.notes) == (1, 4)
    told = read_clips(midi(bass, [*drums, (1920, END, {})]), "clip", channel=1)[0]
    assert [n.drum for n in told.notes] == [1, 1]


def test_a_channel_without_notes_is_refused_with_those_that_have_some():
    with pytest.raises(ClipError, match=r"no notes on channel 3: they are on 1, 10\."):
        read_clips(midi([hit(0), hit(0, channel=0)]), "clip", channel=3)


def test_a_track_in_running_status_keeps_its_channel():
    track = bytes.fromhex("00 93 24 64  60 26 64  60 26 64  00 ff 2f 00")
    (clip,) = read_clips(chunk(track, division=96), "clip", channel=4)
    assert [n.position for n in clip.notes] == [0, 96, 192]
