"""MIDI files to damage, and the damage."""

import io
import random
import struct

import mido

METRES = ((4, 4), (3, 4), (6, 8), (7, 8), (12, 8), (5, 4))


def sound_file(rng):
    """The bytes of a sound MIDI file of drums: any type, division, metres, tempos and tracks."""
    tracks = []
    for number in range(rng.randrange(1, 4)):
        track = mido.MidiTrack()
        track.append(mido.MetaMessage("track_name", name=rng.choice(["", "Drums", "Bass", "é"])))
        if not number:
            for _ in range(rng.randrange(3)):
                numerator, denominator = rng.choice(METRES)
                track.append(
                    mido.MetaMessage(
                        "time_signature",
                        numerator=numerator,
                        denominator=denominator,
                        time=rng.choice([0, 480, 1920]),
                    )
                )
                tempo = rng.randrange(200_000, 1_000_000)
                track.append(mido.MetaMessage("set_tempo", tempo=tempo))
        channel = rng.choice([9, 9, 0, 3])
        for _ in range(rng.randrange(40)):
            note = rng.choice([36, 38, 42, 46, 45, 48, 50, 49, 51, 99])
            velocity, time = rng.randrange(128), rng.choice([0, 1, 80, 120, 160, 480])
            track.append(
                mido.Message("note_on", channel=channel, note=note, velocity=velocity, time=time)
            )
        tracks.append(track)
    stream = io.BytesIO()
    kind = rng.randrange(3) if len(tracks) > 1 else 0
    kind = kind or (1 if len(tracks) > 1 else 0)
    mido.MidiFile(type=kind, ticks_per_beat=rng.choice([24, 96, 480, 960]), tracks=tracks).save(
        file=stream
    )
    content = bytearray(stream.getvalue())
    if rng.random() < 0.2:
        content[12:14] = rng.choice([b"\xe7\x28", b"\xe2\x50", b"\xe8\x04", b"\xe3\x64"])
    return bytes(content)


def damaged(rng, content):
    """``content`` changed in one to twelve places: bytes, lengths, order, its end.

    Most changes spare the headers, and most files get the right length of their track back: a
    reader must not only refuse them for those.
    """
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 5, 8, 12])):
        if len(data) < 8:
            break
        place = rng.randrange(22 if len(data) > 22 and rng.random() < 0.8 else 0, len(data))
        match rng.randrange(8):
            case 0 | 1:
                data[place] = rng.randrange(rng.choice([128, 256]))
            case 2:
                data[place] ^= 1 << rng.randrange(8)
            case 3:
                del data[place : place + rng.randrange(1, 9)]
            case 4:
                data[place:place] = rng.randbytes(rng.randrange(1, 9))
            case 5:
                data[place:place] = data[place : place + rng.randrange(1, 200)]
            case 6:
                number = rng.choice([0, 1, 0x7F, 0x7FFFFFFF, 0xFFFFFFFF, rng.getrandbits(32)])
                data[place : place + 4] = struct.pack(">I", number)
            case _:
                # Meta events and long delta times where there were notes.
                data[place:place] = rng.choice(
                    [
                        b"\x00\xff\x58\x04\x07\x03\x18\x08",
                        b"\x00\xff\x58\x04\xff\x00\x18\x08",
                        b"\x00\xff\x51\x03\x00\x00\x01",
                        b"\xff\xff\xff\x7f",
                        b"\x00\xf0\x7f",
                        b"\x00\xff\x2f\x00",
                    ]
                )
    if rng.random() < 0.1:
        del data[rng.randrange(len(data)) :]
    if data.count(b"MTrk") == 1 and data[14:18] == b"MTrk" and rng.random() < 0.8:
        data[18:22] = struct.pack(">I", max(len(data) - 22, 0))
    return bytes(data)


def random_file(seed):
    rng = random.Random(seed)
    return damaged(rng, sound_file(rng))
