"""A child process that calls functions on demand: ``python -m benchmarks.worker THREADS``.

Each line of its input names a function and has its arguments, each line of its output has what came
of it, both in JSON. What it imports, and how many threads that takes, is no other child's matter.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback

__all__ = ["main"]


def main(threads: int) -> None:
    """Answer until the input ends."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin:
        where, arguments = json.loads(line)
        module, _, name = where.partition(":")
        try:
            answer = {"value": getattr(importlib.import_module(module), name)(*arguments)}
        except ImportError as error:
            answer = {"absent": " ".join(str(error).split())}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
