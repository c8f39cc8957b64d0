"""``--live``: the page of a training, from before its first epoch until nobody looks any more."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from hardware.virtual.browser import open_page
from hardware.virtual.local_server import ServerError
from train_host.export import ExportError
from train_host.live_page.film import Film
from train_host.live_page.server import LivePage
from train_host.sources import Sources
from train_host.steps import About, title
from train_host.training import Progress, Trained, Training

__all__ = ["Live", "live"]

FIRST_VIEWER_S = 10
"""So long training waits for the browser to open the page."""
LAST_VIEWER_S = 30
"""So long the page is served after the last has gone; one may be opened again."""


class Live:
    """A watcher of a training, and what is done about its page after it."""

    def __init__(self, page: LivePage) -> None:
        self._page = page

    def __call__(self, training: Training, progress: Progress, seconds_left: float) -> None:
        self._page.look(training, seconds_left, time.monotonic_ns())

    def finished(self, trained: Trained, summary: Sequence[tuple[str, str]]) -> None:
        """Show the map as it was saved, and serve it while somebody looks, or until Ctrl-C."""
        self._page.finished(trained, summary)
        print(f"the map plays at {self._page.url} until its page is closed; Ctrl-C ends it too")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            self._page.wait_for_end(LAST_VIEWER_S)


@contextmanager
def live(sources: Sources, about: About) -> Iterator[Live]:
    """Serve the page of a training of ``sources`` and open it. Raises ExportError where it cannot
    be served."""
    name, tempo = title(sources, about)
    page = LivePage(name, Film(sources.loops.names, sources.ticks_per_beat, tempo))
    with closing(page):
        try:
            page.start()
        except ServerError as error:
            raise ExportError(str(error)) from error
        print(f"training is shown at {page.url}", flush=True)
        if open_page(page.url):
            page.wait_for_viewer(FIRST_VIEWER_S)
        yield Live(page)
