"""Initial weights and biases, drawn on the host: the same for every library and dtype."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ._lib.registry import lookup
from ._lib.validation import Validated
from .activations.base import Activation

__all__ = [
    "Auto",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "Orthogonal",
    "ScaledNormal",
    "StandardNormal",
    "Zeros",
    "get",
]

if TYPE_CHECKING:  # NumPy loads its generators, and half of hashlib, when they are named
    Generator: TypeAlias = np.random.Generator
    HostArray: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]


class Initializer(Validated):
    """Draws a layer's initial parameters.

    Subclasses are immutable, and equal where their fields are. A field annotated ``float``,
    ``int`` or ``bool`` is checked, and converted from NumPy's types, when the object is made.
    """

    def weights(self, n_out: int, n_in: int, sigma: Activation, rng: Generator) -> HostArray:
        """Weights of a layer with activation ``sigma``, shape (n_out, n_in)."""
        raise NotImplementedError

    def biases(self, n_out: int, rng: Generator) -> HostArray:
        """Biases of a layer, shape (n_out,)."""
        return np.zeros(n_out)


class StandardNormal(Initializer):
    """N(0, 1) for weights and biases: the book's choice in its first chapters."""

    def weights(self, n_out: int, n_in: int, sigma: Activation, rng: Generator) -> HostArray:
        return rng.standard_normal((n_out, n_in))

    def biases(self, n_out: int, rng: Generator) -> HostArray:
        return rng.standard_normal(n_out)


class ScaledNormal(StandardNormal):
    """N(0, 1) / sqrt(n_in) for weights, N(0, 1) for biases: the book's better choice (ch. 3)."""

    def weights(self, n_out: int, n_in: int, sigma: Activation, rng: Generator) -> HostArray:
        return rng.standard_normal((n_out, n_in)) / math.sqrt(n_in)


class GlorotUniform(Initializer):
    """Uniform within +-sqrt(6 / (n_in + n_out)) (Glorot and Bengio, 2010); biases zero."""

    def weights(self, n_out: int, n_in: int, sigma: Activation, rng: Generator) -> HostArray:
        bound = math.sqrt(6.0 / (n_in + n_out))
        return rng.uniform(-bound, bound, (n_out, n_in))


class GlorotNormal(Initializer):
    """N(0, 2 / (n_in + n_out)) (Glorot and Bengio, 2010); biases zero."""

    def weights(self, n_out: int, n_in: int, sigma: Activation, rng: Generator) -> HostArray:
        return rng.standard_normal((n_out, n_in)) * math.sqrt(2.0 / (n_in + n_out))


class HeUniform(Initializer):
    """Uniform within +-sqrt(6 / n_in) (He et al., 2015); biases zero."""

    def weights(self, n_out: int, n_in: int, sigma: Activation, rng: Generator) -> HostArray:
        bound = math.sqrt(6.0 / n_in)
        return rng.uniform(-bound, bound, (n_out, n_in))


class HeNormal(Initializer):
    """N(0, 2 / n_in) (He et al., 2015); biases zero."""

    def weights(self, n_out: int, n_in: int, sigma: Activation, rng: Generator) -> HostArray:
        return rng.standard_normal((n_out, n_in)) * math.sqrt(2.0 / n_in)


class Orthogonal(Initializer):
    """Rows or columns orthonormal (Saxe et al., 2014); biases zero."""

    def weights(self, n_out: int, n_in: int, sigma: Activation, rng: Generator) -> HostArray:
        tall = rng.standard_normal((max(n_out, n_in), min(n_out, n_in)))
        q, r = np.linalg.qr(tall)
        q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)  # uniform over the orthogonal matrices
        return q if n_out >= n_in else q.T


class Zeros(Initializer):
    """Zeros everywhere; hidden neurons that start equal stay equal."""

    def weights(self, n_out: int, n_in: int, sigma: Activation, rng: Generator) -> HostArray:
        return np.zeros((n_out, n_in))


class Auto(Initializer):
    """`HeNormal` for layers with a rectifier (relu and its kin), `GlorotUniform` for others."""

    def weights(self, n_out: int, n_in: int, sigma: Activation, rng: Generator) -> HostArray:
        suited = HeNormal() if sigma.rectifier else GlorotUniform()
        return suited.weights(n_out, n_in, sigma, rng)


BUILT_IN: dict[str, Callable[[], Initializer]] = {
    "auto": Auto,
    "standard_normal": StandardNormal,
    "scaled_normal": ScaledNormal,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "orthogonal": Orthogonal,
    "zeros": Zeros,
}
ALIASES = {
    "xavier_uniform": "glorot_uniform",
    "xavier_normal": "glorot_normal",
    "kaiming_uniform": "he_uniform",
    "kaiming_normal": "he_normal",
}
"""Names that other libraries use."""


def own(initializer: Initializer) -> Initializer | None:
    """The initializer if it is one of bpnet's, which any process can read; otherwise None."""
    return initializer if type(initializer).__module__ == __name__ else None


def get(initializer: str | Initializer) -> Initializer:
    """The initializer of that name, or the argument if it is one.

    Parameters
    ----------
    initializer : str or Initializer
        ``"standard_normal"`` and ``"scaled_normal"`` are the book's two; ``"xavier_uniform"``,
        ``"kaiming_normal"`` and their like are Glorot's and He's.

    Returns
    -------
    Initializer

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is neither a name nor an initializer.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.initializers.get("scaled_normal")
    ScaledNormal()
    """
    return lookup(initializer, BUILT_IN, Initializer, "initializer", ALIASES)
