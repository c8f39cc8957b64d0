"""The ``groovebox`` command: ``run``, ``render`` and ``models``."""

from __future__ import annotations

import argparse
import contextlib
import math
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from firmware.box import Box, BoxError
from firmware.clock.tempo import MAX_TEMPO, MIN_TEMPO
from firmware.engine.render import render
from firmware.engine.route import RouteSettings
from firmware.library import models_command
from firmware.library.models import factory_folder, read_model
from firmware.library.state import default_state_file
from firmware.midi.din_bridge import DIN_CLIENT
from firmware.midi.din_process import din_bridge
from firmware.midi.message import MidiOut
from firmware.midi.open_ports import open_ports
from firmware.midi.rtmidi_port import PortError
from firmware.midi.settings import MidiSettings, SettingsError, load_midi_settings
from firmware.rhythm.decoder import Decoder
from firmware.rhythm.model_file import ModelError
from hardware.board import Board
from hardware.pin_map import OLED_SPEEDS_HZ, load_pin_map
from hardware.virtual.browser import open_page

__all__ = ["main"]


def _number(low: float, high: float):  # type: ignore[no-untyped-def]
    def parse(text: str) -> float:
        value = float(text)
        if not (math.isfinite(value) and low <= value <= high):
            raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
        return value

    parse.__name__ = "number"
    return parse


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="groovebox", description="Play maps of rhythms.")
    commands = parser.add_subparsers(dest="command", required=True)

    run = commands.add_parser("run", help="play the box")
    run.add_argument("--board", choices=("virtual", "pi"), default="virtual")
    run.add_argument("--play", action="store_true", help="start the music at once")
    run.add_argument("--open", action="store_true", help="open the front panel in a browser")
    run.add_argument("--host", default="127.0.0.1", help="where the front panel listens")
    run.add_argument("--port", type=int, default=8808, help="its port; 0 takes any free one")
    run.add_argument("--midi", type=Path, metavar="FILE", help="MIDI settings (TOML)")
    run.add_argument(
        "--din", metavar="DEVICE", help="UART of the DIN sockets (default: the board's)"
    )
    run.add_argument("--no-state", action="store_true", help="neither load nor save the controls")
    run.add_argument(
        "--display",
        choices=tuple(OLED_SPEEDS_HZ),
        help="the virtual board's display (default: board.toml's)",
    )
    run.add_argument(
        "models", nargs="*", type=Path, help="model files and folders (default: the factory's)"
    )

    models = commands.add_parser("models", help="the library: list, check, import, remove, export")
    models_command.add_arguments(models)

    draw = commands.add_parser("render", help="write what the box would play as a MIDI file")
    draw.add_argument("model", type=Path)
    draw.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.mid")
    draw.add_argument(
        "--z",
        nargs=2,
        type=float,
        default=(0.0, 0.0),
        metavar=("Z1", "Z2"),
        help="point of the map",
    )
    draw.add_argument("--threshold", type=_number(0.02, 0.98), default=0.3)
    draw.add_argument("--bars", type=int, default=4)
    draw.add_argument(
        "--bpm", type=_number(MIN_TEMPO / 100, MAX_TEMPO / 100), help="default: the model's"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "models":
            return models_command.run(options)
        return _render(options) if options.command == "render" else _run(options)
    except (ModelError, BoxError, OSError, ValueError) as error:
        print(f"groovebox: {error}", file=sys.stderr)
        return 2


def _render(options: argparse.Namespace) -> int:
    decoder = Decoder(read_model(options.model))
    bpm = options.bpm or decoder.info.tempo
    z = (options.z[0], options.z[1])
    song = render(decoder, z, options.threshold, options.bars, round(bpm * 100))
    song.save(options.output)
    notes = sum(message.type == "note_on" for message in song.tracks[0])
    print(f"{options.output}: {options.bars} bars of {decoder.info.name}, {notes} notes")
    return 0


def _run(options: argparse.Namespace) -> int:
    stop = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop.set())
    state_file = None if options.no_state else default_state_file()
    notices: list[str] = []
    midi = _midi_settings(options, notices)
    with _board(options) as (board, outputs, url), contextlib.ExitStack() as closers:
        device = options.din
        if device is None and options.board == "pi":
            device = board.pin_map.din_midi.device
        if device:
            settings = midi.for_port(DIN_CLIENT) or RouteSettings()
            closers.enter_context(din_bridge(device, settings))
        models = options.models or [factory_folder()]
        box = Box(board, outputs, models, state_file, midi, notices)
        closers.callback(box.close)
        box.start(options.play)
        try:
            file = None if state_file is None else state_file.with_name("connections.json")
            ports = open_ports(box.receive, box.add_output, box.remove_output, file)
            # Entered last, but the music must end while there are ports to tell it to.
            closers.enter_context(ports)
            closers.callback(box.silence)
        except PortError as error:
            print(error)
            box.panel.say(str(error))
        if url:
            print(f"The box plays at {url}  (Ctrl-C ends it)", flush=True)
            if options.open:
                open_page(url)
        stop.wait()
    return 0


def _midi_settings(options: argparse.Namespace, notices: list[str]) -> MidiSettings:
    """The settings the player wrote; a file that is wrong is told, and the box plays without."""
    path = options.midi or default_state_file().with_name("midi.toml")
    try:
        return load_midi_settings(path)
    except SettingsError as error:
        if options.midi:
            raise
        print(error)
        notices.append(str(error))
        return MidiSettings()


@contextlib.contextmanager
def _board(options: argparse.Namespace) -> Iterator[tuple[Board, list[MidiOut], str]]:
    """The board, the outputs it has by itself, and its page's address or ''."""
    if options.board == "pi":
        from hardware.pi import PiBoard

        with contextlib.closing(PiBoard()) as board:
            yield board, [], ""
        return
    from hardware.virtual.front_panel import FrontPanel
    from hardware.virtual.local_server import ServerError
    from hardware.virtual.virtual_board import VirtualBoard

    pin_map = load_pin_map()
    if options.display:
        pin_map = pin_map.with_display(options.display)
    with contextlib.closing(VirtualBoard(pin_map)) as virtual:
        panel = FrontPanel(virtual, options.host, options.port)
        try:
            panel.start()
        except ServerError as error:
            raise BoxError(str(error)) from error
        with contextlib.closing(panel):
            yield virtual, [panel.midi], panel.url


if __name__ == "__main__":
    sys.exit(main())
