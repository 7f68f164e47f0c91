"""Settings of an estimator's optimizer, loss or activation as parameters of the estimator."""

from __future__ import annotations

from typing import Any, Self

from .._lib.frozen import Frozen
from .scikit_learn import BaseEstimator

__all__ = ["NestedParameters"]


class NestedParameters(BaseEstimator):
    """scikit-learn's base class, which sets parameters of objects that cannot be changed, too."""

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; ``optimizer__learning_rate`` is one setting of the optimizer.

        Parameters
        ----------
        **params
            As in scikit-learn. The optimizer, loss or activation whose setting is changed stays as
            it was for others who hold it: the estimator gets a changed copy.

        Returns
        -------
        self : object

        Examples
        --------
        >>> import bpnet
        >>> clf = bpnet.MLPClassifier(optimizer=bpnet.AdamW(0.01))
        >>> clf.set_params(optimizer__weight_decay=0.1).optimizer.weight_decay
        0.1
        """
        super().set_params(**{name: one for name, one in params.items() if "__" not in name})
        for name, value in params.items():
            own, nested, setting = name.partition("__")
            part = getattr(self, own, None) if nested else None
            if isinstance(part, Frozen):
                setattr(self, own, part.replaced(**{setting: value}))
            elif nested:
                super().set_params(**{name: value})  # which says what is wrong
        return self
