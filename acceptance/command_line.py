"""Accept bpnet on a machine with a CUDA GPU: test, train, compare and time it by one command."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import re
import sys
from pathlib import Path

import bpnet

from .machine import cuda_targets, device_facts, why_none
from .plan import Plan, Target
from .processes import ROOT
from .runner import run_sections
from .sections import SECTIONS

__all__ = ["default_out", "main"]

LIBRARIES = ("cupy", "torch", "jax")


def main(argv: list[str] | None = None) -> int:
    """Run what the command line asks for.

    Returns
    -------
    int
        0 if all is well, 1 if a check failed, 2 if there is no CUDA GPU.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mnist", type=Path, metavar="DIR", help="folder of the four IDX files")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="JSON file; by default benchmarks/results/gpu-DEVICE-DATE.json, for a stand-in none",
    )
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument(
        "--libraries", nargs="+", choices=LIBRARIES, default=LIBRARIES, help="by default all"
    )
    parser.add_argument(
        "--test-seconds", type=float, metavar="S", default=420, help="how long the tests may take"
    )
    parser.add_argument(
        "--dry-run-cpu",
        action="store_true",
        help="let NumPy and PyTorch on the CPU stand in for CUDA, with little of everything",
    )
    given = parser.parse_args(argv)
    if given.dry_run_cpu:
        usable = {one.name for one in bpnet.available_backends() if one.usable}
        targets = [(name, "cpu") for name in ("numpy", "torch") if name in usable]
    else:
        targets = [one for one in cuda_targets() if one[0] in given.libraries]
        if not targets:
            print(why_none(), file=sys.stderr)
            return 2
    plan = Plan(targets, given.mnist, given.dry_run_cpu, given.test_seconds)
    out = given.out
    if out is None and not given.dry_run_cpu:
        out = default_out(targets)
    return 0 if run_sections(plan, given.sections, out) else 1


def default_out(targets: list[Target]) -> Path:
    """A JSON file among the benchmarks' results, named after the device and the day."""
    name = "unknown"
    with contextlib.suppress(Exception):  # a section will tell of it
        name = re.sub(r"[^a-z0-9]+", "-", device_facts(targets[0])[0].lower()).strip("-")
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    return ROOT / "benchmarks" / "results" / f"gpu-{name}-{date}.json"
