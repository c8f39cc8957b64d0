"""Every factory model: what it says of itself, and what the box plays from it."""

import mido
import numpy as np
import pytest

from firmware.__main__ import main
from firmware.engine.render import RENDER_PPQ
from firmware.library.models import factory_folder, find_models
from firmware.library.opener import Opener
from firmware.rhythm.drums import DRUMS
from firmware.rhythm.pattern import TICKS
from firmware.rhythm.runtime import interpreter_class
from tests.models_table import MODELS, with_table

ENTRIES = find_models([factory_folder()])
PLACES = [(0.0, 0.0), (-2.5, 2.5), (2.9, -1.1), (0.731, 1.377), (-1.9, -2.99)]
BARS = 2


def test_there_are_at_least_seven_styles():
    assert len(ENTRIES) >= 7


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.path.stem)
def test_a_factory_model_is_good_enough_to_ship(entry):
    model = Opener().open(entry)
    info = model.decoder.info
    assert info.name != "untitled"
    assert len(info.clips) >= 12
    assert info.licence
    assert info.provenance
    assert info.quality["onset_f1"] >= 0.97
    assert info.quality["distinct_patterns"] >= 300
    assert model.latent_map.onset.shape == (96, 32, 32, 9)


def test_the_readme_tells_what_the_files_tell():
    text = (MODELS / "README.md").read_text("utf-8")
    assert with_table(text) == text


def run_directly(path, z):
    """Onset, velocity, microtiming (9, 96) by the TFLite runtime, past the box's own decoder."""
    interpreter = interpreter_class()(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.float32([z]))
    interpreter.invoke()
    outputs = {
        detail["name"]: interpreter.get_tensor(detail["index"]).reshape(9, TICKS)
        for detail in interpreter.get_output_details()
    }
    return [outputs[name] for name in ("onset", "velocity", "microtiming")]


def expected_notes(path, z, threshold):
    onset, velocity, microtiming = run_directly(path, z)
    subdivision = RENDER_PPQ // 24
    notes = []
    for bar in range(BARS):
        for drum, tick in zip(*np.nonzero(onset > np.float32(threshold)), strict=True):
            place = (bar * TICKS + tick + float(microtiming[drum, tick])) * subdivision
            loudness = 1 + round(126 * float(velocity[drum, tick]))
            notes.append((max(round(place), 0), DRUMS[drum].note, loudness))
    return sorted(notes)


@pytest.mark.parametrize("z", PLACES)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.path.stem)
def test_a_render_is_exactly_what_the_model_file_decodes_to(entry, z, tmp_path):
    out = tmp_path / "out.mid"
    z_option = ["--z", f"{z[0]}", f"{z[1]}"]
    options = ["--threshold", "0.3", "--bars", str(BARS), "--bpm", "133.7", "-o", str(out)]
    assert main(["render", str(entry.path), *z_option, *options]) == 0
    song = mido.MidiFile(out)
    assert song.ticks_per_beat == RENDER_PPQ
    now, notes, sounding = 0, [], {}
    for message in song.tracks[0]:
        now += message.time
        if message.type == "note_on":
            assert message.channel == 9
            assert not sounding.get(message.note), "struck while it sounds"
            sounding[message.note] = True
            notes.append((now, message.note, message.velocity))
        elif message.type == "note_off":
            assert sounding.pop(message.note)
    assert not any(sounding.values())
    expected = expected_notes(entry.path, z, 0.3)
    assert len(notes) == len(expected)
    for got, wanted in zip(sorted(notes), expected, strict=True):
        assert abs(got[0] - wanted[0]) <= 1, "one of the file's 400 subdivisions of a tick"
        assert got[1:] == wanted[1:]


def test_a_render_repeats_to_the_byte(tmp_path):
    files = [tmp_path / "a.mid", tmp_path / "b.mid"]
    for out in files:
        main(["render", str(ENTRIES[0].path), "--bars", "8", "-o", str(out)])
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--bars", "0"], "bars is 0"),
        (["--z", "5", "0"], "outside the map"),
        (["--z", "nan", "0"], "outside the map"),
    ],
)
def test_a_render_that_cannot_be_is_one_sentence(options, complaint, tmp_path, capsys):
    out = tmp_path / "out.mid"
    assert main(["render", str(ENTRIES[0].path), *options, "-o", str(out)]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_a_file_that_is_no_model_is_one_sentence(tmp_path, capsys):
    junk = tmp_path / "song.tflite"
    junk.write_bytes(b"not a model" * 100)
    assert main(["render", str(junk), "-o", str(tmp_path / "out.mid")]) == 2
    assert main(["render", str(tmp_path / "none.tflite"), "-o", str(tmp_path / "out.mid")]) == 2
    error = capsys.readouterr().err
    assert "not a TFLite model file" in error
    assert "none.tflite cannot be read" in error
