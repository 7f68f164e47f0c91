"""Weights of classes by their labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._lib.registry import no_such
from .._lib.wording import shown
from ..data import Dataset
from .setting_error import SettingError

__all__ = ["class_weights"]


def class_weights(given: Any, data: Dataset) -> Any:
    """What `Network.fit` takes as ``class_weight``.

    Parameters
    ----------
    given : "balanced", mapping of label to weight, list of "LABEL=WEIGHT", or None
    data : Dataset

    Raises
    ------
    SettingError
        If there are no classes, or not such a one, or a weight is no number.

    Examples
    --------
    >>> from bpnet.data import load_digits
    >>> class_weights(["3=2.5"], load_digits())
    {3: 2.5}
    """
    if given is None or (isinstance(given, list | tuple) and not given):
        return None
    if data.classes is None or data.task != "classification":
        raise SettingError(
            f"{{class_weight}} is for classification, and the task is {data.task}: leave it out"
        )
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, Iterable):
        raise TypeError(
            f"class_weight must be 'balanced' or a dictionary of labels and weights, not "
            f"{shown(given)}"
        )
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif list(given) == ["balanced"]:
        return "balanced"
    else:
        pairs = [_pair(one) for one in given]
    numbers = {str(label): k for k, label in enumerate(data.classes)}
    found: dict[int, Any] = {}
    for label, weight in pairs:
        if str(label) not in numbers:
            raise SettingError(f"{{class_weight}}: {no_such('class', str(label), numbers)}")
        if numbers[str(label)] in found:
            raise SettingError(
                f"{{class_weight}} gives class {str(label)!r} two weights: leave one"
            )
        found[numbers[str(label)]] = weight
    return found


def _pair(text: Any) -> tuple[str, float]:
    label, sign, weight = str(text).rpartition("=")
    try:
        if sign:
            return label, float(weight)
    except ValueError:
        pass
    raise SettingError(
        f"{{class_weight}} takes balanced, or a class and its weight as LABEL=2.5, not "
        f"{shown(text)}"
    )
