"""Damaged and hostile files, over a thousand, each made anew from a seed: what someone could copy
to the box, by accident or not.
"""

from __future__ import annotations

import io
import json
import os
import random
import socket
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from firmware.rhythm.model_file import METADATA_NAME, ModelInfo, without_info
from tests.models_table import MODELS
from tests.small_models import CELLS, small_model
from train_host.network import DecoderWeights
from train_host.tflite_writer import write_decoder

__all__ = ["corpus"]

Made = Callable[[Path], object]
SMALL = small_model()
FACTORY = (MODELS / "gqom" / "gqom.tflite").read_bytes()


def corpus(folder: Path) -> list[Path]:
    """Make them all in ``folder``."""
    files = []
    for number, (name, make) in enumerate(
        [
            *_flipped(),
            *_truncated(),
            *_huge(),
            *_shapes(),
            *_weights(),
            *_archives(),
            *_metadata(),
            *_others(),
        ]
    ):
        place = folder / f"{number:04}"
        place.mkdir()
        file = Path(os.fsdecode(os.path.join(os.fsencode(place), name)))  # noqa: PTH118
        make(file)
        files.append(file)
    return files


def _content(content: bytes) -> Made:
    return lambda file: file.write_bytes(content)


def _named(kind: str, contents: Iterator[bytes]) -> Iterator[tuple[bytes, Made]]:
    for number, content in enumerate(contents):
        yield f"{kind} {number}.tflite".encode(), _content(content)


def _flipped() -> Iterator[tuple[bytes, Made]]:
    def contents() -> Iterator[bytes]:
        for seed in range(520):
            rng = random.Random(seed)
            content = bytearray(SMALL if seed % 4 else FACTORY)
            # The tables are where damage tells; the weights are most of a file.
            end = len(content) if seed % 3 else 4000
            for _ in range(rng.choice((1, 1, 2, 8, 64))):
                content[rng.randrange(end)] ^= 1 << rng.randrange(8)
            yield bytes(content)

    return _named("flipped", contents())


def _truncated() -> Iterator[tuple[bytes, Made]]:
    def contents() -> Iterator[bytes]:
        rng = random.Random(1)
        for number in range(160):
            whole = SMALL if number % 3 else FACTORY
            yield whole[: rng.randrange(len(whole))]
        for cut in (0, 1, 4, 7, 8, 9, 16, 24, 100, 1000):
            yield SMALL[:cut]
            yield SMALL[: len(SMALL) - 1 - cut]
            yield SMALL[cut + 1 :]
            yield SMALL[:1000] + SMALL[1000 + cut + 1 :]

    return _named("truncated", contents())


def _huge() -> Iterator[tuple[bytes, Made]]:
    """Every number of the tables that may be a size, made huge, negative or zero."""

    def contents() -> Iterator[bytes]:
        flat = without_info(SMALL)
        sizes = {CELLS: "<i", 4: "<i", 2: "<i"}
        places = [
            place
            for size, form in sizes.items()
            for place in range(0, len(flat) - 4, 4)
            if flat[place : place + 4] == struct.pack(form, size)
        ]
        rng = random.Random(2)
        for place in rng.sample(places, min(len(places), 60)):
            for value in (2**31 - 1, -1, 1 << 20):
                content = bytearray(flat)
                content[place : place + 4] = struct.pack("<i", value)
                yield bytes(content)

    return _named("huge", contents())


def _model(inputs: int, hidden: int, cells: int, value: float = 0.0) -> bytes:
    first = np.full((inputs, hidden), value, np.float32), np.zeros(hidden, np.float32)
    head = np.zeros((hidden, cells), np.float32), np.full(cells, value, np.float32)
    return write_decoder(DecoderWeights(first, (head, head, head)))


def _shapes() -> Iterator[tuple[bytes, Made]]:
    shapes = [(inputs, 4, CELLS) for inputs in (1, 3, 64)]
    shapes += [(2, 4, cells) for cells in (1, 96, 863, 865, 4 * CELLS)]
    return _named("shape", (_model(*shape) for shape in shapes))


def _weights() -> Iterator[tuple[bytes, Made]]:
    values = (np.nan, np.inf, -np.inf, 3e38, -3e38)
    return _named("weights", (_model(2, hidden, CELLS, v) for v in values for hidden in (1, 4)))


