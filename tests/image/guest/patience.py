"""Gives the box's start more than its minute: a Pi needs a few seconds of it, this machine more."""

import subprocess
from pathlib import Path

drop_in = Path("/run/systemd/system/groovebox.service.d/patience.conf")
drop_in.parent.mkdir(parents=True)
drop_in.write_text("[Service]\nTimeoutStartSec=300\n")
subprocess.run(["systemctl", "daemon-reload"], check=True)
