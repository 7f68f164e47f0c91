"""The task of a network: classification, several labels at once, or regression."""

from __future__ import annotations

from .._lib.registry import check_name
from ..activations import Activation, Sigmoid, Softmax
from ..costs import BinaryCrossEntropy, CategoricalCrossEntropy, Cost

__all__ = ["TARGET_KINDS", "TASKS", "checked_task", "default_task"]

TASKS = ("classification", "multilabel", "regression")

TARGET_KINDS = ("classes", "labels", "numbers")
"""Class indices or one-hot rows; other rows of zeros and ones; anything else."""


def default_task(cost: Cost, output: Activation, targets: str = "classes") -> str:
    """The task of a network for which none was given.

    Parameters
    ----------
    cost : Cost
    output : Activation
        Of the output layer.
    targets : {"classes", "labels", "numbers"}, optional
        What training targets are: see `TARGET_KINDS`.

    Returns
    -------
    {"classification", "multilabel", "regression"}
        Softmax outputs and the categorical cross-entropy are for classification. With sigmoid
        outputs the targets decide; with the binary cross-entropy and other outputs as well, but
        for numbers, which are then probabilities of classes. All else is regression.
    """
    if isinstance(output, Softmax) or isinstance(cost, CategoricalCrossEntropy):
        return "classification"
    probabilities = isinstance(cost, BinaryCrossEntropy)
    if not (probabilities or isinstance(output, Sigmoid)):
        return "regression"
    numbers = "classification" if probabilities else "regression"
    return {"classes": "classification", "labels": "multilabel", "numbers": numbers}[targets]


def checked_task(task: str | None, cost: Cost, output: Activation) -> str:
    """The task that was given, or that of a network for which none was.

    Raises
    ------
    ValueError
        If there is no such task, or outputs that share their sum are to be labels by themselves.
    """
    if task is None:
        return default_task(cost, output)
    shared = isinstance(output, Softmax) or isinstance(cost, CategoricalCrossEntropy)
    if check_name(task, TASKS, "task") == "multilabel" and shared:
        raise ValueError(
            f"the task multilabel takes each output by itself, but {output.name} outputs with the "
            f"cost {cost.name} are probabilities of classes: use sigmoid outputs with "
            "binary_cross_entropy"
        )
    return task
