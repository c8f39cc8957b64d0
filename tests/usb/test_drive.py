"""Files on the drive become models of the box, and the box's models files on the drive."""

import pytest

from firmware.library.library import Library
from firmware.rhythm.model_file import ModelError
from firmware.usb.drive import REPORT, Drive
from tests.small_models import small_model
from tests.usb.fat import SIZE, volume_at


def check(content):
    if content[4:8] != b"TFL3":
        raise ModelError("This is not a TFLite model file.")


@pytest.fixture(scope="module")
def contents():
    return {name: small_model(name) for name in ("Alpha", "Beta", "Gamma", "House")}


@pytest.fixture
def library(tmp_path, contents):
    (tmp_path / "factory").mkdir()
    (tmp_path / "factory" / "house.tflite").write_bytes(contents["House"])
    return Library(tmp_path / "own", tmp_path / "factory", check)


@pytest.fixture
def volume(tmp_path):
    volume = volume_at(tmp_path / "drive.img")
    volume.make()
    return volume


@pytest.fixture
def drive(volume, library):
    drive = Drive(volume, library, {"LOG.txt": lambda: b"a line\r\n"})
    turn(drive)
    return drive


def turn(drive):
    verdicts = list(drive.take_in())
    drive.put_out()
    return verdicts


def names(library):
    return [model.name for model in library.models()]


def report(volume):
    return volume.read(REPORT, 10_000).decode("utf-8").split("\r\n")


def test_at_first_it_has_the_box_s_models_and_papers(drive, volume):
    assert set(volume.files()) == {
        "README.txt",
        "LOG.txt",
        "REPORT.txt",
        "models/factory/house.tflite",
    }
    assert "There was nothing new." in report(volume)
    assert b"\r\n" in volume.read("README.txt", 10_000)


def test_a_good_model_is_on_the_box_and_in_the_models_folder(drive, volume, library, contents):
    volume.write("mystyle.tflite", contents["Alpha"])
    (verdict,) = turn(drive)
    assert (verdict.key, verdict.new) == ("mystyle.tflite", True)
    assert names(library) == ["Alpha", "House"]
    assert "mystyle.tflite" not in volume.files()
    assert volume.read("models/mystyle.tflite", 1 << 20) == contents["Alpha"]
    assert "mystyle.tflite: Alpha is in the library." in report(volume)
    assert turn(drive) == []
    assert "There was nothing new." in report(volume)


def test_refused_files_stay_and_are_said_once(drive, volume, library, contents):
    volume.write("bad.tflite", b"junk" * 1000)
    volume.write("good.tflite", contents["Alpha"])
    assert [(v.file, v.refused) for v in turn(drive)] == [
        ("bad.tflite", True),
        ("good.tflite", False),
    ]
    assert "bad.tflite" in volume.files()
    said = "bad.tflite: This is not a TFLite model file."
    assert said in report(volume)
    assert turn(drive) == []
    assert said in report(volume), "as long as it is there"
    volume.write("bad.tflite", b"other" * 1000)
    assert [v.file for v in turn(drive)] == ["bad.tflite"]


def test_the_same_content_is_said_to_be_there(drive, volume, library, contents):
    volume.write("copy of house.tflite", contents["House"])
    (verdict,) = turn(drive)
    assert not verdict.new
    assert verdict.sentence == "House is in the library already."
    assert names(library) == ["House"]
    assert "copy of house.tflite" not in volume.files()


@pytest.mark.parametrize(
    "name",
    [
        "._mystyle.tflite",
        ".Trashes/501/x.tflite",
        ".Trash-1000/files/x.tflite",
        "System Volume Information/x.tflite",
        "$RECYCLE.BIN/x.tflite",
        "__MACOSX/x.tflite",
        "notes.txt",
        "photo.jpg",
    ],
)
def test_litter_is_passed_over_and_left_alone(drive, volume, library, contents, name):
    volume.write(name, contents["Alpha"])
    assert turn(drive) == []
    assert name in volume.files()
    assert names(library) == ["House"]


def test_r_vae_s_own_format_gets_an_answer_and_other_json_none(drive, volume):
    volume.write("package/model.json", b'{"modelTopology": {}, "weightsManifest": []}')
    volume.write("other/model.json", b'{"wheels": 4}')
    (verdict,) = turn(drive)
    assert verdict.file == "package/model.json"
    assert "convert it on your computer with groovebox-train convert" in verdict.sentence


def test_a_model_taken_away_on_the_drive_comes_back(drive, volume, library, contents):
    library.import_model(contents["Alpha"], "a.tflite")
    turn(drive)
    volume.remove("models/a.tflite")
    assert turn(drive) == []
    assert "models/a.tflite" in volume.files()


