"""The process that plays is killed at any moment. The disk under it is cut in tests/vm."""

import os
import random
import time

import pytest

from tests.library.power_cuts import Ledger, kill, play_until_killed
from tests.small_models import small_model
from tests.usb.fat import volume_at

CUTS, ENOUGH = 220, 20
"""So many kills at the least; and more than so many of each thing done, however slow it goes."""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_whenever_the_process_is_killed_nothing_is_lost_or_half_there(tmp_path):
    volume_at(tmp_path / "drive.img")  # or a skip
    contents = [small_model(f"Model {number}") for number in range(8)]
    ledger, rng, cuts, in_the_midst = Ledger(contents), random.Random(5), 0, 0
    while cuts < CUTS or fewest(ledger.done) <= ENOUGH:
        assert cuts < 5 * CUTS, f"too little is ever done: {ledger.done}"
        child, pipe = play_until_killed(tmp_path, contents, cuts)
        time.sleep(rng.uniform(0, 0.25))
        kill(child)
        with os.fdopen(pipe, "rb") as said:
            ledger.hear(said.readlines())
        cuts += 1
        in_the_midst += ledger.begun is not None
        ledger.check(tmp_path)
    print(f"\n{cuts} kills, {in_the_midst} in the midst of something; done: {ledger.done}")
    assert in_the_midst > cuts / 2
    assert not list(tmp_path.rglob("*.new"))


def fewest(done):
    """How often the rarest of what must not be cut in half was done."""
    return min(done.get(doing, 0) for doing in ("import", "save", "eject", "remove"))
