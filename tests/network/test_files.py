"""What the network's programs are given: nothing that a name or password holds is syntax there."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.network.files import authorized_keys, radio_firmware_name, wpa_supplicant_conf
from firmware.network.settings import Wifi, parse_network


def test_the_supplicant_s_file():
    assert wpa_supplicant_conf(Wifi("DE", b"Net", bytes(range(32)))) == (
        "country=DE\np2p_disabled=1\nnetwork={\n\tssid=4e6574\n\tscan_ssid=1\n"
        "\tkey_mgmt=WPA-PSK\n\tproto=RSN\n"
        "\tpsk=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n}\n"
    )


def test_an_open_network_has_no_key():
    text = wpa_supplicant_conf(Wifi("DE", b"Net", None))
    assert "\tkey_mgmt=NONE\n" in text
    assert "psk" not in text


HOSTILE = ['"}', '"\nnetwork={ssid="x', "a\\", "#", "}", "ssid=x", "\u2028psk=", 'P"\\n"']


@pytest.mark.parametrize("letters", HOSTILE)
def test_hostile_letters_are_no_syntax(letters):
    name = letters.replace("\n", " ").strip()
    file = f"country = DE\nwifi_name = {name}\nwifi_password = 12345678{name}"
    text = wpa_supplicant_conf(parse_network(file.encode("utf-8")).wifi)
    assert name.encode("utf-8").hex() in text
    assert is_one_network(text)


@given(st.binary(min_size=1, max_size=32), st.binary(min_size=32, max_size=32))
def test_no_bytes_are_syntax(name, key):
    assert is_one_network(wpa_supplicant_conf(Wifi("DE", name, key)))


def is_one_network(text):
    lines = ["country=[A-Z]{2}", "p2p_disabled=1", "network={", "\tssid=([0-9a-f]{2}){1,32}"]
    lines += ["\tscan_ssid=1", "\tkey_mgmt=WPA-PSK", "\tproto=RSN", "\tpsk=[0-9a-f]{64}", "}", ""]
    return re.fullmatch("\n".join(lines), text) is not None


def test_a_line_for_each_key():
    assert authorized_keys(["ssh-rsa A", "ssh-ed25519 B"]) == "ssh-rsa A\nssh-ed25519 B\n"


@pytest.mark.parametrize(
    ("brought", "known"),
    [
        ("brcmfmac43430-sdio.bin", "brcmfmac43430-sdio.bin"),
        ("brcmfmac43436-sdio.bin", "brcmfmac43430b0-sdio.bin"),
        ("brcmfmac43436-sdio.clm_blob", "brcmfmac43430b0-sdio.clm_blob"),
        (
            "brcmfmac43436s-sdio.txt",
            "brcmfmac43430-sdio.raspberrypi,model-zero-2-w.txt",
        ),
        (
            "brcmfmac43436s-sdio.raspberrypi,model-zero-2-w.bin",
            "brcmfmac43430-sdio.raspberrypi,model-zero-2-w.bin",
        ),
        ("brcmfmac43430b0-sdio.txt", "brcmfmac43430b0-sdio.txt"),
        ("README.txt", None),
        ("brcmfmac43436-sdio.bin.txt~", None),
        ("../brcmfmac43436-sdio.bin", None),
        ("brcmfmac43436-sdio.a/b.bin", None),
        ("brcmfmac43436-sdio.bin\n", None),
    ],
)
def test_the_radio_s_files_have_the_kernel_s_names(brought, known):
    assert radio_firmware_name(brought) == known