def test_a_model_removed_on_the_box_does_not(drive, volume, library, contents):
    volume.write("a.tflite", contents["Alpha"])
    turn(drive)
    again = Drive(volume, library)  # the box was switched off meanwhile
    library.remove(library.models()[0])
    assert turn(again) == []
    assert names(library) == ["House"]
    assert "models/a.tflite" not in volume.files()
    volume.write("models/a.tflite", contents["Alpha"])  # the player wants it back
    assert [v.new for v in turn(again)] == [True]
    assert names(library) == ["Alpha", "House"]


def test_another_content_in_the_models_folder_loses_neither(drive, volume, library, contents):
    library.import_model(contents["Alpha"], "a.tflite")
    turn(drive)
    volume.write("models/a.tflite", contents["Beta"])
    assert [v.sentence for v in turn(drive)] == ["Beta is in the library."]
    assert names(library) == ["Alpha", "Beta", "House"]
    assert volume.read("models/a.tflite", 1 << 20) == contents["Alpha"]
    assert volume.read("models/a 2.tflite", 1 << 20) == contents["Beta"]


def test_peeking_writes_nothing_and_tells_good_ones_first(drive, volume, library, contents):
    volume.write("good.tflite", contents["Alpha"])
    volume.write("half.tflite", b"not all there yet")
    before = volume.path.read_bytes()
    assert [v.file for v in drive.peek(sure=False)] == ["good.tflite"]
    assert list(drive.peek(sure=False)) == []
    assert [v.file for v in drive.peek(sure=True)] == ["half.tflite"]
    assert list(drive.peek(sure=True)) == []
    assert volume.path.read_bytes() == before
    assert "Alpha" in names(library)


def test_a_volume_that_cannot_be_mended_is_made_anew(drive, volume, library, contents):
    library.import_model(contents["Alpha"], "a.tflite")
    turn(drive)
    volume.path.write_bytes(bytes(SIZE))
    assert turn(drive) == []
    assert volume.read("models/a.tflite", 1 << 20) == contents["Alpha"]
    assert names(library) == ["Alpha", "House"]


def test_a_library_that_is_full_is_told_and_tried_again(drive, volume, contents, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    volume.write("a.tflite", contents["Alpha"])
    with monkeypatch.context() as patch:
        patch.setattr("firmware.library.library.write_atomically", full)
        (verdict,) = turn(drive)
    assert verdict.sentence == "a.tflite cannot be kept (No space left on device)."
    assert "a.tflite" in volume.files()
    assert [v.new for v in turn(drive)] == [True]


def test_a_full_drive_leaves_models_out_and_says_so(tmp_path, library, contents):
    volume = volume_at(tmp_path / "small.img", 1 << 20)
    volume.make()
    drive = Drive(volume, library)
    drive_room = 1 << 20
    for number in range(2 * drive_room // len(contents["Alpha"])):
        library.import_model(contents["Alpha"] + bytes(number + 1), f"{number}.tflite")
    turn(drive)
    assert volume.repair()
    assert 0 < sum(name.startswith("models/") for name in volume.files()) < len(library.models())
    assert REPORT not in volume.files() or "the drive is full" in " ".join(report(volume))


def test_what_was_removed_on_the_box_comes_again_when_it_is_copied_again(
    drive, volume, library, contents
):
    for _ in range(2):
        volume.write("a.tflite", contents["Alpha"])
        assert [v.new for v in turn(drive)] == [True]
        assert names(library) == ["Alpha", "House"]
        library.remove(library.models()[0])


def test_what_was_removed_on_the_box_while_a_computer_has_the_drive_stays_on_the_drive(
    drive, volume, library, contents
):
    volume.write("a.tflite", contents["Alpha"])
    assert [v.new for v in drive.peek(sure=False)] == [True]
    library.remove(library.models()[0])
    assert turn(drive) == []
    assert names(library) == ["House"]
    assert "a.tflite" in volume.files()


def test_an_update_on_the_drive_is_taken_and_a_bad_one_stays(volume, library):
    came = []

    def update(stream):
        content = stream.read()
        if not content.startswith(b"good"):
            raise ValueError("This is no update.")
        came.append(content)
        return "2.0"

    large = b"good" + bytes(700_000)
    drive = Drive(volume, library, update=update)
    turn(drive)
    volume.write("groovebox-2.update", large)
    volume.write("bad.update", b"bad" * 1000)
    volume.write("._groovebox-2.update", b"litter")
    sentences = {verdict.file: verdict.sentence for verdict in turn(drive)}
    assert sentences == {
        "groovebox-2.update": "Version 2.0 starts when the box is next switched on.",
        "bad.update": "This is no update.",
    }
    assert came == [large]
    assert "groovebox-2.update" not in volume.files()
    assert "bad.update" in volume.files()
    assert "bad.update: This is no update." in report(volume)
    assert turn(Drive(volume, library)) == [], "on a computer nothing is done with it"
