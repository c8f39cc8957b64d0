"""In the virtual machine: midish follows a clock from the kernel's queue, then leads."""

import json
import select
import statistics
import time
from itertools import pairwise

from alsa_midi import (
    READ_PORT,
    WRITE_PORT,
    ClockEvent,
    Event,
    EventType,
    NoteOffEvent,
    NoteOnEvent,
    RealTime,
    SequencerClient,
    StartEvent,
    StopEvent,
)

from tests.vm.midish import Midish

BPM = 174
BEATS = 16
TICK_S = 60 / BPM / 24
LEAD_S = 6.0

client = SequencerClient("small box")
exit_port = client.create_port("out", READ_PORT)
entry = client.create_port("in", WRITE_PORT)
clock = client.create_queue("clock")


def send(event: Event, tick: float) -> None:
    """Have the kernel send it that many ticks after a start half a second from now."""
    event.time = RealTime(0.5 + tick * TICK_S)
    event.relative = False
    client.event_output(event, queue=clock, port=exit_port)


with Midish() as follower:
    follower.follow(f"{client.client_id}:{exit_port.port_id}")
    clock.start()
    send(StartEvent(), -0.5)
    for tick in range(BEATS * 24):
        send(ClockEvent(), tick)
        if tick % 6 == 0:
            send(NoteOnEvent(note=36, channel=9, velocity=1 + tick // 6), tick + 0.5)
            send(NoteOffEvent(note=36, channel=9), tick + 3.5)
    send(StopEvent(), BEATS * 24 + 0.5)
    client.drain_output()
    client.sync_output_queue()
    follower.stop()
    followed = [beat[1:] for beat in follower.beats]
    between_ns = follower.beats[-1].time_ns - follower.beats[-BEATS].time_ns
    recorded = follower.recorded()

kinds = []
clocks_s = []
with Midish() as leader:
    leader.lead(f"{client.client_id}:{entry.port_id}", BPM)
    end_s = time.monotonic() + LEAD_S
    stopped = False
    while "STOP" not in kinds and time.monotonic() < end_s + LEAD_S:
        if time.monotonic() > end_s and not stopped:
            leader.stop()
            stopped = True
        select.select([client._fd], [], [], 0.1)
        while client.event_input_pending(True):
            event = client.event_input()
            kinds.append(EventType(event.type).name)
            if kinds[-1] == "CLOCK" and "START" in kinds:
                clocks_s.append(time.monotonic())
    led = [beat[1:] for beat in leader.beats]

print(
    json.dumps(
        {
            "followed": followed,
            "follower_bpm": 60e9 * (BEATS - 1) / between_ns,
            "recorded": recorded,
            "led": led,
            "kinds": sorted(set(kinds)),
            "leader_clocks": len(clocks_s),
            "leader_bpm": 2.5 * (len(clocks_s) - 1) / (clocks_s[-1] - clocks_s[0]),
            "leader_spread_ms": 1e3 * statistics.pstdev(b - a for a, b in pairwise(clocks_s)),
        }
    )
)
