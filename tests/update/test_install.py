"""An update is put in place whole or not at all, and only a signed one."""

import hashlib
import io
import random
import shutil
import subprocess
import tarfile

import pytest

from firmware.update.bundle import MANIFEST, Manifest, UpdateError, write_bundle
from firmware.update.install import COMMAND_LINE, Card, card_here, install
from firmware.update.slots import SECTOR, Slots
from firmware.usb.process import tell_of_trial
from firmware.usb.volume import Volume
from tests.update.keys import make_keys

ROOT_BYTES = 1 << 20
LINE = b"groovebox.slot=a groovebox.slot_at=00000000 quiet\n"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def card(tmp_path):
    if not (shutil.which("mcopy") and shutil.which("mkfs.fat", path="/usr/sbin:/sbin:/usr/bin")):
        pytest.skip("mtools and dosfstools are not installed")
    boot = tmp_path / "boot"
    volume = Volume(boot, 8 << 20)
    volume.make()
    volume.write("slot.txt", Slots("a").sector())
    volume.write("a/kernel.img", b"old kernel")
    sector = boot.read_bytes().index(Slots("a").sector()) // SECTOR
    roots = {slot: tmp_path / f"root-{slot}" for slot in "ab"}
    roots["a"].write_bytes(b"old root")
    roots["b"].write_bytes(b"\0" * ROOT_BYTES)
    return Card("a", roots, boot, sector, "12345")


@pytest.fixture
def files(tmp_path):
    content = {
        "root.squashfs": random.Random(1).randbytes(300_000),
        "boot/kernel.img": b"new kernel" * 1000,
        f"boot/{COMMAND_LINE}": LINE,
    }
    made = {}
    for name, data in content.items():
        made[name] = tmp_path / "files" / name
        made[name].parent.mkdir(parents=True, exist_ok=True)
        made[name].write_bytes(data)
    return made


@pytest.fixture
def bundle(tmp_path, files, keys):
    target = tmp_path / "groovebox.update"
    write_bundle(target, "2.0", files, keys[1], 1_000_000_000)
    return target


def untouched(card):
    return (
        Slots.parse(card.slots().sector()) == Slots("a")
        and card.roots["a"].read_bytes() == b"old root"
        and Volume(card.boot).read("a/kernel.img", 100) == b"old kernel"
    )


def test_an_update_is_in_the_other_slot_and_on_trial(card, bundle, keys, files):
    with bundle.open("rb") as stream:
        assert install(stream, card, keys[0], "1.0") == "2.0"
    assert card.slots() == Slots("b", trial="b")
    content = files["root.squashfs"].read_bytes()
    assert card.roots["b"].read_bytes()[: len(content)] == content
    volume = Volume(card.boot)
    assert volume.read("b/kernel.img", 1 << 20) == b"new kernel" * 1000
    line = volume.read(f"b/{COMMAND_LINE}", 1000)
    assert line == b"groovebox.slot=b groovebox.slot_at=12345 quiet\n"
    assert volume.read("a/kernel.img", 100) == b"old kernel"


def test_the_same_version_is_no_update(card, bundle, keys):
    with bundle.open("rb") as stream, pytest.raises(UpdateError, match=r"2\.0 is what the box"):
        install(stream, card, keys[0], "2.0")
    assert untouched(card)


def test_another_s_signature_is_refused_before_anything_is_written(card, bundle, tmp_path):
    (tmp_path / "other").mkdir()
    stranger, _ = make_keys(tmp_path / "other")
    with bundle.open("rb") as stream, pytest.raises(UpdateError, match="not signed by the maker"):
        install(stream, card, stranger)
    assert untouched(card)
    assert not card.roots["b"].read_bytes().strip(b"\0")