def _archive(entries: list[tuple[str, bytes]], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    stream.write(without_info(SMALL))
    with zipfile.ZipFile(stream, "a", kind) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


def _archives() -> Iterator[tuple[bytes, Made]]:
    def contents() -> Iterator[bytes]:
        bomb = _archive([(METADATA_NAME, b" " * (200 << 20))])
        yield bomb
        # The same, saying that it is small: in the central directory, and in both places.
        size = struct.pack("<I", 200 << 20)
        yield bomb.replace(size, struct.pack("<I", 100))
        at = bomb.rindex(size)
        yield bomb[:at] + struct.pack("<I", 100) + bomb[at + 4 :]
        yield _archive([(f"{n}", b"") for n in range(40_000)])
        yield (
            _archive([(METADATA_NAME, b"{}")] * 1)[:-2] + b"\xff\xff"
        )  # a comment that is not there
        yield _archive([(f"../../{METADATA_NAME}", b"{}")])
        yield _archive([(METADATA_NAME, b"{}"), (METADATA_NAME, b'{"format": 99}')])
        for kind in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            yield _archive([(METADATA_NAME, b" " * (50 << 20))], kind)
        good = _archive([(METADATA_NAME, ModelInfo().to_json().encode())])
        start = len(without_info(SMALL))
        for seed in range(60):
            rng, content = random.Random(seed), bytearray(good)
            for _ in range(rng.choice((1, 3, 20))):
                content[rng.randrange(start, len(content))] = rng.randrange(256)
            yield bytes(content)

    return _named("archive", contents())


def _metadata() -> Iterator[tuple[bytes, Made]]:
    values = [
        None, True, -1, 0, 1e400, -1e400, float("nan"), 2**200, "", "x" * 100_000, "\x1b[2J\n\r\0",
        "\ud800", [], [[[[]]]], {}, {"z": 1}, [1, 2, 3], "ten",
    ]  # fmt: skip
    fields = ["format", "name", "ticks_per_beat", "microtiming_scale", "drums", "z_extent", "clips"]

    def contents() -> Iterator[bytes]:
        base = json.loads(ModelInfo().to_json())
        for field in fields:
            for value in values:
                yield _archive([(METADATA_NAME, json.dumps({**base, field: value}).encode())])
        for text in (b"", b"[" * 100_000, b"\xff\xfe", b'{"name": "a', b'{"a":' * 900, b"null"):
            yield _archive([(METADATA_NAME, text)])
        far = {**asdict(ModelInfo()), "clips": [{"name": "far", "z": [1e30, -1e30]}] * 5000}
        far.pop("drum_names"), far.pop("drum_notes")
        yield _archive([(METADATA_NAME, json.dumps(far).encode())])

    return _named("metadata", contents())


def _others() -> Iterator[tuple[bytes, Made]]:
    rng = random.Random(3)
    for number in range(25):
        noise = rng.randbytes(rng.choice((9, 100, 5000, 100_000)))
        yield f"noise {number}.tflite".encode(), _content(noise)
        yield f"marked {number}.tflite".encode(), _content(noise[:4] + b"TFL3" + noise[8:])
    yield b"large.tflite", _sparse(33 << 20)
    yield b"endless.tflite", _sparse(1 << 40)
    yield b"program.tflite", _content(Path("/bin/sh").read_bytes()[:100_000])
    yield b"text.tflite", _content(b"hello\n")
    yield b"folder.tflite", lambda file: file.mkdir()
    yield b"pipe.tflite", os.mkfifo
    yield b"socket.tflite", _socket
    yield b"absent.tflite", lambda file: None
    for number, target in enumerate(
        ("/dev/zero", "/dev/null", "/dev/tty", "/etc/passwd", "/proc/self/mem", "/proc/kmsg",
         "/nowhere", "link 7.tflite", "/", "/dev/full", "/proc/self/fd/0")
    ):  # fmt: skip
        yield f"link {number}.tflite".encode(), _link(target)
    names = [b"a" * 248 + b".tflite", b"new\nline.tflite", b"\x1b[2J.tflite", b"\xff\xfe.tflite",
             b" .tflite", b"...tflite", b"-o.tflite", b"--help.tflite", b"%s%n.tflite",
             "\u202egnp.tflite".encode(), b"'; rm -rf x;'.tflite", b"$(x).tflite", b"con.tflite",
             b"a" * 200, b"no suffix", b"x.TFLITE", b"\x01\x02.tflite", b"*.tflite"]  # fmt: skip
    for name in names:
        yield name, _content(SMALL[:-7])


def _sparse(size: int) -> Made:
    def make(file: Path) -> None:
        with file.open("wb") as stream:
            stream.write(SMALL)
            try:
                stream.truncate(size)
            except OSError:  # larger than this file system takes
                stream.truncate(34 << 20)

    return make


def _socket(file: Path) -> None:
    # Its address has little room for a path: made where it is.
    here = Path.cwd()
    os.chdir(file.parent)
    try:
        socket.socket(socket.AF_UNIX).bind(file.name)
    finally:
        os.chdir(here)


def _link(target: str) -> Made:
    return lambda file: file.symlink_to(target)
