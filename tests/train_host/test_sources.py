"""Files and folders as they are handed in: loops, and the fate of every file."""

import pytest

from tests.train_host.test_midi_reader import BAR, END, METRE, TEMPO, hit, midi
from train_host.clip_fate import ClipFate, FileFate
from train_host.drum_map import GENERAL_MIDI, ROLAND_TD11
from train_host.loops import ClipError
from train_host.sources import gather

CLIPS = """style: Test
tempo: 120
beats: 4
grid: 16
licence: CC0-1.0
source: none

clip: one
mid_tom     | X... .... X... .... |
rim         | .... X... .... X... |

clip: two
kick        | X... X... X... X... |
"""


def metre(numerator, denominator):
    return 0, METRE, {"numerator": numerator, "denominator": denominator}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.mid").write_bytes(midi(BAR))
    (tmp_path / "b.mid").write_bytes(midi([metre(3, 4), hit(0), hit(960, 1), (1440, END, {})]))
    (tmp_path / "broken.mid").write_bytes(b"no")
    (tmp_path / "notes.clips").write_text(CLIPS)
    return tmp_path


def test_every_file_has_a_fate(folder):
    sources = gather([folder], GENERAL_MIDI)
    assert sources.ticks_per_beat == 24
    assert sources.loops.names == ("a", "b", "one", "two")
    lines = [line.removeprefix(f"{folder}/") for file in sources.files for line in file.lines]
    bar = "1 loop from 1 bar; "
    common = "4/4, a bar a loop; 120 BPM; drums by channel 10; "
    filled = "3/4, a bar of 72 ticks a loop and 24 of the next; 120 BPM; drums by channel 10; "
    unknown = "1 of 2 notes taken; left out 1 not in the drum map general_midi (1)"
    assert lines == [
        f"a.mid: {bar}{common}3 of 3 notes taken",
        f"b.mid: {bar}{filled}{unknown}",
        "broken.mid: not used: This is not a MIDI file.",
        f"notes.clips, one: {bar}{common}4 of 4 notes taken",
        f"notes.clips, two: {bar}{common}4 of 4 notes taken",
    ]
    assert [path.name for path, _ in sources.skipped] == ["broken.mid"]


def test_notation_is_read_by_its_own_map_and_channel(folder):
    told = gather([folder], ROLAND_TD11, 24, channel=3)
    assert told.loops.names == ("one", "two")
    plain = gather([folder / "notes.clips"], GENERAL_MIDI, 24)
    assert (told.loops.onset == plain.loops.onset).all()
    assert "no notes on channel 3" in told.files[0].refused


def test_a_file_named_twice_is_read_once(folder):
    paths = [folder / "a.mid", folder / "a.mid", folder]
    assert gather(paths, GENERAL_MIDI).loops.names == ("a", "b", "one", "two")


def test_loops_of_so_many_bars_and_their_ticks(folder):
    sources = gather([folder], GENERAL_MIDI, bars_per_loop=1)
    assert sources.ticks_per_beat == 24
    # A bar of 3/4 at 120 lasts 1.5 s: a bar of four beats at 160.
    assert sources.loops.tempos == (120, 160, 120, 120)
    waltz = gather([folder / "b.mid"], GENERAL_MIDI)
    assert waltz.ticks_per_beat == 32
    assert waltz.files[0].clips[0].fits == ("3/4, a bar a loop",)
    two = gather([folder / "b.mid"], GENERAL_MIDI, bars_per_loop=2)
    assert two.ticks_per_beat == 16
    assert two.loops.tempos == (120,)
    seven = folder / "seven.mid"
    seven.write_bytes(midi([metre(7, 8), hit(0), (1680, END, {})]))
    odd = gather([seven], GENERAL_MIDI, bars_per_loop=1)
    assert odd.ticks_per_beat == 27
    assert odd.loops.tempos == (pytest.approx(120 * 96 / 3.5 / 27, abs=0.01),)


def test_nothing_usable_is_one_sentence(folder):
    with pytest.raises(ClipError, match=r"No drum clip could be used\. .*broken\.mid: This is"):
        gather([folder / "broken.mid"], GENERAL_MIDI)
    with pytest.raises(ClipError, match="No drum clip could be used"):
        gather([], GENERAL_MIDI)


def test_tempo_changes_are_told_of(tmp_path):
    tempos = [(0, TEMPO, {"tempo": 400_000}), (480, TEMPO, {"tempo": 500_000})]
    path = tmp_path / "a.mid"
    path.write_bytes(midi([*tempos, hit(960), (1920, END, {})]))
    assert "150 BPM at first, 1 change;" in gather([path], GENERAL_MIDI).files[0].lines[0]


def test_a_clip_of_type_2_that_cannot_be_used_does_not_cost_the_others(tmp_path):
    path = tmp_path / "a.mid"
    far = [hit(0), hit(5000 * 1920), (5001 * 1920, END, {})]
    path.write_bytes(midi(BAR, far, kind=2))
    (file,) = gather([path], GENERAL_MIDI).files
    assert file.loops == 1
    assert file.lines[1] == (
        f"{path}, a 2: not used: The clip is 5001 loops long, and 4096 is the most."
    )


def test_sums_of_a_file():
    clip = ClipFate("a", 2, 2, 10, {"softer on the same tick": 1})
    other = ClipFate("b", 1, 3, 5, {"softer on the same tick": 2, "in the pick-up": 4})
    file = FileFate(None, (clip, other))
    assert (file.loops, file.bars, file.taken) == (3, 5, 15)
    assert file.left_out == {"softer on the same tick": 3, "in the pick-up": 4}
    assert clip.line == (
        "2 loops from 2 bars; 120 BPM; 10 of 11 notes taken; left out 1 softer on the same tick"
    )
