"""Steps are captured, for each way of training, and end where NumPy's do."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

import bpnet
from bpnet.data import load_digits

from ..captures import recorded_captures
from ..plan import CPU, Plan, Target, target_text
from ..section import Section
from ..training import all_parameters, placed_on, relative_difference

__all__ = ["run"]


def run(plan: Plan, section: Section) -> None:
    """Steps are captured, for each way of training, and end where NumPy's do."""
    x, y = load_digits().train
    layers = {
        "plain": [64, 30, 10],
        "dropout and noise": [bpnet.Layer(64, noise=0.1), bpnet.Layer(30, dropout=0.2), 10],
        "batch normalization": [64, bpnet.Layer(30, normalization="batch"), 10],
    }
    optimizers = {"SGD": bpnet.SGD(0.1), "Momentum": bpnet.Momentum(0.02), "Adam": bpnet.Adam()}
    for (what, sizes), (name, optimizer) in itertools.product(layers.items(), optimizers.items()):
        # A rectifier that rounding switches moves what follows by per cents.
        options = {"activations": "tanh", "cost": "log_likelihood", "seed": 0}

        def trained(target: Target, sizes=sizes, optimizer=optimizer, options=options) -> Any:
            net = bpnet.Network(sizes, **options, **placed_on(target))
            net.fit(x, y, epochs=3, batch_size=5, optimizer=optimizer, progress=False)
            return all_parameters(net)

        expected = trained(CPU)
        for target in (one for one in plan.targets if one[0] in ("cupy", "torch")):
            with recorded_captures() as outcomes:
                found = trained(target)
            case = f"{target_text(target)}: {what}, {name}"
            error = relative_difference(found, expected)
            section.check(f"{case}: as on the CPU", error < 1e-3, error=error)
            if not plan.tiny:
                told = outcomes()
                captured = "captured" in told and told <= {"captured", "not yet"}
                section.check(f"{case}: captured", captured, told=sorted(told))
            if target[0] == "cupy":
                same = np.array_equal(trained(target), found)
                section.check(f"{case}: the same bits again", same)
