"""The power is cut in the first start and in an update, over and over: the box plays afterwards.

With ``make image-cuts``; half an hour. What was not flushed to the card is lost sector by sector.
"""

import random
import shutil
import subprocess
import time

import pytest

from firmware.update.slots import Slots
from tests.image.card import Card
from tests.image.machine import STAYS_ON, Machine, run, words_for
from tests.image.write_log import cut_off

pytestmark = [pytest.mark.image, pytest.mark.cuts]

FIRST_STARTS, UPDATES = 10, 10
SEED = 20


@pytest.fixture
def started_card(card, tmp_path, scripts, update):
    """One that has been switched on before, with an update on its drive."""
    run(Machine(card, tmp_path), scripts, "plays")
    card.put(update)
    return card


def cut(card, work, scripts, part, seconds, seed):
    """Switch on, cut the power after ``seconds``; how many sectors were not yet flushed."""
    log, whole = work / "log", work / "before.img"
    subprocess.run(["cp", "--sparse=always", card.path, whole], check=True)
    machine = Machine(card, work)
    with machine.running(f"{words_for(part)} {STAYS_ON}", scripts, log=log):
        time.sleep(seconds)
        assert not machine.has_ended
    loose = cut_off(whole, log, seed)
    shutil.move(whole, card.path)
    log.unlink()
    return loose


def test_cuts_of_the_first_start(image, tmp_path, scripts, capsys):
    chance = random.Random(SEED)
    for number in range(FIRST_STARTS):
        card = Card(image / "groovebox.img", tmp_path / "card.img")
        # The data partition is made between the third and the sixth second.
        seconds = chance.uniform(2.5, 6.5) if number < 7 else chance.uniform(6.5, 40.0)
        loose = cut(card, tmp_path, scripts, "plays", seconds, number)
        told_now = run(Machine(card, tmp_path), scripts, "plays")
        with capsys.disabled():
            print(f"\nfirst start, cut after {seconds:.1f} s, {loose} sectors loose: {told_now}")
        assert told_now["clocks"] > 20
        assert told_now["data"] == "ext4"


def test_cuts_of_an_update(image, tmp_path, scripts, started_card, capsys):
    chance = random.Random(SEED)
    before = tmp_path / "started.img"
    shutil.copy(started_card.path, before)
    ends = {"old": 0, "new": 0}
    for number in range(UPDATES):
        card = Card(before, tmp_path / "card.img")
        # It is looked for as soon as the box plays, and takes half a minute.
        seconds = chance.uniform(25.0, 55.0) if number < 7 else chance.uniform(55.0, 90.0)
        loose = cut(card, tmp_path, scripts, "plays", seconds, number)
        slots = card.slots
        told_now = run(Machine(card, tmp_path), scripts, "plays")
        with capsys.disabled():
            print(f"\nupdate, cut after {seconds:.1f} s, {loose} sectors loose: {told_now}")
        assert told_now["clocks"] > 20
        assert told_now["slot"] == slots.start
        ends["new" if slots == Slots("b", trial="b") else "old"] += 1
    with capsys.disabled():
        print(f"\n{ends}")
    assert ends["old"], "no cut came before the update was whole"
