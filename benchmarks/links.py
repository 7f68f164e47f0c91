"""What a slower network costs three hosts, and how well the model of a step tells it beforehand.

``python -m benchmarks.links`` (as root, see `benchmarks.hosts`) measures how long a gathering takes
at several rates, fits a `Link` to each, and compares the communication of a fit with the model's.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .hosts import Hosts, why_not
from .machine import facts
from .scaling.model import fitted_link

__all__ = ["main"]

ROOT = Path(__file__).parents[1]
RATES = (None, "1gbit", "100mbit")
GATHERED = (8, 2**12, 2**19, 2**22)  # none that a bucket of the rate limit holds about
SIZES = (784, 128, 10)
_RANK = ("-m", "benchmarks.scaling.rank", "--parallel")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and write the figures to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", nargs="+", default=["mpi", "torch"])
    parser.add_argument("--rates", nargs="+", default=list(RATES))
    parser.add_argument("--gather", type=int, nargs="+", default=list(GATHERED), metavar="BYTES")
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    options = parser.parse_args(arguments)
    if reason := why_not():
        print(reason, file=sys.stderr)
        return 1
    found = []
    with Hosts(3) as hosts:
        for engine in options.engines:
            for rate in options.rates:
                hosts.limit(rate)
                found.append(measured(hosts, engine, rate, options.gather))
                print(in_words(found[-1]), flush=True)
    if options.out is not None:
        figures = {"machine": facts(threads=1), "hosts": 3, "sizes": SIZES, "links": found}
        options.out.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def measured(hosts: Hosts, engine: str, rate: str | None, gathered: Sequence[int]) -> Any:
    """Seconds of gatherings and of a fit's communication at a rate, and what the model says."""
    sizes = [str(size) for size in gathered]
    seconds = run(hosts, engine, ["--gather", *sizes])
    link = fitted_link({3: {int(size): one for size, one in seconds.items()}})
    net = ["--sizes", *map(str, SIZES), "--batch", "120", "--steps", "10", "--epochs", "5"]
    waited = float(np.median(run(hosts, engine, [*net, "--blocks", "3"])["communication"]))
    size = 4 * sum(n * (m + 1) for m, n in itertools.pairwise(SIZES))
    return {
        "engine": engine,
        "rate": rate,
        "gather": seconds,
        "latency": link.latency,
        "bandwidth": link.bandwidth,
        "bytes": size,
        "communication": waited,
        "model": link.seconds(3, size),
    }


def run(hosts: Hosts, engine: str, arguments: Sequence[str]) -> Any:
    """What the first rank prints of a measurement with a rank on each host."""
    command = [*_RANK, engine, *arguments]
    if engine == "mpi":
        program = Path(sys.executable).with_name("mpiexec")
        commands = [hosts.mpiexec(str(program), [sys.executable, *command])]
    else:
        commands = hosts.torchrun(command)
    env = {**os.environ, **hosts.environment, "PYTHONPATH": str(ROOT)}
    env |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    options: dict[str, Any] = {"env": env, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    jobs = [subprocess.Popen(one, text=True, **options) for one in commands]
    told = [job.communicate(timeout=600) for job in jobs]
    if any(job.returncode for job in jobs):
        raise RuntimeError("\n".join(errors for _, errors in told))
    return json.loads("".join(output for output, _ in told))


def in_words(found: Any) -> str:
    """One line of the table."""
    return (
        f"{found['engine']:<6} {found['rate'] or 'unlimited':<10} "
        f"latency {1e6 * found['latency']:8.1f} us, {found['bandwidth'] / 1e6:8.1f} MB/s; "
        f"communication of a step {1e3 * found['communication']:8.2f} ms, "
        f"by the model {1e3 * found['model']:8.2f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
