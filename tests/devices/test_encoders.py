"""The encoders' driver on the emulated seesaw."""

import threading

import pytest

from firmware.devices.encoders import Encoders
from firmware.devices.events import Push, Turn
from hardware.virtual.i2c_bus import Fault


def open_encoders(board, on_change=None):
    return Encoders(board, on_change, read_delay_s=0, reset_delay_s=0)


@pytest.fixture
def encoders(board):
    return open_encoders(board)


def test_nothing_has_happened(encoders):
    assert not encoders.changed
    assert encoders.poll() == []


def test_turns_add_up_between_polls_and_clockwise_is_positive(board, encoders):
    board.turn(2, 3)
    board.turn(2, -1)
    board.turn(0, -4)
    assert encoders.changed
    assert encoders.poll() == [Turn(0, -4), Turn(2, 2)]
    assert not encoders.changed
    assert encoders.poll() == []


def test_there_and_back_is_nothing(board, encoders):
    board.turn(1, 5)
    board.turn(1, -5)
    assert encoders.poll() == []


def test_switches(board, encoders):
    board.push(1, True)
    board.push(3, True)
    assert encoders.poll() == [Push(1, True), Push(3, True)]
    board.push(1, False)
    assert encoders.poll() == [Push(1, False)]
    assert encoders.release() == [Push(3, False)]
    assert encoders.release() == []


def test_a_turn_while_a_switch_is_read_is_not_lost(board, encoders):
    """Reading the switches lowers the chip's flags, of whatever came in the meantime too."""
    chip = board._seesaw
    read = chip.read

    def turned_meanwhile(count):
        if chip._register == (0x01, 0x04):
            chip.read = read
            board.turn(2, 1)
        return read(count)

    chip.read = turned_meanwhile
    board.push(1, True)
    assert encoders.poll() + encoders.poll() == [Turn(2, 1), Push(1, True)]


def test_only_what_moved_is_read(board, encoders):
    board.turn(2, 1)
    before = board.i2c.transfers
    encoders.poll()
    assert board.i2c.transfers - before == 4  # a question and an answer for flags and position


def test_a_change_is_called_out_once_until_polled(board):
    calls = []
    encoders = open_encoders(board, lambda: calls.append(1))
    board.turn(0, 1)
    board.turn(1, 1)
    assert calls == [1]
    encoders.poll()
    board.push(0, True)
    assert calls == [1, 1]


def test_colours(board, encoders):
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (1, 2, 3)]
    encoders.set_colours(colours)
    assert board.colours() == colours
    with pytest.raises(ValueError, match="shorter"):
        encoders.set_colours(colours[:3])


@pytest.mark.parametrize("lost", range(6))
def test_a_transfer_lost_anywhere_loses_no_event(board, encoders, lost):
    """Let the n-th transfer of a poll go unanswered: the flags, a position or the switches."""
    board.turn(0, 2)
    board.push(2, True)
    chip = board._seesaw
    count = 0

    class Flaky:
        def _lose(self):
            nonlocal count
            count += 1
            if count == lost + 1:
                raise OSError(121, "Remote I/O error")

        def write(self, data):
            self._lose()
            chip.write(data)

        def read(self, size):
            answer = chip.read(size)  # the chip has answered, and lowered its flags
            self._lose()
            return answer

    board.i2c.attach(0x49, Flaky())
    assert encoders.poll() == [Turn(0, 2), Push(2, True)]


def test_a_position_out_of_reach_is_read_again(board, encoders):
    board.turn(3, 2)
    chip = board._seesaw
    nonsense = [b"\x12\x34\x56\x78"]

    class Garbled:
        write = staticmethod(chip.write)

        def read(self, size):
            answer = chip.read(size)
            is_position = chip._register[0] == 0x11
            return nonsense.pop() if is_position and nonsense else answer

    board.i2c.attach(0x49, Garbled())
    assert encoders.poll() == [Turn(3, 2)]
    assert not nonsense


@pytest.mark.parametrize("fault", list(Fault))
def test_a_broken_chip_is_an_error_and_invents_nothing(board, encoders, fault):
    board.turn(0, 1)
    board.set_fault("encoders", fault)
    for _ in range(5):
        with pytest.raises(OSError, match=r"Errno"):
            encoders.poll()
    board.set_fault("encoders", None)
    assert encoders.poll() == [Turn(0, 1)]


@pytest.mark.parametrize("fault", list(Fault))
def test_no_chip_or_another_one_cannot_be_opened(board, fault):
    board.set_fault("encoders", fault)
    with pytest.raises((ValueError, RuntimeError)):
        open_encoders(board)
    board.set_fault("encoders", None)
    open_encoders(board)  # the first attempt left no pin reserved


def test_the_other_sense_of_rotation_is_one_number(board):
    """``clockwise`` in board.toml is applied on both sides: a finger's clockwise stays positive."""
    assert board.pin_map.encoders.clockwise == -1
    encoders = open_encoders(board)
    board.turn(0, 1)
    assert board._seesaw._positions[0] == -1
    assert encoders.poll() == [Turn(0, 1)]


def test_no_step_is_lost_while_another_thread_turns(board):
    woken = threading.Event()
    encoders = open_encoders(board, woken.set)

    def finger():
        for step in range(400):
            board.turn(step % 4, 1)

    thread = threading.Thread(target=finger)
    thread.start()
    total = 0
    while thread.is_alive() or encoders.changed:
        total += sum(event.steps for event in encoders.poll())
    thread.join()
    total += sum(event.steps for event in encoders.poll())
    assert total == 400
    assert woken.is_set()
