"""Activations as model files keep them: name and parameters."""

from __future__ import annotations

from typing import Any

from .._lib.registry import check_name, to_record
from .base import Activation
from .per_neuron import PerNeuron
from .registry import BUILT_IN, get

__all__ = ["from_dict", "to_dict"]


def to_dict(activation: Activation) -> dict[str, Any]:
    """Name and parameters, as a model file keeps them."""
    if isinstance(activation, PerNeuron):
        return {"name": "per_neuron", "functions": [to_dict(get(f)) for f in activation.functions]}
    return to_record(activation)


def from_dict(record: dict[str, Any], custom: dict[str, Any]) -> Activation:
    """The activation of a `to_dict`; ``custom`` has objects for names that are not bpnet's own."""
    options = dict(record)
    name = options.pop("name")
    if name == "per_neuron":
        return PerNeuron([from_dict(one, custom) for one in options["functions"]])
    if name in custom:
        return get(custom[name])
    options.pop("approximate", None)  # the name says it
    return BUILT_IN[check_name(name, BUILT_IN, "activation")](**options)
