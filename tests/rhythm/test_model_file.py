import io
import json
import zipfile

import pytest

from firmware.rhythm.model_file import ClipPlace, ModelError, ModelInfo, read_info, with_info

FLATBUFFER = b"\x1c\x00\x00\x00TFL3" + bytes(range(256)) * 4


def test_metadata_come_back_and_the_flatbuffer_stays_in_front():
    info = ModelInfo(
        name="Gqom",
        ticks_per_beat=12,
        beats=8.0,
        microtiming_scale=0.5,
        clips=(ClipPlace("one", (0.5, -1.25)),),
        bars=12,
        quality={"onset_f1": 0.99},
    )
    content = with_info(FLATBUFFER, info)
    assert content.startswith(FLATBUFFER)
    assert read_info(content) == info


def test_the_same_model_gives_the_same_bytes():
    assert with_info(FLATBUFFER, ModelInfo()) == with_info(FLATBUFFER, ModelInfo())


def test_a_plain_file_has_no_metadata():
    assert read_info(FLATBUFFER) is None


def test_unknown_keys_are_ignored_and_missing_ones_have_defaults():
    info = ModelInfo.from_json('{"format": 1, "name": "x", "colour": "red"}')
    assert info == ModelInfo(name="x")


@pytest.mark.parametrize(
    "raw",
    [
        {"format": 99},
        {"ticks_per_beat": 0},
        {"ticks_per_beat": "many"},
        {"drums": [{"name": "kick", "note": 36}]},
        {"drums": [{"name": "kick", "note": 200}] * 9},
        {"microtiming_scale": 2.0},
        {"z_extent": float("nan")},
        {"clips": [{"name": "no place"}]},
        {"quality": "good"},
        [],
    ],
)
def test_metadata_that_cannot_be_played_are_refused_in_one_sentence(raw):
    with pytest.raises(ModelError) as caught:
        ModelInfo.from_json(json.dumps(raw))
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_damaged_archive_is_refused():
    content = bytearray(with_info(FLATBUFFER, ModelInfo(name="x" * 60)))
    start = len(FLATBUFFER) + 30 + len("groovebox.json")
    content[start : start + 8] = b"\xff" * 8
    with pytest.raises(ModelError, match="cannot be read"):
        read_info(bytes(content))


def test_metadata_that_unpack_to_a_flood_are_refused():
    stream = io.BytesIO(FLATBUFFER)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("groovebox.json", " " * (2 << 20))
    with pytest.raises(ModelError, match="too large"):
        read_info(stream.getvalue())
