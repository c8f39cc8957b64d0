"""Damaged MIDI files: read or refused in one sentence, whatever is done to them."""

import random
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.train_host.midi_damage import damaged, random_file, sound_file
from train_host.clip_fit import Grid, fit_clip
from train_host.loops import ClipError
from train_host.midi_reader import read_all, read_clips

GROOVE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "groove"
GRIDS = Grid(24), Grid(12), Grid(32), Grid(24, 1), Grid(12, 2)
SECOND = 1e9


def outcome(content, grid=GRIDS[0], channel=None):
    """The loops read, or 0 for a refusal in a sentence; any other exception is a failure."""
    try:
        fitted = [fit_clip(clip, grid) for clip in read_clips(content, "clip", channel=channel)]
    except ClipError as error:
        text = str(error)
        assert text[0].isupper(), text
        assert text.endswith("."), text
        assert "\n" not in text, text
        assert len(text) < 200, text
        return 0
    for loops, fate in fitted:
        assert fate.loops == len(loops) > 0
        assert np.isfinite(loops.microtiming).all()
        assert fate.line
    return sum(len(loops) for loops, _ in fitted)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**32), st.sampled_from(GRIDS), st.sampled_from([None, None, 10, 1]))
def test_a_damaged_file_is_read_or_refused(seed, grid, channel):
    outcome(random_file(seed), grid, channel)


def test_the_files_to_damage_are_sound():
    read = sum(outcome(sound_file(random.Random(seed))) > 0 for seed in range(60))
    assert read > 40


@pytest.mark.slow
def test_5000_damaged_files():
    """Half of them drumming, where it is here. The time is the processor's own."""
    whole = sorted(GROOVE.rglob("*.mid"), key=lambda path: path.stat().st_size)[:40]
    kept = [path.read_bytes() for path in whole]
    read, slowest = 0, 0
    for seed in range(5000):
        rng = random.Random(seed)
        content = damaged(rng, rng.choice(kept)) if kept and seed % 2 else random_file(seed)
        start = time.process_time_ns()
        read += outcome(content, GRIDS[seed % len(GRIDS)]) > 0
        slowest = max(slowest, time.process_time_ns() - start)
    assert 500 < read < 4900
    assert slowest < SECOND


def worst_files():
    """Files made to be slow: many events of one kind, up to the largest file that is read."""
    head = b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk"

    def track(body):
        return head + len(body).to_bytes(4, "big") + body

    hit, bar = (
        b"\x00\x99\x24\x64",
        b"\x00\xff\x58\x04\x03\x02\x18\x08\x60\xff\x58\x04\x04\x02\x18\x08",
    )
    yield track(hit + bar * 400)
    yield track(b"\x01\x99\x24\x64" * 2000 + b"\xff\xff\x7f\x99\x24\x64")
    yield track(hit + b"\x00\x24\x64" * 5000)
    yield track(hit + b"\x00\xff\x51\x03\x07\xa1\x20" * 3000)
    yield head + b"\x7f\xff\xff\xff" + hit
    yield track(b"\xff" * 250 + b"\x7f" + hit)


@pytest.mark.parametrize("content", list(worst_files()), ids=range(6))
@pytest.mark.parametrize("grid", GRIDS)
def test_files_made_to_be_slow_are_read_or_refused(content, grid):
    outcome(content, grid)


def test_a_folder_of_damaged_files_is_told_of_file_by_file(tmp_path):
    for seed in range(40):
        (tmp_path / f"{seed:02}.mid").write_bytes(random_file(seed))
    reading = read_all([tmp_path], bars_per_loop=1)
    assert len(reading.files) == 40
    assert [file.path.name for file in reading.files] == [f"{seed:02}.mid" for seed in range(40)]
    assert sum(file.loops for file in reading.files) == len(reading.loops)
    for file in reading.files:
        assert bool(file.refused) != bool(file.clips)
        assert file.lines
