import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.engine.controls import Controls, Mute, Set
from firmware.midi.control_map import ControlMap, SelectModel

MS = 1_000_000


def test_the_pad_has_kaoss_numbers_and_fourteen_bits():
    controls = ControlMap()
    assert controls.receive(bytes([0xB0, 12, 127]), 0) == [Set("x", 1.0)]
    assert controls.receive(bytes([0xB5, 13, 64]), 0) == [Set("y", 64 / 127)]
    (fine,) = controls.receive(bytes([0xB5, 45, 1]), 0)
    assert fine == Set("y", (64 << 7 | 1) / 0x3FFF)


def test_a_fine_half_without_its_coarse_one_is_nothing():
    assert ControlMap().receive(bytes([0xB0, 44, 1]), 0) == []


def test_knobs_reach_their_whole_range():
    controls = ControlMap()
    assert controls.receive(bytes([0xB0, 18, 0]), 0) == [Set("tempo", 2_000)]
    assert controls.receive(bytes([0xB0, 18, 127]), 0) == [Set("tempo", 30_000)]
    assert controls.receive(bytes([0xB0, 80, 64]), 0) == [Mute("kick", True)]
    assert controls.receive(bytes([0xB0, 80, 63]), 0) == [Mute("kick", False)]


def test_program_change_chooses_a_model():
    assert ControlMap().receive(bytes([0xC3, 5]), 0) == [SelectModel(5)]


def test_only_its_channel_is_listened_to():
    controls = ControlMap(channel=2)
    assert controls.receive(bytes([0xB0, 12, 1]), 0) == []
    assert controls.receive(bytes([0xB2, 12, 127]), 0) == [Set("x", 1.0)]


def test_learning_takes_the_next_controller():
    controls = ControlMap()
    controls.learn("threshold")
    controls.receive(bytes([0x90, 36, 100]), 0)
    assert controls.learning == "threshold", "a note is no controller"
    (command,) = controls.receive(bytes([0xB0, 74, 127]), 0)
    assert command == Set("threshold", 0.98)
    assert controls.receive(bytes([0xB0, 16, 127]), 0) == [], "the old number is free"
    with pytest.raises(ValueError, match="no control named"):
        controls.learn("volume")


def test_hands_are_sent_once_and_coarse_before_fine():
    controls = ControlMap()
    before = Controls.defaults()
    assert controls.send(before, 0) == [], "nothing has changed yet"
    after = before.apply(Set("x", 1.0)).apply(Mute("hat"))
    assert controls.send(after, 0) == [
        bytes([0xB0, 12, 127]),
        bytes([0xB0, 44, 127]),
        bytes([0xB0, 82, 127]),
    ]
    assert controls.send(after, 0) == []


@given(st.sampled_from(["x", "threshold", "tempo", "kick"]), st.integers(0, 127))
def test_what_comes_in_does_not_go_back(name, value):
    controls = ControlMap()
    state = Controls.defaults()
    controls.send(state, 0)
    number = next(n for n, control in controls.controllers.items() if control == name)
    for command in controls.receive(bytes([0xB0, number, value]), 0):
        state = state.apply(command)
    assert controls.send(state, 0) == []


def test_what_comes_in_does_not_go_back_before_the_controls_show_it():
    controls = ControlMap()
    old = Controls.defaults()
    controls.send(old, 0)
    controls.receive(bytes([0xB0, 12, 127]), 1_000 * MS)
    assert controls.send(old, 1_010 * MS) == []
    new = old.apply(Set("x", 1.0))
    assert controls.send(new, 1_020 * MS) == []
    assert controls.send(old, 1_030 * MS) != [], "and then a hand takes it back"


def test_our_own_controllers_coming_back_are_not_taken():
    controls = ControlMap()
    state = Controls.defaults()
    controls.send(state, 0)
    (sent,) = controls.send(state.apply(Set("threshold", 0.61)), 1_000 * MS)
    assert controls.receive(sent, 1_020 * MS) == []
    assert controls.receive(sent, 1_060 * MS) != []


@given(st.binary(max_size=4), st.integers(0, 10**12))
def test_no_message_raises(data, now_ns):
    ControlMap().receive(data, now_ns)
