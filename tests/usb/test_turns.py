"""Whose turn it is with the drive, in simulated time."""

from firmware.usb.turns import GIVE_BACK_NS, GONE_NS, PEEK_NS, SURE_NS, Do, Seen, Turns

SECOND = 1_000_000_000
STEP = SECOND // 2


class Cable:
    """A computer and a box at one drive."""

    def __init__(self, attached=True):
        self.now_ns, self.stamp = 0, 1
        self.inserted, self.attached, self.changed = True, attached, False
        self.turns = Turns(0, self.stamp)
        self.done = []

    def run(self, seconds):
        """What is done meanwhile."""
        first = len(self.done)
        for _ in range(round(seconds * SECOND / STEP)):
            self.now_ns += STEP
            seen = Seen(self.inserted, self.attached, self.stamp, self.changed)
            do = self.turns.next(seen, self.now_ns)
            if do is None:
                continue
            self.done.append(do)
            if do is Do.TAKE:
                self.inserted, self.changed = False, False
                self.stamp += 1  # the box writes its report
            elif do is Do.GIVE:
                self.inserted = True
            self.turns.done(do, self.stamp, self.now_ns)
        return self.done[first:]

    def write(self):
        self.stamp += 1


def test_nothing_happens_while_nothing_is_written():
    assert Cable(attached=True).run(100) == []
    assert Cable(attached=False).run(100) == []


def test_an_eject_is_taken_at_once_and_given_back():
    cable = Cable()
    cable.write()
    cable.run(1)
    cable.inserted = False
    assert cable.run(0.5) == [Do.TAKE]
    assert cable.run(GIVE_BACK_NS / SECOND - 0.5) == []
    assert cable.run(100) == [Do.GIVE]
    assert cable.inserted


def test_a_computer_that_only_copies_is_read_without_taking_the_drive_away():
    cable = Cable()
    for _ in range(10):
        cable.write()
        assert cable.run(PEEK_NS / SECOND - 0.5) == []
    assert cable.run(1) == [Do.PEEK]
    assert cable.run(SURE_NS / SECOND - PEEK_NS / SECOND) == [Do.LOOK]
    assert cable.run(100) == []
    cable.write()
    assert cable.run(100) == [Do.PEEK, Do.LOOK]
    assert cable.inserted


def test_what_was_written_before_the_cable_was_pulled_is_taken():
    cable = Cable()
    cable.write()
    cable.run(1)
    cable.attached = False
    assert cable.run(GONE_NS / SECOND - 0.5) == []
    assert cable.run(1) == [Do.TAKE, Do.GIVE]
    assert cable.run(100) == []


def test_a_reset_of_the_bus_is_no_pulled_cable():
    cable = Cable()
    cable.write()
    cable.attached = False
    cable.run(GONE_NS / SECOND - 0.5)
    cable.attached = True
    assert Do.TAKE not in cable.run(100)


def test_what_the_box_changed_goes_out_when_no_computer_has_the_drive():
    cable = Cable()
    cable.changed = True
    assert cable.run(100) == []
    cable.attached = False
    assert cable.run(100) == [Do.TAKE, Do.GIVE]
    assert cable.run(100) == []


def test_a_drive_that_was_out_when_the_process_began_comes_back():
    cable = Cable()
    cable.inserted = False
    assert cable.run(100) == [Do.TAKE, Do.GIVE]


def test_a_computer_that_ejects_each_time_gets_it_each_time():
    cable = Cable()
    for _ in range(3):
        cable.write()
        cable.run(0.5)
        cable.inserted = False
        assert cable.run(10) == [Do.TAKE, Do.GIVE]
