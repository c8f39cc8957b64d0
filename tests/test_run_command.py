"""``groovebox run`` as a process of its own, from its start to a signal."""

import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request

import pytest

from tests.small_models import small_model

pytest.importorskip("uvicorn", reason="the front panel needs the desk extra")


def start(tmp_path, *options):
    (tmp_path / "a.tflite").write_bytes(small_model("Alpha"))
    command = [sys.executable, "-m", "firmware", "run", "--port", "0", "--play", *options]
    environment = os.environ | {
        "GROOVEBOX_STATE": str(tmp_path / "state.json"),
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        [*command, str(tmp_path / "a.tflite")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(process, pattern):
    lines = []
    overdue = threading.Timer(60, process.kill)
    overdue.start()
    try:
        for line in process.stdout:
            lines.append(line)
            if found := re.search(pattern, line):
                return found
    finally:
        overdue.cancel()
    raise AssertionError("".join(lines))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_its_page_and_ends_cleanly_at_a_signal(tmp_path, ending):
    process = start(tmp_path)
    try:
        url = read_until(process, r"(http://127\.0\.0\.1:\d+/)")[1]
        with urllib.request.urlopen(url, timeout=5) as answer:
            assert b"groovebox" in answer.read().lower()
        process.send_signal(ending)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, output
    assert "Traceback" not in output


def test_a_wrong_settings_file_is_told_and_the_box_plays(tmp_path):
    (tmp_path / "midi.toml").write_text("[controllers]\nchannel = 17\n")
    process = start(tmp_path)
    try:
        assert read_until(process, r"midi\.toml: 'channel' in 'controllers' is a whole number")
        assert read_until(process, r"http://")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0


def test_a_port_that_is_taken_is_one_sentence(tmp_path):
    first = start(tmp_path)
    try:
        port = read_until(first, r"http://127\.0\.0\.1:(\d+)/")[1]
        second = start(tmp_path, "--port", port)
        output, _ = second.communicate(timeout=20)
        assert second.returncode == 2
        assert "in use" in output
        assert "Traceback" not in output
    finally:
        first.kill()
        first.communicate()
