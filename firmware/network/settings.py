"""network.txt, which asks for a network: what it may hold, and reading it. Pure.

::

    country = DE
    wifi_name = My Wi-Fi
    wifi_password = its password
    ethernet = yes
    ssh_key = ssh-ed25519 AAAA... me@computer

All are optional; ``ssh_key`` may be there several times. A value is all that follows the first "=",
without the spaces around it, so that a password may hold any letter; between double quotes spaces
at its ends count too. A line that begins with "#" is a remark.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import re
import string
from dataclasses import dataclass

__all__ = ["FILE", "NetworkError", "NetworkSettings", "Wifi", "parse_network"]

FILE = "network.txt"
REMARKS = ("#", ";")
QUOTES = ('""', "“”")
"""The second is what some editors make of the first."""
SWITCH = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
MOST_NAME = 32
"""IEEE 802.11: bytes of a network's name."""
LEAST_PASSWORD, MOST_PASSWORD = 8, 63
KEY_BYTES, KEY_ROUNDS = 32, 4096
"""IEEE 802.11: the key of a network is PBKDF2 with SHA-1 of its password, its name the salt."""
KEY_TYPES = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)


class NetworkError(ValueError):
    """network.txt cannot be used; the text is one sentence, and holds no secret of the file."""


@dataclass(frozen=True)
class Wifi:
    """``country`` is ISO 3166's two letters, ``name`` of 1 to 32 bytes, ``key`` the 32 bytes of the
    network's key; None: it has none."""

    country: str
    name: bytes
    key: bytes | None


@dataclass(frozen=True)
class NetworkSettings:
    """``ssh_keys`` are public keys, each its type and its Base64."""

    wifi: Wifi | None = None
    ethernet: bool = False
    ssh_keys: tuple[str, ...] = ()

    @property
    def is_asked_for(self) -> bool:
        return self.ethernet or self.wifi is not None


def parse_network(content: bytes) -> NetworkSettings:
    """What the file asks for. Raises NetworkError."""
    values = _values(_text(content))
    keys = tuple(dict.fromkeys(map(_public_key, values["ssh_key"])))
    single = {name: found[0] for name, found in values.items() if found}
    wifi = _wifi(single)
    ethernet = SWITCH.get(single.get("ethernet", "no").lower())
    if ethernet is None:
        raise NetworkError("network.txt: ethernet is yes or no.")
    settings = NetworkSettings(wifi, ethernet, keys)
    if keys and not settings.is_asked_for:
        raise NetworkError("network.txt: ssh_key needs ethernet = yes or a wifi_name.")
    return settings


def _text(content: bytes) -> str:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise NetworkError("network.txt is no text in UTF-8.") from None


def _values(text: str) -> dict[str, list[str]]:
    """The values of each name. Not by configparser: there a line that begins with a space goes on
    with the one before."""
    names = ("country", "wifi_name", "wifi_password", "ethernet", "ssh_key")
    values: dict[str, list[str]] = {name: [] for name in names}
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        line = line.strip()
        if not line or line.startswith(REMARKS):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        name = name.lower()
        # Neither name nor value is told: either may be a part of a password.
        if not equals:
            raise NetworkError(f"network.txt, line {number}: there is no =.")
        if name not in values:
            raise NetworkError(f"network.txt, line {number}: there is no setting of that name.")
        if values[name] and name != "ssh_key":
            raise NetworkError(f"network.txt, line {number}: {name} is there twice.")
        if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            raise NetworkError(f"network.txt, line {number}: there is a control character.")
        if len(value) > 1 and value[0] + value[-1] in QUOTES:
            value = value[1:-1]
        values[name].append(value)
    return values


def _wifi(values: dict[str, str]) -> Wifi | None:
    if "wifi_name" not in values:
        if "wifi_password" in values:
            raise NetworkError("network.txt: wifi_password needs a wifi_name.")
        return None
    name = values["wifi_name"].encode("utf-8")
    if not 1 <= len(name) <= MOST_NAME:
        raise NetworkError("network.txt: wifi_name has 1 to 32 letters; one with an accent is two.")
    country = values.get("country", "")
    if not re.fullmatch("[A-Za-z]{2}", country):
        raise NetworkError("network.txt: Wi-Fi needs country, two letters such as DE.")
    if "wifi_password" not in values:
        raise NetworkError("network.txt: wifi_password is missing (empty: there is none).")
    return Wifi(country.upper(), name, _wifi_key(name, values["wifi_password"]))


def _wifi_key(name: bytes, password: str) -> bytes | None:
    if not password:
        return None
    if len(password) == 2 * KEY_BYTES and set(password) <= set(string.hexdigits):
        return bytes.fromhex(password)
    secret = password.encode("utf-8")
    if not LEAST_PASSWORD <= len(secret) <= MOST_PASSWORD:
        raise NetworkError("network.txt: wifi_password has 8 to 63 letters.")
    return hashlib.pbkdf2_hmac("sha1", secret, name, KEY_ROUNDS, KEY_BYTES)


def _public_key(line: str) -> str:
    """Type and Base64; what else the line has is left out, options and all."""
    kind, _, rest = line.partition(" ")
    encoded = rest.strip().partition(" ")[0]
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    begin = len(kind).to_bytes(4, "big") + kind.encode("utf-8")
    if kind not in KEY_TYPES or not blob.startswith(begin) or len(blob) == len(begin):
        raise NetworkError(
            "network.txt: ssh_key is no public key; that is the one line of a file ending in .pub."
        )
    return f"{kind} {encoded}"
