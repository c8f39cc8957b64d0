"""A file is told of once for each state that it comes to rest in."""

import os

from firmware.library.file_watch import FileWatch


def write(path, text, mtime=None):
    path.write_text(text)
    if mtime is not None:
        os.utime(path, (mtime, mtime))


def looks(watch, count):
    return [watch.changed() for _ in range(count)]


def test_the_first_state_is_new_and_told_once(tmp_path):
    file = tmp_path / "m"
    write(file, "a")
    assert looks(FileWatch(file), 4) == [False, True, False, False]


def test_a_file_that_is_still_being_written_is_waited_for(tmp_path):
    file = tmp_path / "m"
    watch = FileWatch(file)
    for length in range(1, 5):
        write(file, "x" * length)
        assert not watch.changed()
    assert looks(watch, 2) == [True, False]


def test_another_file_in_its_place_is_told_of_whatever_its_date(tmp_path):
    file, other = tmp_path / "m", tmp_path / "n"
    write(file, "a", 2_000_000_000)
    watch = FileWatch(file)
    looks(watch, 3)
    write(other, "b", 1_000_000_000)
    other.replace(file)
    assert looks(watch, 3) == [False, True, False]


def test_a_file_that_goes_and_comes_back_as_it_was_has_not_changed(tmp_path):
    file, away = tmp_path / "m", tmp_path / "away"
    write(file, "a")
    watch = FileWatch(file)
    looks(watch, 3)
    file.rename(away)
    assert looks(watch, 3) == [False] * 3
    away.rename(file)
    assert looks(watch, 3) == [False] * 3
    write(file, "abc")
    assert looks(watch, 3) == [False, True, False]
