"""The bench itself: what it finds, what it runs, what it writes."""

import json
from types import ModuleType

import pytest

from tests.benchmarks import bench


def entry(ours=2.0, other=6.0, lower=True):
    return {
        "ours": ours,
        "other": other,
        "other_is": "the other way",
        "unit": "ms",
        "lower_is_better": lower,
        "runs": 3,
    }


def measuring(*names):
    return lambda: {name: entry() for name in names}


@pytest.fixture
def found(monkeypatch, tmp_path):
    """Three measurements in place of the real ones; the result file in a folder of its own."""
    functions = {
        "picture": measuring("picture"),
        "follower": measuring("follower_rms_usb", "follower_step_worst"),
        "broken": lambda: 1 / 0,
    }
    monkeypatch.setattr(bench, "modules", lambda: [ModuleType("some")])
    monkeypatch.setattr(bench, "measurements", lambda module: functions)
    monkeypatch.setattr(bench, "RESULT", tmp_path / "build" / "bench.json")
    return functions


def written():
    return json.loads(bench.RESULT.read_text())


def test_all_are_run_and_one_that_fails_costs_only_itself(found, capsys):
    assert bench.main([]) == 1
    assert written().keys() == {"picture", "follower_rms_usb", "follower_step_worst"}
    assert written()["picture"] == entry()
    out, err = capsys.readouterr()
    assert "3.00x" in out
    assert "broken failed" in err


@pytest.mark.parametrize(
    ("only", "names"),
    [
        ("picture", {"picture"}),
        ("follower", {"follower_rms_usb", "follower_step_worst"}),
        ("follower_step_worst", {"follower_step_worst"}),
        ("follower_step", {"follower_step_worst"}),
    ],
)
def test_one_is_run_by_its_name_or_its_first_words(found, only, names):
    assert bench.main(["--only", only]) == 0
    assert written().keys() == names


def test_an_unknown_name_is_an_error(found, capsys):
    assert bench.main(["--only", "pict"]) == 2
    assert "no measurement 'pict'" in capsys.readouterr().err
    assert not bench.RESULT.exists()


def test_a_result_without_all_its_keys_is_a_failure(found):
    found["picture"] = lambda: {"picture": {"ours": 1}}
    assert bench.main(["--only", "picture"]) == 1


def test_better_is_above_one_either_way():
    assert bench.ratio(entry(2, 6)) == 3
    assert bench.ratio(entry(6, 2, lower=False)) == 3
    assert bench.ratio(entry(6, 2)) == pytest.approx(1 / 3)


def test_measurements_are_the_public_functions_of_their_module():
    names = [name for module in bench.modules() for name in bench.measurements(module)]
    assert len(names) == len(set(names))
    assert {"decode_one", "decode_map_1024", "train_12_clips"} <= set(names)
    assert not any(name.startswith("_") for name in names)
    assert "median" not in names
