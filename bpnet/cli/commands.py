"""The program ``bpnet``: its commands, and how each way to end is told."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from .. import __version__
from .._lib.registry import check_name
from . import check, devices, evaluate, info, predict, reproduce, trace, train
from .errors import tell, usage
from .parser import Parser
from .ranks import ToldElsewhereError, told_once

__all__ = ["main"]

_COMMANDS = {
    "train": train,
    "predict": predict,
    "evaluate": evaluate,
    "trace": trace,
    "info": info,
    "check": check,
    "reproduce": reproduce,
    "devices": devices,
}

_EPILOG = """\
examples:
  bpnet train                                  handwritten digits, in seconds
  bpnet train --data iris.csv --target species
  bpnet predict runs/iris-1 new.csv > predictions.csv
  bpnet evaluate runs/iris-1 labelled.csv      how well does it do on other data?
  bpnet trace runs/iris-1 iris.csv --sample 7  what did backpropagation compute for it?
  bpnet info runs/iris-1                       what is it, and how was it trained?
  bpnet check                                  are the gradients right on this machine?
  bpnet reproduce                              are the curves of Nielsen's book those published?

exit codes: 0 well, 1 a run that failed, 2 wrong usage, 130 interrupted by Ctrl-C
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        The command and its flags; by default those of the process.

    Returns
    -------
    int
        0 well, 1 a run that failed, 2 wrong usage, 130 interrupted by Ctrl-C. An error is told in
        one or two lines on standard error; a traceback comes before them with ``--debug`` alone.

    Examples
    --------
    >>> from bpnet.cli import main
    >>> main(["--version"])
    bpnet ...
    0
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    with warnings.catch_warnings():
        warnings.filterwarnings("always", category=UserWarning)
        warnings.showwarning = _note  # type: ignore[assignment]  # told without its place
        try:
            code = _run(argv)
            sys.stdout.flush()
            return code
        except BrokenPipeError:  # who reads the output, ``head`` perhaps, has seen enough of it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0 if argv[0] in ("predict", "trace") else 1
        except ToldElsewhereError as error:
            return error.code
        except (KeyboardInterrupt, Exception) as error:
            return tell(error, "--debug" in argv)


def _run(argv: list[str]) -> int:
    parser = Parser(
        prog="bpnet",
        description="Backpropagation for fully connected networks on NumPy, CuPy, PyTorch and JAX.",
        epilog=_EPILOG,
    )
    parser.add_argument("-V", "--version", action="version", version=f"bpnet {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", required=True
    )
    for name, module in _COMMANDS.items():
        sub = commands.add_parser(name, help=module.SUMMARY, description=module.DESCRIPTION)
        module.add_arguments(sub)
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
    if not argv:
        parser.print_help(sys.stderr)
        return 2
    with told_once():
        if not argv[0].startswith("-"):
            with usage():
                check_name(argv[0], _COMMANDS, "command")
        try:
            options, unknown = parser.parse_known_args(argv)
        except SystemExit:  # --help and --version have printed
            return 0
        if unknown:
            commands.choices[options.command].refuse(unknown[0])
    code: int = _COMMANDS[options.command].run(options)
    return code


def _note(message: Warning | str, *_: Any) -> None:
    with contextlib.suppress(OSError):  # a full disk or a closed pipe end no training
        print(f"note: {message}", file=sys.stderr)
