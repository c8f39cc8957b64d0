"""The clip notation: what each sign means, and what is said of a line that is wrong."""

from fractions import Fraction

import pytest

from firmware.rhythm.drums import DRUMS
from train_host.clip import Clip, ClipHit
from train_host.notation import NotationError, parse_clips, read_clips

HEAD = "style: Test\ntempo: 120\n"
KEYS = [drum.key for drum in DRUMS]


def clip(*lines: str, head: str = HEAD) -> Clip:
    return parse_clips("\n".join([head, "clip: one", *lines])).clips[0]


def times(*lines: str, head: str = HEAD) -> list[Fraction]:
    return [hit.time for hit in clip(*lines, head=head).hits]


def test_header_and_clip_settings():
    text = """
    # a whole file
    style: Footwork   # the name
    tempo: 160
    grid: 8
    licence: CC0-1.0
    source: somebody, somewhere https://example.org/page#part
    source: somebody else

    clip: first
    kick | X... ..o. |

    clip: second
    tempo: 158.5
    grid: 4
    snare | .x.x |
    """
    file = parse_clips(text)
    assert (file.style, file.tempo, file.beats, file.grid) == ("Footwork", 160.0, 4, 8)
    assert file.licence == "CC0-1.0"
    assert file.sources == ("somebody, somewhere https://example.org/page#part", "somebody else")
    first, second = file.clips
    assert (first.name, first.tempo, first.bars, first.ticks) == ("first", 160.0, 1, 96)
    assert first.hits == (ClipHit(0, Fraction(0), 118), ClipHit(0, Fraction(72), 64))
    assert (second.tempo, second.grid) == (158.5, 4)
    assert [hit.time for hit in second.hits] == [24, 72]


def test_velocity_ladder():
    hits = clip("kick | goxX 1234 5678 9... |").hits
    steps = [30, 64, 96, 118] + [round(digit * 127 / 9) for digit in range(1, 10)]
    assert [hit.velocity for hit in hits] == steps
    assert steps == sorted(steps[:4]) + sorted(steps[4:])


@pytest.mark.parametrize(
    ("alias", "key"),
    [
        ("hat", "closed_hat"),
        ("ohat", "open_hat"),
        ("bd", "kick"),
        ("sd", "snare"),
        ("ch", "closed_hat"),
        ("oh", "open_hat"),
        ("lt", "low_tom"),
        ("mt", "mid_tom"),
        ("ht", "high_tom"),
        ("cp", "clap"),
        ("rs", "rim"),
        *[(key, key) for key in KEYS],
    ],
)
def test_lane_names(alias, key):
    (hit,) = clip(f"{alias}/4 | X... |").hits
    assert DRUMS[hit.drum].key == key


def test_own_steps_and_groups():
    assert times("hat/12 | x.x ... ... ..x |") == [0, 16, 88]
    assert times("hat/4 | [xxx] [x.] . [.x] |") == [0, 8, 16, 24, 84]
    assert times("hat/32 | x......x ........ ........ ........ |") == [0, 21]


def test_nudges_reach_only_the_hit_before_them():
    assert times("kick/4 | X> x< x>> [x<x>] |") == [
        Fraction(1, 2),
        Fraction(47, 2),
        49,
        Fraction(143, 2),
        Fraction(169, 2),
    ]


def test_late_and_early_move_a_lane():
    assert times("snare/4 | .X.X | late 1.25") == [Fraction(101, 4), Fraction(293, 4)]
    assert times("snare/4 | .X.X | early 0.3") == [Fraction(237, 10), Fraction(717, 10)]


def test_a_loop_has_no_outside():
    assert times("kick/4 | X<... |") == [Fraction(191, 2)]
    assert times("kick/4 | X<... | .... |") == [Fraction(383, 2)]
    assert times(
        "hat/96 | ........................ ........................ "
        "........................ .......................x | late 1.5"
    ) == [Fraction(1, 2)]


def test_swing_moves_the_second_of_each_pair():
    pair = Fraction(12)
    assert times("hat | xx.. .... ..xx .... | swing 58") == [
        0,
        pair * 58 / 100,
        60,
        60 + pair * 58 / 100,
    ]
    assert times("swing: 62", "hat/4 | xxxx |") == [0, 24, 48, 72]


def test_swing_stretches_what_is_inside_the_pair_and_spares_triplets():
    assert times("swing: 60", "hat/32 | xxxx .... .... .... .... .... .... .... |") == [
        0,
        Fraction(18, 5),
        Fraction(36, 5),
        Fraction(48, 5),
    ]
    assert times("swing: 60", "hat/12 | xxx ... ... ... |") == [0, 8, 16]
    assert times("swing: 60", "hat | xx.. .... .... .... | swing 50") == [0, 6]


def test_one_bar_is_repeated_under_two():
    one = clip("kick/4 | X... | ..X. |", "snare/4 | .x.x |")
    assert (one.bars, one.ticks) == (2, 192)
    assert [(KEYS[hit.drum], hit.time) for hit in one.hits] == [
        ("kick", 0),
        ("snare", 24),
        ("snare", 72),
        ("snare", 120),
        ("kick", 144),
        ("snare", 168),
    ]


def test_a_drum_may_have_lanes_of_several_grids():
    assert times("hat/4 | xx.. |", "hat/12 | ... ... xxx ... |") == [0, 24, 48, 56, 64]


def test_compound_metre():
    compound = clip("rim | x.x x.x .x. x.x |", head=HEAD + "grid: 12\n")
    assert compound.metre == "12/8"
    assert [hit.time for hit in compound.hits] == [0, 16, 24, 40, 56, 72, 88]
    assert clip("kick/4 | X... |").metre == "4/4"


