import math

import pytest

from firmware.engine.controls import Continue, Controls, Play, Set, Stop
from firmware.engine.parameters import CHANGES
from firmware.engine.playhead import Playhead
from tests.engine.box import ON, TICK_NS, Box
from tests.engine.fakes import FakeDecoder

AT_ONCE, BEAT, BAR = range(len(CHANGES))
SNARE = 38


def velocities(box):
    """Of every tick: 64 with the head in the middle, 127 at the right edge (see FakeDecoder)."""
    return [message.data[2] for message in box.out.of(ON, SNARE)]


@pytest.mark.parametrize(
    ("per_beat", "octave", "change", "arrives"),
    [
        (24, 0, AT_ONCE, 30),
        (24, 0, BEAT, 48),
        (24, 0, BAR, 96),
        (12, 0, BEAT, 36),
        (12, 0, BAR, 48),
        (32, 0, BAR, 96),  # three beats fill the loop
        (24, -1, BEAT, 36),
        (24, -1, BAR, 48),
    ],
)
def test_the_head_waits_for_the_beat_or_the_bar(per_beat, octave, change, arrives):
    box = Box(FakeDecoder(per_beat))
    box.do(Set("change", change), Set("octave", octave), Play()).run_to(30)
    box.do(Set("x", 1.0)).run_to(100)
    heard = velocities(box)
    assert set(heard[:arrives]) == {64}
    assert set(heard[arrives:]) == {127}


def test_while_it_waits_the_target_moves_and_the_head_does_not():
    box = Box().do(Set("change", BAR), Play()).run_to(30).do(Set("x", 1.0)).run_to(50)
    assert box.controls["x"] == 1.0
    assert box.head == (0.5, 0.5)
    assert box.decoder.asked == [(0.0, 0.0)]


def test_only_the_last_place_of_a_moving_finger_is_heard():
    box = Box().do(Set("change", BEAT), Play()).run_to(30)
    for place in (0.6, 0.9, 1.0):
        box.do(Set("x", place)).run(2 * TICK_NS)
    box.run_to(60)
    assert box.decoder.asked == [(0.0, 0.0), (3.0, 0.0)]


def test_a_command_in_the_tick_before_the_beat_still_makes_that_beat():
    box = Box().do(Set("change", BEAT), Play()).run_to(48).do(Set("x", 1.0)).run_to(52)
    assert velocities(box)[48:] == [127] * 4


@pytest.mark.parametrize("change", [AT_ONCE, BEAT, BAR])
def test_while_stopped_the_head_moves_at_once(change):
    box = Box().do(Set("change", change), Set("x", 0.75))
    assert box.head == (0.75, 0.5)
    box.do(Play()).run_to(30).do(Stop(), Set("x", 0.25))
    assert box.head == (0.25, 0.5)


def test_an_impatient_player_who_chooses_at_once_does_not_wait_any_longer():
    box = Box().do(Set("change", BAR), Play()).run_to(30).do(Set("x", 1.0)).run_to(40)
    box.do(Set("change", AT_ONCE))
    assert box.head == (1.0, 0.5)


def test_without_hold_the_head_goes_back_when_the_finger_lifts():
    box = Box().do(Set("hold", 0), Set("x", 0.2), Set("y", 0.8), Play()).run_to(10)
    box.do(Set("touch", 1), Set("x", 0.9), Set("y", 0.1)).run_to(20)
    box.do(Set("x", 0.7))
    assert box.head == pytest.approx((0.7, 0.1))
    box.do(Set("touch", 0))
    assert (box.controls["x"], box.controls["y"]) == (0.2, 0.8)
    assert box.head == pytest.approx((0.2, 0.8))


def test_with_hold_the_head_stays_where_the_finger_left_it():
    box = Box().do(Set("touch", 1), Set("x", 0.9), Set("touch", 0))
    assert box.head == pytest.approx((0.9, 0.5))


