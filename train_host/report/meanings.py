"""What each figure of a model means, in a sentence for the musician."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

__all__ = ["told"]

MEANINGS: dict[str, tuple[str, str, str]] = {
    "onset_f1": (
        "Onsets",
        "{:.3f}",
        "How well the clips come back at their own places: 1 is every onset and no other.",
    ),
    "reach": ("Reach", "{:.0%}", "Clips that the pad plays as they are, at threshold 0.3."),
    "velocity_error": ("Velocity", "{:.1f}", "Mean error of the clips' hits, in MIDI steps."),
    "microtiming_error": ("Microtiming", "{:.3f}", "Mean error of the clips' hits, in ticks."),
    "distinct_patterns": ("Patterns", "{:.0f}", "Different patterns among 900 places."),
    "richness": (
        "Richness",
        "{:.1f}",
        "How many patterns with nothing in common the map is worth.",
    ),
    "smoothness": (
        "Smoothness",
        "{:.2f}",
        "1: neighbouring places are alike; 0: they differ like places from anywhere.",
    ),
    "neighbour_distance": ("Step", "{:.1f}", "Onsets that differ between neighbouring places."),
    "jumps": (
        "Jumps",
        "{:.1%}",
        "Neighbours that share less than half of their onsets: noise.",
    ),
    "largest_field": ("Largest field", "{:.1%}", "Of the pad, taken by its commonest pattern."),
    "silence": ("Silence", "{:.1%}", "Of the pad, where nothing sounds."),
    "edge_variety": ("Edge", "{:.2f}", "1: the edge changes as often as the rest of the pad."),
    "compound_share": ("Compound metre", "{:.0%}", "Places whose beats are divided in three."),
    "training_seconds": ("Training", "{:.1f} s", "How long it took."),
}


def told(quality: Mapping[str, float]) -> Iterator[tuple[str, str, str]]:
    """Title, value and meaning of each figure there is."""
    for name, (title, form, meaning) in MEANINGS.items():
        if name in quality:
            yield title, form.format(quality[name]), meaning
