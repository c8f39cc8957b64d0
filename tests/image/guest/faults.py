"""The box is killed, and hangs; how long until it plays again."""

import os
import signal
import time

from listen import BOX, Listener
from told import property_of, tell, wait_for


def until_it_plays_again(deed):
    pid = int(property_of(BOX, "MainPID"))
    began_s = time.monotonic()
    os.kill(pid, deed)
    wait_for(lambda: property_of(BOX, "MainPID") not in ("0", str(pid)))
    started_s = int(property_of(BOX, "ExecMainStartTimestampMonotonic")) / 1e6 - began_s
    wait_for(lambda: property_of(BOX, "ActiveState") == "active")
    playing_s = time.monotonic() - began_s
    listener = Listener()
    clocks, _ = listener.listen(3)
    listener.close()
    return {"started_s": started_s, "playing_s": playing_s, "clocks": len(clocks)}


tell(
    killed=until_it_plays_again(signal.SIGKILL),
    hung=until_it_plays_again(signal.SIGSTOP),
)
