"""The task of a network: classification or regression."""

from __future__ import annotations

from ..activations import Activation, Sigmoid, Softmax
from ..costs import BinaryCrossEntropy, CategoricalCrossEntropy, Cost

__all__ = ["TASKS", "default_task"]

TASKS = ("classification", "regression")


def default_task(cost: Cost, output: Activation, *, real_targets: bool = False) -> str:
    """The task of a network for which none was given.

    Parameters
    ----------
    cost : Cost
    output : Activation
        Of the output layer.
    real_targets : bool, optional
        Whether training targets are known that are neither labels nor rows of zeros and ones.

    Returns
    -------
    {"classification", "regression"}
        Classification with a cross-entropy or softmax outputs, and with sigmoid outputs unless
        targets are real.
    """
    if isinstance(cost, BinaryCrossEntropy | CategoricalCrossEntropy):
        return "classification"
    if isinstance(output, Softmax) or (isinstance(output, Sigmoid) and not real_targets):
        return "classification"
    return "regression"
