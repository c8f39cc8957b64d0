"""The model file: a TFLite decoder with ``groovebox.json`` in a ZIP appended to it.

TensorFlow Lite's own convention for associated files is a ZIP archive behind the flatbuffer:
runtimes read the flatbuffer from the front, archive readers the ZIP from the back, and each
ignores the other. A plain ``.tflite`` without metadata plays with the defaults.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from firmware.rhythm.drums import DRUM_COUNT, DRUMS
from firmware.rhythm.pattern import TICKS

__all__ = [
    "FORMAT",
    "MAX_BYTES",
    "METADATA_NAME",
    "ClipPlace",
    "ModelError",
    "ModelInfo",
    "read_info",
    "with_info",
    "without_info",
]

FORMAT = 1
METADATA_NAME = "groovebox.json"
MAX_BYTES = 32 << 20
"""Larger files are refused: the float32 reference network is 8.5 MB."""
MAX_METADATA_BYTES = 1 << 20
MOST_SHOWN = 64
"""Letters of a name."""


class ModelError(ValueError):
    """A file that is not a playable model; its text is one sentence for a musician."""


@dataclass(frozen=True)
class ClipPlace:
    """Where a training clip lies on the map: its name and z = (z1, z2)."""

    name: str
    z: tuple[float, float]


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says of itself.

    ``microtiming_scale`` is how many ticks a decoded microtiming of 1 means (1.0; R-VAE's code
    means 0.5). ``z_extent`` is the half-width of the latent plane. ``losses`` and ``quality`` are
    figures by name, ``provenance`` where the clips come from.
    """

    name: str = "untitled"
    ticks_per_beat: int = 24
    beats: float = 4.0
    microtiming_scale: float = 1.0
    drum_names: tuple[str, ...] = tuple(drum.key for drum in DRUMS)
    drum_notes: tuple[int, ...] = tuple(drum.note for drum in DRUMS)
    z_extent: float = 3.0
    tempo: float = 120.0
    """beats per minute the style is usually played at"""
    clips: tuple[ClipPlace, ...] = ()
    bars: int = 0
    epochs: int = 0
    losses: dict[str, float] = field(default_factory=dict)
    quality: dict[str, float] = field(default_factory=dict)
    licence: str = ""
    provenance: str = ""
    tool: str = ""
    date: str = ""

    def to_json(self) -> str:
        fields = asdict(self)
        drums = zip(fields.pop("drum_names"), fields.pop("drum_notes"), strict=True)
        fields["drums"] = [{"name": name, "note": note} for name, note in drums]
        return json.dumps({"format": FORMAT, **fields}, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> ModelInfo:
        """Read metadata; unknown keys are ignored, missing ones have their defaults.

        Raises ModelError where a value cannot be played.
        """
        try:
            raw = json.loads(text)
            if not isinstance(raw, dict):
                raise TypeError("not an object")
            return cls._from_dict(raw)
        except ModelError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ModelError(f"The model's metadata cannot be read ({_shown(error)}).") from error

    @classmethod
    def _from_dict(cls, raw: dict[str, Any]) -> ModelInfo:
        if int(raw.get("format", FORMAT)) > FORMAT:
            raise ModelError("The model was made for newer firmware: update the groovebox.")
        default = cls()
        drums = raw.get("drums")
        names, notes = default.drum_names, default.drum_notes
        if drums is not None:
            names = tuple(_shown(drum["name"]) for drum in drums)
            notes = tuple(int(drum["note"]) for drum in drums)
        info = cls(
            name=_shown(raw.get("name", default.name)) or default.name,
            ticks_per_beat=int(raw.get("ticks_per_beat", default.ticks_per_beat)),
            beats=float(raw.get("beats", TICKS / int(raw.get("ticks_per_beat", 24) or 24))),
            microtiming_scale=float(raw.get("microtiming_scale", default.microtiming_scale)),
            drum_names=names,
            drum_notes=notes,
            z_extent=float(raw.get("z_extent", default.z_extent)),
            tempo=float(raw.get("tempo", default.tempo)),
            clips=tuple(
                ClipPlace(_shown(clip["name"]), (float(clip["z"][0]), float(clip["z"][1])))
                for clip in raw.get("clips", ())
            ),
            bars=int(raw.get("bars", 0)),
            epochs=int(raw.get("epochs", 0)),
            losses={str(key): float(value) for key, value in raw.get("losses", {}).items()},
            quality={str(key): float(value) for key, value in raw.get("quality", {}).items()},
            licence=str(raw.get("licence", "")),
            provenance=str(raw.get("provenance", "")),
            tool=str(raw.get("tool", "")),
            date=str(raw.get("date", "")),
        )
        info.check()
        return info

    def check(self) -> None:
        """Raise ModelError where the box could not play what is written here."""
        if not 1 <= self.ticks_per_beat <= TICKS:
            raise ModelError(f"The model has {self.ticks_per_beat} ticks a beat, not 1 to {TICKS}.")
        if len(self.drum_notes) != DRUM_COUNT:
            raise ModelError(f"The model has {len(self.drum_notes)} drums, not {DRUM_COUNT}.")
        if not all(0 <= note <= 127 for note in self.drum_notes):
            raise ModelError("The model has a drum note outside 0 to 127.")
        numbers = (self.beats, self.microtiming_scale, self.z_extent, self.tempo)
        if not all(math.isfinite(number) and number > 0 for number in numbers):
            raise ModelError("The model's metadata hold a number that is not above zero.")
        if not all(math.isfinite(part) for clip in self.clips for part in clip.z):
            raise ModelError("The model's metadata have a clip at no place.")
        if self.microtiming_scale > 1.0:
            raise ModelError("The model's microtiming reaches past the neighbouring ticks.")


def _shown(text: object) -> str:
    """What may be shown of a text from a file: a line, and no more than is read at a glance."""
    return "".join(letter for letter in str(text) if letter.isprintable())[:MOST_SHOWN].strip()


def read_info(model: bytes | Path) -> ModelInfo | None:
    """The metadata of a model file, by its bytes or its path, or None where it has none.

    Of a path only the archive at the file's end is read.

    Raises ModelError where there are metadata that cannot be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(model) if isinstance(model, bytes) else model) as archive:
            if archive.getinfo(METADATA_NAME).file_size > MAX_METADATA_BYTES:
                raise ModelError("The model's metadata are too large.")
            text = archive.read(METADATA_NAME)
    except zipfile.BadZipFile:
        if _has_metadata_name(model):
            raise ModelError("The end of the model is missing: copy the file again.") from None
        return None
    except KeyError:
        return None
    except (OSError, ValueError, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"The model's metadata cannot be read ({_shown(error)}).") from error
    return ModelInfo.from_json(text)


def _has_metadata_name(model: bytes | Path) -> bool:
    """Whether an archive of ours stood at the end of a file that is none now."""
    try:
        with io.BytesIO(model) if isinstance(model, bytes) else model.open("rb") as file:
            file.seek(0, io.SEEK_END)
            file.seek(max(file.tell() - MAX_METADATA_BYTES, 0))
            return METADATA_NAME.encode() in file.read()
    except OSError:
        return False


def with_info(flatbuffer: bytes, info: ModelInfo) -> bytes:
    """``flatbuffer`` with ``info`` appended; the result is a model file.

    The archive's date is fixed, so that the same model gives the same bytes.
    """
    info.check()
    stream = io.BytesIO()
    stream.write(flatbuffer)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(METADATA_NAME, (1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, info.to_json())
    return stream.getvalue()


def without_info(model: bytes) -> bytes:
    """The flatbuffer alone of a model file; all of it where no archive is appended."""
    try:
        with zipfile.ZipFile(io.BytesIO(model)) as archive:
            return model[: min(entry.header_offset for entry in archive.infolist())]
    except (zipfile.BadZipFile, ValueError):
        return model
