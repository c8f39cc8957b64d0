import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.engine.controls import Controls, Set
from firmware.engine.route import RouteSettings
from firmware.engine.sequencer import DrumVoice
from firmware.midi import settings
from firmware.midi.settings import MidiSettings, SettingsError, parse_midi_settings

FILE = """
[controllers]
channel = 16
numbers = { x = 1, threshold = 74 }

[ports."Volca*"]
channel = 1
channels = { kick = 2 }
notes = { kick = 60 }
velocity = 100
gate_ms = 5
advance_ms = 3
clock = false
controllers = false

[ports."*"]
clock_while_stopped = true
"""


def test_a_file_is_read():
    read = parse_midi_settings(FILE)
    assert read.control_channel == 15
    assert read.controllers[1] == "x"
    assert read.controllers[74] == "threshold"
    assert 12 not in read.controllers
    assert read.controllers[13] == "y"
    volca = read.for_port("Volca Beats:1")
    assert volca.voices[0] == DrumVoice(1, 60)
    assert volca.voices[1] == DrumVoice(0, 38)
    assert (volca.velocity, volca.gate_ns) == (100, 5_000_000)
    assert not volca.clock
    assert not volca.controllers
    assert read.for_port("DIN").clock_while_stopped
    assert volca.advance_ns == 3_000_000


def test_without_a_file_the_defaults_hold(tmp_path):
    read = settings.load_midi_settings(tmp_path / "midi.toml")
    assert read == MidiSettings()
    assert read.for_port("anything") is None


class Output:
    def __init__(self, name: str) -> None:
        self.name = name

    def send(self, messages) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


def test_a_port_that_the_file_does_not_name_follows_the_panel():
    read = parse_midi_settings('[ports."Volca*"]\nchannel = 3')
    controls = Controls.defaults().apply(Set("channel", 5)).apply(Set("kick_note", 60))
    named, other = (read.route(Output(name), controls) for name in ("Volca Beats", "TR-8"))
    assert not named.follows_panel
    assert named.settings.voices[0] == DrumVoice(2, 36)
    assert other.follows_panel
    assert other.settings.voices[0] == DrumVoice(4, 60)


def test_din_is_sent_sooner_by_what_its_bridge_takes():
    route = MidiSettings().route(Output("Groovebox DIN: DIN"), Controls.defaults())
    assert route.settings == RouteSettings(advance_ns=2_000_000)


def test_the_docstring_s_example_is_right():
    example = settings.__doc__.split("::\n")[1]
    read = parse_midi_settings("\n".join(line.strip() for line in example.splitlines()))
    assert read.for_port("any").velocity == 100


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[ports", "not TOML"),
        ("[clok]", "no 'clok'"),
        ("controllers = 3", "not a table"),
        ("[controllers]\nchannel = 17", "from 1 to 16"),
        ("[controllers]\nnumbers = { x = 20, y = 20 }", "Two controls"),
        ("[controllers]\nnumbers = { volume = 20 }", "no 'volume'"),
        ('[ports."*"]\nnotes = { kick = 128 }', "from 0 to 127"),
        ('[ports."*"]\nvelocity = true', "from 1 to 127"),
        ('[ports."*"]\nclock = 1', "true or false"),
        ("ports = 1", "table for each port"),
    ],
)
def test_what_is_wrong_is_named_in_one_sentence(text, complaint):
    with pytest.raises(SettingsError, match=complaint) as caught:
        parse_midi_settings(text)
    assert str(caught.value).endswith(".")


@given(st.text(max_size=60))
def test_no_text_breaks_it(text):
    with contextlib.suppress(SettingsError):
        parse_midi_settings(text)
