"""The page of a training, over real sockets: whoever comes, and when, sees all of it."""

import contextlib
import json
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the training page needs the desk extra")
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from train_host import cli
from train_host.live_page import film as film_module
from train_host.live_page import session
from train_host.live_page.film import Film
from train_host.live_page.server import LivePage
from train_host.recipe import Recipe
from train_host.training import Training

NAMES = ("one", "two", "three")
EPOCHS = 120
WAIT_S = 10


@pytest.fixture
def training(three_loops):
    return Training(*three_loops, Recipe(EPOCHS))


@pytest.fixture
def film():
    return Film(NAMES, 24, 140)


@pytest.fixture
def page(film):
    page = LivePage("Three", film)
    page.start()
    with contextlib.closing(page):
        yield page


@pytest.fixture
def clips(tmp_path):
    path = tmp_path / "x.clips"
    path.write_text("style: X\ntempo: 120\n\nclip: a\nkick | X... X... X... X... |\n")
    return path


def opened(page, **settings):
    address = page.url.replace("http", "ws") + "training"
    origin = page.url.rstrip("/")
    return connect(address, origin=origin, compression=None, open_timeout=WAIT_S, **settings)


def heard(socket):
    """All that a page is told until the end: messages, each map's values behind its header."""
    messages = []
    while not messages or messages[-1]["type"] != "end":
        text = socket.recv(timeout=WAIT_S)
        messages.append(json.loads(text))
        if messages[-1]["type"] == "map":
            messages[-1]["values"] = socket.recv(timeout=WAIT_S)
    return messages


def of(messages, kind):
    return [message for message in messages if message["type"] == kind]


def train(training, page):
    for progress in training:
        page.look(training, EPOCHS - progress.epoch, 0)
    trained = training.now()
    page.finished(trained, [("trained in", "1 s")])
    return trained


def test_a_page_sees_every_epoch_and_the_map_forming_and_the_last(page, training):
    with opened(page) as socket, ThreadPoolExecutor() as pool:
        training_ends = pool.submit(train, training, page)
        messages = heard(socket)
        trained = training_ends.result()
    assert messages[0] == {"type": "hello", "name": "Three"}
    rows = [row for message in of(messages, "losses") for row in message["rows"]]
    assert [row[0] for row in rows] == list(range(1, trained.last.epoch + 1))
    assert rows[-1][6] == pytest.approx(trained.last.training.total, abs=1e-3)
    maps = of(messages, "map")
    assert len(maps) > 3
    assert maps[0]["epoch"] == 1
    assert maps[-1]["epoch"] == trained.last.epoch
    for (name, place), clip in zip(
        zip(NAMES, trained.z, strict=True), maps[-1]["header"]["clips"], strict=True
    ):
        assert clip["name"] == name
        assert clip["z"] == pytest.approx(place, abs=1e-3)
    assert messages[-1]["summary"] == [["trained in", "1 s"]]


def test_a_map_is_what_the_decoder_says(page, training):
    trained = train(training, page)
    with opened(page) as socket:
        last = of(heard(socket), "map")[-1]
    header = last["header"]
    side, cells = header["side"], header["cells"]
    values = np.frombuffer(last["values"], np.uint8).reshape(3, side, side, len(cells))
    corner = np.full((1, 2), header["extent"], np.float32)
    onset = trained.decoder.decode(corner)[0].reshape(-1)
    np.testing.assert_allclose(values[0, -1, -1] / 255, onset[cells], atol=0.003)
    assert not (np.delete(onset, cells) > 0.05).any()


def test_a_page_that_comes_late_or_comes_back_sees_all_from_the_first(page, training):
    with opened(page) as socket, ThreadPoolExecutor() as pool:
        pool.submit(train, training, page)
        first = heard(socket)
    with opened(page) as socket:
        again = heard(socket)
    for kind in ("map", "end"):
        assert of(first, kind) == of(again, kind)


def test_training_waits_for_no_page_that_does_not_read(page, training):
    with opened(page, close_timeout=0.1):
        train(training, page)


def test_a_strange_page_is_told_nothing(page):
    address = page.url.replace("http", "ws") + "training"
    with (
        pytest.raises(InvalidStatus),
        connect(address, origin="http://elsewhere.example") as socket,
    ):
        socket.recv(timeout=WAIT_S)


@pytest.mark.parametrize(
    ("path", "kind"),
    [("", "text/html"), ("live.js", "javascript"), ("map_player.js", "javascript"),
     ("drums.js", "javascript"), ("curves.js", "javascript"), ("icon.svg", "svg")],
)  # fmt: skip
def test_its_files_are_served(page, path, kind):
    with urllib.request.urlopen(page.url + path, timeout=WAIT_S) as answer:
        assert kind in answer.headers["content-type"]


def test_a_long_film_keeps_its_first_picture_its_last_and_its_size(film, training, monkeypatch):
    next(iter(training))
    trained = training.now()
    film.add(trained)
    size = len(film.since(0)[0].values)
    monkeypatch.setattr(film_module, "MOST_BYTES", 10 * size)
    for _ in range(40):
        film.add(trained)
        assert len(film.since(0)) <= 11
    numbers = [picture.number for picture in film.since(0)]
    assert numbers[0] == 1
    assert numbers[-1] == 41
    assert numbers == sorted(numbers)


def test_pictures_are_taken_often_at_first_and_each_second_later(film, training):
    taken = []
    for progress in training:
        now_ns = 0 if progress.epoch < 40 else progress.epoch * 200_000_000
        film.look(training, now_ns)
        if film._taken.full():
            taken.append(progress.epoch)
            film.add(film._taken.get_nowait())
        if progress.epoch == 54:
            break
    assert taken[:6] == [1, 2, 3, 4, 6, 8]
    assert all(b - a <= 0.3 * a + 1 for a, b in pairwise(taken))
    assert [epoch for epoch in taken if epoch >= 40] == [40, 45, 50]


def test_the_command_shows_its_training_and_its_end(clips, tmp_path, monkeypatch, capsys):
    seen = []

    def look(page, seconds):
        with opened(page) as socket:
            seen.extend(heard(socket))
        raise KeyboardInterrupt

    monkeypatch.setattr(LivePage, "wait_for_end", look)
    monkeypatch.setattr(session, "open_page", lambda url: False)
    model = tmp_path / "x.tflite"
    assert cli.main(["fit", str(clips), "-o", str(model), "--live", "--epochs", "40"]) == 0
    assert model.exists()
    out = capsys.readouterr().out
    assert "training is shown at http://127.0.0.1:" in out
    assert seen[0]["name"] == "X"
    assert dict(map(tuple, seen[-1]["summary"]))["clips the pad plays"].startswith("100%")


def test_without_a_web_server_live_says_what_to_install(clips, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert cli.main(["fit", str(clips), "-o", str(tmp_path / "x.tflite"), "--live"]) == 2
    assert "--live needs uvicorn: pip install 'groovebox[desk]'." in capsys.readouterr().err
