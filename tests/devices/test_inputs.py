"""Everything the hands touch, through one pair of wait and poll, with devices failing."""

import threading

import pytest

from firmware.devices.events import Lift, Press, Push, TouchAt, Turn
from firmware.devices.inputs import Inputs
from hardware.virtual.i2c_bus import Fault

MS = 1_000_000
SECOND = 1000 * MS


class Time:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = 7 * SECOND

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


def open_inputs(board, time):
    return Inputs(board, encoder_read_delay_s=0, encoder_reset_delay_s=0, now_ns=time)


@pytest.fixture
def inputs(board, time):
    inputs = open_inputs(board, time)
    yield inputs
    inputs.close()


def later(inputs, time, ms=5):
    time.now += ms * MS
    return inputs.poll()


def test_all_devices_at_once(board, inputs):
    assert inputs.poll() == []
    board.touch(0.25, 0.75, 0.5)
    board.press("play", True)
    board.turn(3, -2)
    board.push(0, True)
    *others, touch = inputs.poll()
    assert others == [Press("play", True), Turn(3, -2), Push(0, True)]
    assert touch == pytest.approx(TouchAt(0.25, 0.75, 0.5), abs=0.01)
    assert inputs.faults() == {}


def test_the_pad_is_read_at_200_hz_and_reports_only_movement(board, inputs, time):
    board.touch(0.2, 0.5)
    assert len(inputs.poll()) == 1
    board.touch(0.3, 0.5)
    assert later(inputs, time, 4) == []
    (moved,) = later(inputs, time, 1)
    assert moved.x == pytest.approx(0.3, abs=1e-3)
    assert later(inputs, time) == []
    board.lift()
    assert later(inputs, time) == [Lift()]
    assert later(inputs, time) == []


def test_an_untouched_pad_and_idle_encoders_cost_no_transfer(board, inputs, time):
    before = board.i2c.transfers
    for _ in range(10):
        assert later(inputs, time) == []
    assert board.i2c.transfers == before


@pytest.mark.parametrize(
    "act",
    [
        lambda board: board.touch(0.5, 0.5),
        lambda board: board.turn(1, 1),
        lambda board: board.push(1, True),
        lambda board: board.press("hat", True),
    ],
)
def test_wait_is_woken_by_any_device(board, inputs, act):
    seen = []

    def player():
        inputs.wait(30)
        seen.extend(inputs.poll())

    thread = threading.Thread(target=player, daemon=True)
    thread.start()
    act(board)
    thread.join(5)
    assert not thread.is_alive()
    assert len(seen) == 1


def test_wake_ends_a_wait(inputs):
    inputs.wake()
    inputs.wait(30)


def waits_of(inputs, monkeypatch):
    """How long the thread would sleep if it waited now, for at most 30 s."""
    waits = []
    monkeypatch.setattr(inputs._wake, "wait", waits.append)
    inputs.wait(30)
    return waits


def test_reading_the_pad_does_not_wake_its_own_thread(board, inputs, time, monkeypatch):
    """PENIRQ goes high and low again with every reading; that must not become a busy loop."""
    board.touch(0.5, 0.5)
    inputs.wait(30)
    inputs.poll()
    inputs.wait(30)
    assert later(inputs, time) == []
    assert not inputs._wake.is_set()
    inputs.poll()
    assert waits_of(inputs, monkeypatch) == [pytest.approx(0.005)]


@pytest.mark.parametrize(
    "act", [lambda board: board.touch(0.5, 0.5), lambda board: board.turn(1, 1)]
)
def test_a_line_that_is_low_without_a_new_edge_is_not_slept_over(board, inputs, monkeypatch, act):
    assert waits_of(inputs, monkeypatch) == [30]
    act(board)
    inputs._wake.clear()
    assert waits_of(inputs, monkeypatch) == [pytest.approx(0.005)]


def test_a_single_bad_reading_does_not_lift_the_finger(board, inputs, time):
    board.touch(0.5, 0.5)
    inputs.poll()
    board.set_fault("pad", Fault.FLOATING)
    assert [later(inputs, time) for _ in range(3)] == [[], [], []]
    board.set_fault("pad", None)
    assert later(inputs, time) == []
    board.set_fault("pad", Fault.FLOATING)
    assert [later(inputs, time) for _ in range(4)] == [[], [], [], [Lift()]]