def test_other_beats():
    waltz = clip("kick/3 | Xox |", head=HEAD + "beats: 3\n")
    assert (waltz.ticks, waltz.grid, waltz.metre) == (72, 12, "3/4")
    assert [hit.time for hit in waltz.hits] == [0, 24, 48]


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        (["kick | X... .... .... ... |"], 4, "expected 16 steps in a bar, not 15"),
        (["kick/4 | X... | X.... |"], 4, "expected 4 steps in a bar, not 5"),
        (["kick/4 | X..? |"], 4, "'?' has no meaning at this place in a bar"),
        (["kick/4 | .>.. |"], 4, "'>' has no meaning"),
        (["kick/4 | [xx]>... |"], 4, "'>' has no meaning"),
        (["kick/4 | [x.>]... |"], 4, "'>' has no meaning"),
        (["kick/4 | >X.. |"], 4, "'>' has no meaning"),
        (["kick/4 | [] ... |"], 4, "']' has no meaning"),
        (["kick/4 | X..] |"], 4, "']' has no meaning"),
        (["kick/4 | [[x]] ... |"], 4, "'[' has no meaning"),
        (["kick/4 | X.. [xx |"], 4, "expected ']' before the end of the bar"),
        (["kick/4 | X...x"], 4, "expected a lane such as"),
        (["cowbell/4 | X... |"], 4, "there is no drum 'cowbell': expected one of kick,"),
        (["kick/0 | |"], 4, "expected a whole number from 1 to 384 for 'grid', not '0'"),
        (["kick/4 | X... | loud 3"], 4, "expected 'late', 'early' or 'swing' after the bars"),
        (["kick/4 | X... | late"], 4, "expected a number from 0 to 12 for 'late', not ''"),
        (["kick/4 | X... | late soon"], 4, "for 'late', not 'soon'"),
        (["kick/4 | X... | swing 80"], 4, "expected a number from 50 to 75 for 'swing', not '80'"),
        (["kick/12 | X.. ... ... ... | swing 60"], 4, "swing needs a lane of 16ths or 32nds"),
        (["tempo: 9000", "kick/4 | X... |"], 4, "expected a number from 20 to 400 for 'tempo'"),
        (["tempo: -1", "kick/4 | X... |"], 4, "for 'tempo', not '-1'"),
        (["tempo: nan", "kick/4 | X... |"], 4, "for 'tempo', not 'nan'"),
        (["grid:"], 4, "'grid:' has no value"),
        (["style: late"], 4, "expected one of tempo, grid, swing or a lane, not 'style'"),
        (["kick/4 | X... |", "swing: 60"], 5, "'swing' comes before the first lane"),
        (["hello"], 4, "expected 'key: value' or a lane"),
        (["kick/4 | .... |"], 3, "the clip 'one' has no hit"),
        ([], 3, "the clip 'one' has no hit"),
        (["kick/4 | X... |", "", "clip: one"], 6, "there is already a clip called 'one'"),
        (["kick/4 | X... | X... |", "snare/4 | x | x | x |"], 5, "expected 4 steps"),
        (
            ["kick/4 | X... | X... |", "snare/4 | x... | x... | x... |"],
            4,
            "expected 1 or 3 bars, not 2",
        ),
        (
            ["kick/4 | [xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]... |"],
            4,
            "two hits of kick fall on one tick",
        ),
        # 0.49 tick late is 0.5 in a MIDI file, and that is the next tick
        (
            ["hat/96 |" + "x" + "." * 95 + "| late 0.49", "hat/96 | .x" + "." * 94 + "|"],
            5,
            "two hits",
        ),
        (["hat/4 | x... |", "hat/12 | xxx ... ... ... |"], 5, "two hits of closed_hat fall on"),
    ],
)
def test_one_sentence_says_what_is_wrong(lines, line, said):
    text = "\n".join(["style: Test", "tempo: 120", "clip: one", *lines])
    with pytest.raises(NotationError) as caught:
        parse_clips(text, "my.clips")
    message = str(caught.value)
    assert message.startswith(f"my.clips, line {line}: ")
    assert said in message
    assert message.endswith(".")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no clip in this file"),
        ("style: Test\ntempo: 120\n", "there is no clip in this file"),
        ("tempo: 120\nclip: a\n", "expected a 'style:' line before the first clip"),
        ("style: Test\nclip: a\n", "expected a 'tempo:' line before the first clip"),
        ("style: Test\nstyle: Again\n", "'style' is already given"),
        ("style: Test\nswing: 60\n", "expected one of style, tempo"),
        ("style: Test\nbeats: 4.5\n", "expected a whole number from 1 to 16 for 'beats'"),
        ("style: Test\ntempo: 120\nkick | X... |\n", "expected a 'clip:' line before this lane"),
    ],
)
def test_header_errors(text, said):
    with pytest.raises(NotationError, match=said):
        parse_clips(text)


def test_files(tmp_path):
    path = tmp_path / "a.clips"
    path.write_bytes(
        b"\xef\xbb\xbf" + (HEAD + "clip: \u00e9t\u00e9\r\nkick/4 | X... |\r\n").encode()
    )
    assert read_clips(path).clips[0].name == "été"
    path.write_bytes(b"MThd\x00\x00\x00\x06\xff\xfe")
    with pytest.raises(NotationError, match="not a text file"):
        read_clips(path)
    path.write_text("?")
    with pytest.raises(NotationError, match=r"a\.clips, line 1: "):
        read_clips(path)
