"""Child processes, all with the same environment and number of threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from .peers import AbsentError

__all__ = ["Child", "ChildError", "all_threads", "call", "environment"]

ROOT = Path(__file__).resolve().parent.parent
# The first two choose other kernels than OpenBLAS would; the last compiles at each import.
_REMOVED = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "BPNET_BACKEND",
    "BPNET_DEVICE",
    "PYTHONDONTWRITEBYTECODE",
)
_COUNTS = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM")


class ChildError(RuntimeError):
    """A child failed; the message has its traceback."""


def all_threads() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def environment(threads: int) -> dict[str, str]:
    """The environment of each child: OpenBLAS's own choice of kernels, equal thread counts."""
    kept = {name: value for name, value in os.environ.items() if name not in _REMOVED}
    counts = {f"{library}_NUM_THREADS": str(threads) for library in _COUNTS}
    paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | counts | {"JAX_PLATFORMS": "cpu", "PYTHONPATH": os.pathsep.join(paths)}


class Child:
    """A worker process.

    Parameters
    ----------
    threads : int
    """

    def __init__(self, threads: int) -> None:
        self._log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - see close
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", str(threads)],
            env=environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            encoding="utf-8",
        )

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a module's function returns there; arguments and result as JSON has them.

        Raises
        ------
        AbsentError
            If it needs something that cannot be imported.
        ChildError
            If it failed.
        """
        request = [f"{function.__module__}:{function.__name__}", arguments]
        line = ""
        try:
            print(json.dumps(request), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            pass
        if not line:
            self._log.seek(0)
            tail = self._log.read()[-2000:].strip()
            raise ChildError(f"the child ended with code {self._process.wait()}: {tail}")
        answer = json.loads(line)
        if "absent" in answer:
            raise AbsentError(answer["absent"])
        if "error" in answer:
            raise ChildError(answer["error"])
        return answer["value"]

    def close(self) -> None:
        """End it at once: it has nothing to keep."""
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._log.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def call(threads: int, function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns in a child of its own."""
    with Child(threads) as child:
        return child.call(function, *arguments)
