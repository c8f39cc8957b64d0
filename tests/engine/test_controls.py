import pytest

from firmware.engine.controls import Adjust, Controls, EndMute, Mute, Set
from firmware.engine.parameters import PARAMETERS


def test_defaults_lie_in_their_ranges():
    for parameter in PARAMETERS.values():
        assert parameter.minimum <= parameter.default <= parameter.maximum


def test_values_are_clamped():
    controls = Controls.defaults()
    assert controls.apply(Set("x", 7.0))["x"] == 1.0
    assert controls.apply(Adjust("threshold", -100))["threshold"] == 0.02
    assert controls.apply(Set("tempo", 99_999))["tempo"] == 30_000


def test_many_small_steps_end_where_one_large_step_does():
    controls = Controls.defaults()
    for _ in range(100):
        controls = controls.apply(Adjust("threshold", 0.1))
    assert controls["threshold"] == Controls.defaults().apply(Adjust("threshold", 10))["threshold"]


def test_mutes_toggle_and_set():
    controls = Controls.defaults().apply(Mute("hat"))
    assert controls.muted_drums == {2, 3}
    assert controls.apply(Mute("hat", True)) == controls
    assert controls.apply(Mute("open_hat")).muted == {"closed_hat"}
    assert not controls.apply(Mute("open_hat")).is_muted("hat")
    assert controls.apply(Mute("hat")).muted == frozenset()


@pytest.mark.parametrize("before", [(), ("open_hat",), ("open_hat", "closed_hat", "rim")])
def test_a_mute_that_ends_leaves_what_was_before(before):
    controls = Controls.defaults()
    for drum in before:
        controls = controls.apply(Mute(drum))
    held = controls.apply(Mute("hat")).apply(Set("tempo", 9_000)).apply(Mute("kick"))
    assert held.is_muted("hat") != controls.is_muted("hat")
    assert held.apply(EndMute("hat")).muted == controls.muted | {"kick"}


def test_a_mute_that_never_was_ends_without_a_change():
    controls = Controls.defaults().apply(Mute("open_hat"))
    assert controls.apply(EndMute("hat")) == controls


@pytest.mark.parametrize("command", [Set("volume", 1), Adjust("volume", 1), Mute("cowbell")])
def test_names_that_do_not_exist_are_refused(command):
    with pytest.raises(KeyError):
        Controls.defaults().apply(command)
