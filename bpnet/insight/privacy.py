"""Differentially private training: SGD on clipped gradients with noise, and what it guarantees.

Each step takes every example with the same probability (Poisson sampling, which the accountant
assumes: shuffled mini-batches would have a larger epsilon than the one it tells), clips each
example's gradient, and adds normal noise to the sum (M. Abadi et al., CCS 2016, arXiv:1607.00133).
"""

from __future__ import annotations

import math
import secrets
from typing import Any

import numpy as np

from .._lib.constraints import Integer, Number
from .._lib.frozen import Frozen
from .._lib.install import pip_install
from ..backends import Array, Backend
from ..data.labels import text_labels
from ..data.sparse import SparseRows, dense
from ..network import Network
from ..randomness import normal_noise, poisson_sample
from ..training import DivergenceError, History
from ..training.samples import check_samples
from .clipping import ClippedSum, check_clip_norm
from .per_example import model_with_independent_examples

__all__ = ["PrivateTraining", "privacy_spent", "private_sgd"]

_SEED_BITS = 128  # no one can try all of these; 32 bits can be tried
_INTERVAL = 1e-4  # of privacy losses; dp-accounting's own
_LEAST_NOISE = 0.01  # with less, epsilon is in the thousands: nothing is promised
_SIZES = 8  # about as many sizes of mini-batches are computed, rows of zero weight filling them


class PrivateTraining(Frozen):
    """What a private training did, and what it guarantees: (epsilon, delta).

    Parameters
    ----------
    epsilon, delta : float
        Of all steps from the first on. Epsilon is infinite where the noise is less than 0.01.
    steps : int
        From the first on: ``first_step`` of the next `private_sgd` that goes on.
    sampling_rate, clip_norm, noise_multiplier, learning_rate : float
    """

    epsilon: float
    delta: float
    steps: int
    sampling_rate: float
    clip_norm: float
    noise_multiplier: float
    learning_rate: float


def private_sgd(
    net: Network,
    x: Any,
    y: Any = None,
    *,
    steps: int,
    sampling_rate: float,
    clip_norm: float,
    noise_multiplier: float,
    learning_rate: float,
    delta: float,
    seed: int | None = None,
    first_step: int = 0,
) -> PrivateTraining:
    """Train a network by differentially private SGD.

    A step takes each example with probability ``sampling_rate``, clips each one's gradient to
    ``clip_norm``, adds to their sum normal noise of standard deviation
    ``noise_multiplier * clip_norm``, and divides by the expected number of examples. A step that
    draws no example is noise alone. Nothing is dropped.

    Parameters
    ----------
    net : Network
        Without batch normalization. Its parameters change once, at the end.
    x, y
        As for `per_example_gradients`. Their number is taken to be public.
    steps : int
    sampling_rate : float
        Greater than 0, at most 1.
    clip_norm : float
    noise_multiplier : float
        At least 0.
    learning_rate : float
    delta : float
        Greater than 0 and less than 1; choose it well below one in the number of examples.
    seed : int, optional
        Of samples and noise, which are functions of it and the step. Who knows it can take the
        noise off again: by default 128 bits of the operating system, which are not kept.
    first_step : int, optional
        How many steps with this seed the network has had: a training in parts has the bits of one
        in a piece. Epsilon counts them too, with the other settings as here.

    Returns
    -------
    PrivateTraining
        With epsilon, an upper bound by dp-accounting's privacy loss distributions, for data sets
        that differ by one example added or removed.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or the network has batch normalization.
    ImportError
        If dp-accounting is not installed; the message says what installs it.
    DivergenceError
        If a parameter is no longer finite. As after every other error, the network is as before.

    Examples
    --------
    >>> import bpnet
    >>> x, y = bpnet.data.load_digits().train
    >>> net = bpnet.Network([64, 10], cost="log_likelihood", seed=0)
    >>> run = bpnet.private_sgd(
    ...     net, x, y, steps=100, sampling_rate=0.1, clip_norm=1.0, noise_multiplier=2.0,
    ...     learning_rate=2.0, delta=1e-4, seed=1,
    ... )  # fmt: skip
    >>> round(run.epsilon, 2), net.accuracy(x, y) > 0.8
    (1.97, True)
    """
    seed = secrets.randbits(_SEED_BITS) if seed is None else Integer(0)("seed", seed)
    steps = Integer(1)("steps", steps)
    first_step = Integer(0)("first_step", first_step)
    rate = _sampling_rate("sampling_rate", sampling_rate)
    clip_norm = check_clip_norm("clip_norm", clip_norm)
    noise = Number(0.0)("noise_multiplier", noise_multiplier)
    learning_rate = Number(0.0, closed="neither")("learning_rate", learning_rate)
    last = first_step + steps
    model, backend = model_with_independent_examples(net), net.backend
    if text_labels(y, "y") is not None and net.classes is None:
        raise ValueError(
            "y holds text, and which classes there are must not depend on private examples: name "
            "them first, as net.classes = ['cat', 'dog']"
        )
    with backend.scope():
        x, y = check_samples(model, backend, x, y, net.metadata)
        epsilon = privacy_spent(steps=last, sampling_rate=rate, noise_multiplier=noise, delta=delta)
        run, theta = ClippedSum(model, backend, clip_norm), net.state.theta
        expected = rate * x.shape[0]
        for step in range(first_step, last):
            rows = poisson_sample(seed, step, x.shape[0], rate)
            drawn = noise * clip_norm * normal_noise(seed, step, model.layout.size)
            total = backend.from_host(drawn, backend.dtype)
            if len(rows):
                total = total + run(theta, *_mini_batch(backend, x, y, rows, expected))
            theta = theta - (learning_rate / expected) * total
            if not bool(backend.all_finite_on_device(theta)):
                raise DivergenceError(
                    f"a parameter became infinite or NaN in step {step}", History(), "as before"
                )
        _give(net, backend.to_numpy(theta))
    return PrivateTraining(epsilon, float(delta), last, rate, clip_norm, noise, learning_rate)


