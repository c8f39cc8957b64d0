"""The Linux port against a real kernel: its queues, its devices, its connections, its lateness."""

import json
from pathlib import Path

import pytest

from firmware.midi.alsa_ports import MAIN_PORT
from tests.vm.counted_lab import CountedLab
from tests.vm.lab import Lab
from tests.vm.lateness import measure

pytestmark = pytest.mark.vm

HERE = Path(__file__).parent
VIRTUAL = [f"Virtual Raw MIDI 0-{i}: VirMIDI 0-{i}" for i in range(4)]
BATCH_LIMIT_US = 1000
"""To hand over 20 events, on 500 million instructions a second."""

MUTABLE_GRIDS_US = 120
"""The latency of Mutable Instruments' Grids, a drum sequencer on a microcontroller, by its
manual."""


@pytest.fixture(scope="module")
def ports(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What guest_alsa_ports.py saw."""
    folder = tmp_path_factory.mktemp("ports")
    return json.loads(lab.run(HERE / "guest_alsa_ports.py", folder).check().stdout)


@pytest.fixture(scope="module")
def lateness(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict:
    return measure(tmp_path_factory.mktemp("lateness"))


def test_two_clients_exchange_every_kind_of_message_in_order(ports: dict) -> None:
    seen = ports["exchange"]
    assert seen["notes"] == list(range(1, 101))
    assert sorted(seen["ends"]) == [-note for note in range(100, 0, -1)]
    assert seen["back"] == [["Other: out", data] for data in seen["expected_back"]]


def test_a_flush_amid_overlapping_notes_leaves_none_of_them_on(ports: dict) -> None:
    first, later = ports["flush"]["first"], ports["flush"]["later"]
    begun = [note for status, note, _ in first if status == 0x99]
    assert begun == list(range(30, 30 + len(begun)))
    assert 10 < len(begun) < 60
    last_on = max(i for i, (status, _, _) in enumerate(first) if status == 0x99)
    for note in begun:
        assert [0x89, note, 64] in first[first.index([0x99, note, 100]) :]
    assert all(status == 0x89 for status, _, _ in first[last_on + 1 :])
    # One more may have been due just then: the end of a note that had not begun does no harm.
    assert {note for status, note, _ in first if status == 0x89} <= {*begun, begun[-1] + 1}
    assert later == []


def test_what_the_kernel_cannot_keep_is_counted_and_harms_nothing(ports: dict) -> None:
    assert 500 < ports["too_much"]["lost"] <= 1000
    assert ports["too_much"]["then"] == [77]


def test_devices_come_and_go_while_the_rest_plays_on(ports: dict) -> None:
    seen = ports["hot_plug"]
    assert seen["at_start"] == [MAIN_PORT, *VIRTUAL]
    assert sorted(seen["removed"]) == sorted(seen["added"]) == VIRTUAL
    assert seen["meanwhile"] == list(range(1, 101))
    assert seen["out"] == [[0x99, 51, 1]]
    assert seen["in"] == [[VIRTUAL[2], data] for data in ([0x99, 40, 1], [0x99, 41, 2], [0xF8])]


def test_a_usb_device_is_connected_both_ways_and_forgotten(ports: dict) -> None:
    seen = ports["usb"]
    assert sorted(seen["added"]) == sorted(seen["removed"]) == ["Test Synth: MIDI 1", "f_midi"]
    # What was sent to either end came back from the other.
    first, second = seen["added"]
    assert sorted(seen["heard"]) == sorted([[second, [0x99, 60, 1]], [first, [0x99, 61, 1]]])


def test_connections_are_restored_by_name_until_they_are_taken_away(ports: dict) -> None:
    seen = ports["names"]
    assert seen["after_its_restart"]
    assert seen["after_ours"] == ["Other", "Synth"]
    synth = {"port": MAIN_PORT, "direction": "out", "client": "Synth", "client_port": "in"}
    assert synth in seen["file"]
    assert seen["taken_away"] == ["Other"]
    assert synth not in seen["file_then"]
    assert len(seen["file_then"]) == len(seen["file"]) - 1


def test_closing_leaves_nothing_behind(ports: dict) -> None:
    assert "Groovebox" not in ports["left"]


@pytest.mark.parametrize("kernel", ["stock", "rt"])
def test_handing_over_is_quick_and_stamps_are_right(lab: Lab, tmp_path: Path, kernel: str) -> None:
    script = HERE / "guest_alsa_timing.py"
    seen = json.loads(CountedLab().run(script, tmp_path, kernel=kernel).check().stdout)
    print(kernel, "20 events", seen["send_us"], "us, flush", seen["flush_us"], "us")
    assert seen["arrived"] == 600
    assert seen["send_us"] < BATCH_LIMIT_US
    assert seen["sources"] == VIRTUAL[:1]
    # Stamped while it was being played, but for the accuracy of the queue's clock.
    assert all(after_start > -10 for after_start, _ in seen["stamps_us"])
    assert all(after_end < 0 for _, after_end in seen["stamps_us"])


@pytest.mark.lateness
def test_without_a_high_resolution_timer_the_kernels_tick_serves(lab: Lab, tmp_path: Path) -> None:
    script = HERE / "guest_alsa_slow_timer.py"
    seen = json.loads(CountedLab().run(script, tmp_path).check().stdout)
    assert seen["timer"] == "MIDI is timed by the kernel's system timer, every 4 ms."
    assert seen["velocities"] == list(range(1, 51))
    # Two ticks: it delivers once a tick, and its clock is known to a tick.
    assert min(seen["late_ms"]) > -4
    assert max(seen["late_ms"]) < 9


def test_a_minute_under_load_loses_nothing(lab: Lab, tmp_path: Path) -> None:
    seen = measure(tmp_path, ["rt"])["rt"]
    ours, thread = seen["ours"], seen["thread"]
    print(json.dumps(seen, indent=1))
    assert ours["sent"] > 69 * seen["seconds"]
    assert (ours["lost"], ours["early"], ours["overtaken"]) == (0, 0, 0)
    assert ours["median_us"] < thread["median_us"]
    assert ours["worst_us"] < thread["worst_us"]


@pytest.mark.lateness
@pytest.mark.parametrize("kernel", ["stock", "rt"])
def test_notes_arrive_on_time_under_load(lateness: dict, kernel: str) -> None:
    seen = lateness[kernel]
    ours, thread = seen["ours"], seen["thread"]
    print(kernel, json.dumps(seen, indent=1))
    assert ours["sent"] > 69 * seen["seconds"]
    assert (ours["lost"], ours["early"], ours["overtaken"]) == (0, 0, 0)
    assert thread["median_us"] > 20 * ours["median_us"]
    assert thread["worst_us"] > 10 * ours["worst_us"]
    if kernel == "rt":
        assert ours["worst_us"] < MUTABLE_GRIDS_US
