"""Export: what is written plays like what was trained, or is not written."""

import dataclasses
import stat

import numpy as np
import pytest

from firmware.rhythm.model_file import ClipPlace, ModelInfo, read_info
from train_host import export
from train_host.export import ExportError, compare, model_bytes, save
from train_host.network import DecoderWeights
from train_host.rounding import round_decoder


@pytest.fixture(scope="module")
def decoder(footwork):
    return footwork.trained.decoder


INFO = ModelInfo(name="Test", clips=(ClipPlace("one", (1.0, -2.0)),), quality={"onset_f1": 1.0})


@pytest.fixture(scope="module")
def exported(decoder):
    return model_bytes(decoder, INFO)


def spoilt(decoder, by):
    """``decoder`` with another onset bias."""
    weights, bias = decoder.heads[0]
    return DecoderWeights(decoder.first, ((weights, bias + by), *decoder.heads[1:]))


def test_a_model_is_small_and_keeps_its_metadata(exported):
    content, agreement = exported
    assert agreement.good
    assert agreement.onsets >= 0.9999
    assert read_info(content) == INFO
    assert len(content) < 1_400_000


def test_a_float_model_is_the_same_to_the_last_onset(decoder):
    content, agreement = model_bytes(decoder, ModelInfo(), in_float=True)
    assert agreement.onsets > 0.999999
    assert agreement.microtiming < 1e-5
    assert len(content) > 5_000_000


def test_the_same_decoder_gives_the_same_bytes(decoder, exported):
    assert model_bytes(decoder, INFO) == exported


def test_a_file_that_plays_otherwise_is_refused(decoder, monkeypatch):
    monkeypatch.setattr(export, "round_decoder", lambda d: round_decoder(spoilt(d, 0.2)))
    with pytest.raises(ExportError, match="does not play like the trained one"):
        model_bytes(decoder, ModelInfo())


def test_a_file_that_gives_no_numbers_is_refused(decoder, monkeypatch):
    monkeypatch.setattr(
        export,
        "round_decoder",
        lambda d: dataclasses.replace(round_decoder(d), first=(d.first[0] * np.nan, d.first[1])),
    )
    with pytest.raises(ExportError, match="does not run in"):
        model_bytes(decoder, ModelInfo())


@pytest.mark.parametrize("field", ["onsets", "velocity", "microtiming"])
def test_each_figure_alone_can_refuse(field):
    good = export.Agreement(1.0, 1, 0.01)
    bad = {"onsets": 0.9998, "velocity": 2, "microtiming": 0.03}
    assert good.good
    assert not dataclasses.replace(good, **{field: bad[field]}).good


def test_comparing_sees_a_shift_of_the_plane(decoder, exported):
    weights, bias = decoder.first
    moved = DecoderWeights((weights, bias + 0.1 * weights[0]), decoder.heads)
    assert not compare(exported[0], moved).good


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"old")
    save(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
    other = tmp_path / "plain"
    other.write_bytes(b"")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"old")

    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export.os, "fsync", fail)
    with pytest.raises(ExportError, match="No space"):
        save(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
