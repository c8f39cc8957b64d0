"""The ``groovebox`` command: ``run``, ``render``, ``models`` and ``selftest``."""

from __future__ import annotations

import argparse
import contextlib
import math
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from firmware import service
from firmware.box import Box, BoxError
from firmware.clock.tempo import MAX_TEMPO, MIN_TEMPO
from firmware.engine.render import render
from firmware.engine.route import RouteSettings
from firmware.library import models_command
from firmware.library.library import Library
from firmware.library.log import Log
from firmware.library.models import read_model
from firmware.library.state import default_state_file
from firmware.midi.din_bridge import DIN_CLIENT
from firmware.midi.din_process import din_bridge
from firmware.midi.message import MidiOut
from firmware.midi.open_ports import open_ports
from firmware.midi.rtmidi_port import PortError
from firmware.midi.settings import MidiSettings, SettingsError, load_midi_settings
from firmware.rhythm.decoder import Decoder
from firmware.rhythm.model_file import ModelError
from firmware.selftest import command as selftest_command
from firmware.selftest.report import Result
from hardware.board import Board
from hardware.pin_map import OLED_SPEEDS_HZ, load_pin_map
from hardware.virtual.browser import open_page

__all__ = ["main"]

MANUAL = Path(__file__).parents[1] / "hardware/manual/README.md"


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
    _add_board(run)
    run.add_argument("--play", action="store_true", help="start the music at once")
    run.add_argument("--midi", type=Path, metavar="FILE", help="MIDI settings (TOML)")
    run.add_argument(
        "--drive",
        type=Path,
        metavar="FILE",
        help="be a USB device with MIDI and this file or partition as a drive (Linux, root)",
    )
    run.add_argument("--sticks", action="store_true", help="take models from USB sticks (root)")
    run.add_argument("--no-state", action="store_true", help="neither load nor save the controls")
    run.add_argument(
        "models", nargs="*", type=Path, help="model files and folders (default: the library)"
    )
    run.add_argument(
        "--library",
        type=Path,
        metavar="FOLDER",
        help=f"your models ({models_command.default_folder().as_posix()})",
    )

    models = commands.add_parser("models", help="the library: list, check, import, remove, export")
    models_command.add_arguments(models)

    test = commands.add_parser("selftest", help="test the board, chip by chip and knob by knob")
    _add_board(test)
    selftest_command.add_arguments(test)

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


def _add_board(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--board", choices=("virtual", "pi"), default="virtual")
    parser.add_argument("--open", action="store_true", help="open the front panel in a browser")
    parser.add_argument(
        "--no-page", action="store_true", help="the virtual board out of sight: MIDI alone"
    )
    parser.add_argument("--host", default="127.0.0.1", help="where the front panel listens")
    parser.add_argument("--port", type=int, default=8808, help="its port; 0 takes any free one")
    parser.add_argument(
        "--din", metavar="DEVICE", help="UART of the DIN sockets (default: the board's)"
    )
    parser.add_argument(
        "--display",
        choices=tuple(OLED_SPEEDS_HZ),
        help="the virtual board's display (default: board.toml's)",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "models":
            return models_command.run(options)
        if options.command == "render":
            return _render(options)
        return _self_test(options) if options.command == "selftest" else _run(options)
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
        device = _din_device(options, board)
        log = Log(default_state_file().with_name("log.txt"))
        log.write(f"Started: version {_version()}, Python {sys.version.split()[0]}.")
        if options.board == "pi" and selftest_command.held_at_start(board):
            _test_before_playing(board, log, device)
        if device:
            settings = midi.for_port(DIN_CLIENT) or RouteSettings()
            sync = board.pin_map.din_sync if options.board == "pi" else None
            closers.enter_context(din_bridge(device, settings, sync))
        models = options.models or Library(options.library or models_command.default_folder())
        box = Box(board, outputs, models, state_file, midi, notices, log.write)
        closers.callback(box.close)
        try:
            file = None if state_file is None else state_file.with_name("connections.json")
            ports = open_ports(box.receive, box.add_output, box.remove_output, file)
            # Entered last, but the music must end while there are ports to tell it to.
            closers.enter_context(ports)
            closers.callback(box.silence)
        except PortError as error:
            print(error)
            box.panel.say(str(error))
        # After the ports: loading what they need takes five times as long beside the music.
        box.start(options.play)
        if (options.drive or options.sticks) and isinstance(models, Library):
            box.connect_usb(_usb_arguments(options, models.folder))
        if url:
            print(f"The box plays at {url}  (Ctrl-C ends it)", flush=True)
            if options.open:
                open_page(url)
        service.watch(stop, lambda: box.engine_loop.turns)
    return 0


def _self_test(options: argparse.Namespace) -> int:
    with _board(options) as (board, _, url):
        if url:
            print(f"The board is at {url}  (Ctrl-C ends the test)", flush=True)
            if options.open:
                open_page(url)
        say = partial(print, flush=True)
        try:
            lines = selftest_command.self_test(
                board, say, options.only, _din_device(options, board)
            )
        except KeyboardInterrupt:
            return 130
    return int(any(line.result is Result.FAIL for line in lines))


def _test_before_playing(board: Board, log: Log, din: str | None) -> None:
    """The self-test of a box without a terminal: on the display, and in the log on the drive."""

    def tell(sentence: str) -> None:
        print(sentence, flush=True)
        log.write(sentence)
        service.notify(service.STARTING)

    selftest_command.self_test(board, tell, din=din)


def _din_device(options: argparse.Namespace, board: Board) -> str | None:
    """The UART of the DIN sockets, where there is one."""
    if options.din is None and options.board == "pi":
        return board.pin_map.din_midi.device
    return options.din


def _version() -> str:
    try:
        return version("groovebox")
    except PackageNotFoundError:  # run from a folder
        return "unknown"


def _usb_arguments(options: argparse.Namespace, library: Path) -> list[str]:
    state = default_state_file()
    arguments = [f"--library={library}", f"--state={state}", f"--log={state.with_name('log.txt')}"]
    if MANUAL.is_file():
        arguments.append(f"--manual={MANUAL}")
    if options.drive:
        arguments.append(f"--drive={options.drive}")
    if options.sticks:
        arguments.append(f"--sticks={library.with_name('stick')}")
    return arguments


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
    from hardware.virtual.virtual_board import VirtualBoard

    pin_map = load_pin_map()
    if options.display:
        pin_map = pin_map.with_display(options.display)
    with contextlib.closing(VirtualBoard(pin_map)) as virtual:
        if options.no_page:
            yield virtual, [], ""
            return
        from hardware.virtual.front_panel import FrontPanel
        from hardware.virtual.local_server import ServerError

        panel = FrontPanel(virtual, options.host, options.port)
        try:
            panel.start()
        except ServerError as error:
            raise BoxError(str(error)) from error
        with contextlib.closing(panel):
            yield virtual, [panel.midi], panel.url


if __name__ == "__main__":
    sys.exit(main())
