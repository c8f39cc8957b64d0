"""The card's image boots and plays."""

import contextlib
import json
import subprocess

import pytest

from tests.image.machine import PATIENCE_S, run, told, words_for

pytestmark = pytest.mark.image

PRESSES = 6


def test_it_plays_and_no_more_runs_than_must(machine, scripts):
    told = run(machine, scripts, "listen", "network", "sync", "faults")
    print(json.dumps(told, indent=1))
    assert told["clocks"] > 100
    assert told["notes"] > 10
    assert told["restarts"] == 0
    assert told["memory_mb"] < 160
    assert told["mounts"]["/"][1] == "squashfs"
    assert told["root_write"]
    assert told["mounts"]["/data"][1] == "ext4"
    assert not told["data_write"]
    assert told["sockets"] == []
    assert told["programs"] == []
    assert told["drivers"] == []
    assert told["interfaces"] == ["lo"]
    assert machine.frames_sent() == []
    sync_is_right(told["sync"])
    for fault in ("killed", "hung"):
        assert told[fault]["clocks"] > 20
    assert told["killed"]["started_s"] < 5


def sync_is_right(told):
    """Twelve pulses after a start, none while stopped, twelve after a continue."""
    (run_s, *begun), *pulses = told["playing"]
    assert begun == ["run", 1]
    assert [change[1:] for change in pulses] == 12 * [["clock", 1], ["clock", 0]]
    assert pulses[0][0] - run_s > 0.009
    assert told["stopped"] == []
    assert [change[1:] for change in told["again"]] == 12 * [["clock", 1], ["clock", 0]]
    assert [change[1:] for change in told["ended"]] == [["clock", 0], ["run", 0]]


def test_a_card_that_cannot_be_written_plays(machine, scripts):
    told = run(machine, scripts, "listen", "said", read_only=True)
    assert told["clocks"] > 100
    assert told["mounts"]["/data"][1] == "tmpfs"
    (sentence,) = told["said"]
    assert sentence.endswith("The card cannot be written: nothing is kept.")


def test_the_power_button_ends_the_music_and_switches_off(machine, scripts):
    with machine.running(words_for("power"), scripts):
        machine.wait_for("TOLD", PATIENCE_S)
        # The emulator's press is a tenth of a second long, which a busy computer may sleep through.
        for _ in range(PRESSES):
            machine.press_power()
            with contextlib.suppress(subprocess.TimeoutExpired):
                machine.wait_for_end(60 / PRESSES)
                break
        assert machine.has_ended
        heard = told(machine.lines)
    assert heard["played"]
    assert heard["stopped"], "the last of the music is not a stop"
    assert heard["notes_that_hang"] == []
