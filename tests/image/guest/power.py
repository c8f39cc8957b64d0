"""Listens until the music ends, which is when the power button is pressed."""

import signal
import time

from listen import Listener
from told import tell

SILENT_S = 3.0

signal.signal(signal.SIGTERM, signal.SIG_IGN)  # listens to the end, when all is told to end
listener = Listener()
listener.first_clock_s()
tell(played=True)
sounding, stopped, last_s = set(), False, time.monotonic()
while not stopped or time.monotonic() - last_s < SILENT_S / 3:
    for event in listener.client.receive().events:
        for message in event.messages:
            last_s = time.monotonic()
            stopped = stopped or message == b"\xfc"
            if message[0] & 0xF0 == 0x90 and message[2] > 0:
                sounding.add(message[1])
            elif message[0] & 0xF0 in (0x80, 0x90):
                sounding.discard(message[1])
    if time.monotonic() - last_s > SILENT_S:
        break
    time.sleep(0.01)
tell(stopped=stopped, notes_that_hang=sorted(sounding))
