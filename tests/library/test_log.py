"""The log: a line a sentence, and no more than it may hold."""

import re

from firmware.library.log import MOST_BYTES, Log


def test_a_sentence_is_a_line_with_its_time(tmp_path):
    path = tmp_path / "state" / "log.txt"
    Log(path).write("Something\nhappened.")
    Log(path).write("And more.")
    first, second = path.read_text("utf-8").splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d Something happened\.", first)
    assert second.endswith(" And more.")


def test_it_keeps_the_newer_half(tmp_path):
    path = tmp_path / "log.txt"
    log = Log(path)
    for number in range(3000):
        log.write(f"Sentence {number}. {'x' * 30}")
        assert path.stat().st_size <= MOST_BYTES
    lines = path.read_text("utf-8").splitlines()
    numbers = [int(line.split()[3].rstrip(".")) for line in lines]
    assert numbers == list(range(numbers[0], 3000))
    assert len(lines) > 300


def test_where_it_cannot_be_written_nothing_happens(tmp_path):
    (tmp_path / "file").write_text("")
    Log(tmp_path / "file" / "log.txt").write("Lost.")
