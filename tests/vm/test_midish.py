"""midish, a real sequencer from Debian, can follow a clock and lead with its own in the lab."""

import json
from pathlib import Path

import pytest

from tests.vm.lab import Lab

pytestmark = pytest.mark.vm


def test_midish_follows_and_leads(lab: Lab, tmp_path: Path) -> None:
    result = lab.run(Path(__file__).parent / "guest_midish.py", tmp_path).check()
    seen = json.loads(result.stdout)
    # A start, and then every beat of four bars; each sixteenth on the tick after which it was sent.
    beats = [[beat // 4, beat % 4] for beat in range(16)]
    assert seen["followed"] == [[0, 0], *beats]
    assert seen["recorded"] == [[6 * step, 9, 36, 1 + step] for step in range(64)]
    assert seen["led"][:8] == beats[:8]
    assert {"START", "CLOCK", "STOP"} <= set(seen["kinds"])
    # It says a beat as that beat's first clock goes out.
    assert seen["leader_clocks"] > 24 * (len(seen["led"]) - 1)
