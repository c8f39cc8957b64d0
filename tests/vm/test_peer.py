"""A real other sequencer, Debian's midish, locks to the box's clock and plays its notes."""

import json
from pathlib import Path

import pytest

from tests.vm.lab import Lab

BARS = 4

pytestmark = pytest.mark.vm


def test_midish_follows_the_box_and_the_box_follows_midish(lab: Lab, tmp_path: Path) -> None:
    script = Path(__file__).parent / "guest_peer.py"
    result = lab.run(script, tmp_path, timeout_s=240).check()
    seen = json.loads(result.stdout.splitlines()[-1])
    print({key: value for key, value in seen.items() if key not in ("recorded", "sent")})
    beats = [[beat // 4, beat % 4] for beat in range(16)]
    assert seen["beats"][1:17] == beats
    # What it recorded is what we sent, each on its clock (midish counts whole clocks, so a hit
    # before its tick is on the one before; a busy emulator may be a clock late).
    sent = [(note, place) for place, note, _ in seen["sent"]]
    recorded = [(note, tick) for tick, _, note, _ in seen["recorded"] if tick < BARS * 96]
    matched = 0
    for note, tick in recorded:
        near = [hit for hit in sent if hit[0] == note and -1.5 < hit[1] - tick < 1.5]
        if near:
            sent.remove(min(near, key=lambda hit: abs(hit[1] - tick)))
            matched += 1
    missed = [hit for hit in sent if hit[1] < BARS * 96 - 2]
    print(f"{matched} of {len(recorded)} recorded notes are ours, {len(missed)} of ours missed")
    assert len(recorded) > 40
    assert matched >= 0.98 * len(recorded)
    assert len(missed) <= 0.02 * len(recorded)
    assert seen["followed"]
    assert seen["stopped"]
    assert abs(seen["tempo"] - 17_400) < 400
    assert abs(seen["beats_apart"]) < 0.3
