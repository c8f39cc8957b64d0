"""The DIN bridge as the box runs it: a process between ALSA's sequencer and a line of bytes."""

import json
from pathlib import Path

import pytest

from firmware.midi.din_bridge import DIN_CLIENT
from firmware.rhythm.drums import DRUMS
from tests.vm.counted_lab import CountedLab
from tests.vm.lab import Lab

pytestmark = pytest.mark.vm


@pytest.fixture(scope="module")
def seen(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("din")
    script = Path(__file__).parent / "guest_din_bridge.py"
    # Counted, for a burst has to arrive within the 2 ms that the bridge waits.
    return json.loads(CountedLab().run(script, folder).check().stdout.splitlines()[-1])


def pairs(data: list[int]) -> list[tuple[int, int]]:
    return list(zip(data[::2], data[1::2], strict=True))


def test_it_is_a_port_like_the_others_and_goes_when_it_ends(seen: dict) -> None:
    assert seen["port"].startswith(DIN_CLIENT)
    assert seen["gone"]


def test_a_burst_has_one_status_byte_and_begins_with_kick_and_snare(seen: dict) -> None:
    assert seen["burst"][0] == 0x99
    notes = [note for note, _ in pairs(seen["burst"][1:])]
    assert sorted(notes) == sorted(drum.note for drum in DRUMS)
    assert set(notes[:2]) == {36, 38}


def test_it_is_not_early(seen: dict) -> None:
    assert seen["late_ms"] > -0.5


def test_every_note_ends_and_clock_goes_through(seen: dict) -> None:
    ends = [byte for byte in seen["ends"] if byte != 0xF8]
    assert len(seen["ends"]) - len(ends) == 5
    data = ends[1:] if ends[0] >= 0x80 else ends
    assert sorted(note for note, _ in pairs(data)) == sorted(drum.note for drum in DRUMS)


def test_what_comes_in_arrives_whole(seen: dict) -> None:
    assert seen["in"].count([0xF8]) == 2
    assert [message for message in seen["in"] if message != [0xF8]] == [
        [0x99, 38, 90],
        [0x99, 38, 0],
        [0xFA],
    ]


def test_a_bridge_that_is_ended_ends_its_notes(seen: dict) -> None:
    assert seen["last"][:3] == [0x99, 36, 0]
