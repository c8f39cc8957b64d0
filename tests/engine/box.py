"""An engine in simulated time."""

from firmware.engine.controls import Set
from firmware.engine.engine import Engine
from firmware.engine.route import Route
from tests.engine.fakes import FakeDecoder, Recorder

TICK_NS = 20_000_000
"""At 125 bpm and 24 ticks a beat."""
ON, OFF, CLOCK, START, STOP = 0x90, 0x80, 0xF8, 0xFA, 0xFC


class Box:
    """An engine driven in simulated time, punctually or with a given lateness."""

    def __init__(self, decoder=None, seed=0, lateness_ns=0, follows_panel=False):
        self.out = Recorder()
        self.decoder = decoder or FakeDecoder()
        route = Route(self.out, follows_panel=follows_panel)
        self.engine = Engine(self.decoder, [route], seed=seed)
        self.engine.post(Set("tempo", 12_500))
        self.lateness_ns = lateness_ns
        self.now_ns = 1_000_000_000
        self.due_ns = self.engine.step(self.now_ns)

    def do(self, *commands):
        for command in commands:
            self.engine.post(command)
        self.due_ns = self.engine.step(self.now_ns)
        return self

    def run(self, duration_ns):
        end_ns = self.now_ns + duration_ns
        while self.due_ns <= end_ns:
            self.now_ns = max(self.due_ns + self.lateness_ns, self.now_ns)
            self.due_ns = self.engine.step(self.now_ns)
        self.now_ns = max(end_ns, self.now_ns)
        return self

    def run_to(self, tick):
        """Until ``tick`` is the next one to be handed over."""
        while self.engine.next_tick < tick:
            self.now_ns = self.due_ns
            self.due_ns = self.engine.step(self.now_ns)
        assert self.engine.next_tick == tick
        return self

    @property
    def controls(self):
        return self.engine.state.controls

    @property
    def head(self):
        return self.engine.state.head


def assert_ended(messages):
    """Every note is ended, on its own channel, and none is struck while it sounds."""
    sounding = set()
    for message in sorted(messages, key=lambda message: message.time_ns):
        status, voice = message.data[0] & 0xF0, (message.data[0] & 0x0F, *message.data[1:2])
        if status == ON:
            assert voice not in sounding
            sounding.add(voice)
        elif status == OFF:
            sounding.remove(voice)
    assert not sounding
