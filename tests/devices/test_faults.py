"""Every chip on I2C, and what the player gets of it when it fails: at the bus, below the drivers.

A chip can be absent from the start, stop answering while the player plays (ABSENT, SILENT), or
answer nonsense (FLOATING, GARBAGE). Whatever happens, nothing is raised, nothing is invented,
nothing that was held stays held, the other devices go on, and all is well once the chip is.
"""

import pytest

from firmware.devices.events import Lift, Press, Push, TouchAt, Turn
from firmware.devices.inputs import Inputs
from hardware.virtual.i2c_bus import Fault
from tests.devices.pads import KINDS, board_with

MS = 1_000_000
ADDRESSES = {"tsc2007": "0x48", "pinnacle": "0x2a"}
EDGE = 0.025


class Player:
    """A board, its inputs, and time, which passes in steps of 5 ms."""

    def __init__(self, kind="tsc2007", broken=()):
        self.board, self.kind, self.now = board_with(kind), kind, 7_000 * MS
        self.where = f"The touch pad at I2C address {ADDRESSES[kind]}"
        for device, fault in broken:
            self.board.set_fault(device, fault)
        self.inputs = Inputs(
            self.board, encoder_read_delay_s=0, encoder_reset_delay_s=0, now_ns=lambda: self.now
        )

    def wait(self, ms=50):
        """All events while so much time passes."""
        events = []
        for passed in range(0, ms, 5):
            self.now += 5 * MS
            if self.kind == "pinnacle" and passed % 10 == 0:
                self.board.measure_pad()
            events += self.inputs.poll()
        return events

    def close(self):
        self.inputs.close()
        self.board.close()


@pytest.fixture
def play():
    players = []

    def start(*args, **kwargs):
        players.append(Player(*args, **kwargs))
        return players[-1]

    yield start
    for player in players:
        player.close()


def places(events):
    return [(event.x, event.y) for event in events if isinstance(event, TouchAt)]


def others(events):
    return [event for event in events if not isinstance(event, TouchAt)]


# The pad


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", list(Fault))
def test_a_pad_absent_at_the_start_comes_later(play, kind, fault):
    player = play(kind, broken=[("pad", fault)])
    assert player.inputs.faults() == {"pad": f"{player.where} does not answer."}
    player.board.touch(0.5, 0.5)
    player.board.turn(0, 1)
    player.board.press("stop", True)
    assert player.wait() == [Press("stop", True), Turn(0, 1)]
    player.board.set_fault("pad", None)
    assert places(player.wait(1100)) == [pytest.approx((0.5, 0.5), abs=2e-3)]
    assert player.inputs.faults() == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("for_ms", [200, 3000])
