"""The command line: ``bpnet train | predict | evaluate | trace | info | check | reproduce |
devices``."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, as `bpnet.cli.commands.main`, and end at Ctrl-C without a traceback.

    Parameters
    ----------
    argv : sequence of str, optional
        The command and its flags; by default those of the process.

    Returns
    -------
    int
        The exit code; 130 where Ctrl-C came while the program started, or again while it ended.

    Examples
    --------
    >>> main(["--version"])
    bpnet ...
    0
    """
    try:
        from .commands import main as run  # here, since it takes longest of all that is imported

        return run(argv)
    except KeyboardInterrupt:
        if argv is None:  # the process ends now
            with contextlib.suppress(ValueError):  # another thread's
                signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("bpnet: interrupted", file=sys.stderr)
        return 130
