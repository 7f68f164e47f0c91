"""One training step, and one forward pass, as pure functions for a backend to compile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

from .._lib.frozen import Frozen
from .._lib.validation import check_counts
from ..activations import Activation, Identity
from ..backends import Array
from ..backprop import backprop, feedforward
from ..compiler import Forward, Step
from ..costs import Cost
from ..model.layers import Architecture
from ..optimizers import Optimizer

__all__ = [
    "FIRST_SCALING",
    "StepConfig",
    "make_forward",
    "make_step",
    "step_inputs",
    "step_inputs_over",
]


class StepConfig(Frozen):
    """How a step goes down: everything of it but the network and its cost.

    The objective is the mean cost, plus ``l2/2`` times the sum of the squared weights, plus ``l1``
    times the sum of their magnitudes.

    Parameters
    ----------
    optimizer : Optimizer
    l1, l2 : float, optional
    clip_value : float, optional
        Bound of each entry of the gradient; 0 for none.
    clip_norm : float, optional
        Bound of the gradient's Euclidean norm, beyond which it is shortened; 0 for none.
    max_norm : float, optional
        Bound of the norm of each neuron's weights, held after each step; 0 for none.
    accumulate : int, optional
        Parts that a mini-batch is computed in, one after another.
    average : float, optional
        Decay of the exponential moving average of the parameters; 0 for none.
    weighted : bool, optional
        Whether the targets have a last column, of the samples' weights.
    compute : str, optional
        Type of activations and of gradients by them, ``"bfloat16"`` or ``"float16"``; parameters
        and memory keep theirs (Micikevicius et al., 2018). Empty for that of the parameters.
    """

    optimizer: Optimizer
    l1: float = 0.0
    l2: float = 0.0
    clip_value: float = 0.0
    clip_norm: float = 0.0
    max_norm: float = 0.0
    accumulate: int = 1
    average: float = 0.0
    weighted: bool = False
    compute: str = ""

    @property
    def scaled(self) -> bool:
        """Whether gradients are scaled on their way, as float16 would lose small ones."""
        return self.compute == "float16"

    def __post_init__(self) -> None:
        for name in ("l1", "l2", "clip_value", "clip_norm", "max_norm", "average"):
            given = getattr(self, name)
            if not isinstance(given, Real):
                raise TypeError(f"{name} must be a number, not {given!r}")
            value = float(given)
            high = 1.0 if name == "average" else math.inf
            if not 0.0 <= value < high:
                limit = "finite" if high == math.inf else "less than 1"
                raise ValueError(f"{name} must be at least 0 and {limit}, not {value:g}")
            object.__setattr__(self, name, value)
        check_counts(self, "accumulate")


class _Shared:
    """A cost of which each sample counts for a part: 1/m of a mini-batch's mean, by its weight.

    Parameters
    ----------
    cost : Cost
    share : float or array, shape (1,) or (m, 1)
    """

    def __init__(self, cost: Cost, share: Any) -> None:
        self._cost, self._share = cost, share

    def output_error(self, sigma: Activation, z: Array, a: Array, y: Array, xp: Any) -> Array:
        return self._cost.output_error(sigma, z, a, y, xp) * self._share


def make_step(architecture: Architecture, cost: Cost, recipe: StepConfig) -> Step:
    """One training step as a pure function, for `bpnet.compiler.compile_step`.

    Parameters
    ----------
    architecture : Architecture
    cost : Cost
    recipe : StepConfig

    Returns
    -------
    callable
        ``step(xp, state, x, y, rates) -> (state, z)`` with state ``(theta, memory, running,
        average, scaling)``, of which all but theta may be empty tuples; rates as of `step_inputs`.
    """
    layout, optimizer = architecture.layout, recipe.optimizer
    random = architecture.random

    def step(xp: Any, state: Any, x: Array, y: Array, rates: Sequence[Any]) -> tuple[Any, Array]:
        theta, memory, running, average, scaling = state
        keys = dict(zip(random, rates[len(rates) - len(random) :], strict=True))
        scale = scaling[0][:1] if scaling else None
        gradient, z, running = _gradient(
            architecture, cost, recipe, xp, theta, running, x, y, keys, scale
        )
        if recipe.l2:
            gradient = gradient + layout.on_weights(theta, recipe.l2, xp)
        if recipe.l1:
            gradient = gradient + layout.on_weights(xp.sign(theta), recipe.l1, xp)
        gradient = _clipped(gradient, recipe, xp)
        given = {"layout": layout} if optimizer.uses_layout else {}
        numbers = tuple(rates[: len(rates) - len(random)])
        theta, memory = optimizer.update(theta, gradient, memory, numbers, xp, **given)
        if recipe.max_norm:
            theta = _shortened(theta, architecture, recipe.max_norm, xp)
        if recipe.average:
            (mean,) = average
            average = (recipe.average * mean + (1.0 - recipe.average) * theta,)
        after = theta, memory, running, average
        if scaling:
            finite = xp.all(xp.isfinite(gradient))
            after = _either(finite, after, state[:4], xp)
            scaling = (_rescaled(scaling[0], finite, xp),)
        return (*after, scaling), z

    return step


def _gradient(
    architecture: Architecture,
    cost: Cost,
    recipe: StepConfig,
    xp: Any,
    theta: Array,
    running: Any,
    x: Array,
    y: Array,
    keys: dict[tuple[int, str], Any],
    scale: Array = None,
) -> tuple[Array, Array, Any]:
    """Gradient of the mini-batch's mean cost, z of the output layer, running means thereafter."""
    layout, own = architecture.layout, theta.dtype
    m, total, outputs = x.shape[0], None, []
    if recipe.compute:
        low = getattr(xp, recipe.compute)
        theta, x, y = (xp.astype(one, low) for one in (theta, x, y))
    w, b = layout.split(theta, xp)
    weight = None
    if recipe.weighted:
        weight = y[:, -1:]
        y = y[:, :-1]
        weight = weight * (m / xp.maximum(xp.sum(weight, axis=0, keepdims=True), _TINY))
    for part in _parts(m, recipe.accumulate):
        whole = part == slice(0, m)
        x_k, y_k = (x, y) if whole else (x[part, :], y[part, :])
        x_k = architecture.source(x_k, keys, part.start, xp)
        stages = architecture.stages(theta, None, x_k, xp, keys, part.start)
        share = 1.0 / m if scale is None else xp.astype(scale * (1.0 / m), x.dtype)
        if weight is not None:
            share = share * (weight if whole else weight[part, :])
        judge: Any = _Shared(cost, share)
        nabla_w, nabla_b, z = backprop(w, b, stages, judge, x_k, y_k, xp)
        norms = [stages[l].nabla_scale for l in architecture.norms]
        norms += [stages[l].nabla_shift for l in architecture.norms]
        for l in architecture.batched:  # normalized away: what is left is rounding
            nabla_b[l] = xp.zeros_like(nabla_b[l])
        nabla = layout.join(nabla_w, nabla_b, xp, norms)
        if recipe.compute:
            nabla, z = xp.astype(nabla, own), xp.astype(z, own)
        total = nabla if total is None else total + nabla
        outputs.append(z)
        if running:
            running = (architecture.renewed(running[0], stages, x_k.shape[0], xp),)
    z = outputs[0] if len(outputs) == 1 else xp.concat(outputs, axis=0)
    return total if scale is None else total / scale, z, running