def test_hold_counts_as_it_is_when_the_finger_lifts():
    box = Box().do(Set("touch", 1), Set("x", 0.9), Set("hold", 0), Set("touch", 0))
    assert box.head == (0.5, 0.5)
    box.do(Set("touch", 1), Set("x", 0.9), Set("hold", 1), Set("touch", 0))
    assert box.head == pytest.approx((0.9, 0.5))


def test_without_hold_a_short_touch_that_never_made_its_bar_is_not_heard():
    box = Box().do(Set("hold", 0), Set("change", BAR), Play()).run_to(30)
    box.do(Set("touch", 1), Set("x", 1.0)).run_to(40).do(Set("touch", 0)).run_to(100)
    assert set(velocities(box)) == {64}


# Noise


def heads(box, loops):
    return [box.run_to(96 * loop + 2).head for loop in range(loops)]


def test_the_head_strays_anew_at_each_loop_and_not_in_between():
    box = Box().do(Set("noise", 0.5), Play())
    first, second = heads(box, 2)
    assert first != second
    assert box.run_to(191).head == second


def test_a_locked_head_stays_where_it_strayed_to():
    box = Box().do(Set("noise", 0.5), Play())
    first, second = heads(box, 2)
    box.do(Set("noise_lock", 1))
    assert {box.run_to(96 * loop + 2).head for loop in (2, 3, 4)} == {second}
    assert second != first
    box.do(Set("noise_lock", 0))
    assert box.run_to(96 * 5 + 2).head != second


def test_noise_that_was_locked_before_the_start_strays_all_the_same():
    """As after a power cut."""
    box = Box().do(Set("noise", 0.5), Set("noise_lock", 1), Play()).run_to(2)
    assert box.head != (0.5, 0.5)
    assert box.run_to(97).head == box.run_to(400).head != (0.5, 0.5)


def test_a_locked_stray_grows_with_the_noise_and_moves_with_the_finger():
    box = Box().do(Set("noise", 0.2), Play()).run_to(10).do(Set("noise_lock", 1))
    x, y = box.head
    box.do(Set("noise", 0.4))
    assert box.head == pytest.approx((2 * x - 0.5, 2 * y - 0.5))
    box.do(Set("x", 0.6), Set("noise", 0.2))
    assert box.head == pytest.approx((x + 0.1, y))


def test_with_a_seed_every_start_from_the_top_strays_the_same_way():
    def path(noise_seed, seed):
        box = Box(seed=seed).do(Set("noise", 0.5), Set("noise_seed", noise_seed), Play())
        once = heads(box, 3)
        box.do(Stop()).do(Play())
        return once, heads(box, 3)

    once, again = path(7, seed=1)
    assert once == again
    assert len(set(once)) == 3
    assert path(7, seed=2) == (once, again), "nor does it depend on when the box was switched on"
    assert path(8, seed=1)[0] != once
    free, free_again = path(0, seed=1)
    assert free != free_again
    assert path(0, seed=2)[0] != free


def test_going_on_in_the_middle_of_a_loop_keeps_the_stray():
    box = Box().do(Set("noise", 0.5), Play()).run_to(121)
    head = box.head
    box.do(Stop()).do(Continue()).run(5 * TICK_NS)
    assert box.head == head


def test_the_head_stays_on_the_map():
    head = Playhead(seed=3)
    controls = Controls.defaults()
    for command in (Set("x", 1), Set("y", 0), Set("noise", 2)):
        controls = controls.apply(command)
    head.follow(controls)
    for loop in range(50):
        head.begin_loop(loop, controls)
        head.update(controls, 3.0)
        assert all(-3 <= part <= 3 for part in head.z)
        assert all(0 <= part <= 1 for part in head.on_pad)


def test_update_tells_whether_the_head_moved():
    head = Playhead()
    assert all(math.isnan(part) for part in head.z)
    head.follow(Controls.defaults())
    assert head.update(Controls.defaults(), 3.0)
    assert not head.update(Controls.defaults(), 3.0)
