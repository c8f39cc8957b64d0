"""In the virtual machine: midish follows the box's engine and plays its notes, then leads it."""

import json
import time

from firmware.engine.controls import Controls, Play, Set, Stop
from firmware.engine.engine import Engine
from firmware.engine.loop import EngineLoop
from firmware.engine.orders import AddRoute, Received
from firmware.engine.route import Route
from firmware.library.models import factory_folder, find_models, read_model
from firmware.midi.alsa_ports import MAIN_PORT, AlsaMidi
from firmware.rhythm.decoder import Decoder
from tests.vm.midish import Midish

BPM = 174
BARS = 4
LEAD_S = 8.0


class Tap:
    """An output that also keeps what goes through it."""

    def __init__(self, output) -> None:
        self.output, self.name, self.messages = output, output.name, []

    def send(self, messages) -> None:
        self.messages += messages
        self.output.send(messages)

    def flush(self) -> None:
        self.output.flush()

    def close(self) -> None:
        self.output.close()


def wait_for(condition, seconds=20.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


taps = []


def add(output) -> None:
    taps.append(Tap(output))
    loop.post(AddRoute(Route(taps[-1])))


(entry,) = [entry for entry in find_models([factory_folder()]) if entry.path.stem == "two_step"]
controls = Controls.defaults().apply(Set("tempo", BPM * 100))
engine = Engine(Decoder(read_model(entry.path)), [], controls)
loop = EngineLoop(engine)
ports = AlsaMidi(
    lambda time_ns, source, data: loop.post(Received(time_ns, source, data)),
    add,
    lambda name: None,
)
(main,) = [tap for tap in taps if tap.name == MAIN_PORT]
loop.start()

with Midish() as follower:
    follower.follow(MAIN_PORT)
    wait_for(lambda: len(engine.routes) > 0)
    loop.post(Play())
    wait_for(lambda: (engine.next_tick or 0) > BARS * 96)
    loop.post(Stop())
    time.sleep(1)
    follower.stop()
    beats = [beat[1:] for beat in follower.beats]
    recorded = follower.recorded()

line_start_ns = engine.transport.start_ns
tick_ns = 6e12 / (BPM * 100) / 24
sent = [
    ((message.time_ns - line_start_ns) / tick_ns, *message.data[1:])
    for message in sorted(main.messages)
    if message.data[0] & 0xF0 == 0x90
]

with Midish() as leader:
    began = len(main.messages)
    leader.lead(MAIN_PORT, BPM)
    followed = wait_for(lambda: engine.state.external and engine.state.playing)
    time.sleep(LEAD_S)
    state, now_ns = engine.state, time.monotonic_ns()
    ours = state.line.position_at(now_ns, 1) if state.line else -1
    last = leader.beats[-1]
    theirs = last.measure * 4 + last.beat + (now_ns - last.time_ns) / (60e9 / BPM)
    tempo = state.tempo
    leader.stop()
    stopped = wait_for(lambda: not engine.state.playing)

loop.close()
ports.close()
print(
    json.dumps(
        {
            "beats": beats,
            "recorded": recorded,
            "sent": sent,
            "followed": followed,
            "stopped": stopped,
            "tempo": tempo,
            "beats_apart": ours - theirs,
            "late_ticks": engine.state.late_ticks,
        }
    )
)
