"""All that is known of a network and its samples when they are judged."""

from __future__ import annotations

import math
from typing import Any

from ..._lib.frozen import Frozen
from ...model import Model
from .answers import AnswerFigures
from .layers import LayerFigures
from .samples import SampleFigures
from .thresholds import LEARNED, LEARNED_UNTRAINED, NOTHING_LEARNED
from .trial import TrialStep

__all__ = ["Evidence", "Training"]


class Training(Frozen):
    """What a fit did.

    Parameters
    ----------
    first : TrialStep or None
        Of the parameters before it.
    flat : tuple of int
        Layers that were dead or saturated before it.
    gain, accuracy : float
        Of `AnswerFigures`, before it; 0 where there is no accuracy.
    """

    first: TrialStep | None
    flat: tuple[int, ...]
    gain: float
    accuracy: float


class Evidence(Frozen):
    """What the rules look at.

    Parameters
    ----------
    model : Model
    classes : tuple or None
        Their names.
    steps : int
        That the network has done.
    not_finite : str
        What is not finite, and what may help; empty if all is.
    out_of_range : str
        Which targets cannot be reached, and what may help; empty if all can.
    samples : SampleFigures
    layers : tuple of LayerFigures
    answers : AnswerFigures
    trial : TrialStep or None
    training : Training or None
    """

    model: Model
    classes: Any
    steps: int
    not_finite: str
    out_of_range: str
    samples: SampleFigures
    layers: tuple[LayerFigures, ...]
    answers: AnswerFigures
    trial: TrialStep | None
    training: Training | None

    @property
    def learned(self) -> bool:
        """Whether the network answers clearly better than a constant does, and not by chance."""
        found, before = self.answers, self.training
        if not self.steps:
            return found.gain >= LEARNED_UNTRAINED
        if found.gain >= LEARNED:
            fresh = before is not None and found.gain < LEARNED_UNTRAINED
            return not (fresh and before and found.gain < before.gain + NOTHING_LEARNED)
        if found.accuracy is None or found.majority is None:
            return False
        share, m = max(found.majority, 1.0 - found.majority), self.samples.looked_at
        least = max(LEARNED / 2.0, 4.0 * math.sqrt(max(share * (1.0 - share), 0.01) / m))
        level = max(found.majority, before.accuracy if before is not None else 0.0)
        return found.accuracy > level + least

    def class_name(self, k: int) -> str:
        """What class k is called."""
        return str(self.classes[k]) if self.classes else str(k)
