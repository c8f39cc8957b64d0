"""What is started for what network.txt asks; the programs themselves are those of tests/image."""

import os
import stat
import sys
from types import SimpleNamespace

import pytest

from firmware.network import host_key as host_key_module
from firmware.network.__main__ import ADDRESSES, SSH, Places, bring_up
from firmware.network.host_key import host_key
from tests.network.test_settings import FILE, KEY, WIFI
from tests.usb.fat import volume_at

TOOL = """\
#!{python}
# A dropbearkey of few words.
import pathlib, secrets, sys
file = pathlib.Path(sys.argv[sys.argv.index("-f") + 1])
if "-y" not in sys.argv:
    file.write_bytes(b"key " + secrets.token_hex(16).encode())
elif len(content := file.read_bytes()) == 36 and content.startswith(b"key "):
    print("Public key portion is:")
    print(f"Fingerprint: SHA256:{{content[4:].decode()}}")
else:
    sys.exit(1)
"""


@pytest.fixture
def tool(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    path = folder / "dropbearkey"
    path.write_text(TOOL.format(python=sys.executable))
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return path


@pytest.fixture
def box(tmp_path, tool):
    """The boot partition, and what was said and called."""
    boot = volume_at(tmp_path / "boot", 8 << 20)
    boot.make()
    firmware_path = tmp_path / "firmware_path"
    firmware_path.write_text("")
    interfaces = tmp_path / "interfaces"
    places = Places(tmp_path / "run", tmp_path / "data/network/key", firmware_path, interfaces)
    made = SimpleNamespace(boot=boot, places=places, said=[], called=[])

    def call(*command):
        made.called.append(" ".join(command))
        if "brcmfmac" in command and made.has_radio:
            (interfaces / "wlan0/phy80211").mkdir(parents=True)
        if "groovebox-wifi" in command[-1]:
            (interfaces / "wlan0/operstate").write_text(f"{made.state}\n")

    def run(text=None):
        if text is not None:
            boot.write("network.txt", text.encode("utf-8"))
        made.said.clear()
        made.called.clear()
        bring_up(boot, made.said.append, call, places, radio_s=0.1, connect_s=0.1)

    made.run, made.has_radio, made.state = run, True, "up"
    return made


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "country = DE\n", "ethernet = no\n"])
def test_nothing_runs_unasked(box, text):
    box.run(text)
    assert not box.said
    assert not box.called
    assert not box.places.run.exists()
    assert not box.places.host_key.exists()


def test_ethernet_alone_has_no_ssh_and_no_radio(box):
    box.run("ethernet = yes")
    assert box.called == [
        "modprobe -a genet lan78xx smsc95xx virtio_net",
        f"systemctl start --no-block {' '.join(ADDRESSES)}",
    ]
    assert not box.places.host_key.exists()


def test_all_that_can_be_asked_for(box):
    box.run(FILE)
    assert box.called == [
        "modprobe -a genet lan78xx smsc95xx virtio_net",
        f"systemctl start --no-block {' '.join(ADDRESSES)}",
        f"systemctl start --no-block {SSH}",
        "modprobe -a brcmfmac",
        "systemctl start --no-block groovebox-wifi@wlan0.service",
    ]
    assert (box.places.run / "ssh/authorized_keys").read_text() == f"{KEY}\n"
    assert f"ssid={b'My Wi-Fi'.hex()}\n" in (box.places.run / "wpa_supplicant.conf").read_text()
    assert box.places.firmware_path.read_text() == "", "there is no firmware on the partition"
    key = box.places.host_key.read_bytes()[4:].decode()
    assert box.said == [f"ssh is on: root@groovebox.local, key SHA256:{key}."]


def test_a_name_in_capitals_is_the_same_file(box):
    box.boot.write("NETWORK.TXT", b"ethernet = yes")
    box.run()
    assert box.called


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"ethernet = perhaps", "The network stays off. network.txt: ethernet is yes or no."),
        (b"#" * (1 << 20), "The network stays off. network.txt is larger than 1 MB."),
    ],
)
def test_a_file_that_is_wrong_opens_nothing(box, content, said):
    box.boot.write("network.txt", content)
    box.run()
    assert box.said == [said]
    assert not box.called


