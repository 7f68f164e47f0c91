"""Optimizers and schedules."""

from __future__ import annotations

from typing import Any

import bpnet
from bpnet import schedules

from .training import Training

__all__ = ["OPTIMIZERS", "SCHEDULES", "STEPPERS"]


class Bounded(bpnet.optimizers.Optimizer):
    """An optimizer of one's own: ``theta - eta tanh(5 g)``."""

    def update(
        self, theta: Any, gradient: Any, memory: Any, rates: tuple[Any, ...], xp: Any
    ) -> tuple[Any, Any]:
        """Parameters and memory after a step."""
        (eta,) = rates
        return theta - eta * xp.tanh(5.0 * gradient), memory


STEPPERS = {
    "sgd": bpnet.SGD(0.1),
    "momentum": bpnet.Momentum(0.05),
    "nesterov": bpnet.Nesterov(0.05, momentum=0.8),
    "adagrad": bpnet.AdaGrad(0.05),
    "rmsprop": bpnet.RMSProp(0.005),
    "adam": bpnet.Adam(0.01),
    "amsgrad": bpnet.AMSGrad(0.01),
    "adamw": bpnet.AdamW(0.01, weight_decay=0.1),
    "nadam": bpnet.NAdam(0.01),
    "radam": bpnet.RAdam(0.01),
    "lion": bpnet.Lion(0.002),
    "lion, decay": bpnet.Lion(0.002, weight_decay=0.5),
    "muon": bpnet.Muon(0.02),
    "muon, decay": bpnet.Muon(0.02, weight_decay=0.1),
    "optimizer of one's own": Bounded(0.02),
}
OPTIMIZERS = {name: Training(fit={"optimizer": one}) for name, one in STEPPERS.items()}
RATES: dict[str, Any] = {
    "constant": schedules.Constant(0.05),
    "step decay": schedules.StepDecay(0.05, steps=5, factor=0.5),
    "exponential": schedules.Exponential(0.05, steps=3, factor=0.9),
    "inverse time": schedules.InverseTime(0.05, steps=10, power=0.5),
    "polynomial": schedules.Polynomial(0.05, steps=20, power=2.0, minimum=0.001),
    "cosine": schedules.Cosine(0.05, steps=20, minimum=0.001),
    "cosine restarts": schedules.CosineRestarts(0.05, steps=6, multiplier=2),
    "one cycle": schedules.OneCycle(0.1, steps=26),
    "warmup": schedules.Warmup(schedules.Cosine(0.05, steps=20), steps=5),
    "piecewise": schedules.Piecewise((0.05, schedules.Cosine(0.02, steps=9)), (8,)),
    "of one's own": lambda step: 0.05 / (1 + step),
}
SCHEDULES = {
    f"schedule {name}": Training(fit={"optimizer": bpnet.Momentum(rate)})
    for name, rate in RATES.items()
} | {
    f"{name}, cosine": Training(fit={"optimizer": kind(schedules.Cosine(0.01, 20), **decay)})
    for name, kind, decay in (
        ("adam", bpnet.Adam, {}),
        ("adamw", bpnet.AdamW, {"weight_decay": 0.1}),
        ("lion", bpnet.Lion, {"weight_decay": 0.1}),
        ("muon", bpnet.Muon, {"weight_decay": 0.1}),
    )
}
