"""The player's web browser."""

from __future__ import annotations

import os
import sys
import webbrowser

__all__ = ["open_page"]


def open_page(url: str) -> bool:
    """Open ``url`` where there is a screen; a text browser would take the terminal over. Whether
    a browser was asked to."""
    screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if sys.platform.startswith("linux") and not screen:
        return False
    return webbrowser.open(url)
