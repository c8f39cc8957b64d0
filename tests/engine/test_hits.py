"""What becomes of a pattern's hits: thresholds, mutes, and how far they are off centre and grid."""

import pytest

from firmware.engine.controls import Mute, Play, Set
from firmware.engine.engine import HANDOVER_NS
from firmware.rhythm.drums import DRUMS
from tests.engine.box import CLOCK, ON, START, STOP, TICK_NS, Box, assert_ended
from tests.engine.fakes import EveryDrum, FakeDecoder


def test_each_drum_has_a_threshold_of_its_own_on_top_of_the_common_one():
    """The kick is decoded with 0.9, the snare with 0.5 (see FakeDecoder)."""

    def heard(*commands):
        box = Box().do(*commands, Play()).run(96 * TICK_NS)
        return bool(box.out.of(ON, 36)), bool(box.out.of(ON, 38))

    assert heard(Set("snare_threshold", 0.25)) == (True, False)
    assert heard(Set("kick_threshold", 0.5)) == (True, True)
    assert heard(Set("kick_threshold", 0.5), Set("threshold", 0.45)) == (False, True)
    assert heard(Set("threshold", 0.8), Set("snare_threshold", -0.4)) == (True, True)
    assert heard(Set("threshold", 0.9), Set("kick_threshold", 0.5)) == (False, False)


@pytest.mark.parametrize(
    ("amount", "kick", "snare"), [(0, 100, 100), (0.5, 114, 82), (1, 127, 64), (2, 127, 28)]
)
def test_the_velocity_amount_stretches_velocities_about_their_centre(amount, kick, snare):
    box = Box().do(Set("velocity_amount", amount), Play()).run(30 * TICK_NS)
    assert {message.data[2] for message in box.out.of(ON, 36)} == {kick}
    assert {message.data[2] for message in box.out.of(ON, 38)} == {snare}


def test_a_velocity_never_becomes_a_note_off():
    box = Box().do(Set("velocity_amount", 2), Set("x", 0), Play()).run(30 * TICK_NS)
    assert {message.data[2] for message in box.out.of(ON, 38)} == {1}


@pytest.mark.parametrize("microtiming", [-0.25, 0.25])
@pytest.mark.parametrize("amount", [0, 1, 2])
def test_the_microtiming_amount_moves_notes_off_the_grid(microtiming, amount):
    box = Box(FakeDecoder(microtiming=microtiming))
    box.do(Set("microtiming_amount", amount), Play()).run(60 * TICK_NS)
    grid = [message.time_ns for message in box.out.of(CLOCK)][::24]
    kicks = [message.time_ns for message in box.out.of(ON, 36)]
    moved = round(amount * microtiming * TICK_NS)
    assert kicks[1:] == [time_ns + moved for time_ns in grid[1 : len(kicks)]]


@pytest.mark.parametrize("microtiming", [-0.99, 0.99])
def test_twice_the_microtiming_sends_every_note_once_and_ends_it(microtiming):
    box = Box(FakeDecoder(microtiming=microtiming))
    slack = []
    send = box.out.send
    box.out.send = lambda messages: (
        slack.extend(m.time_ns - box.now_ns for m in messages if m.data[0] not in (START, STOP)),
        send(messages),
    )
    box.do(Set("microtiming_amount", 2), Play()).run(192 * TICK_NS)
    assert min(slack) >= HANDOVER_NS
    assert len(box.out.of(ON, 36)) in (8, 9)
    assert_ended(box.out.messages + box.engine.routes[0].finish())


def test_nine_mutes():
    for drum in DRUMS:
        box = Box(EveryDrum()).do(Mute(drum.key), Play()).run(30 * TICK_NS)
        heard = {message.data[1] for message in box.out.of(ON)}
        assert heard == {other.note for other in DRUMS} - {drum.note}
    box = Box(EveryDrum()).do(*(Mute(drum.key) for drum in DRUMS), Play()).run(30 * TICK_NS)
    assert not box.out.of(ON)
