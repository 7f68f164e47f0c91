"""The end of a process, and of what started it, that cannot end as programs do: others hang."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

__all__ = ["end_launcher_after", "end_process", "end_process_after", "tell"]

_LAUNCHERS = ("mpiexec", "mpirun", "orterun", "prterun")

# Run by a process of its own. What the launcher started goes first: it may then end by itself.
_END = """\
import os, signal, sys, time
from pathlib import Path
launcher, began, seconds = sys.argv[1:]
def stat(pid): return Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()
def there():
    try: return stat(launcher)[19] == began
    except OSError: return False
def end(pids, how):
    for pid in pids:
        try: os.kill(int(pid), how)
        except ProcessLookupError: pass
def children():
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if stat(path.name)[1] == launcher: yield path.name
        except OSError: pass
until = time.monotonic() + float(seconds)
while there() and time.monotonic() < until: time.sleep(0.1)
for how in (signal.SIGTERM, signal.SIGKILL):
    if there(): end(list(children()), how); time.sleep(1.0)
    if there(): end([launcher], how); time.sleep(0.5)
"""


def tell(message: str) -> None:
    """Print to standard error, and leave nothing in a buffer."""
    sys.stdout.flush()
    print(message, file=sys.stderr, flush=True)


def end_process() -> NoReturn:
    """End this process with status 1, at once, with nothing that Python does at its end."""
    os._exit(1)


def end_process_after(seconds: float) -> None:
    """The same after a time, even if a call keeps Python's global lock until then."""
    faulthandler.dump_traceback_later(seconds, file=open(os.devnull, "w"), exit=True)  # noqa: SIM115


def end_launcher_after(seconds: float) -> None:
    """End the mpiexec that started this process, if it is on this host and still there then.

    One that waits for a host that is gone would wait for ever.
    """
    found = _launcher()
    if found is not None:
        with contextlib.suppress(OSError):
            subprocess.Popen(
                [sys.executable, "-c", _END, *found, str(seconds)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )


def _launcher() -> tuple[str, str] | None:
    """Number of the nearest ancestor that is an mpiexec, and when it began."""
    pid = os.getppid()
    with contextlib.suppress(OSError, ValueError, IndexError):
        while pid > 1:
            name, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
            fields = rest.split()
            if name.partition("(")[2].startswith(_LAUNCHERS):
                return str(pid), fields[19]
            pid = int(fields[1])
    return None
