"""Rules about steps: the learning rate, and what came of training."""

from __future__ import annotations

import math
from collections.abc import Iterator

from .evidence import Evidence
from .finding import PREVENTS, SLOWS, Finding
from .of_layers import dead_layers, saturated_layers
from .thresholds import (
    DEVIATIONS,
    LARGE_STEP,
    MISCALIBRATED,
    NOTHING_LEARNED,
    SMALL_STEP,
    STEP_UP,
    STEPS_TO_LEARN,
    WELL_LEARNED,
)
from .trial import TrialStep

__all__ = ["notes_on_answers", "nothing_learned", "rate_too_high", "rate_too_low"]

_FINDER = "bpnet.find_learning_rate(net, x, y, batch_size=...) suggests one"


def rate_too_high(seen: Evidence) -> Iterator[Finding]:
    """Steps that overshoot."""
    told = next(filter(None, (_overshoots(seen, *step) for step in _steps(seen))), "")
    killed = _killed(seen)
    if seen.learned and not (told and killed and seen.answers.gain < WELL_LEARNED):
        return  # large steps that work are not too large
    told = told or killed
    if told:
        yield Finding(
            "learning_rate_too_high",
            f"the learning rate is too high: {told}",
            "w -> w - eta dC/dw lowers the cost only while the cost is about linear along the step",
            "Make the network anew, and use a lower learning rate, a tenth to begin with; "
            + _FINDER,
            PREVENTS,
        )


def _overshoots(seen: Evidence, step: TrialStep, which: str) -> str:
    """How a step is too large; empty if it is not."""
    if seen.answers.far(step.after, STEP_UP, step.before):
        return (
            f"{which} of {step.optimizer} leads from a cost of {step.before:.3g} to "
            f"{step.after:.3g} on its own samples"
        )
    largest = max(step.updates)
    if LARGE_STEP < largest < math.inf:
        return (
            f"{which} of {step.optimizer} changes the weights of layer "
            f"{1 + step.updates.index(largest)} by {largest:.3g} times their size"
        )
    return ""


def _killed(seen: Evidence) -> str:
    """Which layers a fit has made dead, or saturated; empty if none."""
    if seen.training is None:
        return ""
    if seen.not_finite:
        return "numbers became infinite in this fit, and were finite before"
    new = {one.layer for one in (*dead_layers(seen), *saturated_layers(seen))}
    new -= set(seen.training.flat)
    if not new:
        return ""
    first = min(new)
    more = f", and {len(new) - 1} more," if len(new) > 1 else ""
    return f"layer {first}{more} became flat in this fit, and was not before"


def rate_too_low(seen: Evidence) -> Iterator[Finding]:
    """Steps that change nothing."""
    steps = [step for step, _ in _steps(seen)]
    if seen.learned or seen.not_finite or not steps:
        return
    if seen.training is None and steps[0].scheduled:
        return  # a schedule may begin low
    largest = max(max(step.updates, default=0.0) for step in steps)
    if largest < SMALL_STEP:
        needed = f"{1.0 / largest:,.0f} steps" if largest else "no number of steps"
        yield Finding(
            "learning_rate_too_low",
            f"the learning rate is too low: a step of {steps[-1].optimizer} changes no layer's "
            f"weights by more than {largest:.2g} of their size",
            f"w -> w - eta dC/dw: it takes {needed} for them to become others",
            f"Use a higher learning rate, ten times or more; {_FINDER}",
            PREVENTS,
        )


def _steps(seen: Evidence) -> Iterator[tuple[TrialStep, str]]:
    if seen.training is not None and seen.training.first is not None:
        yield seen.training.first, "the first step"
    if seen.trial is not None:
        yield seen.trial, "a step"


def nothing_learned(seen: Evidence) -> Iterator[Finding]:
    """Training that came to no more than a constant."""
    found = seen.answers
    if seen.learned or seen.steps < STEPS_TO_LEARN or found.gain >= NOTHING_LEARNED:
        return
    yield Finding(
        "nothing_learned",
        f"after {seen.steps:,} steps the cost, {found.cost:.4g}, is hardly better than that of "
        f"the best constant answer, {found.constant:.4g}",
        "the biases of the output layer alone reach the latter (BP3): the weights have found next "
        "to nothing in x that tells of y",
        "Can it learn ten of the samples by heart, net.fit(x[:10], y[:10], epochs=1000, "
        "batch_size=10, optimizer='adam')? If so, rows of x and y may not belong together, or x "
        "does not tell y. If not, try a higher learning rate and activations='relu'",
        SLOWS,
    )


def notes_on_answers(seen: Evidence) -> Iterator[str]:
    """Calibration, where it is off by more than chance."""
    found = seen.answers
    known = found.calibration is not None and found.calibrated is not None
    if not (known and seen.steps and (found.accuracy or 0.0) > (found.majority or 0.0)):
        return
    beyond = (found.calibration or 0.0) - (found.calibrated or 0.0)
    way_out = "Longer training makes it surer"
    if (found.confidence or 0.0) > (found.accuracy or 0.0):
        way_out = "More samples, l2=1e-4 or label_smoothing=0.1 make it less sure"
    if beyond > max(MISCALIBRATED, DEVIATIONS * (found.calibration_error or 0.0)):
        yield (
            f"probabilities are off by {found.calibration:.2f} on average, where "
            f"{found.calibrated:.2f} would be chance: the network is {found.confidence:.0%} sure "
            f"and {found.accuracy:.0%} right. {way_out}"
        )