def test_a_radio_that_does_not_start_is_told_of_and_the_rest_goes_on(box):
    box.has_radio = False
    box.run(FILE)
    assert box.said[1:] == ["There is no Wi-Fi: its radio does not start."]
    assert f"systemctl start --no-block {SSH}" in box.called
    assert not any("groovebox-wifi" in command for command in box.called)


def test_a_network_that_lets_nobody_in_is_told_of(box):
    box.state = "dormant"
    box.run(WIFI.format("12345678"))
    assert box.said == [
        "Wi-Fi does not connect: look at wifi_name and wifi_password, or go nearer."
    ]


def test_the_radio_s_own_firmware_is_brought(box):
    box.boot.write("firmware/brcmfmac43436-sdio.bin", b"bin")
    box.boot.write("firmware/brcmfmac43436-sdio.txt", b"txt")
    box.boot.write("firmware/README.txt", b"no firmware")
    box.boot.write("brcmfmac43455-sdio.bin", b"elsewhere")
    box.run(WIFI.format("12345678"))
    folder = box.places.run / "firmware"
    assert box.places.firmware_path.read_text() == str(folder)
    brought = {path.name: path.read_bytes() for path in (folder / "brcm").iterdir()}
    assert brought == {"brcmfmac43430b0-sdio.bin": b"bin", "brcmfmac43430b0-sdio.txt": b"txt"}


def test_firmware_that_is_none_is_told_of(box):
    box.boot.write("firmware/brcmfmac43436-sdio.bin", bytes(4 << 20))
    box.run(WIFI.format("12345678"))
    (sentence,) = box.said
    assert sentence.startswith("There is no Wi-Fi: its files cannot be used (firmware/brcmfmac")
    assert not any("groovebox-wifi" in command for command in box.called)


def test_a_key_that_cannot_be_kept_leaves_ssh_off(box):
    box.places.host_key.parent.parent.write_bytes(b"a file where a folder should be")
    box.run(FILE)
    (sentence,) = box.said
    assert sentence.startswith("There is no ssh: its key cannot be made (")
    assert f"systemctl start --no-block {SSH}" not in box.called
    assert "systemctl start --no-block groovebox-wifi@wlan0.service" in box.called


def test_a_key_is_made_once(tmp_path, tool):
    path = tmp_path / "data/key"
    first = host_key(path)
    assert first.startswith("SHA256:")
    assert host_key(path) == first
    assert [file.name for file in path.parent.iterdir()] == ["key"]


@pytest.mark.parametrize("left", [b"", b"key 0123", bytes(36)], ids=["empty", "cut", "zeros"])
def test_a_damaged_key_is_made_anew(tmp_path, tool, left):
    path = tmp_path / "key"
    first = host_key(path)
    path.write_bytes(left)
    second = host_key(path)
    assert second.startswith("SHA256:")
    assert second != first
    assert host_key(path) == second


def test_a_key_is_written_whole_or_not_at_all(tmp_path, tool, monkeypatch):
    """No half of a key is ever at its place: it comes there by a rename."""
    path = tmp_path / "key"

    def cut(target, content):
        raise OSError("the power goes")

    with monkeypatch.context() as cutting:
        cutting.setattr(host_key_module, "write_atomically", cut)
        with pytest.raises(OSError, match="power"):
            host_key(path)
    assert not path.exists()


def test_no_tool_is_an_error_and_no_crash(tmp_path):
    with pytest.raises(OSError, match="no-such-tool"):
        host_key(tmp_path / "key", "no-such-tool")


def test_what_is_secret_is_root_s_alone(box):
    before = os.umask(0o077)  # as main() has it
    try:
        box.run(FILE)
    finally:
        os.umask(before)
    for path in (box.places.run, box.places.run / "wpa_supplicant.conf", box.places.host_key):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
