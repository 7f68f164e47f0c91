"""Rules about samples and targets: what is wrong before any training."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..._lib.wording import count
from .evidence import Evidence
from .finding import PREVENTS, SLOWS, Finding
from .thresholds import (
    CHANCE,
    FEWEST_NUMBERS,
    FREQUENT_CLASS,
    LARGEST_INPUT,
    LARGEST_TARGET,
    RARE_CLASS,
    SMALLEST_INPUT,
    SMALLEST_TARGET,
)

__all__ = ["notes_on_samples", "rules_on_samples"]

_NAMED = 8  # columns, classes
_SOME = 3  # samples per class: with fewer nobody expects all classes


def not_finite(seen: Evidence) -> Iterator[Finding]:
    """NaN and infinity, in parameters or in the pass."""
    if seen.not_finite:
        what, _, way_out = seen.not_finite.partition(": ")
        yield Finding(
            "not_finite",
            what,
            "a number that is not finite makes every z = w a + b above it the same, and so every "
            "delta below",
            way_out,
            PREVENTS,
        )


def out_of_range(seen: Evidence) -> Iterator[Finding]:
    """Targets beyond the outputs."""
    if seen.out_of_range:
        what, _, way_out = seen.out_of_range.partition(". ")
        yield Finding(
            "targets_out_of_range",
            what,
            "BP1, delta = dC/da * sigma'(z): outputs go to the bound, where sigma'(z) is 0, or "
            "stay there pushing",
            way_out,
            PREVENTS,
        )


def identical_samples(seen: Evidence) -> Iterator[Finding]:
    """Rows that are all the same."""
    if seen.samples.identical:
        yield Finding(
            "identical_samples",
            f"all {seen.samples.looked_at} samples are the same",
            "a = sigma(w x + b) is then the same for all of them, whatever w is",
            "Look at how x is made",
            PREVENTS,
        )


def constant_targets(seen: Evidence) -> Iterator[Finding]:
    """Targets that are all the same."""
    told = _constant(seen)
    if told:
        yield Finding(
            "constant_targets",
            told,
            "the best answer is then a constant, which the biases of the output layer give alone "
            "(BP3): nothing is asked of the weights",
            "Look at how y is made. If samples are sorted by their targets, shuffle them before "
            "you take some",
            PREVENTS,
        )


def missing_class(seen: Evidence) -> Iterator[Finding]:
    """Classes without a sample."""
    missing = _missing(seen)
    if missing and not _constant(seen) and not _by_chance(seen):
        names = _listed(map(seen.class_name, missing))
        yield Finding(
            "missing_class",
            f"{'class' if len(missing) == 1 else 'classes'} {names}: none of "
            f"{seen.samples.samples:,} samples",
            "BP3: every sample lowers the bias of an output that is never the right one, as "
            "delta = a - y = a > 0",
            "Add samples of it, or give the output layer fewer neurons. If samples are sorted by "
            "class, shuffle them before you take some",
            SLOWS,
        )


def unscaled_inputs(seen: Evidence) -> Iterator[Finding]:
    """Columns much larger than initial weights are made for, or all much smaller."""
    sizes = seen.samples.sizes
    large = np.flatnonzero(sizes > LARGEST_INPUT)
    if seen.learned:
        return
    if len(large):
        worst = int(np.argmax(sizes))
        yield Finding(
            "unscaled_inputs",
            f"x is not scaled: it goes from {seen.samples.low:.4g} to {seen.samples.high:.4g}, and "
            f"column {worst} is about {sizes[worst]:.3g}"
            + (f" ({len(large)} of {len(sizes)} columns exceed {LARGEST_INPUT:g})"),
            "z = w x + b is as large as x, so that neurons saturate or jump; and BP4, dC/dw = "
            "delta a, makes the gradients by the weights of large columns larger than all others",
            "Standardize each column, x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-6), with the "
            "means and deviations of the training samples; divide pixels by their largest value",
            PREVENTS,
        )
    elif float(np.sqrt(np.mean(sizes**2))) < SMALLEST_INPUT and not seen.samples.identical:
        yield Finding(
            "tiny_inputs",
            f"x is tiny: it goes from {seen.samples.low:.4g} to {seen.samples.high:.4g}",
            "BP4, dC/dw = delta a: the gradient by the first layer's weights is as small as x",
            "Standardize each column, x = (x - x.mean(axis=0)) / x.std(axis=0)",
            PREVENTS,
        )


def unscaled_targets(seen: Evidence) -> Iterator[Finding]:
    """Targets of a regression far from the size of the first outputs."""
    _, high = seen.model.output.range
    unbounded = high == math.inf and "exponential" not in seen.model.output.name
    if seen.samples.kind != "numbers" or not unbounded or seen.learned or _constant(seen):
        return
    samples = seen.samples
    worst = int(np.argmax(samples.target_size))
    small = int(np.argmin(samples.target_spread))
    way_out = (
        "Standardize the targets, y = (y - y.mean(axis=0)) / y.std(axis=0), and undo it in the "
        "predictions"
    )
    if samples.target_size[worst] > LARGEST_TARGET:
        yield Finding(
            "unscaled_targets",
            f"{_column(worst, samples)} is about {samples.target_size[worst]:.3g}, with mean "
            f"{samples.centre[worst]:.3g} and standard deviation "
            f"{samples.target_spread[worst]:.3g}; the first outputs are about 1",
            "BP1, delta = a - y: errors, and so the first steps, are as large as the targets",
            way_out,
            PREVENTS,
        )
    elif samples.samples >= FEWEST_NUMBERS and samples.target_spread.max() < SMALLEST_TARGET:
        yield Finding(
            "tiny_targets",
            f"{_column(small, samples)} varies by {samples.target_spread[small]:.3g} only, much "
            "less than the first outputs",
            "BP1, delta = a - y: the targets differ by less than the outputs' own noise",
            way_out,
            SLOWS,
        )


rules_on_samples = (
    not_finite,
    out_of_range,
    identical_samples,
    constant_targets,
    unscaled_inputs,
    unscaled_targets,
    missing_class,
)


def notes_on_samples(seen: Evidence) -> Iterator[str]:
    """What is worth knowing, and keeps no network from learning."""
    samples = seen.samples
    if samples.constant and not samples.identical:
        yield (
            f"{count(len(samples.constant), 'column')} of x {_are(samples.constant)} the same in "
            f"all samples and can tell nothing: {_listed(samples.constant)}"
        )
    if samples.duplicates:
        pairs = _listed(f"{k} = {j}" for j, k in samples.duplicates)
        yield f"columns of x that are copies of others, and add nothing: {pairs}"
    shares = samples.shares
    if shares is None or seen.samples.kind != "classes":
        return
    missing = _missing(seen)
    if missing and _by_chance(seen) and samples.samples >= _SOME * len(shares):
        names = _listed(map(seen.class_name, missing))
        yield f"no sample of class {names}: chance, perhaps, with {samples.samples} samples"


def _are(items: tuple[int, ...]) -> str:
    return "is" if len(items) == 1 else "are"


def _listed(items: object) -> str:
    names = [str(one) for one in items]  # type: ignore[attr-defined]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _column(j: int, samples: object) -> str:
    return "y" if len(samples.target_size) == 1 else f"column {j} of y"  # type: ignore[attr-defined]


def _missing(seen: Evidence) -> list[int]:
    shares = seen.samples.shares
    if shares is None or seen.samples.kind != "classes":
        return []
    return np.flatnonzero(shares == 0.0).tolist()


def _by_chance(seen: Evidence) -> bool:
    """Whether a rare class may be missing in so few samples."""
    shares = seen.samples.shares
    classes = len(shares) if shares is not None else 2
    return bool(classes * (1.0 - RARE_CLASS / classes) ** seen.samples.samples > CHANCE)


def _constant(seen: Evidence) -> str:
    """That all targets are the same; empty if not, or if that may be chance."""
    samples = seen.samples
    if samples.kind == "classes":
        shares = samples.shares
        if shares is None:
            return ""
        if (shares == 1.0).any() and FREQUENT_CLASS**samples.samples <= CHANCE:
            name = seen.class_name(int(np.argmax(shares)))
            return f"all {samples.samples:,} targets are the same class, {name}"
        return ""
    if samples.samples < FEWEST_NUMBERS:
        return ""
    same = samples.target_spread <= 1e-7 * np.maximum(samples.target_size, 1e-30)
    if samples.kind == "labels" and FREQUENT_CLASS**samples.samples > CHANCE:
        return ""
    if same.all():
        values = _listed(f"{one:.6g}" for one in samples.centre)
        return f"all {samples.samples:,} targets are the same: {values}"
    return ""
