"""One of several ranks that train on a device: a program for ``mpiexec`` and ``torchrun``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import bpnet
from bpnet.data import load_digits
from bpnet.parallel.launch import communicator_of

SIZES: dict[str, list[int | bpnet.Layer]] = {
    "dropout": [64, bpnet.Layer(32, activation="relu", dropout=0.2), 10],
    "batch norm": [64, bpnet.Layer(32, normalization="batch"), 10],
}


def main(library: str, device: str, parallel: str, out: str) -> None:
    """Train; the first rank writes the parameters, the others' ranks and their number."""
    x, y = load_digits().train
    found = {}
    for name, sizes in SIZES.items():
        net = bpnet.Network(
            sizes,
            cost="log_likelihood",
            seed=0,
            dtype="float64",
            backend=library,
            device=device,
            deterministic=True,
        )
        net.fit(x, y, epochs=2, batch_size=100, parallel=parallel, progress=False)
        found[name] = net.backend.to_numpy(net.state.theta)
    communicator = communicator_of(parallel, net.backend)
    assert communicator is not None
    direct = communicator.takes_device_arrays(net.backend)
    if communicator.rank == 0:
        np.savez(Path(out), size=communicator.size, direct=direct, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
