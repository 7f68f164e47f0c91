"""Thinc."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..cases import Arrays, Case
from .trainer import Trainer

__all__ = ["thinc"]


def thinc(case: Case, x: np.ndarray, labels: np.ndarray) -> Trainer:
    """Thinc, its layers and optimizers."""
    from thinc import api

    hidden = {"sigmoid": api.Sigmoid, "relu": api.Relu}[case.sigma]
    layers = [
        *(hidden(n_out, n_in) for n_in, n_out in pairwise(case.sizes[:-1])),
        api.Softmax(case.sizes[-1], case.sizes[-2]),
    ]
    model = api.chain(*layers)
    y = case.one_hot(labels)
    model.initialize(x[:1], y[:1])
    for layer, w, b in zip(layers, *case.start(), strict=True):
        layer.set_param("W", w)
        layer.set_param("b", b)
    make = {"sgd": api.SGD, "adam": api.Adam}[case.optimizer]
    optimizer = make(case.learning_rate, grad_clip=0.0, use_averages=False)

    def follow(order: np.ndarray) -> None:
        for rows in order:
            a, backprop = model.begin_update(x[rows])
            backprop((a - y[rows]) / np.float32(case.batch))
            model.finish_update(optimizer)

    def parameters() -> Arrays:
        return [layer.get_param(name) for name in ("W", "b") for layer in layers]

    return Trainer(follow, parameters)
