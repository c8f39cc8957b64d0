"""The parts of the client and its queues that need no sequencer."""

import errno
import os

import pytest

from firmware import real_time
from firmware.midi import alsa_client, seq_event
from firmware.midi.alsa_client import AlsaClient
from firmware.midi.alsa_queues import (
    MARGIN_NS,
    AlsaQueues,
    QueueTimer,
    parse_queue_timer,
    raise_timer_threads,
)
from firmware.midi.alsa_time import QueueClock, Reading
from firmware.midi.message import CLOCK, TimedMessage, note_off, note_on
from firmware.midi.rtmidi_port import PortError
from firmware.midi.seq_event import ports_gone

PERIOD_NS = 160_000
START_NS = 5_000_000_000
TEXT = """Timer for queue 0 : HR timer
  Period time : 0.000160000
  Skew : 65536 / 65536

Timer for queue 12 : system timer
  Period time : 0.004000000
  Skew : 65536 / 65536
"""


def queues(*phases_ns):
    """Queues that began together, and deliver at these phases."""
    made = object.__new__(AlsaQueues)
    made.timer = QueueTimer("HR timer", PERIOD_NS)
    made._clocks = [
        (number, QueueClock([Reading(START_NS, 0, phase - PERIOD_NS, START_NS + 1)]))
        for number, phase in enumerate(phases_ns)
    ]
    made._order = made._order_of_delivery()
    return made


@pytest.mark.parametrize(
    ("phases", "longest_ns"),
    [((0,), PERIOD_NS), ((0, 53_000, 107_000), 54_000), ((90_000, 5_000, 60_000), 75_000)],
)
def test_the_queue_that_delivers_first_is_taken(phases, longest_ns):
    made = queues(*phases)
    begin_ns = START_NS + 1_000_000
    delivered = []
    for time_ns in range(begin_ns, begin_ns + 5 * PERIOD_NS, 777):
        queue, queue_ns = made.place(time_ns)
        assert queue_ns - time_ns == made.place(begin_ns)[1] - begin_ns
        late_ns = (phases[queue] - queue_ns) % PERIOD_NS
        assert late_ns <= longest_ns + MARGIN_NS
        delivered.append(time_ns + late_ns)
    assert delivered == sorted(delivered)


def test_what_is_older_than_the_queue_is_due_at_its_start():
    assert queues(0).place(START_NS - 1_000_000) == (0, 0)


def test_the_timer_of_a_queue_is_read_from_the_kernels_table():
    assert parse_queue_timer(TEXT, 0) == QueueTimer("HR timer", 160_000)
    assert parse_queue_timer(TEXT, 12) == QueueTimer("system timer", 4_000_000)
    assert parse_queue_timer(TEXT, 1) is None


def test_only_the_kernels_timer_threads_are_raised(tmp_path, monkeypatch):
    for number, name in {"17": "ktimers/0", "18": "ksoftirqd/0", "self": "ktimers/1"}.items():
        (tmp_path / number).mkdir()
        (tmp_path / number / "comm").write_text(name + "\n")
    raised = []
    monkeypatch.setattr(os, "sched_setscheduler", lambda *call: raised.append(call[:2]))
    raise_timer_threads(tmp_path)
    assert raised == [(17, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK)]
    assert real_time.KERNEL_TIMERS > 75

    def forbidden(*call):
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", forbidden)
    raise_timer_threads(tmp_path)


@pytest.fixture
def client():
    """One whose descriptor is a pipe, and the reading end of that."""
    made = object.__new__(AlsaClient)
    made._queues = queues(0, 53_000, 107_000)
    made._clock = lambda: START_NS
    readable, made._descriptor = os.pipe()
    os.set_blocking(made._descriptor, False)
    yield made, readable
    os.close(readable)


def events(readable):
    data = os.read(readable, 4096)
    return data, seq_event.decode(data)


