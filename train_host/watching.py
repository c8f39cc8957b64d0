"""Training as the terminal shows it: how far, how long still, and the curves of the losses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from train_host.training import Progress

__all__ = ["TerminalView", "curve"]

WIDTH = 40
BLOCKS = "▁▂▃▄▅▆▇█"
CURVES = {
    "onset": lambda progress: progress.training.onset,
    "velocity": lambda progress: progress.training.velocity,
    "microtiming": lambda progress: progress.training.microtiming,
    "divergence": lambda progress: progress.training.kl,
    "training": lambda progress: progress.training.total,
    "validation": lambda progress: progress.validation.total,
}


def curve(values: Sequence[float], width: int = WIDTH) -> str:
    """``values`` as a line of at most ``width`` blocks, each the mean of its stretch, on a
    logarithmic scale from the least (lowest block) to the most; blank where there is no number."""
    count = min(width, len(values))
    means = []
    for index in range(count):
        start, end = index * len(values) // count, (index + 1) * len(values) // count
        stretch = [value for value in values[start:end] if math.isfinite(value) and value > 0]
        means.append(math.log(sum(stretch) / len(stretch)) if stretch else math.nan)
    known = [mean for mean in means if math.isfinite(mean)]
    if not known:
        return " " * count
    low, span = min(known), max(known) - min(known)
    scale = (len(BLOCKS) - 1) / span if span else 0.0
    return "".join(
        BLOCKS[round((mean - low) * scale)] if math.isfinite(mean) else " " for mean in means
    )


class TerminalView:
    """Shows a training while it is entered; where there is no terminal, its end only.

    The curves are drawn a few times a second, whatever the number of epochs.
    """

    def __init__(self, epochs: int, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._bar = Bar(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task("", total=epochs)
        self._history: list[Progress] = []
        self._live = Live(get_renderable=self._drawn, console=self._console, refresh_per_second=8)

    def __enter__(self) -> TerminalView:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, progress: Progress) -> None:
        self._history.append(progress)
        self._bar.update(self._task, completed=progress.epoch, total=progress.epochs)

    @property
    def seconds_left(self) -> float:
        """Estimated, from the last epochs; infinite before there is an estimate."""
        left = self._bar.tasks[0].time_remaining
        return math.inf if left is None else float(left)

    def _drawn(self) -> Group:
        table = Table.grid(padding=(0, 2))
        history = list(self._history)
        for name, value in CURVES.items():
            values = [value(progress) for progress in history]
            if values:
                table.add_row(name, f"{values[-1]:.2f}", curve(values))
        return Group(self._bar, table)
