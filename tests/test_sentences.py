"""What other programs leave is said once, in its order."""

from functools import partial

from firmware import sentences
from firmware.library.library import Library
from firmware.usb.process import Process


def test_sentences_come_in_order_and_once(tmp_path):
    folder = tmp_path / "sentences"
    assert sentences.collect(folder) == []
    for sentence in ("First.", "Zweiter: ü.", "Third.\n"):
        sentences.leave(sentence, folder)
    (folder / "half.new").write_text("not yet whole")
    assert sentences.collect(folder) == ["First.", "Zweiter: ü.", "Third."]
    assert sentences.collect(folder) == []


def test_the_process_beside_the_music_says_them(tmp_path, monkeypatch):
    monkeypatch.setattr(sentences, "collect", partial(sentences.collect, tmp_path))
    told = []
    process = Process(Library(tmp_path / "own"), told.append, None, {})
    sentences.leave("The network stays off.", tmp_path)
    process.step(0)
    process.step(1)
    assert told == [{"say": "The network stays off."}]
