"""The network that network.txt asks for. That there is none unasked is test_boot.py's."""

import shutil
import subprocess
import time

import pytest

from tests.image.machine import PATIENCE_S, STAYS_ON, told, words_for

pytestmark = pytest.mark.image

SETTINGS = """\
country = DE
wifi_name = Küche "7"
wifi_password = pass"word=1
ethernet = yes
ssh_key = {key}
"""
MDNS, MDNS_NAME = bytes([224, 0, 0, 251]), b"\x09groovebox\x05local"
SSH_S = 120
PART = "cd /run/test && PYTHONPATH=/usr/lib/groovebox/python:. python3 {}.py"


@pytest.fixture
def keys(tmp_path):
    """Secret keys: of one who may come in, and of one who may not."""
    if shutil.which("ssh") is None:
        pytest.skip("ssh is not installed (sh tests/system_packages.sh image)")
    found = tmp_path / "maker", tmp_path / "stranger"
    for key in found:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    return found


def ssh(machine, key, command, known):
    """A command on the box; ``known`` is where the box's own key is written."""
    options = ["StrictHostKeyChecking=no", f"UserKnownHostsFile={known}", "IdentitiesOnly=yes"]
    options += ["BatchMode=yes", "ConnectTimeout=30", "LogLevel=ERROR"]
    words = ["ssh", "-F", "none", "-p", str(machine.ssh_port), "-i", key]
    words += [word for option in options for word in ("-o", option)]
    return subprocess.run(
        [*words, "root@127.0.0.1", command],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def ssh_until_it_answers(machine, key, command, known):
    end_s = time.monotonic() + SSH_S
    while (done := ssh(machine, key, command, known)).returncode and time.monotonic() < end_s:
        time.sleep(1)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fingerprint(known):
    command = ["ssh-keygen", "-l", "-f", known]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1]


def test_wifi_ethernet_and_ssh(machine, scripts, keys, tmp_path):
    maker, stranger = keys
    known, known_anew = tmp_path / "known", tmp_path / "known_anew"
    text = SETTINGS.format(key=maker.with_suffix(".pub").read_text().strip())
    machine.card.put_on_boot("network.txt", text.encode("utf-8"))
    machine.card.put_on_boot("firmware/brcmfmac43436-sdio.bin", b"of a Zero 2 W")
    with machine.running(f"{words_for('radio')} {STAYS_ON}", scripts):
        machine.wait_for("TEST DONE", PATIENCE_S)
        radio = told(machine.lines)
        assert radio["station"] == radio["box"]
        assert radio["state"] == "up"

        ssh_until_it_answers(machine, maker, "true", known)
        heard = told(ssh(machine, maker, PART.format("plays"), known).stdout.splitlines())
        assert heard["clocks"] > 20
        assert heard["notes"] > 0
        there = told(ssh(machine, maker, PART.format("network"), known).stdout.splitlines())
        print(radio, heard, there)
        ports = ["raw6 58", "tcp 22", "tcp6 22", "udp 5353", "udp 68", "udp6 5353"]
        assert there["sockets"] == ports, "more than ICMPv6, ssh, mDNS and DHCP"
        assert "dbus-daemon" not in there["programs"]

        # No radio here needs it; what the kernel is told is its folder.
        place = "$(cat /sys/module/firmware_class/parameters/path)/brcm/brcmfmac43430b0-sdio.bin"
        assert ssh(machine, maker, f'cat "{place}"', known).stdout == "of a Zero 2 W"
        kernel = ssh(machine, maker, "dmesg", known).stdout
        assert "direct-loading firmware regulatory.db" in kernel
        assert "malformed or signature" not in kernel, "the countries' rules are not believed"

        refused = ssh(machine, stranger, "true", known)
        assert refused.returncode == 255
        # What is in brackets are all the ways in that there are.
        assert refused.stderr.strip().endswith("Permission denied (publickey).")

        first = fingerprint(known)
        log = ssh(machine, maker, "cat /data/groovebox/log.txt", known).stdout
        assert f"ssh is on: root@groovebox.local, key {first}." in log
        claims = [frame for frame in machine.frames_sent() if frame[30:34] == MDNS]
        assert any(MDNS_NAME in frame for frame in claims), "groovebox.local is not claimed"

        units = "groovebox-network.service groovebox-ssh.service"
        damage = f": >/data/network/ssh_host_key; systemctl restart --no-block {units}"
        ssh(machine, maker, damage, known)
        time.sleep(2)
        ssh_until_it_answers(machine, maker, "true", known_anew)
        assert fingerprint(known_anew) != first
