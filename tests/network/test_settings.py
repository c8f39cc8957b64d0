"""network.txt as makers write it, with whatever editor, and as nobody should."""

import base64
import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.network.settings import NetworkError, NetworkSettings, Wifi, parse_network
from image_build.boot import NETWORK


def public_key(kind="ssh-ed25519", body=bytes(36)):
    blob = len(kind).to_bytes(4, "big") + kind.encode("ascii") + body
    return f"{kind} {base64.b64encode(blob).decode('ascii')}"


KEY = public_key()
FILE = f"""
# a remark
country = de
wifi_name = My Wi-Fi
wifi_password = correct horse
ethernet = yes
ssh_key = {KEY} me@computer
"""
WIFI = "country = DE\nwifi_name = Net\nwifi_password = {}\n"


def parse(text):
    return parse_network(text.encode("utf-8"))


def test_a_file_is_read():
    read = parse(FILE)
    # IEEE 802.11's own way from a password to a key.
    key = hashlib.pbkdf2_hmac("sha1", b"correct horse", b"My Wi-Fi", 4096, 32)
    assert read == NetworkSettings(Wifi("DE", b"My Wi-Fi", key), True, (KEY,))
    assert read.is_asked_for


def test_a_key_is_as_the_standard_s_example_has_it():
    """IEEE 802.11-2020, J.4.2."""
    read = parse("country=US\nwifi_name=IEEE\nwifi_password=password")
    assert read.wifi.key.hex() == "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"


@pytest.mark.parametrize("text", ["", "\n\n", "# country = DE", "country = DE", "ethernet = no"])
def test_what_asks_for_nothing(text):
    assert not parse(text).is_asked_for


def test_the_card_s_own_file_asks_for_nothing_until_its_remarks_go():
    assert parse(NETWORK) == NetworkSettings()
    lines = [line.removeprefix("#") for line in NETWORK.splitlines() if not line.startswith("# ")]
    with pytest.raises(NetworkError, match="ssh_key is no public key"):
        parse("\n".join(lines))  # its key is not written out
    read = parse("\n".join([*lines[:-1], f"ssh_key = {KEY}"]))
    assert read.wifi.name == b"My Wi-Fi"
    assert read.ethernet
    assert read.ssh_keys == (KEY,)


@pytest.mark.parametrize(
    "content",
    [
        FILE.replace("\n", "\r\n").encode("utf-8"),
        FILE.replace("\n", "\r").encode("utf-8"),
        FILE.encode("utf-8-sig"),
        FILE.encode("utf-16"),
        FILE.replace(" = ", "=").encode("utf-8"),
        FILE.replace("\n", " \t\n\t ").replace(" = ", " =\t").encode("utf-8"),
        FILE.replace("wifi_name", "WIFI_Name").replace("yes", "Yes").encode("utf-8"),
        FILE.replace("My Wi-Fi", '"My Wi-Fi"').encode("utf-8"),
        FILE.replace("My Wi-Fi", "“My Wi-Fi”").encode("utf-8"),
    ],
    ids=["CRLF", "CR", "BOM", "UTF-16", "tight", "spaces", "letters", "quotes", "curly quotes"],
)
def test_any_editor_s_file_is_the_same(content):
    assert parse_network(content) == parse(FILE)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("pass=word#1;2", "pass=word#1;2"),
        ('say "hello"', 'say "hello"'),
        ('"say hello', '"say hello'),
        ('""quoted""', '"quoted"'),
        ('"  spaces  "', "  spaces  "),
        (r"back\slash\n", r"back\slash\n"),
        ("pässwörd", "pässwörd"),
        ("%(name)s ${name}", "%(name)s ${name}"),
    ],
)
def test_a_password_holds_what_it_likes(written, meant):
    read = parse(WIFI.format(written))
    assert read.wifi.key == hashlib.pbkdf2_hmac("sha1", meant.encode("utf-8"), b"Net", 4096, 32)


