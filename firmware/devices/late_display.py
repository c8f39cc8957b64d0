"""A display that may come late: where its bus cannot be opened yet, the box plays without it."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["LateDisplay"]


class _Display(Protocol):
    def set_up(self) -> None: ...

    def set_brightness(self, brightness: float) -> None: ...

    def close(self) -> None: ...


_Device = TypeVar("_Device", bound=_Display)


class LateDisplay(Generic[_Device]):
    """What ``opener`` opens, now or at a later ``set_up``; until then everything is an OSError."""

    def __init__(self, opener: Callable[[], _Device]) -> None:
        self._opener = opener
        self._device: _Device | None = None
        with contextlib.suppress(OSError):
            self._device = opener()

    def set_up(self) -> None:
        """Open the display, or set it up anew."""
        if self._device is None:
            self._device = self._opener()
        else:
            self._device.set_up()

    def show_window(self, *window: Any) -> None:
        self._there().show_window(*window)

    def show_frame(self, *frame: Any, everything: bool = False) -> None:
        self._there().show_frame(*frame, everything=everything)

    def set_brightness(self, brightness: float) -> None:
        self._there().set_brightness(brightness)

    def close(self) -> None:
        if self._device is not None:
            self._device.close()

    def _there(self) -> Any:
        if self._device is None:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return self._device
