"""The connections with other programs that the player made, over a restart: by names, in a file.

Client and port numbers change from start to start; names stay.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from firmware.atomic_file import write_atomically

__all__ = ["Connection", "load_connections", "save_connections"]

VERSION = 1


class Connection(NamedTuple):
    """From our port named ``port`` (``outgoing``), or to it, with another program's port."""

    port: str
    outgoing: bool
    other_client: str
    other_port: str


def load_connections(path: Path) -> set[Connection]:
    """What was saved. A file that cannot be read counts as none: the box always starts."""
    try:
        rows = json.loads(path.read_text("utf-8"))["connections"]
        return {
            Connection(
                str(row["port"]),
                row["direction"] == "out",
                str(row["client"]),
                str(row["client_port"]),
            )
            for row in rows
        }
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def save_connections(path: Path, connections: set[Connection]) -> None:
    """Write the file atomically. Raises OSError where it cannot be written."""
    rows = [
        {
            "port": connection.port,
            "direction": "out" if connection.outgoing else "in",
            "client": connection.other_client,
            "client_port": connection.other_port,
        }
        for connection in sorted(connections)
    ]
    text = json.dumps({"version": VERSION, "connections": rows}, indent=1) + "\n"
    write_atomically(path, text)
