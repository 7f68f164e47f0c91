"""The embedded digits: the parameters after one epoch, and the accuracy in the end."""

from __future__ import annotations

from bpnet.data import load_digits

from ..plan import CPU, Plan, target_text
from ..section import Section
from ..training import TOLERANCE, all_parameters, compare_accuracy, relative_difference, train

__all__ = ["run"]


def run(plan: Plan, section: Section) -> None:
    """The embedded digits: the parameters after one epoch, and the accuracy in the end."""
    data = load_digits()
    options = {"cost": "cross_entropy", "learning_rate": 0.5, "batch": 10}
    for dtype, tolerance in TOLERANCE.items():
        for sizes in ([64, 30, 10], [64, 30, 30, 10]):
            shared = {"sizes": sizes, "epochs": 1, "dtype": dtype, **options}
            expected = all_parameters(train(CPU, data.train, **shared))
            for target in plan.targets:
                error = relative_difference(
                    all_parameters(train(target, data.train, **shared)), expected
                )
                layers = "-".join(map(str, sizes))
                what = f"{target_text(target)}: parameters after an epoch, {layers}, {dtype}"
                section.check(what, error < tolerance, error=error)
    options["sizes"] = [64, 30, 10]
    compare_accuracy(plan, section, "digits", data, epochs=plan.size(30, 3), **options)
