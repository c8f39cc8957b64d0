"""Two radios in the kernel: the first is the box's, the second an access point of this script's."""

import subprocess
from pathlib import Path

from told import tell, wait_for

NAME, PASSWORD = 'Küche "7"', 'pass"word=1'
"""As test_network.py has them; what stands between the outer quotes counts."""
FOLDER = Path("/run/access-point")
SETTINGS = f"""\
ctrl_interface={FOLDER}
country=DE
network={{
	ssid="{NAME}"
	mode=2
	frequency=2412
	key_mgmt=WPA-PSK
	proto=RSN
	pairwise=CCMP
	psk="{PASSWORD}"
}}
"""


def stations():
    command = ["wpa_cli", "-p", FOLDER, "-i", "wlan1", "all_sta"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def address(interface):
    return Path("/sys/class/net", interface, "address").read_text().strip()


subprocess.run(["modprobe", "mac80211_hwsim", "radios=2"], check=True)
wait_for(Path("/sys/class/net/wlan1").exists)
FOLDER.mkdir()
settings = FOLDER / "settings"
settings.write_text(SETTINGS)
command = ["wpa_supplicant", "-B", "-D", "nl80211", "-i", "wlan1", "-c", settings]
subprocess.run(command, check=True)
wait_for(lambda: "[AUTHORIZED]" in stations(), 300)
tell(
    station=stations().splitlines()[0],
    box=address("wlan0"),
    state=Path("/sys/class/net/wlan0/operstate").read_text().strip(),
)
