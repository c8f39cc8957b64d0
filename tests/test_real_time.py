"""Priorities of threads, as the kernel has them."""

import os
import subprocess
import sys
import threading

import pytest

from firmware import real_time

CHILD = "import os; print(os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0))"


def in_a_thread(do):
    """(policy, priority, niceness) of a thread that did it, and what a child of it says of its."""
    seen = []

    def run():
        do()
        policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        child = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True)
        seen.extend([(policy, os.sched_getparam(0).sched_priority, niceness), child.stdout.split()])

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    (policy, priority, niceness), child = seen
    if policy == os.SCHED_OTHER and niceness == 0:
        pytest.skip("raising priorities is not allowed here")
    return (policy, priority, niceness), child


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's priorities")
ORDINARY = [str(getattr(os, "SCHED_OTHER", 0)), "0"]


def test_what_the_engine_starts_does_not_inherit_its_priority():
    seen, child = in_a_thread(lambda: real_time.set_priority(real_time.ENGINE))
    assert seen[:2] == (os.SCHED_FIFO, real_time.ENGINE)
    assert child == ORDINARY


def test_the_panel_goes_before_programs_but_has_no_real_time_priority():
    (policy, priority, niceness), child = in_a_thread(real_time.go_before_programs)
    assert (policy, priority) == (os.SCHED_OTHER, 0)
    assert -20 < niceness < 0
    assert child == ORDINARY


def test_the_caller_s_other_threads_stay_as_they_were():
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    in_a_thread(real_time.go_before_programs)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_where_it_is_forbidden_nothing_happens(monkeypatch):
    def forbidden(*call):
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", forbidden)
    monkeypatch.setattr(os, "sched_setscheduler", forbidden)
    real_time.go_before_programs()
    real_time.set_priority(real_time.ENGINE)
