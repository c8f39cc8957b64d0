"""Two hundred power cuts, of the process and of the disk under it."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.small_models import small_model
from tests.vm.lab import Lab

pytestmark = pytest.mark.vm

CUTS, MACHINES = 200, 2


def test_after_every_power_cut_all_is_there(lab: Lab, tmp_path: Path) -> None:
    contents = {f"{number}.tflite": small_model(f"Model {number}") for number in range(8)}

    def cut_off(seed: int) -> dict:
        share = tmp_path / str(seed)
        share.mkdir()
        for name, content in contents.items():
            (share / name).write_bytes(content)
        guest = ["python3", "/checkout/tests/vm/guest_power_cuts.py"]
        command = [*guest, str(CUTS // MACHINES), str(seed)]
        result = lab.run(command, share, timeout_s=1500, cpus=1).check()
        return json.loads(result.stdout.splitlines()[-1])

    with ThreadPoolExecutor(MACHINES) as pool:
        seen = list(pool.map(cut_off, range(MACHINES)))
    cuts, midst = (sum(machine[key] for machine in seen) for key in ("cuts", "in_the_midst"))
    done = sum((Counter(machine["done"]) for machine in seen), Counter())
    print(f"\n{cuts} cuts, {midst} in the midst of something; done: {dict(done)}")
    assert cuts == CUTS
    assert midst > CUTS / 3
    assert min(done[doing] for doing in ("import", "save", "eject")) > 10
