"""The virtual machine on a clock that counts instructions, for measuring times in it.

Its processor takes 2 ns for every instruction (QEMU's ``-icount shift=1``): the speed of a slow
single-board computer, the same on every host. What else the host does makes a run longer but takes
no time inside, so that a time in it is one that its kernel and our code took. Waiting for a disk
lasts until the next timer, which may be long: measure what is loaded already.
"""

from __future__ import annotations

from tests.vm.lab import Lab

INSTRUCTION_SHIFT = 1
MIPS = 1000 >> INSTRUCTION_SHIFT


class CountedLab(Lab):
    """As Lab, with one processor that counts."""

    def _qemu(self, *arguments: object) -> list[str]:
        command = super()._qemu(*arguments)  # type: ignore[arg-type]
        command[command.index("tcg,thread=multi")] = "tcg,thread=single"
        command[command.index("-smp") + 1] = "1"
        return [*command, "-icount", f"shift={INSTRUCTION_SHIFT},sleep=off"]
