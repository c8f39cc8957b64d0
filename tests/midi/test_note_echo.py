from firmware.midi.message import CLOCK, TimedMessage, note_off, note_on
from firmware.midi.note_echo import NoteEcho

MS = 1_000_000


def play(echo, heard, delay_ns=4 * MS, count=20, source="thru"):
    for i in range(count):
        now = i * 100 * MS
        echo.sent([TimedMessage(now, CLOCK), TimedMessage(now, note_on(9, 36 + i % 5, 100))])
        echo.heard(now + delay_ns, source, heard(i))


def test_our_notes_coming_back_are_a_loop():
    echo = NoteEcho()
    play(echo, lambda i: note_on(9, 36 + i % 5, 100))
    assert echo.looped == {"thru"}


def test_another_player_is_none():
    echo = NoteEcho()
    play(echo, lambda i: note_on(9, 36 + i % 5, 90))
    play(echo, lambda i: note_on(9, 36 + i % 5, 100), delay_ns=60 * MS)
    play(echo, lambda i: note_off(9, 36 + i % 5))
    assert echo.looped == set()


def test_a_loop_that_is_unplugged_is_forgotten():
    echo = NoteEcho()
    play(echo, lambda i: note_on(9, 36 + i % 5, 100))
    play(echo, lambda i: note_on(0, 60, 1))
    assert echo.looped == set()
