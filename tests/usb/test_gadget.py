"""The USB device as files, in a folder that stands for the kernel's."""

import pytest

from firmware.usb.gadget import INQUIRY, Gadget


@pytest.fixture
def kernel(tmp_path):
    """configfs and controllers, and the files that the kernel would make of its own."""
    (tmp_path / "config/usb_gadget").mkdir(parents=True)
    (tmp_path / "udc/dummy_udc.0").mkdir(parents=True)
    (tmp_path / "udc/dummy_udc.0/state").write_text("not attached\n")
    return tmp_path


@pytest.fixture
def gadget(kernel):
    gadget = Gadget("0123", kernel / "config", kernel / "udc")
    disk = kernel / "config/usb_gadget/groovebox/functions/mass_storage.usb0/lun.0"
    disk.mkdir(parents=True)  # the kernel makes it with its function
    return gadget


def test_it_is_made_before_any_computer_sees_it(gadget, kernel):
    gadget.make()
    folder = kernel / "config/usb_gadget/groovebox"
    assert not gadget.is_bound
    assert (folder / "strings/0x409/product").read_text() == "Groovebox"
    assert (folder / "functions/midi.usb0/in_ports").read_text() == "1"
    disk = folder / "functions/mass_storage.usb0/lun.0"
    assert (disk / "removable").read_text() == "1"
    assert (disk / "inquiry_string").read_text() == INQUIRY
    assert {link.name for link in (folder / "configs/c.1").iterdir() if link.is_symlink()} == {
        "midi.usb0",
        "mass_storage.usb0",
    }
    gadget.make()  # twice is as once
    gadget.bind()
    assert gadget.is_bound
    assert (folder / "UDC").read_text() == "dummy_udc.0"


def test_what_is_bound_already_is_left_as_it_is(gadget, kernel):
    gadget.make()
    gadget.bind()
    product = kernel / "config/usb_gadget/groovebox/strings/0x409/product"
    product.write_text("As it was")
    again = Gadget("other", kernel / "config", kernel / "udc")
    again.make()
    again.bind()
    assert product.read_text() == "As it was"


def test_a_computer_is_seen_by_the_controller_s_state(gadget, kernel):
    assert not gadget.is_attached
    gadget.make()
    gadget.bind()
    for state, attached in (
        ("configured", True),
        ("suspended", True),
        ("addressed", False),
        ("not attached", False),
    ):
        (kernel / "udc/dummy_udc.0/state").write_text(f"{state}\n")
        assert gadget.is_attached is attached


def test_the_volume_goes_in_and_out(gadget, tmp_path):
    gadget.make()
    assert not gadget.is_inserted
    gadget.insert(tmp_path / "drive.img")
    assert gadget.is_inserted
    gadget.withdraw()
    assert not gadget.is_inserted
    gadget.withdraw()


def test_a_computer_that_holds_on_loses_it_all_the_same(gadget, tmp_path, monkeypatch):
    gadget.make()
    gadget.insert(tmp_path / "drive.img")
    written = []

    def write(path, value):
        written.append((path.name, value))
        if path.name == "file":
            raise OSError(16, "Device or resource busy")

    monkeypatch.setattr("firmware.usb.gadget._write", write)
    gadget.withdraw()
    assert written == [("file", "\n"), ("forced_eject", "1")]


def test_a_board_without_a_device_port_says_so(kernel, gadget):
    (kernel / "udc/dummy_udc.0/state").unlink()
    (kernel / "udc/dummy_udc.0").rmdir()
    gadget.make()
    with pytest.raises(OSError, match="no USB device port"):
        gadget.bind()


def test_a_system_without_gadgets_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("firmware.usb.gadget.subprocess.run", lambda *_, **__: None)
    with pytest.raises(OSError, match="cannot be a USB device"):
        Gadget("0", tmp_path / "config", tmp_path / "udc").make()
