"""The table of factory models in models/README.md: ``python -m tests.models_table`` writes it."""

from __future__ import annotations

from pathlib import Path

from firmware.rhythm.model_file import read_info

MODELS = Path(__file__).parents[1] / "models"
BEGIN = "<!-- python -m tests.models_table writes this table, a test holds it to the files -->\n"


def table() -> str:
    """One row a model, out of the models' own metadata."""
    columns = ("model", "bpm", "clips", "F1", "reach", "distinct of 900", "richness", "smoothness")
    columns += ("neighbours", "compound", "velocity", "microtiming", "seconds")
    rows = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for path in sorted(MODELS.glob("*/*.tflite")):
        info = read_info(path.read_bytes())
        assert info is not None
        names = {place.name.partition(" #")[0] for place in info.clips}
        quality = info.quality
        rows.append(
            f"| {info.name} | {info.tempo:g} | {len(names)} | {quality['onset_f1']:.3f} "
            f"| {quality['reach']:.0%} | {quality['distinct_patterns']:.0f} "
            f"| {quality['richness']:.1f} | {quality['smoothness']:.2f} "
            f"| {quality['neighbour_distance']:.1f} | {quality['compound_share']:.0%} "
            f"| {quality['velocity_error']:.1f} of 127 | {quality['microtiming_error']:.3f} ticks "
            f"| {quality['training_seconds']:.1f} |"
        )
    return "\n".join(rows) + "\n"


def with_table(text: str) -> str:
    """The README with the table of today in the place of the one it has."""
    head, rest = text.split(BEGIN)
    after = rest.lstrip("\n")
    while after.startswith("|"):
        after = after.partition("\n")[2]
    return head + BEGIN + "\n" + table() + "\n" + after.lstrip("\n")


if __name__ == "__main__":
    readme = MODELS / "README.md"
    readme.write_text(with_table(readme.read_text("utf-8")), "utf-8")
