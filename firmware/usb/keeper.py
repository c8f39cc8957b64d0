"""Keeps the drive: sees whose turn it is, and does what is to be done then."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from firmware.library.intake import Verdict
from firmware.usb.drive import Drive
from firmware.usb.gadget import Gadget
from firmware.usb.turns import Do, Seen, Turns
from firmware.usb.volume import Volume

__all__ = ["DriveKeeper"]


class DriveKeeper:
    """The gadget and its volume. ``on_verdicts`` is given what becomes of the player's files, one
    by one as it is found out; ``say`` a sentence about the drive itself. Both by :meth:`step`,
    which is to be called now and then with the time in ns.

    Raises OSError where this system cannot be a USB device, or there is no volume to be had.
    """

    def __init__(
        self,
        gadget: Gadget,
        volume: Volume,
        drive: Drive,
        on_verdicts: Callable[[Iterable[Verdict]], object],
        say: Callable[[str], None],
        now_ns: int,
    ) -> None:
        self._gadget, self._volume, self._drive = gadget, volume, drive
        self._on_verdicts, self._say = on_verdicts, say
        self.changed = False
        """the box has something new to put on the drive; to be set by the caller"""
        gadget.make()
        if not gadget.is_bound:
            # No computer sees it yet.
            gadget.withdraw()
            self._take()
            gadget.insert(volume.path)
            gadget.bind()
            stamp = volume.stamp()
        else:
            stamp = -1  # whatever was written since then is yet to be seen
        self._turns = Turns(now_ns, stamp)

    def step(self, now_ns: int) -> None:
        seen = Seen(
            self._gadget.is_inserted,
            self._gadget.is_attached,
            self._volume.stamp(),
            self.changed,
        )
        do = self._turns.next(seen, now_ns)
        if do is None:
            return
        try:
            self._do(do)
        except OSError as error:
            self._say(f"The drive cannot be used ({error.strerror or error}).")
        # Done or not: what failed once is tried again when something changes.
        self._turns.done(do, self._volume.stamp(), now_ns)

    def _do(self, do: Do) -> None:
        if do is Do.GIVE:
            self._gadget.insert(self._volume.path)
        elif do is Do.TAKE:
            self._gadget.withdraw()
            self._take()
        else:
            self._on_verdicts(self._drive.peek(sure=do is Do.LOOK))

    def _take(self) -> None:
        self.changed = False
        if not self._volume.stamp():
            self._volume.make()
        self._on_verdicts(self._drive.take_in())
        self._drive.put_out()