def test_messages_are_scheduled_in_one_write_with_tag_and_time(client):
    made, readable = client
    due = START_NS + 3_000_000_000
    messages = [TimedMessage(due + i * 1000, note_on(9, 36, 1 + i)) for i in range(3)]
    assert made.schedule(5, 77, messages) == 3
    data, written = events(readable)
    assert [event.messages for event in written] == [(m.data,) for m in messages]
    assert [event.time_ns for event in written] == [
        made._queues.place(m.time_ns)[1] for m in messages
    ]
    assert {event.source[1] for event in written} == {5}
    assert set(data[2::28]) == {77}
    assert list(data[3::28]) == [made._queues.place(m.time_ns)[0] for m in messages]


def test_ends_go_at_once_through_the_queue_of_their_beginning(client):
    made, readable = client
    for due in range(START_NS, START_NS + PERIOD_NS, 20_000):
        assert made.end_now(0, 1, [TimedMessage(due, note_off(9, 36))]) == 1
        data, (event,) = events(readable)
        assert event.time_ns == 0
        assert data[3] == made._queues.place(due)[0]


def test_a_full_kernel_says_how_much_it_took_and_a_closed_one_nothing(client, monkeypatch):
    made, _ = client
    messages = [TimedMessage(START_NS, CLOCK)] * 4
    monkeypatch.setattr(os, "write", lambda descriptor, data: 3 * 28)
    assert made.schedule(0, 1, messages) == 3

    def full(descriptor, data):
        raise BlockingIOError(errno.EAGAIN, "full")

    monkeypatch.setattr(os, "write", full)
    assert made.schedule(0, 1, messages) == 0
    monkeypatch.undo()
    os.close(made._descriptor)
    made._descriptor = -1
    assert made.schedule(0, 1, messages) == 0


def test_what_comes_in_is_stamped_by_the_monotonic_clock(client):
    made, readable = client
    stamped = seq_event.encode(CLOCK, 3, 0, 2_000_000_000)
    unstamped = bytearray(stamped)
    unstamped[1] = 0
    os.write(made._descriptor, stamped + unstamped)
    keep, made._descriptor = made._descriptor, readable
    (first, second), gone = made.receive()
    made._descriptor = keep
    assert made._queues.place(first.time_ns)[1] == 2_000_000_000
    assert second.time_ns == START_NS
    assert gone == set()


def test_ports_that_have_gone_are_found_among_other_events():
    sysex = seq_event.encode(bytes([0xF0, *([64] * 60), 0xF7]), 0)
    sysex += bytes(-len(sysex) % 28)
    exits = [bytes([kind, *bytes(15), 20, port, *bytes(10)]) for kind, port in ((64, 1), (63, 2))]
    note = seq_event.encode(note_on(9, 64, 64), 0)
    assert ports_gone(exits[0] + sysex + note + exits[1] + exits[0]) == {(20, 1)}
    assert ports_gone(sysex + exits[0]) == {(20, 1)}
    assert ports_gone(exits[0][:20]) == set()


def test_without_a_sequencer_one_sentence_says_so(monkeypatch, tmp_path):
    pytest.importorskip("alsa_midi", reason="alsa-midi or libasound2 is not installed")
    monkeypatch.setattr(alsa_client, "SEQUENCER", tmp_path / "seq")
    with pytest.raises(PortError, match=r"^No ALSA port: this system has no ALSA sequencer .*\.$"):
        AlsaClient("Groovebox")


@pytest.mark.parametrize("error", [ImportError("no alsa_midi"), OSError("no libasound.so.2")])
def test_without_the_library_one_sentence_says_so(monkeypatch, error):
    def fail(name):
        raise error

    monkeypatch.setattr(alsa_client.importlib, "import_module", fail)
    with pytest.raises(PortError, match=r"^No ALSA port: alsa-midi or libasound2 is not installed"):
        AlsaClient("Groovebox")
