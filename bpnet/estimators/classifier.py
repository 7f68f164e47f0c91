"""MLPClassifier: scikit-learn's interface and figures, bpnet's network."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .._lib.wording import listing
from ..activations import Activation
from ..backends import Array, namespace
from ..costs import Cost
from ..optimizers import Optimizer
from ..parallel import Communicator
from .base import BaseMLP
from .documentation import documented
from .inputs import checked_answers, checked_pair, is_multilabel
from .labels import Labels
from .losses import CLASSIFIER_LOSSES, classifier_loss
from .optimizers import trains_by_lbfgs
from .parameters import CONSTRAINTS
from .places import backend_of, is_at, on_host
from .scikit_learn import (
    ClassifierMixin,
    StrOptions,
    accuracy_score,
    available_if,
    fit_context,
    unique_labels,
)
from .scores import share_of
from .weights import class_weights

__all__ = ["MLPClassifier"]


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
        parallel: str | Communicator | None = None,
        blocks: int | None = 4,
    ) -> None:
        given = dict(locals())  # this is the one list of what an estimator is given
        for name in given.keys() - {"self", "__class__"}:
            setattr(self, name, given[name])

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Any]:
        X, y = checked_pair(self, X, y, reset=reset)
        if incremental or (self.warm_start and hasattr(self, "classes_")):
            self._check_classes(y)
        else:
            self._labels = Labels(y, X)
        return X, self._labels.targets(y)

    def _validate_held_out(self, X: Any, y: Any) -> tuple[Any, Any]:
        X, y = checked_pair(self, X, y, reset=False)
        unknown = np.setdiff1d(self._labels.found_in(y), self._labels.classes)
        if len(unknown):
            raise ValueError(
                f"y_val has labels that y has not: {listing(unknown.tolist())}; the classes are "
                f"{listing(self._labels.classes.tolist())}"
            )
        return X, self._labels.targets(y)

    def _show_classes(self) -> None:
        self.classes_ = self._labels.shown(self.network_.backend)

    def _check_classes(self, y: Any) -> None:
        """Raise unless the labels are those of the fit before."""
        classes, known = self._labels.found_in(y), self._labels.classes
        if self.warm_start:
            if set(classes) != set(known):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous "
                    f"call to fit. Previously got {known}, `y` has {classes}"
                )
        elif len(np.setdiff1d(classes, known, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {known}. "
                f"'y' has {classes}."
            )

    def _task(self) -> str:
        return "multilabel" if self._labels.several else "classification"

    def _loss(self) -> tuple[Cost, Activation]:
        return classifier_loss(self.loss, self._labels.kind)

    def _class_weights(self, targets: Any, incremental: bool) -> Any:
        if self.class_weight is None:
            return None
        labels, classes = self._labels.of_targets(targets), self._labels.classes
        return class_weights(self.class_weight, labels, classes, incremental)

    def _strata(self, targets: Any) -> Any:
        return on_host(targets).astype(bool) if self.n_outputs_ == 1 else None

    def _score_outputs(self, targets: Any, outputs: Any, sample_weight: Any) -> float:
        backend, decided = self.network_.backend, self._labels.decided
        right = decided(targets, backend.xp) == decided(outputs, backend.xp)
        return share_of(right, sample_weight, backend)

    def predict(self, X: Any) -> Any:
        """Class of each sample; of several labels at once, rows of zeros and ones.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (m, n_features)

        Returns
        -------
        array, shape (m,) or (m, n_classes)
        """
        return self._answer(X, lambda outputs: self._labels.predicted(outputs))

    def predict_proba(self, X: Any) -> Any:
        """Probability of each class, in the order of ``classes_``.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (m, n_features)

        Returns
        -------
        array, shape (m, n_classes)
        """
        return self._answer(X, self._probabilities)

    def _probabilities(self, outputs: Array) -> Array:
        xp = namespace(outputs)
        if self.n_outputs_ == 1:
            return xp.concat([1.0 - outputs, outputs], axis=1)
        if self._labels.kind == "multiclass" and self.out_activation_ == "logistic":
            return _shared(outputs)
        return outputs

    def predict_log_proba(self, X: Any) -> Any:
        """Logarithm of `predict_proba`.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (m, n_features)

        Returns
        -------
        array, shape (m, n_classes)
        """
        return self._answer(X, lambda a: namespace(a).log(self._probabilities(a)))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy; of several labels at once, the share of samples whose labels are all right.

        Parameters
        ----------
        X : array, frame or sparse matrix, shape (m, n_features)
        y : array-like, shape (m,) or (m, n_classes)
        sample_weight : array-like, shape (m,), optional

        Returns
        -------
        float
        """
        said, backend = self.predict(X), self.network_.backend
        own = backend if is_at(said, backend) else backend_of(said)
        if own is None:
            return float(accuracy_score(on_host(y), said, sample_weight=on_host(sample_weight)))
        with own.scope():
            y, said, weights = checked_answers(self, y, said, sample_weight, own)
            return share_of(y == said, weights, own)

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
        self._learn_classes(classes, X, y)
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

    def _learn_classes(self, classes: Any, X: Any, y: Any) -> None:
        """Know the classes from the first ``partial_fit`` on; later ones may only repeat them."""
        first = not hasattr(self, "classes_")
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if first:
            self._labels = Labels(y if is_multilabel(y) else on_host(classes), X)
        if classes is None or (first and not self._labels.several):
            return
        given, known = unique_labels(on_host(classes)), self._labels.classes
        if np.array_equal(known, given):
            return
        if first:
            raise ValueError(
                f"classes of several labels at once are the numbers of the {len(known)} columns of "
                f"y, but {classes!r} was given: use classes=range({len(known)})"
            )
        raise ValueError(
            f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {known!r}"
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _shared(outputs: Any) -> Any:
    """Separate estimates of each class, divided by their sum."""
    xp = namespace(outputs)
    total = xp.sum(outputs, axis=1, keepdims=True)
    return outputs / xp.where(total > 0, total, xp.ones_like(total))
