"""Activation functions: the value and the derivative of each sigma.

Each is written with functions of the array API standard, through a namespace ``xp`` that is
inferred from the argument if it is not given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes
from .base import Activation
from .exponential import Exponential, Softmax
from .identity import Identity
from .rectifiers import ELU, LeakyReLU, ReLU, Softplus
from .sigmoid import Sigmoid, Tanh

if TYPE_CHECKING:
    from .custom import CustomActivation
    from .gated import GELU, SiLU
    from .hidden import hidden_form as hidden_form
    from .per_neuron import PerNeuron
    from .records import from_dict as from_dict
    from .records import to_dict as to_dict
    from .registry import ALIASES as ALIASES
    from .registry import BUILT_IN as BUILT_IN
    from .registry import get

__all__ = [
    "ELU",
    "GELU",
    "Activation",
    "CustomActivation",
    "Exponential",
    "Identity",
    "LeakyReLU",
    "PerNeuron",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "get",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "ALIASES": "registry",
        "BUILT_IN": "registry",
        "CustomActivation": "custom",
        "GELU": "gated",
        "PerNeuron": "per_neuron",
        "SiLU": "gated",
        "from_dict": "records",
        "get": "registry",
        "hidden_form": "hidden",
        "to_dict": "records",
    },
)
