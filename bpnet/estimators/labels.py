"""Class labels: which there are, their encoding as targets, and the labels of what is predicted."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends import Array, Backend
from ..backends.interop import device_of
from ..metrics.classes import marked, target_classes
from .places import backend_of
from .scikit_learn import LabelBinarizer, unique_labels

__all__ = ["Labels"]

_EVERYWHERE = ("bool", "int8", "int16", "int32", "int64", "uint8", "float32", "float64")
"""Types that libraries do not only store; labels of others become int64 or float64."""


class Labels:
    """The labels of a fit, in NumPy or in another library, where their encoding is computed.

    Parameters
    ----------
    examples : array, shape (n,) or (n, n_labels)
        Among which each class occurs, checked.
    X : array
        The classes are shown in its library, if that can hold them.

    Attributes
    ----------
    kind : {"binary", "multiclass", "multilabel-indicator"}
    classes : numpy.ndarray, shape (n_classes,)
        The labels, sorted; of several at once, their numbers.
    sparse : bool
        Whether several labels come, and are answered, in sparse matrices.

    Raises
    ------
    ValueError
        If they are no class labels.
    """

    def __init__(self, examples: Any, X: Any) -> None:
        self._follow = backend_of(X) is not None
        own = backend_of(examples)
        if own is not None:
            with own.scope():
                examples = _representatives(examples, own)
        binarizer = LabelBinarizer().fit(examples)
        self._know(binarizer.classes_, binarizer.y_type_, binarizer.sparse_input_)

    @classmethod
    def known(cls, classes: Any, kind: str, sparse: bool) -> Labels:
        """Labels that are known already.

        Parameters
        ----------
        classes : numpy.ndarray, shape (n_classes,)
            Sorted.
        kind : str
            As the attribute.
        sparse : bool
            Whether several labels come in sparse matrices.
        """
        found = cls.__new__(cls)
        state = {"_follow": False, "classes": classes, "kind": kind, "sparse": sparse}
        found.__setstate__(state)
        return found

    def _know(self, classes: Any, kind: str, sparse: bool) -> None:
        self.classes, self.kind, self.sparse = classes, kind, sparse
        self._binarizer = LabelBinarizer()
        learned = {"classes_": classes, "y_type_": kind, "sparse_input_": sparse}
        vars(self._binarizer).update(learned)

    def __getstate__(self) -> dict[str, Any]:
        # Without the object of scikit-learn, whose private module may move.
        return {name: one for name, one in vars(self).items() if name != "_binarizer"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._follow = state["_follow"]
        self._know(state["classes"], state["kind"], state["sparse"])

    @property
    def several(self) -> bool:
        """Whether a sample has several labels at once."""
        return self.kind.startswith("multilabel")

    def shown(self, backend: Backend) -> Array:
        """The classes as users see them, of a network on that backend."""
        return self.classes_in(backend) if self._follow else self.classes

    def classes_in(self, backend: Backend) -> Array:
        """The classes in another library, if that can hold them; else in NumPy."""
        if self.classes.dtype.kind not in "biuf":
            return self.classes
        with backend.scope():
            for dtype in (self.classes.dtype.name, "int64", "float64"):
                if dtype in _EVERYWHERE and hasattr(backend.xp, dtype):
                    found = backend.from_host(self.classes, dtype)
                    if np.array_equal(backend.to_numpy(found), self.classes):
                        return found
        return self.classes

    def found_in(self, y: Any) -> Array:
        """The different labels among y, sorted, in NumPy."""
        own = backend_of(y)
        if own is None:
            return unique_labels(y)
        with own.scope():
            return unique_labels(_representatives(y, own))

    def targets(self, y: Any) -> Array:
        """Rows of targets, shape (n, n_outputs), in NumPy or where y is."""
        own = backend_of(y)
        if own is None:
            targets = self._binarizer.transform(y)
            return targets.reshape(len(targets), -1)
        xp = own.xp
        with own.scope():
            if self.several:
                return xp.astype(y, xp.float32)
            if len(self.classes) == 1:
                return xp.zeros((y.shape[0], 1), dtype=xp.float32, device=device_of(y))
            wanted = self.classes[1:] if self.kind == "binary" else self.classes
            classes = xp.astype(own.from_host(wanted, wanted.dtype.name), y.dtype)
            return xp.astype(y[:, None] == classes[None, :], xp.float32)

    def of_targets(self, targets: Array) -> Array:
        """The labels that were encoded, in NumPy; of several at once zeros and ones."""
        own = backend_of(targets)
        if own is None:
            return self._binarizer.inverse_transform(targets)
        with own.scope():
            decided = own.to_numpy(self.decided(targets, own.xp))
        return decided if self.several else self.classes[decided]

    def decided(self, outputs: Array, xp: Any) -> Array:
        """Index of each sample's class, shape (m,); of several labels rows of zeros and ones.

        Parameters
        ----------
        outputs : array, shape (m, n_outputs)
            Of a network, or targets.
        xp : namespace
        """
        if self.several:
            return marked(outputs, xp)
        decided = target_classes(outputs, xp)
        return xp.zeros_like(decided) if len(self.classes) == 1 else decided

    def predicted(self, outputs: Array) -> Array:
        """Labels of a network's outputs, where these are; in NumPy if no other library has them."""
        own = backend_of(outputs)
        if own is None:
            single = outputs[:, 0] if outputs.shape[1] == 1 else outputs
            return self._binarizer.inverse_transform(single)
        xp = own.xp
        with own.scope():
            decided = self.decided(outputs, xp)
            if self.several:
                return decided
            classes = self.classes_in(own)
            if classes is self.classes:
                return classes[own.to_numpy(decided)]
            return xp.take(classes, decided, axis=0)


def _representatives(y: Array, own: Backend) -> Any:
    """Few labels in NumPy that are of the same kind as all, and have the same classes."""
    xp = own.xp
    if y.ndim == 2:
        if not bool(xp.all((y == 0) | (y == 1))):
            raise ValueError("Multioutput target data is not supported with label binarization")
        return np.stack([np.zeros(y.shape[1], int), np.ones(y.shape[1], int)])
    return _distinct(y, own)


def _distinct(y: Array, own: Backend) -> Any:
    """The different values, sorted, in NumPy; only they are copied to it."""
    xp = own.xp
    boolean = xp.isdtype(y.dtype, "bool")
    ordered = xp.sort(xp.astype(y, xp.int32) if boolean else y)
    steps = xp.astype(ordered[1:] != ordered[:-1], xp.int32)
    number = xp.concat([xp.zeros(1, dtype=xp.int32, device=device_of(y)), xp.cumulative_sum(steps)])
    count = int(number[-1]) + 1
    wanted = xp.arange(count, dtype=number.dtype, device=device_of(y))
    found = own.to_numpy(xp.take(ordered, xp.searchsorted(number, wanted), axis=0))
    return found.astype(bool) if boolean else found
