"""Activation functions: the value and the derivative of each sigma.

Each is written with functions of the array API standard, through a namespace ``xp`` that is
inferred from the argument if it is not given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lib.lazy import lazy_attributes
from .base import Activation
from .exponential import Exponential, Softmax
from .gated import GELU, SiLU
from .identity import Identity
from .rectifiers import ELU, LeakyReLU, ReLU, Softplus
from .registry import BUILT_IN as BUILT_IN
from .registry import get
from .sigmoid import Sigmoid, Tanh

if TYPE_CHECKING:
    from .custom import CustomActivation
    from .per_neuron import PerNeuron
    from .records import from_dict as from_dict
    from .records import to_dict as to_dict

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
        "CustomActivation": "custom",
        "PerNeuron": "per_neuron",
        "from_dict": "records",
        "to_dict": "records",
    },
)