def privacy_spent(
    *, steps: int, sampling_rate: float, noise_multiplier: float, delta: float
) -> float:
    """The epsilon of a `private_sgd` with these settings, before any training.

    Parameters
    ----------
    steps, sampling_rate, noise_multiplier, delta
        As for `private_sgd`.

    Raises
    ------
    ImportError
        If dp-accounting is not installed; the message says what installs it.

    Examples
    --------
    >>> from bpnet.insight.privacy import privacy_spent
    >>> round(
    ...     privacy_spent(steps=1000, sampling_rate=0.01, noise_multiplier=1.0, delta=1e-5), 2
    ... )
    1.83
    """
    steps = Integer(1)("steps", steps)
    rate = _sampling_rate("sampling_rate", sampling_rate)
    noise = Number(0.0)("noise_multiplier", noise_multiplier)
    delta = Number(0.0, 1.0, closed="neither")("delta", delta)
    try:
        import dp_accounting
        from dp_accounting import pld
    except ImportError as error:
        raise ImportError(
            f"the epsilon of a private training needs dp-accounting: {pip_install('dp-accounting')}"
        ) from error
    if noise < _LEAST_NOISE:
        return math.inf
    # Losses grow with 1/noise^2, and time and memory with their range in units of the interval.
    interval = _INTERVAL * max(1.0, 1.0 / noise**2)
    neighbours = dp_accounting.NeighboringRelation.ADD_OR_REMOVE_ONE
    accountant = pld.PLDAccountant(neighbours, value_discretization_interval=interval)
    step = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(noise))
    accountant.compose(dp_accounting.SelfComposedDpEvent(step, steps))
    return float(accountant.get_epsilon(delta))


_sampling_rate = Number(0.0, 1.0, closed="right")


def _mini_batch(
    backend: Backend, x: Array | SparseRows, y: Array, rows: np.ndarray[Any, Any], expected: float
) -> tuple[Array, Array, Array]:
    """Samples, targets and whether they count, in one of few sizes: few are compiled for."""
    unit = math.ceil(expected / _SIZES)
    size = math.ceil(len(rows) / unit) * unit
    filled = np.concatenate([rows, np.full(size - len(rows), rows[0])])
    counts = (np.arange(size) < len(rows)).reshape(-1, 1).astype(backend.dtype)
    index = backend.from_host(filled, "int64")
    of_x = dense(x.take(filled)) if isinstance(x, SparseRows) else backend.xp.take(x, index, axis=0)
    y = backend.xp.take(y, index, axis=0)
    return of_x, y, backend.from_host(counts, backend.dtype)


def _give(net: Network, theta: np.ndarray[Any, Any]) -> None:
    """Give the network other parameters, scales and shifts among them."""
    *others, trained = net.__getstate__()
    state = trained.state._replace(theta=theta)
    net.__setstate__((*others, trained._replace(state=state)))
