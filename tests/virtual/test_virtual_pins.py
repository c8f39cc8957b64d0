"""The emulated header against gpiozero's own devices."""

import pytest
from gpiozero import PWMLED, Button, DigitalInputDevice, OutputDevice


@pytest.fixture
def pins(board):
    return board.pin_factory


def test_a_line_held_low_before_the_device_exists_is_seen(pins):
    pins.drive(17, False)
    line = DigitalInputDevice(17, pull_up=True, pin_factory=pins)
    assert line.is_active
    pins.drive(17, None)
    assert not line.is_active


def test_a_released_line_goes_to_its_pull(pins):
    up = DigitalInputDevice(5, pull_up=True, pin_factory=pins)
    down = DigitalInputDevice(6, pull_up=False, pin_factory=pins)
    assert pins.level(5) == 1
    assert pins.level(6) == 0
    pins.drive(5, False)
    pins.drive(6, True)
    assert up.is_active
    assert down.is_active


def test_a_button_calls_back_on_both_edges(pins):
    calls = []
    button = Button(5, pin_factory=pins)
    button.when_pressed = lambda: calls.append("down")
    button.when_released = lambda: calls.append("up")
    for level in (False, False, None, True, False):
        pins.drive(5, level)
    assert calls == ["down", "up", "down"]


def test_outputs_are_watched(pins):
    levels = []
    pins.watch(25, levels.append)
    output = OutputDevice(25, pin_factory=pins)
    output.on()
    output.on()
    output.off()
    assert levels == [1.0, 0.0]


def test_brightness_by_pwm(pins):
    led = PWMLED(12, pin_factory=pins)
    led.value = 0.25
    assert pins.level(12) == 0.25


def test_an_output_is_not_moved_from_outside(pins):
    output = OutputDevice(12, pin_factory=pins)
    output.on()
    pins.drive(12, False)
    assert pins.level(12) == 1


def test_no_history_is_kept(pins):
    """gpiozero's mock pin lists every change for ever; a D/C line has 400 a second."""
    output = OutputDevice(24, pin_factory=pins)
    for _ in range(1000):
        output.toggle()
    assert len(pins.pin(24).states) <= 1
