"""Maps are drawn once; a damaged one is drawn again."""

import numpy as np
import pytest

from firmware.library import opener as opener_module
from firmware.library.map_cache import BYTES, SHAPE, MapCache
from firmware.library.models import ModelEntry, digest_of
from firmware.library.opener import Opener
from firmware.rhythm.latent_map import LatentMap
from tests.small_models import small_model


@pytest.fixture
def latent_map():
    return LatentMap(np.random.default_rng(1).integers(0, 256, SHAPE, np.uint8))


@pytest.fixture
def cache(tmp_path):
    return MapCache(tmp_path / "maps")


def test_a_map_comes_back_as_it_was(cache, latent_map):
    assert cache.get("a") is None
    cache.put("a", latent_map)
    assert np.array_equal(cache.get("a").onset, latent_map.onset)
    assert cache.get("b") is None
    cache.put("b", latent_map)
    cache.keep({"b"})
    assert cache.get("a") is None
    assert cache.get("b") is not None


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "of another length"])
def test_a_damaged_map_is_none(cache, latent_map, tmp_path, damage):
    cache.put("a", latent_map)
    (file,) = (tmp_path / "maps").iterdir()
    content = bytearray(file.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[len(content) // 2] ^= 1
    elif damage == "empty":
        content = b""
    else:
        half = np.zeros(BYTES // 2, np.uint8)
        cache.put("a", LatentMap(half))
        content = file.read_bytes()
    file.write_bytes(content)
    assert cache.get("a") is None


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path, latent_map):
    (tmp_path / "file").write_text("")
    cache = MapCache(tmp_path / "file" / "maps")
    cache.put("a", latent_map)
    cache.keep(set())
    assert cache.get("a") is None


def test_a_model_s_map_is_drawn_once_and_its_progress_told(tmp_path, monkeypatch):
    file = tmp_path / "a.tflite"
    file.write_bytes(small_model("a"))
    entry, shares = ModelEntry("a", file), []
    first = Opener(tmp_path / "library").open(entry, on_progress=shares.append)
    assert shares == [batch / 16 for batch in range(16)]
    monkeypatch.setattr(opener_module.LatentMap, "decode", None)
    again = Opener(tmp_path / "library").open(entry, on_progress=shares.append)
    assert np.array_equal(first.latent_map.onset, again.latent_map.onset)
    assert len(shares) == 16


def test_a_map_that_the_factory_has_drawn_is_taken(tmp_path, monkeypatch):
    factory = tmp_path / "factory"
    factory.mkdir()
    path = factory / "a.tflite"
    path.write_bytes(small_model("Alpha"))
    monkeypatch.setattr(opener_module, "factory_folder", lambda: factory)
    entry = ModelEntry("Alpha", path)
    drawn = Opener().open(entry).latent_map
    MapCache(factory / opener_module.MAPS).put(digest_of(path.read_bytes()), drawn)
    shares = []
    again = Opener(tmp_path / "library").open(entry, on_progress=shares.append)
    assert shares == [], "nothing is drawn"
    assert (again.latent_map.onset == drawn.onset).all()
    assert not (tmp_path / "library/maps").exists()
