"""Which MIDI note is which drum, and a musician's own map."""

import pytest

from firmware.rhythm.drums import DRUM_COUNT, DRUMS
from train_host.drum_map import (
    ABLETON_DRUM_RACK,
    BUILT_IN,
    GENERAL_MIDI,
    ROLAND_TD11,
    RVAE_GREEDY,
    RVAE_STRICT,
    DrumMapError,
    load_drum_map,
)


def key(drum_map, note):
    return DRUMS[drum_map.notes[note]].key if note in drum_map.notes else None


def test_general_midi_covers_its_whole_percussion_range_and_nothing_else():
    assert set(GENERAL_MIDI.notes) == set(range(35, 82))
    assert set(GENERAL_MIDI.notes.values()) == set(range(DRUM_COUNT))


def test_every_drum_is_read_from_the_note_it_is_written_with():
    for index, drum in enumerate(DRUMS):
        assert GENERAL_MIDI.notes[drum.note] == index


@pytest.mark.parametrize(
    ("drum", "notes"),
    [
        ("kick", [35, 36]),
        ("snare", [38, 40]),
        ("closed_hat", [42, 44]),
        ("open_hat", [46]),
        ("low_tom", [41, 43, 45]),
        ("mid_tom", [47, 48]),
        ("high_tom", [50]),
        ("clap", [39, 49, 52, 55, 57]),
        ("rim", [37, 51, 53, 56, 59]),
    ],
)
def test_the_drum_kit_of_general_midi(drum, notes):
    assert [key(GENERAL_MIDI, note) for note in notes] == [drum] * len(notes)


def test_the_td11_keeps_head_and_rim_of_a_pad_together():
    for head, rim in ((38, 40), (48, 50), (45, 47), (43, 58), (42, 22), (46, 26), (49, 55)):
        assert key(ROLAND_TD11, head) == key(ROLAND_TD11, rim)
    toms = [key(ROLAND_TD11, note) for note in (43, 45, 48)]
    assert toms == ["low_tom", "mid_tom", "high_tom"]


def test_the_first_pads_of_a_drum_rack():
    pads = [key(ABLETON_DRUM_RACK, note) for note in range(36, 52)]
    assert pads[:5] == ["kick", "rim", "snare", "clap", "rim"]
    assert pads[5:11] == ["low_tom", "closed_hat", "mid_tom", "closed_hat", "high_tom", "open_hat"]
    assert pads[11:] == ["low_tom", "mid_tom", "clap", "high_tom", "rim"]


def test_the_two_maps_of_rvae():
    assert len(RVAE_STRICT.notes) == 18
    assert set(RVAE_GREEDY.notes) == set(range(27, 88))
    for drum_map in (RVAE_STRICT, RVAE_GREEDY):
        assert set(drum_map.notes.values()) == set(range(DRUM_COUNT))
    # Where they differ: the pedal hat, the clap, the side stick, the crash.
    assert [key(RVAE_STRICT, note) for note in (44, 39, 37, 49)] == ["open_hat", "clap", None, None]
    greedy = ["closed_hat", "snare", "snare", "clap"]
    assert [key(RVAE_GREEDY, note) for note in (44, 39, 37, 49)] == greedy


def test_a_file_extends_and_replaces_general_midi(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[notes]\n36 = "snare"\n12 = "kick"\n54 = "ignore"\n49 = "crash"\n')
    mine = load_drum_map(path)
    assert mine.name == "mine"
    changed = {note: key(mine, note) for note in (36, 12, 54, 49, 38)}
    assert changed == {36: "snare", 12: "kick", 54: None, 49: "clap", 38: "snare"}
    assert key(GENERAL_MIDI, 36) == "kick"


def test_a_file_can_start_from_another_map_or_from_nothing(tmp_path):
    path = tmp_path / "map.toml"
    path.write_text('base = "roland_td11"\n[notes]\n22 = "rim"\n')
    assert key(load_drum_map(path), 22) == "rim"
    assert key(load_drum_map(path), 26) == "open_hat"
    path.write_text('base = "none"\n[notes]\n1 = "ride"\n')
    assert dict(load_drum_map(str(path)).notes) == {1: 8}


def test_built_in_maps_have_names():
    assert load_drum_map("general_midi") is GENERAL_MIDI
    assert load_drum_map("roland_td11") is ROLAND_TD11
    for name in ("ableton_drum_rack", "rvae_strict", "rvae_greedy"):
        assert load_drum_map(name) is BUILT_IN[name]
        assert load_drum_map(name).name == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[notes]\n36 = "kik"', "note 36 is 'kik'"),
        ("[notes]\n36 = 4", "note 36 is 4"),
        ('[notes]\n128 = "kick"', "'128' is not a MIDI note"),
        ('[notes]\n-1 = "kick"', "'-1' is not a MIDI note"),
        ('[notes]\n"²" = "kick"', "is not a MIDI note"),
        ('[notes]\nC1 = "kick"', "'C1' is not a MIDI note"),
        ('[note]\n36 = "kick"', "'note' is neither"),
        ("notes = 3", "notes is not a table"),
        ('base = "gm"', "base is 'gm'"),
        ("base = []", "base is []"),
        ('base = "none"', "no notes"),
        ("[notes", "not a TOML file"),
        ("a = " + "[" * 20_000, "not a TOML file"),
    ],
)
def test_a_map_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, text, reason):
    path = tmp_path / "map.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(DrumMapError) as caught:
        load_drum_map(path)
    message = str(caught.value)
    assert str(path) in message
    assert reason in message
    assert message.endswith(".")


def test_files_that_are_no_map(tmp_path):
    with pytest.raises(DrumMapError, match="neither a drum map file nor one of general_midi"):
        load_drum_map("gm")
    with pytest.raises(DrumMapError, match="neither"):
        load_drum_map(tmp_path)
    path = tmp_path / "map.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DrumMapError, match="not a TOML file"):
        load_drum_map(path)
    path.write_text("#" * 70_000)
    with pytest.raises(DrumMapError, match="too large"):
        load_drum_map(path)
