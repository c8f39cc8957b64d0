"""A small Debian virtual machine in which tests meet a real kernel: its ALSA sequencer, its USB.

QEMU emulates every instruction (TCG), so no hardware virtualisation is needed and a run is the same
on any Linux x86-64 machine; it is slower than the host by an order of magnitude. Times measured
inside mean something only beside each other in one run.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.vm import lab_image

SHOWN_LINES = 40


class LabError(Exception):
    """The machine did not boot, crashed, or had to be killed at its time limit."""


@dataclass(frozen=True)
class Result:
    """How a command ended inside the machine.

    ``boot_s`` is the guest's time from power on to the command's start. ``share`` is the host's
    folder that was the command's working folder, with whatever it wrote there.
    """

    exit_status: int
    stdout: str
    boot_s: float
    share: Path

    def check(self) -> Result:
        """Return self, or raise LabError with the output if the command failed."""
        if self.exit_status != 0:
            raise LabError(f"exit status {self.exit_status}:\n{_tail(self.stdout)}")
        return self


class Lab:
    """Runs commands in the virtual machine, a fresh boot each; building it first if need be."""

    def __init__(self) -> None:
        self._image = lab_image.image()

    def run(
        self,
        command: Path | Sequence[str],
        share: Path,
        *,
        kernel: str = "stock",
        timeout_s: float = 120,
        cpus: int = 2,
    ) -> Result:
        """Boot, run the command as root, power off.

        command: a Python script of the checkout or of ``share``, or a guest's argument list. The
        checkout is /checkout there (read-only), ``share`` is /results and the working folder, and
        both the checkout and the box's wheels are on PYTHONPATH. kernel: a name of
        ``lab_image.KERNELS``. timeout_s: seconds from power on to power off.

        Raises LabError where the command did not end.
        """
        share.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="groovebox-vm-") as name:
            control = Path(name)
            (control / "command").write_text(f"exec {shlex.join(_guest_command(command, share))}\n")
            ended = _boot(self._qemu(kernel, control, share, cpus), timeout_s)
            stdout = _text(control / "stdout")
            if not (control / "status").exists():
                raise LabError(
                    f"{'no end' if ended else f'killed after {timeout_s:g} s'}; output:\n"
                    f"{_tail(stdout)}\nconsole:\n{_tail(_text(control / 'console'))}"
                )
            status = int(_text(control / "status"))
            boot_s = float(_text(control / "booted"))
        return Result(status, stdout, boot_s, share)

    def _qemu(self, kernel: str, control: Path, share: Path, cpus: int) -> list[str]:
        command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi"]
        command += ["-cpu", "max", "-m", "1024", "-smp", str(cpus), "-nic", "none"]
        command += ["-display", "none", "-monitor", "none", "-no-reboot"]
        command += ["-serial", f"file:{control / 'console'}"]
        command += ["-kernel", str(self._image / f"vmlinuz-{kernel}")]
        command += ["-initrd", str(self._image / f"initrd-{kernel}")]
        # Without MSI: QEMU 7.2 was seen to fail an assertion on an MSI-X table write.
        command += ["-append", "console=ttyS0 quiet panic=-1 tsc=reliable pci=nomsi"]
        disk = self._image / "root.ext4"
        command += ["-drive", f"file={disk},format=raw,if=virtio,snapshot=on"]
        for tag, folder in (("results", share), ("lab", control)):
            command += ["-virtfs", _shared(tag, folder)]
        return [*command, "-virtfs", f"{_shared('checkout', lab_image.CHECKOUT)},readonly=on"]


def why_not() -> str | None:
    """Why the lab cannot run on this machine, or None."""
    if not (sys.platform == "linux" and platform.machine() == "x86_64"):
        return "the virtual machine needs Linux on x86-64"
    if shutil.which("qemu-system-x86_64") is None:
        return "qemu-system-x86_64 is not installed (sh tests/system_packages.sh vm)"
    if lab_image.is_built():
        return None
    if os.geteuid() != 0:
        return "building the virtual machine needs root"
    if shutil.which("mmdebstrap") is None:
        return "mmdebstrap is not installed (sh tests/system_packages.sh vm)"
    return None


def _guest_command(command: Path | Sequence[str], share: Path) -> list[str]:
    if not isinstance(command, Path):
        return list(command)
    for folder, mount in ((share, "/results"), (lab_image.CHECKOUT, "/checkout")):
        if command.resolve().is_relative_to(folder.resolve()):
            return ["python3", f"{mount}/{command.resolve().relative_to(folder.resolve())}"]
    raise ValueError(f"{command} is neither in the checkout nor in {share}")


def _shared(tag: str, folder: Path) -> str:
    return f"local,path={folder.resolve()},mount_tag={tag},security_model=none"


def _boot(command: list[str], timeout_s: float) -> bool:
    """Run QEMU to its end; False if it had to be killed.

    `timeout` bounds it even where this process dies first; the group is killed together.
    """
    guarded = ["timeout", "--signal=KILL", str(timeout_s), *command]
    with subprocess.Popen(
        guarded,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            _, errors = process.communicate(timeout=timeout_s + 10)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode not in (0, 128 + signal.SIGKILL, -signal.SIGKILL):
        raise LabError(f"QEMU failed: {errors.strip()}")
    return process.returncode == 0


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-SHOWN_LINES:])
