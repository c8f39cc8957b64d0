"""Clips as MIDI files: what is written comes back, from every clip under models/."""

from fractions import Fraction
from pathlib import Path

import mido
import pytest

from firmware.rhythm.drums import DRUMS
from train_host.clip import Clip
from train_host.clip_midi import PPQ, compile_folder, file_name, midi_file
from train_host.notation import NotationError, parse_clips, read_clips

MODELS = Path(__file__).parents[2] / "models"
STYLES = sorted(MODELS.rglob("*.clips"))
UNITS = 20
"""MIDI ticks a tick"""
HEAD = "style: Test\ntempo: 132\nlicence: CC0-1.0\n"


def clip(*lines: str, head: str = HEAD) -> Clip:
    return parse_clips("\n".join([head, "clip: Two-hit kick", *lines])).clips[0]


def sounded(midi: mido.MidiFile) -> list[tuple[int, int, int, int]]:
    """(onset, note, velocity, length) in MIDI ticks, of all tracks; every note-on has its off."""
    notes = []
    for track in midi.tracks:
        now, open_notes = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on":
                assert message.channel == 9
                assert message.note not in open_notes
                open_notes[message.note] = now, message.velocity
            elif message.type == "note_off":
                start, velocity = open_notes.pop(message.note)
                notes.append((start, message.note, velocity, now - start))
        assert not open_notes
    return sorted(notes)


def saved(midi: mido.MidiFile, path: Path) -> mido.MidiFile:
    midi.save(path)
    return mido.MidiFile(path)


def meta(midi: mido.MidiFile, kind: str) -> list[mido.MetaMessage]:
    return [message for track in midi.tracks for message in track if message.type == kind]


def test_file(tmp_path):
    one = clip("kick/4 | X..o |", "snare/4 | .x.. | late 0.35")
    midi = saved(midi_file(one, "2-step", "CC0-1.0"), tmp_path / "a.mid")
    assert (midi.type, midi.ticks_per_beat, len(midi.tracks)) == (1, PPQ, 2)
    assert [message.name for message in meta(midi, "track_name")] == ["Two-hit kick"]
    assert [message.text for message in meta(midi, "copyright")] == ["CC0-1.0"]
    assert [message.text for message in meta(midi, "text")] == ["2-step"]
    (signature,) = meta(midi, "time_signature")
    assert (signature.numerator, signature.denominator) == (4, 4)
    (tempo,) = meta(midi, "set_tempo")
    assert mido.tempo2bpm(tempo.tempo) == pytest.approx(132, abs=0.001)
    assert sounded(midi) == [(0, 36, 118, 20), (487, 38, 96, 20), (1440, 36, 64, 20)]
    for track in midi.tracks:
        assert sum(message.time for message in track) == 4 * PPQ


def test_notes_never_overlap_and_end_with_the_loop():
    hat = clip("hat/96 | xxxx" + "." * 91 + "x |", "rim/4 | ...x | late 11.9")
    assert [note[3] for note in sounded(midi_file(hat)) if note[1] == 42] == [20] * 5
    close = clip("hat/96 | x" + "." * 95 + "| late 0.6", "hat/96 | .x" + "." * 94 + "| late 0.5")
    assert [note[::3] for note in sounded(midi_file(close))] == [(12, 18), (30, 20)]
    last = clip("snare/96 |" + "." * 95 + "x | late 0.4")
    assert [note[::3] for note in sounded(midi_file(last))] == [(1908, 12)]


def test_compound_metre_is_marked():
    midi = midi_file(clip("rim | x.x x.x .x. x.x |", head=HEAD + "grid: 12\n"))
    assert any("12/8" in message.text for message in meta(midi, "text"))
    assert [note[0] for note in sounded(midi)] == [0, 320, 480, 800, 1120, 1440, 1760]
    (signature,) = meta(midi, "time_signature")
    assert (signature.numerator, signature.denominator) == (4, 4)


def test_names_outside_latin_1(tmp_path):
    one = parse_clips("style: ゲットー\ntempo: 160\nclip: été 足\nkick/4 | X... |\n").clips[0]
    midi = saved(midi_file(one, "ゲットー"), tmp_path / "a.mid")
    assert meta(midi, "track_name")[0].name == "été ?"
    assert file_name(3, one) == "03-ete.mid"


def test_compile_folder(tmp_path):
    for style, name in (("one", "a"), ("one", "b"), ("two", "c")):
        folder = tmp_path / "in" / style
        folder.mkdir(parents=True, exist_ok=True)
        body = "clip: Two-hit, kick!\nkick/4 | X.X. |\nclip: 足\nkick/4 | X... |\n"
        (folder / f"{name}.clips").write_text(HEAD + body, encoding="utf-8")
    out = tmp_path / "out"
    names = ["01-two-hit-kick.mid", "02-clip.mid", "03-two-hit-kick.mid", "04-clip.mid"]
    written = compile_folder(tmp_path / "in", out)
    assert written == [
        *(out / "one" / name for name in names),
        *(out / "two" / n for n in names[:2]),
    ]
    assert all(mido.MidiFile(path).ticks_per_beat == PPQ for path in written)
    assert [path.name for path in compile_folder(tmp_path / "in/two", out)] == names[:2]
    assert [path.name for path in compile_folder(tmp_path / "in/two/c.clips", out)] == names[:2]


def test_nothing_is_written_where_one_file_is_wrong(tmp_path):
    (tmp_path / "a.clips").write_text(HEAD + "clip: a\nkick/4 | X... |\n")
    (tmp_path / "b.clips").write_text(HEAD + "clip: b\nkick/4 | X.. |\n")
    with pytest.raises(NotationError, match=r"b\.clips, line 5: expected 4 steps"):
        compile_folder(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_clips(tmp_path):
    with pytest.raises(NotationError, match=r"there is no \.clips file here"):
        compile_folder(tmp_path, tmp_path / "out")


def test_there_are_styles():
    assert {"footwork", "trap", "two_step"} <= {path.stem for path in STYLES}


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.stem)
def test_style(path, tmp_path):
    file = read_clips(path)
    assert len(file.clips) >= 12
    assert file.licence
    assert file.sources
    assert all("http" in source for source in file.sources)
    grids = [frozenset((hit.drum, hit.tick) for hit in c.hits) for c in file.clips]
    assert len(set(grids)) == len(file.clips)
    for number, one in enumerate(file.clips, 1):
        midi = saved(midi_file(one, file.style, file.licence), tmp_path / file_name(number, one))
        read = [(start, note, velocity) for start, note, velocity, _ in sounded(midi)]
        assert len(read) == len(one.hits)
        written = sorted((hit.time, DRUMS[hit.drum].note, hit.velocity) for hit in one.hits)
        half = Fraction(one.ticks, 2)
        for time, note, velocity in written:
            nearest = min(
                (abs((Fraction(start, UNITS) - time + half) % one.ticks - half), start)
                for start, n, v in read
                if (n, v) == (note, velocity)
            )
            assert nearest[0] <= Fraction(1, 40)
            read.remove((nearest[1], note, velocity))
        assert all(
            sum(message.time for message in track) == one.ticks * UNITS for track in midi.tracks
        )
