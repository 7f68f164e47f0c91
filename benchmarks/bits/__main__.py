"""The command: ``python -m benchmarks.bits --record FILE`` or ``--compare FILE``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import bpnet

from . import __doc__ as description
from .records import compare, environment, record

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Record or compare; 0 if all is as it was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bits", description=description)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--record", type=Path, metavar="FILE", help="write what training comes to")
    what.add_argument("--compare", type=Path, metavar="FILE", help="name what is no longer so")
    options = parser.parse_args(arguments)
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        parser.error("set OPENBLAS_NUM_THREADS=1: sums that threads share have other bits")
    if options.compare and not options.compare.is_file():
        parser.error(f"there is no record {options.compare}")
    here = environment()
    print(f"bpnet {bpnet.__version__} from {Path(bpnet.__file__).parent}")
    print(", ".join(f"{name} {_words(value)}" for name, value in here.items()))
    if options.record:
        return record(options.record, here)
    recorded = json.loads(options.compare.read_text(encoding="utf-8"))
    there = recorded["environment"]
    others = [name for name in {**there, **here} if there.get(name) != here.get(name)]
    if others:
        told = "; ".join(
            f"{name}: recorded {_words(there.get(name))}, here {_words(here.get(name))}"
            for name in others
        )
        parser.error(f"bits cannot be compared with {options.compare}: {told}")
    return compare(recorded["configurations"])


def _words(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


if __name__ == "__main__":
    sys.exit(main())
