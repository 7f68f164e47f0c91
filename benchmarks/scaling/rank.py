"""One rank of a measurement: ``mpiexec -n 2 python -m benchmarks.scaling.rank --help``.

The first rank prints seconds per step and seconds of communication in it, an epoch each, as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np

import bpnet
from bpnet.parallel.launch import communicator_of

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parallel", help="the engine; without it a plain fit")
    parser.add_argument("--blocks", type=int, help="parts of a mini-batch; one a rank without it")
    parser.add_argument("--sizes", type=int, nargs="+", default=[784, 30, 10])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=8, help="of an epoch")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--gather", type=int, nargs="+", metavar="BYTES")
    options = parser.parse_args(arguments)
    net = bpnet.Network(
        options.sizes,
        activations="relu",
        cost="log_likelihood",
        backend=options.backend,
        seed=0,
    )
    first = not options.parallel or communicator_of(options.parallel, net.backend).rank == 0
    if options.gather:
        found = gathers(communicator_of(options.parallel, net.backend), options.gather)
    else:
        found = steps(net, options)
    if first:
        print(json.dumps(found), flush=True)
    return 0


def steps(net: bpnet.Network, options: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds of a step, and of what it waits for others: of each epoch but the first."""
    rng = np.random.default_rng(0)
    samples = options.batch * options.steps
    x = rng.random((samples, options.sizes[0]), dtype=np.float32)
    y = rng.integers(0, options.sizes[-1], samples)
    settings = {"parallel": options.parallel, "blocks": options.blocks} if options.parallel else {}
    history = net.fit(
        x,
        y,
        epochs=options.epochs + 1,
        batch_size=options.batch,
        metrics=None,
        progress=False,
        **settings,
    )
    found = {}
    for column in ("seconds", "communication"):
        if column in history.columns:
            found[column] = [value / options.steps for value in history[column][1:]]
    return found


def gathers(communicator: bpnet.parallel.Communicator, sizes: list[int]) -> dict[str, float]:
    """Median seconds in which each rank has that many bytes of every rank."""
    found = {}
    for size in sizes:
        array = np.ones(max(1, size // 8))
        seconds = []
        for _ in range(max(5, min(200, 2**26 // size))):
            communicator.barrier()
            start = time.perf_counter()
            communicator.all_gather(array)
            seconds.append(time.perf_counter() - start)
        found[str(size)] = float(np.median(seconds))
    return found


if __name__ == "__main__":
    sys.exit(main())
