"""Clips find their places on a map that has only a decoder."""

import json

import numpy as np
import pytest

from firmware.rhythm.decoder import Decoder
from firmware.rhythm.model_file import read_info, with_info, without_info
from tests.models_table import MODELS
from train_host.cli import main
from train_host.drum_map import GENERAL_MIDI
from train_host.loops import Loops
from train_host.placing import place
from train_host.sources import gather

MODEL = MODELS / "trap" / "trap.tflite"
CLIPS = MODELS / "trap" / "trap.clips"


@pytest.fixture(scope="module")
def decoder():
    return Decoder(MODEL.read_bytes(), 256)


@pytest.fixture(scope="module")
def own_places(decoder):
    return place(decoder.decode_many, gather([CLIPS], GENERAL_MIDI, 24).loops)


def test_the_map_s_own_clips_are_found_where_training_put_them(decoder, own_places):
    trained = decoder.info.clips
    assert [one.name for one in own_places] == [clip.name for clip in trained]
    for one, clip in zip(own_places, trained, strict=True):
        assert one.verdict == "on the map"
        assert one.f1 > 0.98
        assert one.velocity_error < 5
        assert np.hypot(one.z[0] - clip.z[0], one.z[1] - clip.z[1]) < 0.6


def test_a_decoded_pattern_is_found_again(decoder):
    z = np.random.default_rng(3).uniform(-3, 3, (12, 2))
    onset, velocity, microtiming = decoder.decode_many(z)
    heard = onset > 0.3
    names = tuple(map(str, range(12)))
    loops = Loops(heard.astype(np.float32), velocity * heard, microtiming * heard, names)
    places = place(decoder.decode_many, loops)
    # Its onsets are decided now, so that a place nearby may be as good as its own.
    assert np.mean([one.f1 for one in places]) > 0.95
    assert min(one.f1 for one in places) > 0.8
    assert all(max(map(abs, one.z)) <= 3 for one in places)


def test_noise_is_not_on_the_map(decoder):
    rng = np.random.default_rng(0)
    onset = (rng.random((4, 9, 96)) < 0.03).astype(np.float32)
    loops = Loops(onset, 0.5 * onset, 0 * onset, ("a", "b", "c", "d"))
    assert {one.verdict for one in place(decoder.decode_many, loops)} == {"not on the map"}


def test_going_downhill_beats_the_grid(decoder, own_places):
    onset = gather([CLIPS], GENERAL_MIDI, 24).loops.onset

    def cost(z):
        return ((decoder.decode_many(z)[0] - onset) ** 2).sum()

    found = np.array([one.z for one in own_places])
    assert cost(found) < cost(np.round(found, 1))


def test_the_command_prints_a_line_a_loop_and_json(capsys):
    assert main(["place", str(MODEL), str(CLIPS)]) == 0
    out = capsys.readouterr().out
    assert out.count("on the map") == len(read_info(MODEL).clips)
    assert main(["place", str(MODEL), str(CLIPS), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told[0].keys() == {"name", "z", "f1", "velocity_error", "microtiming_error", "verdict"}


def test_a_copy_of_the_model_shows_the_clips_beside_its_own(tmp_path, capsys):
    copy = tmp_path / "more.tflite"
    gqom = MODELS / "gqom" / "gqom.clips"
    assert main(["place", str(MODEL), str(gqom), "-o", str(copy)]) == 0
    before, after = read_info(MODEL), read_info(copy)
    assert after.clips[: len(before.clips)] == before.clips
    assert len(after.clips) > len(before.clips)
    z = np.random.default_rng(0).uniform(-3, 3, (5, 2))
    for one, other in zip(
        Decoder(MODEL.read_bytes()).decode_many(z),
        Decoder(copy.read_bytes()).decode_many(z),
        strict=True,
    ):
        assert np.array_equal(one, other)


def test_the_archive_is_taken_off_exactly():
    content = MODEL.read_bytes()
    bare = without_info(content)
    assert content.startswith(bare)
    assert without_info(with_info(bare, read_info(content))) == bare
    assert without_info(bare) == bare


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{here}/none.tflite", str(CLIPS)], "No such file"),
        ([str(CLIPS), str(CLIPS)], "not a TFLite model"),
        ([str(MODEL), "{here}"], "no MIDI files"),
        ([str(MODEL), str(CLIPS), "-o", "{here}"], "is a folder"),
    ],
)
def test_a_user_s_error_is_one_sentence(tmp_path, capsys, arguments, words):
    assert main(["place", *(text.format(here=tmp_path) for text in arguments)]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
