"""What the trainer's README shows is what there is."""

import re
from pathlib import Path

import pytest

from train_host.map_figures import MapFigures
from train_host.quality import Quality

README = Path(__file__).parents[2] / "train_host" / "README.md"
CLIPS = Path(__file__).parents[2] / "models" / "gqom"


def python_example():
    return re.search(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)[1]


def test_every_figure_of_a_model_is_explained():
    figures = Quality(1, 0.5, 1, 0, 0, MapFigures(1, 1, 1, 1, 0, 0, 0, 1, 0)).figures()
    explained = set(re.findall(r"`(\w+)`", README.read_text("utf-8")))
    assert figures.keys() - explained == {"onset_f1_threshold"}


@pytest.mark.slow
def test_the_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_clips").symlink_to(CLIPS, target_is_directory=True)
    exec(python_example().replace("range(100)", "range(1)"), {})
    assert (tmp_path / "seed_0.tflite").stat().st_size > 1_000_000
    assert "0 100 " in capsys.readouterr().out
