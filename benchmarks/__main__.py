"""The command: ``python -m benchmarks [peers|overheads|memory|growth|streaming|all]``."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import bars, clock, figure, growth, machine, memory, overheads, report, rounds, streaming
from .cases import CASES, Case, named
from .children import ROOT, all_threads, call
from .peers import PEERS

RESULTS = ROOT / "benchmarks" / "results"


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; 0 if every peer computed the same."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.clock == "cpu" and options.threads > 1:
        parser.error("--clock cpu needs --threads 1: it counts the time that threads wait for work")
    os.environ[clock.VARIABLE] = options.clock
    about = call(options.threads, machine.facts, options.threads)
    print(machine.describe(about), end="\n\n")
    whole = not (options.quick or options.only or options.peers)
    folder = options.out or (RESULTS if whole else None)
    code = 0
    for what in list(_SUITES) if options.what == "all" else [options.what]:
        record, draw, code_here = _SUITES[what](options)
        code = max(code, code_here)
        if folder is not None:
            name = "cpu" if what == "peers" else what
            print(f"\nwrote {report.write(folder, name, {'machine': about, **record})}")
            draw(folder, about)
        print()
    return code


Drawing = Callable[[Path, dict[str, Any]], None]


def _peers(options: argparse.Namespace) -> tuple[dict[str, Any], Drawing, int]:
    cases = [case for pattern in options.only or [""] for case in _cases(pattern)]
    without = {}
    if options.quick:
        cases = [case.with_steps(min(case.steps, _QUICK_STEPS[case.net])) for case in cases]
        cases.sort(key=lambda case: case.optimizer, reverse=True)  # SGD first, as time may run out
        without = {"torch-compile": "takes minutes to compile, and this was to be quick"}
    found = rounds.run(
        cases,
        options.peers or list(PEERS),
        rounds=options.rounds or (2 if options.quick else 7),
        seconds=0.1 if options.quick else 1.0,
        threads=options.threads,
        without=without,
        limit=90.0 if options.quick else math.inf,
    )
    for case in cases:
        print(report.peers_table(case, found), end="\n\n")
    verdicts = bars.of_peers(found)
    print(report.bars_table(verdicts))
    record = {
        "cases": report.peers_record(cases, found),
        "bars": [bar.record() for bar in verdicts],
    }
    wrong = [one for one in found if one.skipped.startswith(("refused", "failed"))]
    return record, lambda folder, about: figure.peers(folder, cases, found, about), int(bool(wrong))


_QUICK_STEPS = {"tiny": 8, "small": 1000, "middle": 30, "large": 2}


def _cases(pattern: str) -> list[Case]:
    return named(pattern) if pattern else CASES


def _overheads(options: argparse.Namespace) -> tuple[dict[str, Any], Drawing, int]:
    return (*_told(overheads.run(options.threads, options.quick)), 0)


def _memory(options: argparse.Namespace) -> tuple[dict[str, Any], Drawing, int]:
    return (*_told(memory.run(options.threads, options.quick)), 0)


def _streaming(options: argparse.Namespace) -> tuple[dict[str, Any], Drawing, int]:
    return (*_told(streaming.run(options.threads, options.quick)), 0)


def _growth(options: argparse.Namespace) -> tuple[dict[str, Any], Drawing, int]:
    record, verdicts = growth.run(options.threads, options.quick)
    record, _ = _told((record, verdicts))
    return record, lambda folder, about: figure.growth(folder, record, about), 0


def _told(found: tuple[dict[str, Any], list[bars.Bar]]) -> tuple[dict[str, Any], Drawing]:
    """Print what a suite found; its record with the bars, and nothing to draw."""
    record, verdicts = found
    print(record.pop("table"), end="\n\n")
    print(report.bars_table(verdicts))
    return record | {"bars": [bar.record() for bar in verdicts]}, lambda folder, about: None


_SUITES: dict[str, Callable[[argparse.Namespace], tuple[dict[str, Any], Drawing, int]]] = {
    "peers": _peers,
    "overheads": _overheads,
    "memory": _memory,
    "growth": _growth,
    "streaming": _streaming,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure bpnet beside its peers on this machine's CPU. Whole runs go to "
        "benchmarks/results, partial ones nowhere unless --out says where.",
    )
    parser.add_argument(
        "what", nargs="?", default="peers", choices=[*_SUITES, "all"], help="by default peers"
    )
    parser.add_argument("--quick", action="store_true", help="a first impression, in two minutes")
    parser.add_argument(
        "--only", action="append", metavar="CASE", help="such as middle, adam or small-sgd"
    )
    parser.add_argument(
        "--peers", nargs="+", choices=list(PEERS), metavar="PEER", help=f"of {', '.join(PEERS)}"
    )
    parser.add_argument("--rounds", type=_positive, help="by default 7, with --quick 3")
    parser.add_argument(
        "--threads", type=_threads, default=all_threads(), help="of each child: a number, or all"
    )
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="wall time, or with one thread processor time, where others use the machine too",
    )
    parser.add_argument("--out", type=Path, help="folder for JSON and figures")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a positive number, not {text!r}")
    return int(text)


def _threads(text: str) -> int:
    return all_threads() if text == "all" else min(_positive(text), all_threads())


if __name__ == "__main__":
    sys.exit(main())
