"""The report: one page that needs nothing else, whatever is known of the model."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firmware.rhythm.model_file import ClipPlace, ModelInfo
from tests.models_table import MODELS
from tests.small_models import small_model
from train_host import report_command
from train_host.cli import main
from train_host.clip_fate import ClipFate, FileFate
from train_host.export import ExportError
from train_host.map_view.map_data import sample
from train_host.report.study import FileDecoder, Study
from train_host.report.write import write_report

EVIL = "</script><script>alert(1)</script><img src=x> $x^2$ {{ 7*7 }}"


@pytest.fixture(scope="module")
def small():
    clips = (ClipPlace(EVIL, (1.0, -1.0)), ClipPlace("other", (-2.0, 2.0)))
    return FileDecoder(small_model(EVIL[:60], clips=clips, quality={"richness": 3.0}))


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def text_of(page):
    return page.read_text("utf-8")


def test_the_command_makes_a_page_of_a_model_file(tmp_path, capsys):
    model = tmp_path / "trap.tflite"
    model.write_bytes((MODELS / "trap" / "trap.tflite").read_bytes())
    assert main(["report", str(model)]) == 0
    page = tmp_path / "trap-report" / "report.html"
    assert capsys.readouterr().out.strip() == str(page)
    text = text_of(page)
    for words in ("Trap", "Richness", "top left", "a report that is made while training"):
        assert words in text
    assert len(text) < 3_000_000
    assert {path.name for path in page.parent.iterdir()} == {
        "report.html",
        "map.png",
        "way.png",
        "places.png",
    }


def test_a_training_s_report_has_its_curves_stages_and_files(tmp_path, capsys):
    clips = tmp_path / "clips"
    clips.mkdir()
    (clips / "a.clips").write_text(
        "style: Test\ntempo: 140\nlicence: CC0-1.0\nsource: this test\n\n"
        "clip: one\nkick | X... X... X... X... |\n\nclip: two\nsnare | .... X... .... X... |\n"
    )
    (clips / "bad.mid").write_bytes(b"no")
    out = tmp_path / "report"
    model = tmp_path / "m.tflite"
    arguments = [
        "fit",
        str(clips),
        "-o",
        str(model),
        "--epochs",
        "120",
        "--network",
        "reference",
        "--report",
        str(out),
    ]
    assert main(arguments) == 0
    text = text_of(out / "report.html")
    assert "bad.mid" in text
    assert "not used: " in text
    assert "F1 there" in text
    assert "Losses over the epochs" in text
    assert Image.open(out / "map.png").height > 270  # rows for 10 and for 12 epochs
    assert Image.open(out / "losses.png").width > 500


def test_names_of_the_user_s_stay_text(tmp_path, small):
    fate = FileFate(Path(f"{EVIL.replace('/', '|')}.mid"), (ClipFate(EVIL, 1, 1, 3),))
    text = text_of(write_report(tmp_path, Study(small.info, small, files=[fate])))
    assert "<script>alert" not in text
    assert "<img src=x>" not in text
    assert "49" not in re.sub(r"[\w+/=]{40,}", "", text)
    data = json.loads(re.search(r'id="map-data">(.*?)</script>', text, re.DOTALL)[1])
    assert data["header"]["clips"][0]["name"] == EVIL


def test_the_page_needs_nothing_from_anywhere(tmp_path, small):
    text = text_of(write_report(tmp_path, Study(small.info, small)))
    assert not re.search(r"""(src|href)=["'](?!data:)""", text)
    assert not re.search(r"^(import|export) ", text, re.MULTILINE)
    assert "fetch(" not in text


def test_the_same_study_gives_the_same_files(tmp_path, small):
    for name in ("a", "b"):
        write_report(tmp_path / name, Study(small.info, small))
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")


def test_the_ends_of_the_way_can_be_told(tmp_path, small):
    page = write_report(tmp_path, Study(small.info, small), (-1.5, 0.25), (2.0, 2.0))
    chosen = re.findall(r"<option value=\"([^\"]*)\" selected>", text_of(page))
    assert chosen == ["-1.5 0.25", "2 2"]


def test_a_model_that_knows_nothing_of_itself_has_a_report(tmp_path):
    class Silent:
        def decode(self, z):
            return tuple(np.zeros((len(z), 864), np.float32) for _ in range(3))

    page = write_report(tmp_path, Study(ModelInfo(), Silent()))
    assert "untitled" in text_of(page)
    assert not (tmp_path / "places.png").exists()


def test_two_thousand_loops_stay_a_page_that_opens(tmp_path, small):
    rng = np.random.default_rng(0)
    clips = tuple(
        ClipPlace(f"take {i}", tuple(z)) for i, z in enumerate(rng.uniform(-3, 3, (2000, 2)))
    )
    info = ModelInfo(clips=clips)
    text = text_of(write_report(tmp_path, Study(info, small)))
    assert len(text) < 3_000_000
    assert text.count("Hear take ") == 2000
    assert text.count("<option") < 1000


def test_what_is_sampled_is_what_is_decoded(small):
    data = sample(small, 5)
    z = np.array([[-3, -3], [3, -3], [0, 3]], np.float32)
    onset, velocity, microtiming = small.decode(z)
    for (row, column), k in (((0, 0), 0), ((0, 4), 1), ((4, 2), 2)):
        values = data.values[:, row, column].astype(float)
        assert values[0] / 255 == pytest.approx(onset[k, data.cells], abs=0.003)
        assert values[1] / 255 == pytest.approx(velocity[k, data.cells], abs=0.003)
        assert (values[2] - 128) / 127 == pytest.approx(microtiming[k, data.cells], abs=0.005)
    left_out = np.setdiff1d(np.arange(864), data.cells)
    assert onset[:, left_out].max() <= 0.05


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(ExportError, match=r"jinja2.*pip install 'groovebox\[report\]'"):
        report_command.needed()