_TINY = 1e-30  # less than any weight that counts, so that a mini-batch without weight moves nothing


def _either(condition: Array, these: Any, those: Any, xp: Any) -> Any:
    """One state or the other, of nested tuples of arrays."""
    if isinstance(these, tuple):
        return tuple(_either(condition, *pair, xp) for pair in zip(these, those, strict=True))
    return xp.where(condition, these, those)


FIRST_SCALING = 2.0**15, 0.0
_PATIENCE = 2000.0


def _rescaled(scaling: Array, finite: Array, xp: Any) -> Array:
    """The scale and the steps it held: twice as much after 2000, half where a gradient overflowed.

    A step that overflowed changes nothing else.
    """
    scale, held = scaling[:1], scaling[1:] + 1.0
    grown = xp.where(held >= _PATIENCE, 2.0 * scale, scale)
    held = xp.where(held >= _PATIENCE, xp.zeros_like(held), held)
    shrunk = xp.maximum(0.5 * scale, xp.ones_like(scale))
    return xp.concat([xp.where(finite, grown, shrunk), xp.where(finite, held, xp.zeros_like(held))])


def _parts(m: int, count: int) -> list[slice]:
    """A mini-batch in so many parts, or fewer where it has fewer samples."""
    size = math.ceil(m / count)
    return [slice(start, min(start + size, m)) for start in range(0, m, size)]


