"""A file is tried where it can do no harm, and every answer is one sentence."""

import subprocess
import sys

import numpy as np
import pytest

from firmware.library.check import Checker, check
from firmware.rhythm.model_file import MAX_BYTES, ModelError, ModelInfo, with_info, without_info
from tests.models_table import MODELS
from tests.small_models import CELLS, small_model
from train_host.network import DecoderWeights
from train_host.tflite_writer import write_decoder

GOOD = small_model()


def model_of(bias):
    first = np.zeros((2, 4), np.float32), np.zeros(4, np.float32)
    head = np.zeros((4, CELLS), np.float32), np.full(CELLS, bias, np.float32)
    return with_info(write_decoder(DecoderWeights(first, (head, head, head))), ModelInfo())


def refusal(content):
    with pytest.raises(ModelError) as caught:
        check(content)
    return str(caught.value)


@pytest.mark.parametrize("content", [GOOD, without_info(GOOD)], ids=["small", "no metadata"])
def test_a_model_that_plays_passes(content):
    check(content)


def test_a_factory_model_passes():
    check((MODELS / "gqom" / "gqom.tflite").read_bytes())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a TFLite model"),
        (b"\0\0\0\0TFL3", "cannot open"),
        # tflite-runtime breaks down on it, ai-edge-litert reads it and finds no sense in it.
        (GOOD[: len(GOOD) // 2], "The "),
        (GOOD[:-10], "The end of the model is missing"),
        (bytes(MAX_BYTES + 1), "larger than 32 MB"),
        (model_of(np.nan), "gives no numbers"),
    ],
    ids=["empty", "eight bytes", "half", "nearly all", "too large", "no numbers"],
)
def test_what_is_no_model_is_refused_in_a_sentence(content, words):
    said = refusal(content)
    assert words in said
    assert said.endswith(".")
    assert "\n" not in said


def test_numbers_that_are_wrong_somewhere_on_the_map_are_found():
    # Right in the middle, infinite at the right edge.
    first = np.zeros((2, 4), np.float32), np.zeros(4, np.float32)
    first[0][0, 0] = 3e38
    head = np.ones((4, CELLS), np.float32), np.zeros(CELLS, np.float32)
    head[0][:] = [[3e38], [-3e38], [0], [0]]
    first[0][0, 1] = 3e38
    content = with_info(write_decoder(DecoderWeights(first, (head, head, head))), ModelInfo())
    assert "no numbers" in refusal(content)


def test_a_model_that_takes_too_long_is_given_up():
    with pytest.raises(ModelError, match="takes too long"):
        check(GOOD, timeout_s=0.001)


def test_each_content_is_checked_once_and_a_bad_one_each_time():
    seen = []

    def checking(content):
        seen.append(content)
        if content == b"bad":
            raise ModelError("No.")

    checker = Checker(checking)
    for content in (b"good", b"good", b"bad", b"bad"):
        if content == b"bad":
            with pytest.raises(ModelError):
                checker(content)
        else:
            checker(content)
    assert seen == [b"good", b"bad", b"bad"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits are the system's")
@pytest.mark.parametrize(
    ("deed", "fails"),
    [
        ("bytearray(1 << 30)", "MemoryError"),
        ("open('/etc/hostname')", "OSError"),
        ("open('/dev/null', 'w')", "OSError"),
        ("import os; os.fork() or os._exit(0)", ""),
    ],
)
def test_the_process_has_given_up_its_rights(deed, fails):
    code = f"""
from firmware.library import check_process
check_process._give_up_rights()
try:
    {deed}
except Exception as error:
    print(next(base.__name__ for base in (MemoryError, OSError) if isinstance(error, base)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == fails, done.stderr
