"""One training step as a pure function, for the compiler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..backends import Array
from ..compiler import Step
from ..model import Layout, Model, gradient
from ..model.gradient import TINY
from ..optimizers.norms import scaled_norm
from .config import StepConfig
from .loss_scale import rescaled, select
from .state import TrainingState

__all__ = [
    "Update",
    "make_step",
    "make_update",
    "share_of_sample",
    "share_of_weight",
    "step_inputs",
    "step_inputs_over",
]


def make_step(model: Model, config: StepConfig) -> Step:
    """A training step as a pure function, for `bpnet.compiler.compile_step`.

    Parameters
    ----------
    model : Model
    config : StepConfig

    Returns
    -------
    callable
        ``step(xp, state, x, y, rates) -> (state, z)`` with a `TrainingState`, and what
        `step_inputs` gives for the step.
    """
    random, update = model.architecture.random, make_update(model, config)

    def step(
        xp: Any, state: Any, x: Array, y: Array, rates: Sequence[Any]
    ) -> tuple[TrainingState, Array]:
        count = len(rates) - len(random)
        numbers, keys = tuple(rates[:count]), dict(zip(random, rates[count:], strict=True))
        found = gradient(
            model,
            xp,
            state.theta,
            state.running,
            x,
            y,
            keys=keys,
            weighted=config.weighted,
            accumulate=config.accumulate,
            compute=config.compute,
            scale=state.loss_scale[0][:1] if state.loss_scale else None,
        )
        share = share_of_sample(config, y, xp) if config.alpha else 0.0
        after = update(xp, state, found.theta, found.running, x.shape[0], share, numbers)
        return after, found.z

    return step


class Update(Protocol):
    """What a step does once the gradient of the mini-batch is known: a pure function."""

    def __call__(
        self,
        xp: Any,
        state: TrainingState,
        nabla: Array,
        running: tuple[Array, ...],
        m: int,
        share: Any,
        numbers: tuple[Any, ...],
    ) -> TrainingState:
        """The state after the step.

        Parameters
        ----------
        xp : namespace
        state : TrainingState
            Before the step.
        nabla : array, shape (size,)
            Gradient of the mean cost.
        running : tuple of array
            Running statistics after the mini-batch.
        m : int
            Samples of the mini-batch.
        share : float or array, shape (1,)
            See `share_of_sample`; counts with ``alpha`` alone.
        numbers : tuple
            What varies from step to step for the optimizer.
        """


def make_update(model: Model, config: StepConfig) -> Update:
    """The part of a step that comes after the gradient: penalties, bounds, optimizer, averages.

    Parameters
    ----------
    model : Model
    config : StepConfig
    """
    layout, optimizer = model.layout, config.optimizer.update_rule
    extra = {"layout": layout} if optimizer.uses_layout else {}

    def update(
        xp: Any,
        state: TrainingState,
        nabla: Array,
        running: tuple[Array, ...],
        m: int,
        share: Any,
        numbers: tuple[Any, ...],
    ) -> TrainingState:
        theta, memory, _, average, loss_scale, penalty = state
        if config.l2:
            nabla = nabla + layout.on_weights(theta, config.l2, xp)
        if config.alpha:
            nabla = nabla + layout.on_weights(theta, config.alpha * share, xp)
        if config.l1:
            nabla = nabla + layout.on_weights(xp.sign(theta), config.l1, xp)
        if penalty:  # of the parameters before the step, whatever becomes of it
            weights = theta[: layout.n_weights]
            penalty = (_added(penalty[0], weights, config, m, share, xp),)
        nabla = _clipped(nabla, config, xp)
        theta, memory = optimizer.update(theta, nabla, memory, numbers, xp, **extra)
        if config.max_norm:
            theta = _shortened(theta, layout, config.max_norm, xp)
        if config.average:
            (mean,) = average
            average = (config.average * mean + (1.0 - config.average) * theta,)
        after = TrainingState(theta, memory, running, average)
        if loss_scale:
            finite = xp.all(xp.isfinite(nabla))
            for statistics in running:  # which an overflow would spoil for good
                finite = finite & xp.all(xp.isfinite(statistics))
            before = state._replace(loss_scale=(), penalty=())
            after = select(finite, after, before, xp)
            after = after._replace(loss_scale=(rescaled(loss_scale[0], finite, xp),))
        return after._replace(penalty=penalty)

    return update


def share_of_sample(config: StepConfig, y: Array, xp: Any) -> Any:
    """1 / weight of a mini-batch's samples together, a number or of shape (1,); 0 of no weight."""
    if not config.weighted:
        return 1.0 / y.shape[0]
    return share_of_weight(xp.sum(y[:, -1:], axis=0), xp)


