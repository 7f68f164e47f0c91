"""Ranks side by side: ``python -m benchmarks.scaling``.

Of several networks: a plain fit with one thread and with more, what parts of mini-batches cost
one rank, and ranks of one thread each, started by ``mpiexec``. In every round each is measured
once. A model of a step is fitted to all numbers of ranks but one, and held against that one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from .. import machine, report
from ..children import ROOT, all_threads, call, environment
from .model import fitted_link, fitted_step

__all__ = ["main"]

NETWORKS = {
    "small": ([784, 30, 10], 32, 200),
    "middle": ([784, 512, 512, 10], 128, 50),
    "large": ([784, 2048, 2048, 10], 1024, 4),
    "large, larger batch": ([784, 2048, 2048, 10], 4096, 2),
}
GATHERED = [2**k for k in (10, 14, 18, 20, 22, 24)]


def measured(
    name: str, *, ranks: int = 1, threads: int = 1, blocks: int | None = None, **options: Any
) -> dict[str, Any]:
    """What the first of some ranks prints of a network."""
    sizes, batch, steps = NETWORKS[name]
    command = [sys.executable, "-m", "benchmarks.scaling.rank", "--sizes", *map(str, sizes)]
    command += ["--batch", str(batch), "--steps", str(steps)]
    if blocks is not None:
        command += ["--blocks", str(blocks)]
    for option, value in options.items():
        command += [f"--{option}", *map(str, value if isinstance(value, list) else [value])]
    return output(command, ranks, threads)


def output(command: list[str], ranks: int, threads: int) -> dict[str, Any]:
    """What a command prints as JSON, started as so many ranks."""
    if ranks > 1:
        command = [*launcher(), "-n", str(ranks), *command]
    done = subprocess.run(
        command, env=environment(threads), capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def launcher() -> list[str]:
    """``mpiexec``, of this environment where it has one, with what Open MPI wants of root."""
    own = Path(sys.executable).parent / "mpiexec"
    mpiexec = str(own) if own.exists() else "mpiexec"
    about = subprocess.run([mpiexec, "--version"], capture_output=True, text=True, check=False)
    if "Open MPI" in about.stdout or "OpenRTE" in about.stdout:
        return [mpiexec, "--allow-run-as-root", "--oversubscribe"]
    return [mpiexec]


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--held-out", type=int, default=3, help="ranks that no model is fitted to")
    parser.add_argument("--blocks", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--parts", type=int, default=4, help="blocks of the ranks")
    parser.add_argument("--threads", type=int, default=2, help="of the plain fit beside one thread")
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    options = parser.parse_args(arguments)
    about = call(1, machine.facts, 1)
    print(machine.describe(about), end="\n\n")
    record: dict[str, Any] = {"machine": about, "networks": {}}
    several = [ranks for ranks in options.ranks if ranks > 1]
    link = {}
    for ranks in several:
        if ranks != options.held_out:
            found = measured("small", ranks=ranks, parallel="mpi", gather=GATHERED)
            link[ranks] = {int(size): seconds for size, seconds in found.items()}
    if link:
        record["link"] = {"seconds by ranks and bytes": link, **fitted_link(link)._asdict()}
        print(f"link: {record['link']}", flush=True)
    for name in options.only:
        ways: dict[str, dict[str, Any]] = {
            "plain, 1 thread": {},
            f"plain, {options.threads} threads": {"threads": options.threads},
        }
        ways |= {f"1 rank, {b} blocks": {"parallel": "serial", "blocks": b} for b in options.blocks}
        for ranks in several:
            ways[f"{ranks} ranks"] = {"parallel": "mpi", "ranks": ranks, "blocks": options.parts}
        ways["2 ranks, one part each"] = {"parallel": "mpi", "ranks": 2}
        rounds: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
        for _ in range(options.rounds):
            for way, given in ways.items():
                found = measured(name, **given)
                rounds[way].append({k: statistics.median(v) for k, v in found.items()})
        record["networks"][name] = summary(name, rounds, options, link)
        print(json.dumps(record["networks"][name], indent=1), flush=True)
    print(f"wrote {report.write(options.out, 'scaling', record)}")
    return 0


def summary(
    name: str,
    rounds: dict[str, list[dict[str, float]]],
    options: argparse.Namespace,
    link: dict[int, dict[int, float]],
) -> dict[str, Any]:
    """Medians in milliseconds, speeds, and what a model makes of them."""
    sizes, batch, _ = NETWORKS[name]
    each = {
        way: {column: 1e3 * statistics.median(one[column] for one in found) for column in found[0]}
        for way, found in rounds.items()
    }
    plain, parts = each["plain, 1 thread"]["seconds"], each.get(f"1 rank, {options.parts} blocks")
    found: dict[str, Any] = {"sizes": sizes, "batch": batch, "milliseconds a step": {}}
    for way, one in each.items():
        row = {"step": round(one["seconds"], 3), "speed": round(plain / one["seconds"], 2)}
        if "communication" in one:
            row["communication"] = round(one["communication"], 3)
        if parts and "ranks" in way:
            row["speed over one rank"] = round(parts["seconds"] / one["seconds"], 2)
        found["milliseconds a step"][way] = row
    by_ranks = {n: each[f"{n} ranks"]["seconds"] / 1e3 for n in options.ranks if n > 1}
    if parts:
        by_ranks[1] = parts["seconds"] / 1e3
    fitted = {n: seconds for n, seconds in by_ranks.items() if n != options.held_out}
    if link and len(fitted) > 1:
        parameters = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
        model = fitted_step(fitted, fitted_link(link), 4 * parameters, options.parts, all_threads())
        found["model"] = {
            "own ms": round(1e3 * model.own, 3),
            "samples ms": round(1e3 * model.samples, 3),
            "predicted over measured": {
                n: round(model.seconds(n) / seconds, 3) for n, seconds in sorted(by_ranks.items())
            },
            "held out": options.held_out,
        }
    return found


if __name__ == "__main__":
    sys.exit(main())