def test_a_bit_anywhere_is_found(card, bundle, keys, files):
    content = bundle.read_bytes()
    rng = random.Random(2)
    with tarfile.open(bundle) as archive:
        places = [(member.offset_data, member.size) for member in archive.getmembers()]
    signed = hashlib.sha256(files["root.squashfs"].read_bytes()).digest()
    refused = 0
    for at, size in places * 4:
        damaged = bytearray(content)
        damaged[at + rng.randrange(size)] ^= 1 << rng.randrange(8)
        try:
            install(io.BytesIO(damaged), card, keys[0])
        except UpdateError:
            assert card.slots() == Slots("a")
            refused += 1
            continue
        # Of the signature's file a comment line may be any.
        root = card.roots["b"].read_bytes()[: files["root.squashfs"].stat().st_size]
        assert hashlib.sha256(root).digest() == signed
        card.write(Slots("a"))
    assert refused > 3 * len(places)


def test_a_file_cut_short_anywhere_is_found(card, bundle, keys):
    content = bundle.read_bytes()
    rng = random.Random(3)
    end = content.rindex(LINE)
    for _ in range(40):
        with pytest.raises(UpdateError):
            install(io.BytesIO(content[: rng.randrange(end)]), card, keys[0])
        assert card.slots() == Slots("a")


@pytest.mark.parametrize("name", ["evil", "boot/../slot.txt", "/etc/passwd"])
def test_what_has_no_place_is_refused(card, keys, tmp_path, files, name):
    odd = tmp_path / "odd.update"
    path = tmp_path / "x"
    path.write_bytes(b"x")
    write_bundle(odd, "3", {"root.squashfs": files["root.squashfs"], name: path}, keys[1], 0)
    with odd.open("rb") as stream, pytest.raises(UpdateError):
        install(stream, card, keys[0])
    assert card.slots() == Slots("a")


def test_what_is_not_listed_is_refused(card, bundle, keys):
    with tarfile.open(bundle, "a") as archive:
        member = tarfile.TarInfo("boot/more")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    with bundle.open("rb") as stream, pytest.raises(UpdateError, match="not in the update's list"):
        install(stream, card, keys[0])
    assert card.slots() == Slots("a")


def test_a_root_that_is_too_large_is_refused(card, bundle, keys):
    card.roots["b"].write_bytes(b"\0" * 1000)
    with bundle.open("rb") as stream, pytest.raises(UpdateError, match="too large"):
        install(stream, card, keys[0])
    assert card.slots() == Slots("a")


@pytest.mark.parametrize("content", [b"", b"x" * 5000, b"\0" * 20_000])
def test_what_is_no_update_is_refused(card, keys, content):
    with pytest.raises(UpdateError, match="no update"):
        install(io.BytesIO(content), card, keys[0])
    assert untouched(card)


def test_two_bundles_of_the_same_are_the_same(tmp_path, files, keys):
    digests = set()
    for name in ("one", "two"):
        write_bundle(tmp_path / name, "2.0", files, keys[1], 1_000_000_000)
        digests.add(hashlib.sha256((tmp_path / name).read_bytes()).digest())
    assert len(digests) == 1


def test_a_computer_has_no_card(tmp_path):
    assert card_here(tmp_path / "start") is None
    (tmp_path / "start").write_text("PART=/dev/none\nSLOT=a\nSLOT_AT=\n")
    assert card_here(tmp_path / "start") is None


@pytest.mark.parametrize("text", [b"", b"{}", b'{"version": 1, "files": {"a": 3}}', b"[" * 10_000])
def test_a_list_that_is_none(text):
    with pytest.raises((UpdateError, RecursionError)):
        Manifest.from_json(text)
    assert MANIFEST.endswith(".json")


def test_the_key_is_not_a_secret(keys):
    assert b"secret" not in keys[0].read_bytes()
    assert subprocess.run(["test", "-s", keys[1]], check=False).returncode == 0


def test_an_update_that_did_not_come_up_is_told_of_once(card):
    said = []
    card.write(Slots("a", tried="b"))
    tell_of_trial(card, said.append)
    tell_of_trial(card, said.append)
    assert said == ["The update did not start well: the box is as it was before."]
    assert card.slots() == Slots("a")
    card.write(Slots("b", tried="a"))  # this one is on trial itself, and not confirmed yet
    tell_of_trial(card, said.append)
    assert len(said) == 1
    assert card.slots() == Slots("b", tried="a")
