"""A model in values that JSON knows, for files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import activations as _activations
from .. import costs as _costs
from .. import normalization as _normalization
from .._lib.registry import check_name, to_record
from .._lib.wording import shortened
from .architecture import Architecture, resolved
from .layer import Layer
from .metadata import with_classes
from .model import Model
from .task import TASKS

__all__ = ["describe", "model_from"]

_OPTIONS = ("dropout", "normalization", "residual", "noise")


def describe(model: Model) -> dict[str, Any]:
    """The model in values that JSON knows; `model_from` reads it.

    Raises
    ------
    TypeError
        If an activation or cost of the user's own has no such values.
    """
    return {
        "sizes": model.sizes,
        "activations": [_activations.to_dict(sigma) for sigma in model.architecture.sigma],
        "layers": _options(model.architecture),
        "cost": _costs.to_dict(model.cost),
        "task": model.task,
        **({} if model.classes is None else {"classes": list(model.classes)}),
    }


def model_from(description: Mapping[str, Any], custom: Mapping[str, Any]) -> Model:
    """The model that `describe` gave.

    Parameters
    ----------
    description : mapping
        With values of the kinds that `bpnet.storage.models.MODEL_HEADER` says.
    custom : mapping of str
        The user's own activations and costs by name.

    Raises
    ------
    KeyError, TypeError, ValueError
        If something is missing or wrong.
    """
    layers = _layers(description["sizes"], description.get("layers", {}))
    sigma = [_activations.from_dict(one, dict(custom)) for one in description["activations"]]
    cost = _costs.from_dict(description["cost"], dict(custom))
    task = check_name(description["task"], TASKS, "task")
    model = Model(resolved(layers, sigma, cost), cost, task)
    classes = description.get("classes")
    return model if classes is None else with_classes(model, classes)


def _options(architecture: Architecture) -> dict[str, dict[str, Any]]:
    """What layers do beside their activation, by layer number."""
    found = {}
    for l, layer in enumerate(architecture.layers):
        own = {name: getattr(layer, name) for name in _OPTIONS if getattr(layer, name)}
        if "normalization" in own:
            own["normalization"] = to_record(own["normalization"])
        if own:
            found[str(l)] = own
    return found


def _layers(sizes: list[int], options: Mapping[str, Mapping[str, Any]]) -> list[int | Layer]:
    """Layers of what `_options` gave."""
    layers: list[int | Layer] = list(sizes)
    numbers = {str(l) for l in range(len(sizes))}
    for l, given in options.items():
        if l not in numbers:
            raise ValueError(
                f"there are options of layer {shortened(l, 80)}, but {len(sizes)} layers"
            )
        own = dict(given)
        if "normalization" in own:
            record = dict(own["normalization"])
            own["normalization"] = type(_normalization.get(record.pop("name")))(**record)
        layers[int(l)] = Layer(sizes[int(l)], **own)
    return layers
