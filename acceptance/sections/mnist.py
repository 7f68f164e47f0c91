"""MNIST with the book's network, and with a wide one."""

from __future__ import annotations

from bpnet.data import load_mnist

from ..plan import Plan
from ..report import tell
from ..section import Section
from ..training import compare_accuracy

__all__ = ["run"]


def run(plan: Plan, section: Section) -> None:
    """MNIST with the book's network, and with a wide one."""
    if plan.mnist is None:
        section.figures["left out"] = "no --mnist DIR was given"
        tell("  left out: no --mnist DIR was given")
        return
    data, epochs, batch = load_mnist(plan.mnist), plan.size(3, 1), plan.size(128, 16)
    book = {"initializer": "standard_normal", "learning_rate": 3.0, "batch": 10}
    wide = {"activations": "relu", "cost": "log_likelihood", "learning_rate": 0.1, "batch": batch}
    middle = [plan.size(512, 8)] * 2
    compare_accuracy(plan, section, "784-30-10", data, sizes=[784, 30, 10], epochs=epochs, **book)
    compare_accuracy(plan, section, "wide", data, sizes=[784, *middle, 10], epochs=epochs, **wide)