def test_a_pad_that_fails_under_the_finger_lets_go_and_comes_back(play, kind, fault, for_ms):
    player = play(kind)
    player.board.touch(0.5, 0.5)
    assert len(places(player.wait())) == 1
    player.board.set_fault("pad", fault)
    player.board.turn(0, 1)
    player.board.press("stop", True)
    assert player.wait() == [Press("stop", True), Turn(0, 1), Lift()]
    assert player.inputs.faults()["pad"].startswith(f"{player.where} fails: ")
    assert player.wait(for_ms) == []
    assert "pad" in player.inputs.faults()
    player.board.set_fault("pad", None)
    assert places(player.wait(1100)) == [pytest.approx((0.5, 0.5), abs=2e-3)]
    assert player.inputs.faults() == {}
    player.board.touch(0.55, 0.5)
    moved = places(player.wait(200))
    assert moved[-1][0] == pytest.approx((0.55 - EDGE) / (1 - 2 * EDGE), abs=2e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("transfers", [1, 2])
def test_a_transfer_or_two_that_get_lost_are_not_noticed(play, kind, transfers):
    player = play(kind)
    player.board.touch(0.5, 0.5)
    assert len(player.wait()) == 1
    player.board.i2c.glitch(player.board.pin_map.pad.address, transfers)
    assert player.wait() == []
    assert player.inputs.faults() == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", list(Fault))
def test_a_pad_that_fails_untouched_is_noticed_within_a_second_or_so(play, kind, fault):
    player = play(kind)
    player.wait()
    player.board.set_fault("pad", fault)
    assert player.wait(1100) == []
    assert player.inputs.faults()["pad"].startswith(player.where)
    player.board.set_fault("pad", None)
    assert player.wait(1100) == []
    assert player.inputs.faults() == {}
    player.board.touch(0.5, 0.5)
    assert len(places(player.wait())) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_garbage_for_a_minute_touches_nothing_nowhere(play, kind):
    player = play(kind)
    player.board.touch(0.5, 0.5)
    player.wait()
    player.board.set_fault("pad", Fault.GARBAGE)
    assert player.wait(60_000) == [Lift()]
    player.board.lift()
    assert player.wait(10_000) == []
    player.board.set_fault("pad", None)
    player.wait(1100)
    assert player.inputs.faults() == {}


def garble(player, address, every):
    """Now and then an answer of the chip at ``address`` is noise; it is otherwise as it was."""
    bus = player.board.i2c
    chip = bus._chips[address]
    count = 0

    class Garbled:
        write = staticmethod(chip.write)

        def read(self, size):
            nonlocal count
            count += 1
            answer = chip.read(size)
            return bus._random.randbytes(size) if count % every == 0 else answer

    bus.attach(address, Garbled())


@pytest.mark.parametrize("kind", KINDS)
def test_noise_now_and_then_moves_no_finger_far(play, kind):
    """No further than a quick finger goes from one reading to the next."""
    player = play(kind)
    player.board.touch(0.5, 0.5)
    player.wait()
    garble(player, player.board.pin_map.pad.address, every=11)
    noisy = player.wait(10_000)
    assert others(noisy) == []
    for place in places(noisy):
        assert place == pytest.approx((0.5, 0.5), abs=0.13)
    player.board.lift()
    assert player.wait(10_000) == [Lift()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_pad_is_asked_once_a_second(play, kind):
    player = play(kind)
    player.board.set_fault("pad", Fault.ABSENT)
    player.wait(1500)
    before = player.board.i2c.transfers
    player.wait(10_000)
    assert player.board.i2c.transfers - before <= 2 * 10 + 2 * 10  # the encoders are asked too


def test_a_pinnacle_that_lost_its_settings_gets_them_back(play):
    """A moment without power: it answers again, but would never report a finger."""
    player = play("pinnacle")
    player.board.touch(0.5, 0.5)
    player.wait()
    player.board._touch_controller.reset()
    assert Lift() in player.wait(2300)
    assert player.inputs.faults() == {}
    player.board.lift()
    player.wait(200)
    player.board.touch(0.3, 0.5)
    assert len(places(player.wait())) == 1


def test_a_pinnacle_that_falls_silent_lets_go_of_the_finger(play):
    player = play("pinnacle")
    player.board.touch(0.5, 0.5)
    player.wait()
    player.board._touch_controller.measure = lambda: None
    assert player.wait(90) == []
    assert player.wait(20) == [Lift()]
    assert player.wait(200) == []


def test_a_pinnacle_touches_drags_taps_and_lifts(play):
    player = play("pinnacle")
    player.board.touch(0.2, 0.5)
    assert places(player.wait(20)) == [pytest.approx(((0.2 - EDGE) / 0.95, 0.5), abs=2e-3)]
    dragged = []
    for step in range(1, 31):
        player.board.touch(0.2 + 0.02 * step, 0.5)
        dragged += places(player.wait(10))
    assert [x for x, _ in dragged] == sorted(x for x, _ in dragged)
    assert dragged[-1][0] == pytest.approx((0.8 - EDGE) / 0.95, abs=0.02)
    player.board.lift()
    assert player.wait(40) == [Lift()]
    player.board.touch(1.0, 1.0)
    assert places(player.wait(20)) == [(1.0, 1.0)]


def test_a_pinnacle_wakes_its_thread_and_waits_no_longer_than_needed(play, monkeypatch):
    player = play("pinnacle")
    waits = []
    player.board.touch(0.5, 0.5)
    player.board.measure_pad()
    assert player.inputs._wake.is_set()
    player.wait(20)
    player.inputs._wake.clear()
    monkeypatch.setattr(player.inputs._wake, "wait", waits.append)
    player.inputs.wait(30)
    player.board.measure_pad()
    player.inputs.wait(30)
    assert waits == [pytest.approx(0.1), pytest.approx(0.005)]


# The encoders


@pytest.mark.parametrize("fault", list(Fault))
def test_encoders_absent_at_the_start_come_later(play, fault):
    player = play(broken=[("encoders", fault)])
    assert player.inputs.faults() == {
        "encoders": "The encoder board at I2C address 0x49 does not answer."
    }
    player.board.turn(0, 1)
    player.board.press("play", True)
    player.board.touch(0.5, 0.5)
    assert others(player.wait()) == [Press("play", True)]
    player.board.set_fault("encoders", None)
    assert player.wait(1100) == []
    assert player.inputs.faults() == {}
    player.board.turn(1, -3)
    assert player.wait() == [Turn(1, -3)]


@pytest.mark.parametrize("fault", list(Fault))
def test_encoders_that_fail_let_go_and_come_back(play, fault):
    player = play()
    player.board.push(2, True)
    player.board.turn(1, 5)
    player.inputs.set_colours([(1, 2, 3)] * 4)
    assert player.wait() == [Turn(1, 5), Push(2, True)]
    player.board.set_fault("encoders", fault)
    player.board.turn(1, 1)
    player.board.touch(0.5, 0.5)
    assert others(player.wait()) == [Push(2, False)]
    assert "encoder board at I2C address 0x49 fails" in player.inputs.faults()["encoders"]
    player.board.push(2, False)
    assert others(player.wait(3000)) == []
    player.board.set_fault("encoders", None)
    player.board._seesaw.reset()
    assert others(player.wait(1100)) == []
    assert player.inputs.faults() == {}
    assert player.board.colours() == [(1, 2, 3)] * 4
    player.board.turn(1, 1)
    player.board.push(3, True)
    assert player.wait() == [Turn(1, 1), Push(3, True)]


@pytest.mark.parametrize("fault", list(Fault))
def test_encoders_that_fail_untouched_are_noticed_within_a_second_or_so(play, fault):
    player = play()
    player.wait()
    player.board.set_fault("encoders", fault)
    assert player.wait(1100) == []
    assert player.inputs.faults()["encoders"].startswith("The encoder board at I2C address 0x49")
    player.board.set_fault("encoders", None)
    player.board._seesaw.reset()  # it was without power
    assert player.wait(1100) == []
    assert player.inputs.faults() == {}
    player.board.turn(0, 1)
    assert player.wait() == [Turn(0, 1)]


def test_garbage_for_a_minute_turns_and_presses_nothing(play):
    player = play()
    player.board.turn(0, 1)
    assert player.wait() == [Turn(0, 1)]
    player.board.set_fault("encoders", Fault.GARBAGE)
    player.board.turn(0, 1)
    assert player.wait(60_000) == []
    player.board.set_fault("encoders", None)
    player.wait(1100)
    player.board.turn(0, 2)
    assert player.wait() == [Turn(0, 2)]


def test_noise_now_and_then_loses_and_invents_no_step(play):
    player = play()
    garble(player, player.board.pin_map.encoders.address, every=11)
    heard = []
    for step in range(400):
        player.board.turn(step % 4, 1 if step % 3 else -1)
        heard += player.wait(10)
    heard += player.wait(1500)
    assert others(heard) == heard
    assert all(isinstance(event, Turn) and abs(event.steps) <= 2 for event in heard)
    for encoder in range(4):
        turned = sum(1 if step % 3 else -1 for step in range(encoder, 400, 4))
        assert sum(event.steps for event in heard if event.encoder == encoder) == turned


# All at once


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", list(Fault))
def test_a_board_without_its_chips_still_has_buttons(play, kind, fault):
    player = play(kind, broken=[("encoders", fault), ("pad", fault)])
    assert sorted(player.inputs.faults()) == ["encoders", "pad"]
    player.board.press("play", True)
    assert player.wait() == [Press("play", True)]
    player.board.set_fault("encoders", None)
    player.board.set_fault("pad", None)
    player.wait(1100)
    assert player.inputs.faults() == {}
    player.board.turn(0, 1)
    player.board.touch(1.0, 0.5)
    events = player.wait()
    assert others(events) == [Turn(0, 1)]
    assert places(events) == [(1.0, pytest.approx(0.5, abs=2e-3))]
