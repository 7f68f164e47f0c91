"""Backpropagation against differences in float64, and against NumPy in float32."""

from __future__ import annotations

import numpy as np

import bpnet

from ..plan import CPU, Plan, target_text
from ..section import Section
from ..training import TOLERANCE, flattened, placed_on, relative_difference

__all__ = ["run"]


def run(plan: Plan, section: Section) -> None:
    """Backpropagation against differences in float64, and against NumPy in float32."""
    rng = np.random.default_rng(0)
    x, targets = rng.standard_normal((5, 4)), rng.dirichlet(np.ones(3), 5)
    hidden = "sigmoid tanh relu leaky_relu elu gelu gelu_tanh silu softplus exponential identity"
    costs = "quadratic binary_cross_entropy categorical_cross_entropy huber poisson"
    cases = [(name, "quadratic") for name in hidden.split()[: plan.size(99, 2)]]
    cases += [("tanh", name) for name in costs.split()[: plan.size(99, 2)]]
    for target in plan.targets:
        errors, worst = {}, 0.0
        for activation, cost in cases:
            options = {"activations": activation, "cost": cost, "seed": 1}
            net = bpnet.Network([4, 5, 3], **options, dtype="float64", **placed_on(target))
            report = bpnet.gradient_check(net, x, targets)
            errors[f"{activation}, {cost}"] = report.error if report.passed else str(report)
            pair = (
                np.concatenate([flattened(net, part) for part in (found.weights, found.biases)])
                for net in (
                    bpnet.Network([4, 5, 3], **options, **placed_on(t)) for t in (target, CPU)
                )
                for found in [net.backprop(x, targets)]
            )
            worst = max(worst, relative_difference(*pair))
        failed = [case for case, error in errors.items() if isinstance(error, str)]
        section.figures[target_text(target)] = errors
        section.check(f"{target_text(target)}: differences, float64", not failed, failed=failed)
        section.check(
            f"{target_text(target)}: NumPy, float32", worst < TOLERANCE["float32"], error=worst
        )
