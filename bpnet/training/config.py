"""StepConfig: the settings of one training step."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from .._lib.constraints import Constraints, Integer, Number
from .._lib.validation import Validated
from ..optimizers import Optimizer

__all__ = ["FIRST_LOSS_SCALE", "StepConfig"]

FIRST_LOSS_SCALE = np.asarray([2.0**15, 0.0])
"""The scale of the gradients in float16, and the steps since it changed, before the first step."""


class StepConfig(Validated):
    """Settings of one training step: everything but the model.

    The objective is the mean cost, plus ``l2/2 + alpha/(2 s)`` times the sum of the squared
    weights, plus ``l1`` times the sum of their magnitudes; s is the weight of the mini-batch's
    samples together, without weights their number.

    Parameters
    ----------
    optimizer : Optimizer
    l1, l2 : float, optional
    clip_value : float, optional
        Bound of each entry of the gradient; 0 for none.
    clip_norm : float, optional
        Bound of the gradient's Euclidean norm; 0 for none.
    max_norm : float, optional
        Bound of the norm of each neuron's weights, enforced after each step; 0 for none.
    accumulate : int, optional
        Number of parts in which a mini-batch is computed, one after another.
    average : float, optional
        Decay of the exponential moving average of the parameters; 0 for none.
    alpha : float or None, optional
        With a number, 0 too, `TrainingState.penalty` adds up the penalties.
    weighted : bool, optional
        Whether the last column of the targets holds the samples' weights.
    compute : str, optional
        Type of activations and of gradients by them, ``"bfloat16"`` or ``"float16"``; parameters
        and memory keep theirs (Micikevicius et al., 2018). Empty for that of the parameters.
    """

    constraints = Constraints(
        l1=Number(0.0),
        l2=Number(0.0),
        clip_value=Number(0.0),
        clip_norm=Number(0.0),
        max_norm=Number(0.0),
        accumulate=Integer(1),
        average=Number(0.0, 1.0),
        alpha=Number(0.0, optional=True),
    )

    optimizer: Optimizer
    l1: float = 0.0
    l2: float = 0.0
    clip_value: float = 0.0
    clip_norm: float = 0.0
    max_norm: float = 0.0
    accumulate: int = 1
    average: float = 0.0
    alpha: float | None = None
    weighted: bool = False
    compute: str = ""

    def for_weights(self, mean: float | None) -> StepConfig:
        """The settings with weights of samples that were divided by their mean; None: without."""
        if mean is None:
            return self.replaced(weighted=False)
        return self.replaced(weighted=True, alpha=self.alpha and self.alpha / mean)

    @property
    def sums_penalties(self) -> bool:
        """Whether the penalties of an epoch's mini-batches are added up."""
        return self.alpha is not None

    @property
    def scales_loss(self) -> bool:
        """Whether gradients are scaled on their way back, as float16 would lose small ones."""
        return self.compute == "float16"

    @property
    def identity(self) -> Hashable:
        """What a compiled step depends on: all settings but the learning rate."""
        rest = (getattr(self, name) for name in self.fields if name != "optimizer")
        return self.optimizer.update_rule, *rest
