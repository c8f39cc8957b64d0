"""In the virtual machine: a python-rtmidi client and an alsa-midi client exchange a note."""

import json
import os
import select
from pathlib import Path

import rtmidi
from alsa_midi import READ_PORT, WRITE_PORT, NoteOnEvent, SequencerClient

TIMEOUT_S = 5

other = SequencerClient("other")
entry = other.create_port("in", WRITE_PORT)
exit_port = other.create_port("out", READ_PORT)

sender = rtmidi.MidiOut(rtmidi.API_LINUX_ALSA)
sender.open_port(next(i for i, name in enumerate(sender.get_ports()) if "other:in" in name))
sender.send_message([0x90, 36, 100])
there = None
while there is None and select.select([other._fd], [], [], TIMEOUT_S)[0]:
    while other.event_input_pending(True):  # one read of the descriptor may bring several
        event = other.event_input()
        if isinstance(event, NoteOnEvent):
            there = [event.note, event.velocity]

receiver = rtmidi.MidiIn(rtmidi.API_LINUX_ALSA, name="receiver")
arrived, tell = os.pipe()
back: list[list[int]] = []


def keep(event: tuple[list[int], float], _: object) -> None:
    back.append(event[0])
    os.write(tell, b".")


receiver.set_callback(keep)
receiver.open_virtual_port("in")
other.subscribe_port(
    exit_port, next(p for p in other.list_ports(output=True) if p.client_name == "receiver")
)
other.event_output(NoteOnEvent(note=38, velocity=101, channel=0), port=exit_port)
other.drain_output()
select.select([arrived], [], [], TIMEOUT_S)

print(
    json.dumps(
        {
            "release": os.uname().release,
            "version": os.uname().version,
            "sequencer": Path("/dev/snd/seq").is_char_device(),
            "modules": [line.split()[0] for line in Path("/proc/modules").read_text().splitlines()],
            "there": there,
            "back": back,
        }
    )
)
