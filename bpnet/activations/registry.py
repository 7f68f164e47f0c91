"""The activations by name."""

from __future__ import annotations

from collections.abc import Callable

from .._lib.registry import lookup
from .base import Activation
from .exponential import Exponential, Softmax
from .gated import GELU, SiLU
from .identity import Identity
from .rectifiers import ELU, LeakyReLU, ReLU, Softplus
from .sigmoid import Sigmoid, Tanh

__all__ = ["ALIASES", "BUILT_IN", "get"]

BUILT_IN: dict[str, Callable[..., Activation]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "gelu": GELU,
    "gelu_tanh": lambda: GELU(approximate=True),
    "silu": SiLU,
    "softplus": Softplus,
    "exponential": Exponential,
    "identity": Identity,
    "softmax": Softmax,
}

ALIASES = {
    "swish": "silu",
    "logistic": "sigmoid",
    "linear": "identity",
    "exp": "exponential",
    "gelu_approximate": "gelu_tanh",
}
"""Names that other libraries use; files have bpnet's own."""


def get(activation: str | Activation) -> Activation:
    """The activation of that name, or the argument if it is one.

    Parameters
    ----------
    activation : str or Activation
        Also ``"swish"``, ``"logistic"``, ``"linear"`` and the like; case, hyphens and underscores
        do not matter.

    Returns
    -------
    Activation

    Raises
    ------
    ValueError
        If there is none of that name.
    TypeError
        If it is neither a name nor an activation.

    Examples
    --------
    >>> import bpnet
    >>> bpnet.activations.get("tanh")
    Tanh()
    """
    return lookup(activation, BUILT_IN, Activation, "activation", ALIASES)
