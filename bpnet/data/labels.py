"""Class labels that are text: which classes there are, and the index of each label's class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._lib.registry import no_such
from .._lib.wording import count, in_code, listing, shown
from ..backends.interop import library_of
from ..backends.unsuitable import is_missing

__all__ = ["NO_TEXT", "check_classes", "class_indices", "found_classes", "text_labels"]

NO_TEXT = (
    "the class labels of a source are integers from 0 on, as classes, y = "
    "numpy.unique(y, return_inverse=True) gives them; net.classes = classes names them"
)
"""What to do about text in a source, whose labels are not all known when a fit begins."""


def text_labels(y: Any, name: str = "y") -> NDArray[Any] | None:
    """Labels as a user gives them, if they are text: an array of strings; None for anything else.

    Parameters
    ----------
    y : array-like, shape (m,)
        A list, a NumPy array, or a column of pandas, Polars or Arrow.
    name : str, optional
        What messages call it.

    Raises
    ------
    TypeError
        If labels that are text stand beside missing values or something else; the message names
        the row.
    ValueError
        If they stand in a table of one column.

    Examples
    --------
    >>> text_labels(["cat", "dog"]), text_labels([0, 1])
    (array(['cat', 'dog'], dtype=object), None)
    """
    if y is None or isinstance(y, str | bytes | Mapping) or library_of(y) not in (None, "numpy"):
        return None
    shape: tuple[int, ...]
    if isinstance(y, list | tuple):
        labels, shape = list(y), (len(y),)
    else:
        try:
            array = np.asanyarray(y)
        except Exception:  # of whatever library it belongs to; what reads numbers tells it
            return None
        if array.dtype.kind not in "OUT" or type(array).__name__ == "MaskedArray":
            return None
        labels, shape = array.ravel().tolist(), array.shape
    others = [row for row, one in enumerate(labels) if not isinstance(one, str)]
    if len(others) == len(labels) or len(shape) not in (1, 2) or shape[1:] > (1,):
        return None
    if len(shape) == 2:
        raise ValueError(
            f"{name} has the shape {shape} of a table, and class labels have one dimension: "
            f"numpy.ravel({in_code(name)})"
        )
    for row in others:
        if is_missing(labels[row]):
            raise TypeError(
                f"{name} has a missing value: row {row} is {labels[row]!r}; leave this sample out, "
                "or give missing labels a name of their own"
            )
        raise TypeError(
            f"{name} is {shown(labels[row])} in row {row}, and text in others: "
            "class labels must all be text, or all be integers from 0 on"
        )
    return np.array([str(one) for one in labels], dtype=object)


def found_classes(labels: NDArray[Any], number: int, outputs: int, name: str = "y") -> list[str]:
    """The different labels in order, which must be as many as the network has classes.

    Parameters
    ----------
    labels : array of str, shape (m,)
    number : int
        Of classes of the network.
    outputs : int
        Of the network.
    name : str, optional
        What messages call the labels.

    Raises
    ------
    ValueError
        If there are more or fewer; the message names both numbers.
    """
    found = sorted(set(labels.tolist()))
    if len(found) == number:
        return found
    told = (
        f"{name} has {count(len(found), 'different label')}, {listing(found)}, but the network's "
        f"{count(outputs, 'output')} {'are' if outputs > 1 else 'is'} for {number} classes: "
    )
    if len(found) > number:
        raise ValueError(
            f"{told}give the output layer {len(found)} neurons, and the cost 'log_likelihood'"
        )
    fewer = f"give the output layer {len(found)} neurons, or " if len(found) > 1 else ""
    raise ValueError(f"{told}{fewer}name all classes before: net.classes = [...]")


def class_indices(
    labels: NDArray[Any], classes: Sequence[str], name: str = "y"
) -> NDArray[np.int64]:
    """The index of each label's class, shape (m,).

    Parameters
    ----------
    labels : array of str, shape (m,)
    classes : sequence of str
        Other entries than text are compared as text.
    name : str, optional
        What messages call the labels.

    Raises
    ------
    ValueError
        If the network does not know a label; the message names it, its row and those known.

    Examples
    --------
    >>> class_indices(np.array(["dog", "cat", "dog"]), ["cat", "dog"])
    array([1, 0, 1])
    """
    index = {str(label): k for k, label in enumerate(classes)}
    found = np.array([index.get(label, -1) for label in labels.tolist()], np.int64)
    unknown = np.flatnonzero(found < 0)
    if unknown.size:
        row = unknown[0]
        known = no_such("class", labels[row], index)
        raise ValueError(
            f"row {row} of {name}: {known}. A network keeps the classes that it has learned: leave "
            "such samples out, or train a network with an output for each class"
        )
    return found


def check_classes(classes: Any, number: int) -> tuple[str, ...]:
    """Names of classes, in the order of a network's outputs.

    Raises
    ------
    TypeError
        If they are no list of texts.
    ValueError
        If two are the same, or there are more or fewer than ``number``.
    """
    if isinstance(classes, str | Mapping | set | frozenset) or not hasattr(classes, "__iter__"):
        raise TypeError(f"classes must be a list of labels that are text, not {shown(classes)}")
    names = list(classes)
    for k, label in enumerate(names):
        if not isinstance(label, str):
            raise TypeError(f"classes[{k}] must be text, not {shown(label)}")
    found = tuple(map(str, names))
    for k, label in enumerate(found):
        if label in found[:k]:
            raise ValueError(f"classes[{k}] is {shown(label)}, as classes[{found.index(label)}]")
    if len(found) != number:
        named = f", {listing(found)}," if found else ","
        raise ValueError(
            f"classes has {count(len(found), 'label')}{named} but the network has outputs for "
            f"{number} classes"
        )
    return found
