"""Everything the hands touch, through one pair of wait and poll; test_faults.py breaks it."""

import threading

import pytest

from firmware.devices.events import Lift, Press, Push, TouchAt, Turn
from firmware.devices.inputs import Inputs
from firmware.devices.touch_pad import PadCalibration
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


def test_all_devices_at_once(board, inputs, time):
    assert inputs.poll() == []
    board.touch(0.25, 0.75, 0.5)
    board.press("play", True)
    board.turn(3, -2)
    board.push(0, True)
    assert inputs.poll() == [Press("play", True), Turn(3, -2), Push(0, True)]
    (touch,) = later(inputs, time, 3)
    assert touch == pytest.approx(TouchAt(0.25, 0.75, 0.5), abs=0.015)
    assert inputs.faults() == {}


def shown(place):
    """The outer 2.5 % on either side belong to the edge."""
    return min(max((place - 0.025) / 0.95, 0.0), 1.0)


def begin_touch(board, inputs, time, x, y=0.5, force=0.5):
    board.touch(x, y, force)
    return inputs.poll() + later(inputs, time, 3)


def test_the_pad_is_read_at_200_hz_and_reports_only_movement(board, inputs, time):
    board.touch(0.2, 0.5)
    assert inputs.poll() == []
    assert later(inputs, time, 2) == []
    assert len(later(inputs, time, 1)) == 1  # a landing finger is read again after 3 ms
    board.touch(0.22, 0.5)
    assert later(inputs, time, 4) == []
    (moved,) = later(inputs, time, 1)
    assert shown(0.2) < moved.x < shown(0.22)
    places = [event.x for _ in range(20) for event in later(inputs, time)]
    assert places[-1] == pytest.approx(shown(0.22), abs=2e-3)
    assert later(inputs, time) == []
    board.lift()
    assert [later(inputs, time) for _ in range(3)] == [[], [], [Lift()]]
    assert later(inputs, time) == []


def test_edges_and_corners_are_reached(board, inputs, time):
    for corner in ((0.0, 0.0), (0.02, 0.98), (0.98, 0.98), (1.0, 0.0)):
        (touch,) = begin_touch(board, inputs, time, *corner)
        assert touch[:2] == tuple(map(round, corner))
        board.lift()
        assert [later(inputs, time) for _ in range(4)][-2:] == [[Lift()], []]
        time.now += 5 * MS


def test_the_pressure_of_a_touch_can_be_set_while_it_runs(board, inputs, time):
    inputs.set_pad_pressure(0.6)
    assert begin_touch(board, inputs, time, 0.5, force=0.5) == []
    assert later(inputs, time) == []
    inputs.set_pad_pressure(0.4)
    (touch,) = later(inputs, time) + later(inputs, time, 3)
    assert touch.pressure == pytest.approx(0.5, abs=0.01)
    for beyond, kept in ((-1, 0), (7, 1)):
        inputs.set_pad_pressure(beyond)
        assert inputs._finger.press == kept


def draw_round(board, inputs, time, low=0.0, high=1.0, steps=300):
    """Once round a square on the pad; every event that comes of it."""
    events = []
    corners = [(low, low), (high, low), (high, high), (low, high), (low, low)]
    for step in range(steps):
        side, along = divmod(4 * step / steps, 1)
        (x0, y0), (x1, y1) = corners[int(side)], corners[int(side) + 1]
        board.touch(x0 + along * (x1 - x0), y0 + along * (y1 - y0), 0.5)
        events += later(inputs, time)
    board.lift()
    return events + [event for _ in range(4) for event in later(inputs, time)]


def test_calibration_measures_the_edges_and_makes_no_touch(board, inputs, time):
    begin_touch(board, inputs, time, 0.5)
    inputs.begin_calibration()
    assert later(inputs, time) == [Lift()]
    assert draw_round(board, inputs, time, 0.1, 0.9) == []
    calibration = inputs.end_calibration()
    assert (calibration.x_min, calibration.y_max) == pytest.approx((570, 3530), abs=2)
    assert (calibration.x_max, calibration.y_min) == pytest.approx((3530, 570), abs=2)
    (touch,) = begin_touch(board, inputs, time, 0.9, 0.5)
    assert touch.x == 1.0