def test_a_pad_that_stops_answering_lifts_and_comes_back(board, inputs, time):
    board.touch(0.5, 0.5)
    inputs.poll()
    board.set_fault("pad", Fault.ABSENT)
    assert [later(inputs, time) for _ in range(3)] == [[], [], [Lift()]]
    assert inputs.faults() == {"pad": "The touch pad at I2C address 0x48 fails: Remote I/O error."}
    board.turn(0, 1)
    board.press("stop", True)
    assert later(inputs, time) == [Press("stop", True), Turn(0, 1)]
    later(inputs, time, 1000)
    assert inputs.faults() == {"pad": "The touch pad at I2C address 0x48 does not answer."}
    board.set_fault("pad", None)
    assert later(inputs, time) == []
    (touch,) = later(inputs, time, 1000)
    assert touch.x == pytest.approx(0.5, abs=1e-3)
    assert inputs.faults() == {}


def test_encoders_that_stop_answering_release_and_come_back(board, inputs, time):
    board.push(2, True)
    inputs.set_colours([(1, 2, 3)] * 4)
    assert inputs.poll() == [Push(2, True)]
    board.set_fault("encoders", Fault.SILENT)
    board.turn(1, 1)
    board.touch(0.5, 0.5)
    heard = [event for _ in range(4) for event in later(inputs, time)]
    assert [event for event in heard if not isinstance(event, TouchAt)] == [Push(2, False)]
    assert "encoder board at I2C address 0x49 fails" in inputs.faults()["encoders"]
    board.set_fault("encoders", None)
    board._seesaw.reset()
    later(inputs, time, 1000)
    assert inputs.faults() == {}
    assert board.colours() == [(1, 2, 3)] * 4
    board.turn(1, 1)
    assert Turn(1, 1) in later(inputs, time)


@pytest.mark.parametrize("fault", list(Fault))
def test_a_board_without_its_chips_still_has_buttons(board, time, fault):
    board.set_fault("encoders", fault)
    board.set_fault("pad", Fault.ABSENT)
    inputs = open_inputs(board, time)
    assert inputs.faults() == {
        "encoders": "The encoder board at I2C address 0x49 does not answer.",
        "pad": "The touch pad at I2C address 0x48 does not answer.",
    }
    board.press("play", True)
    assert inputs.poll() == [Press("play", True)]
    board.set_fault("encoders", None)
    board.set_fault("pad", None)
    later(inputs, time, 1000)
    assert inputs.faults() == {}
    board.turn(0, 1)
    assert later(inputs, time) == [Turn(0, 1)]


def test_a_missing_chip_is_asked_once_a_second(board, inputs, time):
    board.touch(0.5, 0.5)
    board.set_fault("pad", Fault.ABSENT)
    for _ in range(4):
        later(inputs, time)
    before = board.i2c.transfers
    for _ in range(100):
        later(inputs, time)
    assert board.i2c.transfers - before <= 2


def test_colours_are_sent_by_the_polling_thread_and_only_when_new(board, inputs):
    colours = [(9, 0, 0), (0, 9, 0), (0, 0, 9), (9, 9, 9)]
    inputs.set_colours(colours)
    assert board.colours() == [(0, 0, 0)] * 4
    inputs.wait(30)
    inputs.poll()
    assert board.colours() == colours
    before = board.i2c.transfers
    inputs.set_colours(list(colours))
    inputs.poll()
    assert board.i2c.transfers == before


def test_colours_survive_a_glitch(board, inputs):
    inputs.set_colours([(5, 5, 5)] * 4)
    board.i2c.glitch(0x49, 20)
    inputs.poll()
    assert board.colours() == [(0, 0, 0)] * 4
    board.i2c.glitch(0x49, 0)
    inputs.poll()
    assert board.colours() == [(5, 5, 5)] * 4
    assert inputs.faults() == {}


def test_the_led(board, inputs):
    inputs.set_led("play", 0.5)
    assert board.led("play") == 0.5


def test_close_frees_every_pin(board, time):
    open_inputs(board, time).close()
    open_inputs(board, time).close()
