"""What is set in the panel's menu, as the ports that follow it play it."""

from firmware.engine.controls import Play, Set
from firmware.engine.orders import AddRoute, Received
from firmware.engine.parameters import CLOCK_SOURCES, WHEN_LOST
from firmware.engine.route import Route
from firmware.rhythm.drums import DRUMS
from tests.engine.box import CLOCK, OFF, ON, TICK_NS, Box, assert_ended
from tests.engine.fakes import EveryDrum, Recorder


def test_channel_notes_gate_and_velocity_change_while_notes_sound():
    box = Box(EveryDrum(), follows_panel=True).do(Set("gate", 500), Play()).run_to(40)
    box.do(Set("channel", 3)).run_to(80)
    box.do(Set("kick_note", 60), Set("fixed_velocity", 77)).run_to(120)
    box.do(Set("gate", 5)).run_to(160)
    assert_ended(box.out.messages + box.engine.routes[0].finish())
    ons = box.out.of(ON)
    start_ns = box.out.of(CLOCK)[0].time_ns

    def played(first, last):
        return [m.data for m in ons if first <= (m.time_ns - start_ns) / TICK_NS < last]

    assert {data[0] & 0x0F for data in played(0, 40)} == {9}
    assert {data[0] & 0x0F for data in played(40, 160)} == {2}
    assert {data[1] for data in played(40, 80)} == {drum.note for drum in DRUMS}
    assert {data[1] for data in played(80, 160)} == {drum.note for drum in DRUMS} - {36} | {60}
    assert len({data[2] for data in played(40, 80)}) > 1
    assert {data[2] for data in played(80, 160)} == {77}
    last_on = box.out.of(ON, 60)[-1].time_ns
    assert box.out.of(OFF, 60)[-1].time_ns - last_on == 5_000_000


def test_a_port_with_settings_of_its_own_does_not_follow_the_panel():
    box = Box().do(Set("channel", 3), Set("kick_note", 60), Set("clock_out", 0), Play())
    box.run(30 * TICK_NS)
    assert {message.data[0] for message in box.out.of(ON)} == {0x99}
    assert box.out.of(ON, 36)
    assert box.out.of(CLOCK)


def test_clock_out_can_be_switched_off_and_on_while_playing():
    box = Box(follows_panel=True).do(Play()).run_to(30).do(Set("clock_out", 0)).run_to(60)
    count = len(box.out.of(CLOCK))
    assert count == 30
    box.do(Set("clock_out", 1)).run_to(90)
    clocks = [message.time_ns for message in box.out.of(CLOCK)]
    assert clocks[count] == clocks[0] + 60 * TICK_NS


def test_clock_at_rest_begins_when_it_is_chosen():
    box = Box(follows_panel=True).run(10 * TICK_NS)
    assert not box.out.of(CLOCK)
    box.do(Set("clock_stopped", 1)).run(10 * TICK_NS)
    assert 9 <= len(box.out.of(CLOCK)) <= 11


def test_the_clock_source_is_the_players_choice():
    def hears(source):
        box = Box().do(Set("source", CLOCK_SOURCES.index(source)))
        box.do(Received(box.now_ns, "master", b"\xfa"))
        for _ in range(60):
            box.do(Received(box.now_ns, "master", b"\xf8")).run(TICK_NS)
        return box.engine.state.playing, box.engine.state.external

    assert hears("auto") == (True, True)
    assert hears("external") == (True, True)
    assert hears("internal") == (False, False)
    box = Box().do(Set("source", CLOCK_SOURCES.index("external")), Play()).run(10 * TICK_NS)
    assert not box.engine.state.playing, "it waits for the clock"


def test_what_happens_when_the_clock_goes_is_the_players_choice():
    def goes_on(when_lost):
        box = Box().do(Set("when_lost", WHEN_LOST.index(when_lost)))
        box.do(Received(box.now_ns, "master", b"\xfa"))
        for _ in range(60):
            box.do(Received(box.now_ns, "master", b"\xf8")).run(TICK_NS)
        return box.run(2_000_000_000).engine.state.playing

    assert goes_on("continue")
    assert not goes_on("stop")


def test_a_port_that_appears_plays_as_the_panel_has_it():
    box = Box().do(Set("channel", 3), Play()).run(10 * TICK_NS)
    late, own = Recorder(), Recorder()
    late.name, own.name = "late", "own"
    box.do(AddRoute(Route(late, follows_panel=True)), AddRoute(Route(own))).run(30 * TICK_NS)
    assert {message.data[0] for message in late.of(ON)} == {0x92}
    assert {message.data[0] for message in own.of(ON)} == {0x99}
