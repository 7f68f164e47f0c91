"""``bpnet check``: are the gradients right here?"""

from __future__ import annotations

import argparse

import numpy as np

from ..backends import Backend, available_backends, get_backend
from ..gradients import GradientCheck, gradient_check
from ..network import Network
from .errors import usage

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "check the gradients on every library and device that is here"
DESCRIPTION = """\
Check backpropagation against five-point differences of the cost, in float64, on every array
library and device that can compute here. The exit code is 1 if a check fails."""

# Every activation and every cost, the latter with the output layer that is their partner.
_CASES = (
    ("sigmoid", "quadratic"),
    ("tanh", "binary_cross_entropy"),
    ("relu", "categorical_cross_entropy"),
    ("leaky_relu", "huber"),
    ("elu", "poisson"),
    ("gelu", "quadratic"),
    ("gelu_tanh", "binary_cross_entropy"),
    ("silu", "categorical_cross_entropy"),
    ("softplus", "huber"),
    ("exponential", "poisson"),
    ("identity", "absolute"),
    ("softmax", "categorical_cross_entropy"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--backend", metavar="NAME", help="check numpy, cupy, torch or jax alone")
    parser.add_argument("--device", metavar="NAME", help="check this device alone, as cpu or cuda")


def run(options: argparse.Namespace) -> int:
    """Print one line a network, and the largest relative error on each backend in it."""
    chosen = _backends(options)
    titles = [f"{one.name} {one.device}" for one in chosen]
    widths = [max(12, len(title)) for title in titles]
    print(f"{'activation':<12} {'cost':<26}" + _cells(titles, widths))
    failed = 0
    for activation, cost in _CASES:
        reports = [_check(activation, cost, backend) for backend in chosen]
        errors = [f"{r.error:.1e}" + "!" * (not r.passed) for r in reports]
        print(f"{activation:<12} {cost:<26}" + _cells(errors, widths), flush=True)
        failed += sum(not report.passed for report in reports)
    for said in dict.fromkeys(f"{r.reference}, tolerance {r.tolerance:g}" for r in reports):
        print(f"largest relative error against {said}")
    total = len(_CASES) * len(chosen)
    print(f"{failed} of {total} checks FAILED (marked !)" if failed else f"{total} checks passed")
    return 1 if failed else 0


def _backends(options: argparse.Namespace) -> list[Backend]:
    """Each library's first device of each kind, or the one asked for."""
    if options.backend or options.device:
        with usage():
            return [get_backend(options.backend, options.device)]
    chosen = []
    for one in available_backends():
        kinds = {device.partition(":")[0]: device for device in reversed(one.devices)}
        chosen += [get_backend(one.name, device) for device in kinds.values()]
        if not one.usable:
            print(f"{one.name}: not checked, {one.reason}")
    return chosen


def _check(activation: str, cost: str, backend: Backend) -> GradientCheck:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-0.5, 0.5, (5, 2)), rng.uniform(0.1, 0.9, (5, 2))
    y /= y.sum(axis=1, keepdims=True)  # rows that every cost takes
    net = Network([2, 3, 2, 2], activations=activation, cost=cost, backend=backend, seed=1)
    return gradient_check(net, x, y)


def _cells(texts: list[str], widths: list[int]) -> str:
    return "".join(f"  {text:>{width}}" for text, width in zip(texts, widths, strict=True))
