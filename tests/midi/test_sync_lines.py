"""DIN sync on lines that can fail."""

from firmware.midi.message import CLOCK, START, TimedMessage
from firmware.midi.sync_lines import SyncOut
from firmware.midi.sync_wire import Line

MS = 1_000_000


class FakeLines:
    def __init__(self):
        self.seen, self.closed, self.broken = [], False, False

    def set(self, line, up):
        if self.broken:
            raise OSError(19, "No such device")
        self.seen.append((line, up))

    def close(self):
        self.closed = True


def playing():
    lines, said = FakeLines(), []
    out = SyncOut(lines, said.append)
    out.put([TimedMessage(0, START), TimedMessage(20 * MS, CLOCK)])
    return lines, said, out


def test_edges_are_played_when_due():
    lines, said, out = playing()
    out.play(0)
    assert lines.seen == [(Line.RUN, True)]
    out.play(out.next_ns())
    out.play(out.next_ns())
    assert lines.seen[1:] == [(Line.CLOCK, True), (Line.CLOCK, False)]
    out.close()
    assert lines.closed
    assert said == []


def test_lines_that_go_are_told_once_and_nothing_else_ends():
    lines, said, out = playing()
    lines.broken = True
    for _ in range(3):
        out.play(out.next_ns() or 30 * MS)
    assert said == ["DIN sync: the lines are gone (No such device)."]
    out.close()
    assert not lines.closed