def share_of_weight(total: Array, xp: Any) -> Array:
    """1 / ``total``, shape (1,); 0 of no weight."""
    return xp.where(total > 0.0, 1.0 / xp.maximum(total, TINY), xp.zeros_like(total))


def _added(
    penalty: Array, weights: Array, config: StepConfig, m: int, share: Any, xp: Any
) -> Array:
    """The penalties so far, and m times what l1, l2 and alpha add to the objective."""
    if config.l1:
        lengths = xp.reshape(xp.vecdot(weights, xp.sign(weights)), (1,))
        penalty = penalty + (m * config.l1) * lengths
    if config.l2 or config.alpha:
        squares = xp.reshape(xp.vecdot(weights, weights), (1,))
        penalty = penalty + (0.5 * m * (config.l2 + (config.alpha or 0.0) * share)) * squares
    return penalty


def _clipped(nabla: Array, config: StepConfig, xp: Any) -> Array:
    """The gradient within the bounds of its entries and of its norm."""
    if config.clip_value:
        nabla = xp.clip(nabla, -config.clip_value, config.clip_value)
    if config.clip_norm:
        factor = _shortening(xp.reshape(nabla, (1, -1)), config.clip_norm, xp)
        nabla = nabla * xp.reshape(factor, (1,))
    return nabla


def _shortening(rows: Array, bound: float, xp: Any) -> Array:
    """What makes rows no longer than ``bound``, shape (k, 1)."""
    scale, norms = scaled_norm(rows, bound, xp)
    return (bound * scale) / xp.maximum(norms, bound * scale)


def _shortened(theta: Array, layout: Layout, bound: float, xp: Any) -> Array:
    """theta, with no neuron's weights longer than ``bound`` (Srivastava et al., 2014)."""
    weights, _ = layout.split(theta, xp)
    parts = []
    for w in weights:
        parts.append(xp.reshape(w * _shortening(w, bound, xp), (-1,)))
    return xp.concat([*parts, theta[layout.n_weights :]])


def step_inputs(
    model: Model, config: StepConfig, seed: int, step: int, t: int, factor: float = 1.0
) -> tuple[float, ...]:
    """What varies from step to step: the optimizer's rates, then the keys of what is random.

    Parameters
    ----------
    model : Model
    config : StepConfig
    seed : int
    step : int
        Steps of the network before this one.
    t : int
        Steps of the optimizer before this one.
    factor : float, optional
        Multiplies the learning rate.
    """
    optimizer = config.optimizer
    rates = optimizer.rates(t) if factor == 1.0 else optimizer.rates(t, factor=factor)
    return *map(float, rates), *model.architecture.keys(seed, step)


def step_inputs_over(
    model: Model, config: StepConfig, seed: int, steps: range, began: int, factor: float
) -> list[tuple[float, ...]]:
    """`step_inputs` of several steps; ``began`` is the optimizer's first."""
    if steps and config.optimizer.steady and not model.architecture.random:
        return [step_inputs(model, config, seed, steps[0], 0, factor)] * len(steps)
    return [step_inputs(model, config, seed, one, one - began, factor) for one in steps]
