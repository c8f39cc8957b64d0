"""What a measurement returns under each name, as ``bench`` describes it."""

from __future__ import annotations

__all__ = ["entry"]


def entry(ours: float, other: float, other_is: str, unit: str, runs: int) -> dict[str, object]:
    """Of two figures the lower is the better."""
    return {
        "ours": ours,
        "other": other,
        "other_is": other_is,
        "unit": unit,
        "lower_is_better": True,
        "runs": runs,
    }
