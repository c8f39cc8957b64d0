"""The virtual machine itself: both kernels boot with ALSA's sequencer; what fails is reported."""

import json
from pathlib import Path

import pytest

from tests.vm.lab import Lab, LabError

HERE = Path(__file__).parent

pytestmark = pytest.mark.vm


@pytest.mark.parametrize(
    ("kernel", "preemption"), [("stock", "PREEMPT_DYNAMIC"), ("rt", "PREEMPT_RT")]
)
def test_two_sequencer_clients_exchange_a_note(
    lab: Lab, tmp_path: Path, kernel: str, preemption: str
) -> None:
    result = lab.run(HERE / "guest_two_clients.py", tmp_path, kernel=kernel).check()
    seen = json.loads(result.stdout)
    assert preemption in seen["version"].split()
    assert seen["sequencer"]
    assert {"snd_seq", "snd_virmidi", "snd_hrtimer"} <= set(seen["modules"])
    assert seen["there"] == [36, 100]
    assert seen["back"] == [[0x90, 38, 101]]


def test_what_a_command_leaves_and_how_it_ended_come_back(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("from the host")
    command = ["sh", "-c", "cat given >taken; touch /checkout/x || echo read-only; exit 7"]
    result = lab.run(command, tmp_path)
    assert result.exit_status == 7
    assert result.stdout.splitlines()[-1] == "read-only"
    assert (tmp_path / "taken").read_text() == "from the host"
    with pytest.raises(LabError, match="exit status 7"):
        result.check()


def test_a_hang_is_killed_and_shown(lab: Lab, tmp_path: Path) -> None:
    command = ["sh", "-c", "echo started; echo last words >/dev/console; sleep 600"]
    with pytest.raises(LabError, match=r"(?s)killed after 60 s.*started.*last words"):
        lab.run(command, tmp_path, timeout_s=60)
