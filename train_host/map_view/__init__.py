"""The map in a browser, as several pages show it."""

from pathlib import Path

import hardware.virtual

__all__ = ["DRUMS_JS", "MAP_PLAYER_JS", "PATTERN_STRIP_JS"]

DRUMS_JS = Path(hardware.virtual.__file__).with_name("page") / "drums.js"
MAP_PLAYER_JS = Path(__file__).with_name("map_player.js")
PATTERN_STRIP_JS = Path(__file__).with_name("pattern_strip.js")
