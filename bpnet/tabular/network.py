"""The network of a run, as its settings and its data want it."""

from __future__ import annotations

from .. import costs
from .._lib.constraints import Number
from ..costs import BinaryCrossEntropy, Cost
from ..data import Dataset
from ..model import Layer
from ..network import Network
from .recipe import Settings
from .setting_error import SettingError

__all__ = ["make_network"]


def make_network(settings: Settings, data: Dataset) -> Network:
    """A network before it is trained.

    Parameters
    ----------
    settings : dict
        Complete ones.
    data : Dataset

    Raises
    ------
    SettingError, ValueError, TypeError, BackendUnavailableError
        If a setting is wrong.
    """
    cost = costs.get(settings["cost"])
    hidden = settings["hidden"]
    hidden = list(hidden) if isinstance(hidden, list | tuple) else [hidden]
    extras = {name: settings[name] for name in ("dropout", "normalization") if settings.get(name)}
    Number(0.0, 1.0)("dropout", settings.get("dropout", 0.0))
    if extras and not hidden:
        name = next(iter(extras))
        raise SettingError(
            f"{{{name}}} is for hidden layers, and there are none: add {{hidden}} 64, or leave "
            f"{{{name}}} out"
        )
    return Network(
        [
            data.train[0].shape[1],
            *(Layer(size, **extras) if extras else size for size in hidden),
            _outputs(cost, data),
        ],
        activations=[settings["activation"]] * len(hidden)
        + [settings.get("output_activation", cost.partner)],
        cost=cost,
        initializer=settings["initializer"],
        backend=settings.get("backend"),
        device=settings.get("device"),
        dtype=settings.get("dtype"),
        seed=settings["seed"],
        task=data.task,
    )


def _outputs(cost: Cost, data: Dataset) -> int:
    """Neurons of the output layer."""
    if data.task == "classification" and data.classes is not None:
        n = len(data.classes)
        return 1 if n == 2 and isinstance(cost, BinaryCrossEntropy) else n
    n_outputs: int = data.train[1].shape[1]
    return n_outputs