def _clipped(gradient: Array, recipe: StepConfig, xp: Any) -> Array:
    if recipe.clip_value:
        gradient = xp.clip(gradient, -recipe.clip_value, recipe.clip_value)
    if recipe.clip_norm:
        squares = xp.reshape(gradient * gradient, (1, -1))
        norm = xp.sqrt(xp.reshape(xp.sum(squares, axis=1, keepdims=True), (1,)))
        gradient = gradient * (recipe.clip_norm / xp.maximum(norm, recipe.clip_norm))
    return gradient


def _shortened(theta: Array, architecture: Architecture, bound: float, xp: Any) -> Array:
    """theta, the weights of each neuron no longer than ``bound`` (Srivastava et al., 2014)."""
    layout = architecture.layout
    weights, _ = layout.split(theta, xp)
    parts = []
    for w in weights:
        norm = xp.sqrt(xp.sum(w * w, axis=1, keepdims=True))
        parts.append(xp.reshape(w * (bound / xp.maximum(norm, bound)), (-1,)))
    return xp.concat([*parts, theta[layout.n_weights :]])


def step_inputs(
    recipe: StepConfig,
    architecture: Architecture,
    seed: int,
    step: int,
    t: int,
    factor: float = 1.0,
) -> tuple[float, ...]:
    """What a step is given: the optimizer's rates, then the keys of its masks.

    Parameters
    ----------
    recipe : StepConfig
    architecture : Architecture
    seed : int
    step : int
        Steps of the network before this one.
    t : int
        Steps of the optimizer before this one.
    factor : float, optional
        Multiplies the learning rate.
    """
    optimizer = recipe.optimizer
    rates = optimizer.rates(t) if factor == 1.0 else optimizer.rates(t, factor=factor)
    return *map(float, rates), *architecture.keys(seed, step)


def step_inputs_over(
    recipe: StepConfig,
    architecture: Architecture,
    seed: int,
    steps: range,
    since: int,
    factor: float,
) -> list[tuple[float, ...]]:
    """`step_inputs` each of some steps, of which the optimizer's first was ``since``."""
    if steps and recipe.optimizer.steady and not architecture.random:
        return [step_inputs(recipe, architecture, seed, steps[0], 0, factor)] * len(steps)
    return [step_inputs(recipe, architecture, seed, one, one - since, factor) for one in steps]


def make_forward(architecture: Architecture) -> Forward:
    """The forward pass as a pure function, for `bpnet.compiler.compile_forward`.

    Parameters
    ----------
    architecture : Architecture

    Returns
    -------
    callable
        ``forward(xp, (theta, running), x) -> z``, the weighted input of the output layer.
    """
    layout = architecture.layout

    def forward(xp: Any, state: Any, x: Array) -> Array:
        theta, running = state
        w, b = layout.split(theta, xp)
        stages = architecture.stages(theta, running[0] if running else None, x, xp)
        z, _ = feedforward(w, b, (*stages[:-1], Identity()), x, xp)
        return z[-1]

    return forward