def test_64_digits_are_the_key_itself():
    digits = "0123456789abcDEF" * 4
    assert parse(WIFI.format(digits)).wifi.key == bytes.fromhex(digits)


def test_an_open_network_has_an_empty_password():
    assert parse(WIFI.format("")).wifi == Wifi("DE", b"Net", None)
    assert parse(WIFI.format('""')).wifi == Wifi("DE", b"Net", None)


def test_a_name_of_any_script():
    name = "Küche ☕ 台所"
    assert parse(WIFI.format("12345678").replace("Net", name)).wifi.name == name.encode("utf-8")


@pytest.mark.parametrize(
    "kind",
    ["ssh-rsa", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com"],
)
def test_several_keys(kind):
    other = public_key(kind)
    read = parse(f"ethernet = yes\nssh_key = {KEY}\nssh_key = {other} a b\nssh_key = {KEY} again")
    assert read.ssh_keys == (KEY, other)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ethernet", "line 1: there is no =."),
        ("\n\nwlan = x", "line 3: there is no setting of that name."),
        ("[wifi]\ncountry = DE", "line 1: there is no =."),
        ("country = DE\ncountry = FR", "line 2: country is there twice."),
        ("wifi_name = a\0b", "line 1: there is a control character."),
        ("wifi_name = a\x1bb", "line 1: there is a control character."),
        ("ethernet = maybe", "ethernet is yes or no."),
        ("ethernet =", "ethernet is yes or no."),
        (f"ssh_key = {KEY}", "ssh_key needs ethernet"),
        ("wifi_password = 12345678", "needs a wifi_name."),
        ("wifi_name = Net\nwifi_password = 12345678", "needs country"),
        ("wifi_name = Net\nwifi_password = 12345678\ncountry = Germany", "needs country"),
        ("wifi_name = Net\nwifi_password = 12345678\ncountry = ß", "needs country"),
        ("wifi_name = Net\ncountry = DE", "wifi_password is missing"),
        (WIFI.format("1234567"), "8 to 63"),
        (WIFI.format("x" * 64), "8 to 63"),
        (WIFI.format("12345678").replace("Net", ""), "1 to 32"),
        (WIFI.format("12345678").replace("Net", "x" * 33), "1 to 32"),
        (WIFI.format("12345678").replace("Net", "ä" * 17), "1 to 32"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(text, complaint):
    with pytest.raises(NetworkError) as caught:
        parse(text)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("network.txt")
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA...",
        "ssh-ed25519 !!!!",
        "ssh-ed25519 " + public_key("ssh-rsa").split()[1],
        public_key(body=b""),
        "ssh-dss " + public_key("ssh-dss").split()[1],
        f'command="reboot" {KEY}',
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "ssh-ëd25519 AAAA",
    ],
)
def test_what_is_no_public_key_is_refused(line):
    with pytest.raises(NetworkError, match="no public key"):
        parse(f"ethernet = yes\nssh_key = {line}")


def test_latin_1_is_told_and_not_guessed():
    with pytest.raises(NetworkError, match="UTF-8"):
        parse_network("wifi_name = Küche".encode("latin-1"))


@pytest.mark.parametrize(
    "text",
    [
        "wifi_password s3cret-word",
        "s3cret-word = x",
        "wifi_password = s3cret-word\0",
        "wifi_password = s3cret-word",
        "wifi_password = s3cret-word\nwifi_password = s3cret-word",
        WIFI.format("s3cret-word" * 6),
        "ethernet = s3cret-word",
        "ssh_key = s3cret-word",
    ],
)
def test_no_complaint_tells_a_secret(text):
    with pytest.raises(NetworkError) as caught:
        parse(text)
    assert "s3cret" not in str(caught.value)


@given(st.binary(max_size=80))
def test_no_content_breaks_it(content):
    with contextlib.suppress(NetworkError):
        parse_network(content)
