"""MLPClassifier: scikit-learn's interface and figures, bpnet's network."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .._lib.wording import listing
from ..activations import Activation
from ..backends import namespace
from ..costs import Cost
from ..optimizers import Optimizer
from .base import BaseMLP
from .documentation import documented
from .losses import CLASSIFIER_LOSSES, classifier_loss
from .optimizers import trains_by_lbfgs
from .parameters import CONSTRAINTS
from .scikit_learn import (
    ClassifierMixin,
    LabelBinarizer,
    StrOptions,
    accuracy_score,
    available_if,
    check_partial_fit_first_call,
    column_or_1d,
    fit_context,
    type_of_target,
    unique_labels,
    validate_data,
)
from .weights import class_weights

__all__ = ["MLPClassifier"]

_LEARNED_OF_LABELS = "classes_", "y_type_", "sparse_input_"


@documented
class MLPClassifier(ClassifierMixin, BaseMLP):
    """Multilayer perceptron for classification: scikit-learn's, on any array library.

    All parameters of ``sklearn.neural_network.MLPClassifier``, with the same defaults, and the same
    figures from the same ``random_state``; those from ``loss`` on are bpnet's own.

    Parameters
    ----------
    <parameters>
    loss : str or Cost, default="log_loss"
        What is minimized: the cross-entropy; or one of `bpnet.costs`, by name or as an object.
        The outputs are probabilities whatever the loss: of softmax for more than two classes, of
        sigmoid for two and for several labels at once. With ``"squared_error"`` (half the Brier
        score, divided by the number of outputs; ``"quadratic"`` without the division) they tend to
        the classes' frequencies as with the cross-entropy; with ``"absolute_error"`` and
        ``"huber"`` to 0 or 1, so take them as scores. ``"binary_cross_entropy"`` of more than two
        classes estimates each one by itself, and `predict_proba` divides by the sum.
    class_weight : dict, list of dict, or "balanced", optional
        Weights of the classes, by label, with which ``sample_weight`` is multiplied; those not
        named have 1. ``"balanced"`` gives all the same total. Several labels at once have a dict
        each. As ``sklearn.utils.class_weight.compute_sample_weight``.
    <own>

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
        The labels, sorted.
    <attributes>

    Examples
    --------
    >>> from bpnet import MLPClassifier
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.model_selection import train_test_split
    >>> X, y = make_classification(n_samples=100, random_state=1)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=1)
    >>> clf = MLPClassifier(random_state=1, max_iter=300).fit(X_train, y_train)
    >>> clf.predict_proba(X_test[:1]).round(3)
    array([[0.038, 0.962]])
    >>> clf.score(X_test, y_test)
    0.8...
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": [StrOptions(CLASSIFIER_LOSSES), Cost],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        loss: str | Cost = "log_loss",
        class_weight: Any = None,
        dropout: Any = 0.0,
        optimizer: Optimizer | str | None = None,
        schedule: Any = None,
        callbacks: Any = None,
        backend: Any = None,
        device: Any = None,
        dtype: str | None = None,
        compute_dtype: str | None = None,
    ) -> None:
        given = dict(locals())  # this is the one list of what an estimator is given
        for name in given.keys() - {"self", "__class__"}:
            setattr(self, name, given[name])

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Any]:
        X, y = self._validate_pair(X, y, reset)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            self._check_classes(y)
        return X, self._targets(y)

    def _validate_held_out(self, X: Any, y: Any) -> tuple[Any, Any]:
        X, y = self._validate_pair(X, y, reset=False)
        unknown = np.setdiff1d(unique_labels(y), self.classes_)
        if len(unknown):
            raise ValueError(
                f"y_val has labels that y has not: {listing(unknown.tolist())}; the classes are "
                f"{listing(self.classes_.tolist())}"
            )
        return X, self._targets(y)

    def _validate_pair(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _targets(self, y: Any) -> Any:
        targets = self._label_binarizer.transform(y)
        return targets.reshape(len(targets), -1)

    def _check_classes(self, y: Any) -> None:
        """Raise unless the labels are those of the fit before."""
        classes = unique_labels(y)
        if self.warm_start:
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous "
                    f"call to fit. Previously got {self.classes_}, `y` has {classes}"
                )
        elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                f"'y' has {classes}."
            )

    def _task(self) -> str:
        several = self._label_binarizer.y_type_.startswith("multilabel")
        return "multilabel" if several else "classification"

    def _loss(self) -> tuple[Cost, Activation]:
        return classifier_loss(self.loss, self._label_binarizer.y_type_)

    def _class_weights(self, targets: Any, incremental: bool) -> Any:
        if self.class_weight is None:
            return None
        labels = self._label_binarizer.inverse_transform(targets)
        return class_weights(self.class_weight, labels, self.classes_, incremental)

    def _strata(self, targets: Any) -> Any:
        return targets.astype(bool) if self.n_outputs_ == 1 else None

    def _score_outputs(self, targets: Any, outputs: Any, sample_weight: Any) -> float:
        inverse = self._label_binarizer.inverse_transform
        right, said = inverse(targets), inverse(outputs)
        return float(accuracy_score(right, said, sample_weight=sample_weight))

    def predict(self, X: Any) -> Any:
        """Class of each sample; of several labels at once, rows of zeros and ones.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (m, n_features)

        Returns
        -------
        array, shape (m,) or (m, n_classes)
        """
        outputs = self._outputs(X)
        return self._label_binarizer.inverse_transform(
            outputs[:, 0] if self.n_outputs_ == 1 else outputs
        )

    def predict_proba(self, X: Any) -> Any:
        """Probability of each class, in the order of ``classes_``.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (m, n_features)

        Returns
        -------
        array, shape (m, n_classes)
        """
        outputs = self._outputs(X)
        if self.n_outputs_ == 1:
            return np.hstack([1 - outputs, outputs])
        several = self._label_binarizer.y_type_ == "multiclass"
        return _shared(outputs) if several and self.out_activation_ == "logistic" else outputs

    def predict_log_proba(self, X: Any) -> Any:
        """Logarithm of `predict_proba`.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (m, n_features)

        Returns
        -------
        array, shape (m, n_classes)
        """
        found = self.predict_proba(X)
        return np.log(found, out=found)

    @available_if(lambda self: self._check_solver())
    @fit_context
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> MLPClassifier:
        """Train for one epoch on these samples.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (n, n_features)
        y : array-like, shape (n,) or (n, n_classes)
        sample_weight : array-like, shape (n,), optional
        classes : array-like, shape (n_classes,), optional
            All that will ever occur; needed in the first call.
        X_val, y_val, sample_weight_val : optional
            Validation samples. With ``early_stopping=True`` the estimator keeps the parameters of
            the call with the best score, while training goes on from the last ones; `converged_`
            says when to stop.

        Returns
        -------
        self : object
        """
        if check_partial_fit_first_call(self, classes):
            several = type_of_target(y).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if several else classes)
        validation = X_val, y_val, sample_weight_val
        found: MLPClassifier = self._fit(X, y, sample_weight, validation, incremental=True)
        return found

    def _check_solver(self) -> bool:
        if trains_by_lbfgs(self):
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. "
                f"{self.optimizer or self.solver} is not stochastic."
            )
        return True

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if "_label_binarizer" in state:  # whose private module may move
            known = vars(state["_label_binarizer"])
            state["_label_binarizer"] = {name: known[name] for name in _LEARNED_OF_LABELS}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "_label_binarizer" in state:
            binarizer = LabelBinarizer()
            vars(binarizer).update(state["_label_binarizer"])
            state = {**state, "_label_binarizer": binarizer}
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _shared(outputs: Any) -> Any:
    """Separate estimates of each class, divided by their sum."""
    xp = namespace(outputs)
    total = xp.sum(outputs, axis=1, keepdims=True)
    return outputs / xp.where(total > 0, total, xp.ones_like(total))
