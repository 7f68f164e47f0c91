"""One training step on a mini-batch of the user's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._lib.constraints import Number
from ..compiler.rows import rows_of_steps
from ..schedules.base import used_up_at
from .advice import advice_after_divergence
from .divergence import DivergenceError, not_finite
from .history import History
from .samples import SamplePreparer, check_smoothing, smoothed
from .settings import STEP_SETTINGS, step_config, with_defaults
from .step import step_inputs
from .store import with_penalty
from .target_range import warn_if_out_of_range
from .trainable import Trainable
from .used_up import note_if_used_up
from .weights import weights_of, with_weights

__all__ = ["train_step"]


def train_step(
    trainable: Trainable,
    x: Any,
    y: Any,
    settings: Mapping[str, Any],
    defaults: Mapping[str, Any],
) -> float:
    """Do one step.

    Parameters
    ----------
    trainable : Trainable
    x, y : array
    settings : mapping
        Other arguments of `Network.step`, by name.
    defaults : mapping
        Of those that may be missing, among others.

    Returns
    -------
    float
        Mean cost of the mini-batch before the step.

    Raises
    ------
    ValueError, TypeError, DivergenceError
        As `Network.step`.
    RuntimeError
        If a fit is training the same network.
    """
    defaults = {name: defaults[name] for name in STEP_SETTINGS}
    settings = with_defaults(settings, defaults, "a step")
    config = step_config(settings, trainable.backend)
    smoothing = Number(0.0, 1.0)("label_smoothing", settings["label_smoothing"])
    weight = settings["sample_weight"]
    backend, store = trainable.backend, trainable.store
    with backend.scope():
        store.claim()
        try:
            prepare = SamplePreparer(trainable)
            x, y = prepare(x, y)
            model = prepare.model
            if not store.counters.steps:
                warn_if_out_of_range(model, backend, y)
            check_smoothing(smoothing, model.task)
            weights, mean = weights_of(weight, None, y, backend=backend, task=model.task)
            y = with_weights(smoothed(y, smoothing, model.task), weights, backend)
            config = config.for_weights(mean)
            store.init_optimizer(config)
            _, counters, _ = store.current
            t = counters.steps - counters.optimizer_began
            if t == used_up_at(config.optimizer.learning_rate):
                way_out = "net.reset_optimizer() begins it anew"
                note_if_used_up(config.optimizer, t, t + 1, way_out)
            inputs = step_inputs(model, config, trainable.seed, counters.steps, t)
            order = np.arange(x.shape[0])[None, :]
            try:
                state = with_penalty(store.lend(), config, backend)
                state, z = trainable.runs.step(config)(state, x, y, order, [inputs])
                assert z is not None
                blocks = trainable.runs.total_cost(config.weighted)
                totals = [total for _, total in blocks((), rows_of_steps(backend, z), y)]
                cost = float(sum(totals[1:], totals[0]) / x.shape[0])
                infinite = next(not_finite(state, backend), "")
                if infinite or not math.isfinite(cost):
                    what = infinite if math.isfinite(cost) else f"the cost became {cost}"
                    raise DivergenceError(
                        f"{what} in step {counters.steps + 1}, with {config.optimizer}",
                        History(),
                        advice=advice_after_divergence(
                            backend,
                            before_any_step=not math.isfinite(cost) and counters.steps == 0,
                            theta=store.state.theta,
                            samples=(x, y[:, : model.sizes[-1]]),
                        ),
                    )
            except BaseException:
                store.reset_optimizer()
                raise
            store.commit(state, counters.replaced(steps=counters.steps + 1), config.optimizer)
            trainable.adopt(model)
        finally:
            store.release()
    return cost
