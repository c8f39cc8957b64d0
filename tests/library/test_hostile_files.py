"""A thousand hostile files through ``models check``: an answer to each, and nobody falls."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from time import monotonic

import pytest

from firmware.library.check import TIMEOUT_S
from firmware.library.intake import MOST_FILES, candidates, take
from firmware.library.library import Library
from tests.library.hostile_files import corpus

WORKERS = 2
CHUNK = 25
PLAYS = re.compile(r"^.*: .* plays$", re.DOTALL)
REFUSED = re.compile(r"^.*: [^\n]*\.$", re.DOTALL)


def checked(files):
    """Seconds and what was said of some files."""
    start = monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "firmware", "models", "check", "--", *files],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=len(files) * 2 * TIMEOUT_S,
        check=False,
    )
    assert done.returncode in (0, 1), (files, done.stderr)
    return monotonic() - start, done.stdout.splitlines(), done.stderr.splitlines()


@pytest.mark.slow
def test_every_hostile_file_gets_an_answer(tmp_path):
    files = corpus(tmp_path)
    assert len(files) >= 1000
    chunks = [files[start : start + CHUNK] for start in range(0, len(files), CHUNK)]
    with ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(checked, chunks))
    plays = [line for _, lines, _ in results for line in lines]
    refused = [line for _, _, lines in results for line in lines]
    assert len(plays) + len(refused) == len(files), "one line each"
    assert [line for line in plays if not PLAYS.match(line)] == []
    assert [line for line in refused if not REFUSED.match(line)] == []
    assert not any("Traceback" in line for line in refused)
    slow = sum("takes too long" in line for line in refused)
    broke = sum("breaks down" in line for line in refused)
    print(
        f"\n{len(files)} files: {len(plays)} play, {len(refused)} are refused in a sentence each; "
        f"the trial process broke down on {broke} and was ended on {slow}; "
        f"{sum(seconds for seconds, _, _ in results) / len(files):.2f} s each"
    )
    # A flipped bit in a weight is still a model; what plays must be a few of those.
    assert len(plays) < len(files) / 2
    # Its successor finds most of it damaged before it breaks down.
    assert broke > 50 or not find_spec("tflite_runtime")


def test_ten_thousand_files_are_looked_through(tmp_path):
    """All the same, as a stick with someone's whole library of something else may be."""
    folder = tmp_path / "stick"
    folder.mkdir()
    for number in range(10_000):
        (folder / f"{number}.tflite").write_bytes(b"not a model")
    library = Library(tmp_path / "own")
    verdicts = list(take(library, ((path.name, path.read_bytes) for path in candidates(folder))))
    assert len(verdicts) == MOST_FILES
    assert {verdict.sentence for verdict in verdicts} == {"This is not a TFLite model file."}
    assert not library.folder.exists()