def test_a_calibration_is_kept_when_the_pad_is_opened_anew(board, inputs, time):
    inputs.begin_calibration()
    draw_round(board, inputs, time, 0.1, 0.9)
    calibration = inputs.end_calibration()
    board.touch(0.5, 0.5)
    board.set_fault("pad", Fault.ABSENT)
    for _ in range(4):
        later(inputs, time)
    board.set_fault("pad", None)
    later(inputs, time, 1000)
    assert inputs._pad.device.calibration == calibration


def test_a_calibration_that_failed_or_was_cancelled_leaves_the_old_one(board, time):
    old = PadCalibration(x_min=250)
    inputs = Inputs(board, old, encoder_read_delay_s=0, encoder_reset_delay_s=0, now_ns=time)
    inputs.begin_calibration()
    draw_round(board, inputs, time, 0.4, 0.6)
    with pytest.raises(ValueError, match=r"^Only 20% of the pad was touched from side to side"):
        inputs.end_calibration()
    with pytest.raises(ValueError, match=r"^The pad is not being calibrated\.$"):
        inputs.end_calibration()
    inputs.begin_calibration()
    draw_round(board, inputs, time)
    inputs.cancel_calibration()
    inputs.cancel_calibration()
    assert len(begin_touch(board, inputs, time, 0.5)) == 1
    assert inputs._pad.device.calibration == old
    inputs.close()


def test_beginning_again_forgets_what_was_measured(board, inputs, time):
    inputs.begin_calibration()
    draw_round(board, inputs, time)
    inputs.begin_calibration()
    with pytest.raises(ValueError, match="too briefly"):
        inputs.end_calibration()


def test_the_pad_and_a_turned_encoder_fit_on_the_bus(board, inputs, time):
    """One round of both every 5 ms, in cycles of the clock, nine a byte."""
    begin_touch(board, inputs, time, 0.5)
    before = board.i2c.bytes
    board.turn(0, 1)
    board.touch(0.55, 0.5)
    assert len(later(inputs, time)) == 2
    assert board.i2c.bytes - before == 25 + 16
    assert 9 * (25 + 16) / board.pin_map.i2c.speed_hz < 0.005


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
def test_wait_is_woken_by_any_device(board, inputs, time, act):
    seen = []

    def player():
        while not seen:
            inputs.wait(30)
            time.now += 3 * MS  # or a landing finger would never be down
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
    assert waits_of(inputs, monkeypatch) == [pytest.approx(0.0025)]
    assert len(later(inputs, time, 3)) == 1
    assert not inputs._wake.is_set()
    assert later(inputs, time) == []
    assert not inputs._wake.is_set()
    assert waits_of(inputs, monkeypatch) == [pytest.approx(0.005)]


def test_neither_does_it_while_the_pad_is_calibrated(board, inputs, time, monkeypatch):
    inputs.begin_calibration()
    board.touch(0.5, 0.5)
    inputs.wait(30)
    inputs.poll()
    inputs.wait(30)
    assert later(inputs, time) == []
    assert not inputs._wake.is_set()
    assert waits_of(inputs, monkeypatch) == [pytest.approx(0.005)]


@pytest.mark.parametrize(
    "act", [lambda board: board.touch(0.5, 0.5), lambda board: board.turn(1, 1)]
)
def test_a_line_that_is_low_without_a_new_edge_is_not_slept_over(board, inputs, monkeypatch, act):
    assert waits_of(inputs, monkeypatch) == [30]
    act(board)
    inputs._wake.clear()
    assert waits_of(inputs, monkeypatch) == [pytest.approx(0.005)]


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
