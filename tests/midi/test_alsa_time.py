"""The clock of a queue against the monotonic clock, in simulated time."""

import random
from itertools import pairwise

import pytest

from firmware.midi.alsa_time import FOLLOW_NS, QueueClock, Reading, best_difference

MS = 1_000_000
S = 1000 * MS
PERIOD_NS = 160_000


class Queue:
    """A queue that began at ``start_ns`` and drifts; looks at it take time, and it says it late."""

    def __init__(self, start_ns=7 * S, drift=0.0, phase_ns=0, seed=1):
        self.start_ns, self.drift, self.phase_ns = start_ns, drift, phase_ns
        self.random = random.Random(seed)

    def time_at(self, time_ns):
        return round((time_ns - self.start_ns) * (1 + self.drift))

    def look(self, now_ns, latest_ns=20_000):
        before = now_ns
        looked = before + self.random.randrange(500, 3000)
        queue_ns = self.time_at(looked)
        grid_ns = (queue_ns - self.phase_ns) // PERIOD_NS * PERIOD_NS + self.phase_ns
        behind = self.random.randrange(0, latest_ns)
        return Reading(
            before, queue_ns - behind, grid_ns, looked + self.random.randrange(500, 3000)
        )


def follow(clock, queue, start_ns, seconds, every_ns=250 * MS):
    for now in range(start_ns, start_ns + seconds * S, every_ns):
        clock.follow(queue.look(now))


def opened(queue, now_ns=8 * S):
    return QueueClock([queue.look(now_ns + i * 20_000) for i in range(16)])


def error(clock, queue, time_ns):
    """How much too late something due then goes out."""
    return clock.to_queue(time_ns) - queue.time_at(time_ns)


def test_a_slow_look_is_left_out_and_the_smallest_difference_counts():
    assert best_difference([(10, 500), (12, 490), (700, 10), (19, 495)]) == 490


def test_hardly_anything_goes_out_early_or_late():
    queue = Queue()
    clock = opened(queue)
    follow(clock, queue, 8 * S, 60)
    assert -3000 <= error(clock, queue, 68 * S) < 10_000


def test_both_directions_agree():
    queue = Queue(drift=20e-6)
    clock = opened(queue)
    follow(clock, queue, 8 * S, 30)
    for time_ns in range(30 * S, 45 * S, 333 * MS):
        assert abs(clock.to_monotonic(clock.to_queue(time_ns)) - time_ns) < 100


@pytest.mark.parametrize("drift", [-80e-6, -18e-6, 1e-6, 18e-6, 80e-6])
def test_drift_is_followed_without_lagging_behind(drift):
    queue = Queue(drift=drift)
    clock = opened(queue)
    follow(clock, queue, 8 * S, 120)
    for second in range(128, 1128):
        follow(clock, queue, second * S, 1)
        assert abs(error(clock, queue, (second + 1) * S)) < 20_000


@pytest.mark.parametrize("drift", [-400e-6, 0.0, 80e-6])
def test_queue_time_never_runs_backwards_and_what_is_scheduled_keeps_its_order(drift):
    queue = Queue(drift=drift)
    clock = opened(queue)
    due = list(range(8 * S, 40 * S, 7 * MS))
    scheduled = []
    for now in range(8 * S, 39 * S, 250 * MS):
        clock.follow(queue.look(now))
        # Anything up to 0.7 s ahead, and the same time from two hand-overs.
        window = [time_ns for time_ns in due if now <= time_ns < now + 700 * MS]
        scheduled += [(time_ns, clock.to_queue(time_ns)) for time_ns in window]
    scheduled.sort()
    for (time_a, queue_a), (time_b, queue_b) in pairwise(scheduled):
        assert queue_b > queue_a if time_b > time_a else queue_b == queue_a


def test_after_the_machine_stood_still_the_new_offset_is_taken_at_once():
    queue = Queue()
    clock = opened(queue)
    queue.start_ns += 3 * S
    follow(clock, queue, 8 * S, 2 * FOLLOW_NS // S)
    assert -3000 <= error(clock, queue, 13 * S) < 10_000


def test_the_moment_of_delivery_is_known():
    queue = Queue(phase_ns=53_000)
    clock = opened(queue)
    follow(clock, queue, 8 * S, 10)
    delivered_at = queue.time_at(clock.delivers_at()) % PERIOD_NS
    assert abs(delivered_at - 53_000) < 15_000
