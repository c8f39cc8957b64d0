"""board.toml, and the sentences its loader answers mistakes with."""

import copy
import tomllib

import pytest

from hardware.pin_map import BOARD_TOML, PinMapError, load_pin_map, parse_pin_map


@pytest.fixture
def tables():
    return tomllib.loads(BOARD_TOML.read_text(encoding="utf-8"))


def test_the_board_as_built():
    pin_map = load_pin_map()
    assert pin_map.buttons == {
        "play": 5, "stop": 6, "shift": 13, "kick": 16, "snare": 26, "hat": 23
    }  # fmt: skip
    assert pin_map.led == {"play": 12}
    assert (pin_map.oled.dc, pin_map.oled.reset) == (24, 25)
    assert (pin_map.encoders.address, pin_map.encoders.interrupt) == (0x49, 17)
    assert (pin_map.pad.kind, pin_map.pad.address, pin_map.pad.irq) == ("tsc2007", 0x48, 22)
    assert [pin_map.encoder(role) for role in ("threshold", "noise", "tempo", "model")] == [
        0, 1, 2, 3
    ]  # fmt: skip


def test_every_pin_has_one_owner():
    pins = load_pin_map().pins()
    assert pins[17] == "encoders.interrupt"
    assert pins[5] == "buttons.play"
    assert pins[7] == "power.button"
    assert len(set(pins.values())) == len(pins) - 3  # the four I2S pins share a name


def test_the_same_board_with_the_other_pad(tables):
    pad = load_pin_map().with_pad("pinnacle").pad
    assert (pad.kind, pad.address, pad.irq) == ("pinnacle", 0x2A, 22)
    tables["pad"] |= {"kind": "pinnacle", "address": 0x2A}
    assert parse_pin_map(tables).pad == pad


def test_an_unknown_role_is_a_key_error():
    with pytest.raises(KeyError):
        load_pin_map().encoder("swing")


@pytest.mark.parametrize(
    ("section", "key", "value", "sentence"),
    [
        ("oled", "dc", 17, "GPIO 17 is given to both oled.dc and encoders.interrupt."),
        ("oled", "dc", 28, "oled.dc must be a GPIO number from 2 to 27, not 28."),
        ("oled", "dc", "24", "oled.dc must be a GPIO number from 2 to 27, not '24'."),
        ("oled", "bgr", 1, "oled.bgr must be true or false, not 1."),
        ("oled", "colour", 1, "[oled] does not know the key 'colour'."),
        ("pad", "address", 0x49, "encoders and pad share the I2C address 0x49."),
        ("pad", "address", 0x78, "pad.address must be an I2C address from 8 to 119, not 120."),
        (
            "pad",
            "address",
            0x2A,
            "pad.address of a tsc2007 must be 0x48, 0x49, 0x4a or 0x4b, not 0x2a.",
        ),
        ("pad", "kind", "pinnacle", "pad.address of a pinnacle must be 0x2a, not 0x48."),
        ("pad", "kind", "mouse", "pad.kind must be tsc2007 or pinnacle, not 'mouse'."),
        ("pad", "kind", 1, "pad.kind must be text, not 1."),
        ("i2c", "speed_hz", True, "i2c.speed_hz must be a whole number, not True."),
        ("encoders", "roles", ["tempo"] * 4, "encoders.roles must name 4 different roles."),
        ("encoders", "roles", "tempo", "encoders.roles must be a list, not 'tempo'."),
        ("encoders", "roles", [1, 2, 3, 4], "encoders.roles must be a list of text, not 1."),
        ("encoders", "clockwise", 2, "encoders.clockwise must be 1 or -1."),
        ("din_midi", "device", 0, "din_midi.device must be text, not 0."),
        ("buttons", "play", 6, "GPIO 6 is given to both buttons.play and buttons.stop."),
        ("reserved", "i2s", 18, "reserved.i2s must be a list, not 18."),
    ],
)
def test_a_wrong_value_is_one_sentence(tables, section, key, value, sentence):
    tables[section][key] = value
    with pytest.raises(PinMapError) as error:
        parse_pin_map(tables)
    assert str(error.value) == sentence


def test_every_missing_key_and_section_is_named(tables):
    for section in tables:
        without = {name: table for name, table in tables.items() if name != section}
        with pytest.raises(PinMapError, match=rf"\[{section}\] is missing"):
            parse_pin_map(without)
        if section in ("buttons", "led", "reserved"):
            continue
        for key in tables[section]:
            without = copy.deepcopy(tables)
            del without[section][key]
            with pytest.raises(PinMapError, match=rf"\[{section}\] lacks the key '{key}'"):
                parse_pin_map(without)


def test_an_unknown_section_is_named(tables):
    tables["camera"] = {}
    with pytest.raises(PinMapError, match=r"\[camera\] is not part of a board"):
        parse_pin_map(tables)


def test_no_buttons_at_all_is_a_mistake(tables):
    tables["buttons"] = {}
    with pytest.raises(PinMapError, match=r"\[buttons\] is empty"):
        parse_pin_map(tables)


def test_an_unreadable_file_is_one_sentence(tmp_path):
    with pytest.raises(PinMapError, match=r"^none\.toml cannot be read: No such file"):
        load_pin_map(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("[oled\n")
    with pytest.raises(PinMapError, match=r"^broken\.toml is not TOML"):
        load_pin_map(broken)
    broken.write_bytes(b"\xff\xfe")
    with pytest.raises(PinMapError, match=r"^broken\.toml is not TOML"):
        load_pin_map(broken)
