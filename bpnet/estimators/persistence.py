"""Estimators in safetensors files: a network's file, whose metadata say what the estimator is."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np

from .._lib.constraints import Boolean, Choice, Constraint, Each, Integer, Number, Text
from .._lib.records import Json, MapOf, Record
from .._lib.wording import listing
from ..backends import Backend, BackendUnavailableError, get_backend
from ..loading import load, model_file
from ..network import Network
from ..storage.models import COUNT
from ..storage.safetensors import as_damage
from ..training.lbfgs import LBFGS
from .convergence import SolverState
from .labels import Labels
from .losses import classifier_loss, regressor_loss
from .optimizers import chosen_optimizer
from .parameter_records import (
    UnwritableError,
    from_record,
    labels_from,
    labels_record,
    number_from,
    number_record,
    to_record,
)
from .ranks import name_of
from .scikit_learn import check_is_fitted, is_classifier

__all__ = ["SavedInFiles"]

_KEY = "estimator"
"""Of the network's metadata."""
_VERSION = 1


class _Figure(Constraint):
    """A number, which may be NaN or infinite."""

    def convert(self, name: str, value: Any) -> float:
        return number_from(name, value)


class _Figures(Constraint):
    """A list of numbers."""

    def convert(self, name: str, value: Any) -> list[float]:
        return list(Each(_Figure())(name, value))


_LEARNED: dict[str, Constraint] = {
    "n_iter_": COUNT,
    "t_": COUNT,
    "converged_": Boolean(),
    "loss_": _Figure(),
    "loss_curve_": _Figures(),
    "best_loss_": _Figure(optional=True),
    "validation_scores_": _Figures(optional=True),
    "validation_loss_curve_": _Figures(optional=True),
    "best_validation_score_": _Figure(optional=True),
    "out_activation_": Text(),
}
"""Attributes that a file keeps, where the estimator has them."""

_RECORD = Record(
    {
        "version": Integer(1),
        "kind": Choice("MLPClassifier", "MLPRegressor"),
        "parameters": MapOf(Json()),
        "left_out": Each(Text()),
        "learned": Record({"n_iter_": COUNT, "t_": COUNT, "out_activation_": Text()}, _LEARNED),
    },
    {
        "features": Each(Text()),
        "solver": Record(
            {"rate_factor": Number(0.0), "stuck": Integer(0), "shows_best": Boolean()}
        ),
        "labels": Record(
            {
                "classes": Json(),
                "type": Choice("binary", "multiclass", "multilabel-indicator"),
                "sparse": Boolean(),
            }
        ),
    },
)


class SavedInFiles:
    """An estimator that is written to files, and read from them."""

    _validate_params: ClassVar[Callable[[Any], None]]  # scikit-learn's

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to a safetensors file that `load` and `bpnet.load` read.

        The file has parameters, labels, names of features, curves and the network; not the
        optimizer's memory, which a pickle has. A warning names parameters that it cannot have:
        functions, callbacks, random states and classes of the user's own.

        Parameters
        ----------
        path : path
            By convention ``*.safetensors``, in a folder that exists. A failure keeps an old file.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        InvalidParameterError
            If a parameter was changed to one that ``fit`` would refuse.

        Examples
        --------
        >>> import tempfile
        >>> from bpnet import MLPClassifier
        >>> clf = MLPClassifier(tol=1.0).fit([[-1.0], [1.0]], ["low", "high"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     clf.save(f"{folder}/model.safetensors")
        ...     same = MLPClassifier.load(f"{folder}/model.safetensors")
        >>> same
        MLPClassifier(tol=1.0)
        >>> bool((same.predict_proba([[0.5]]) == clf.predict_proba([[0.5]])).all())
        True
        """
        check_is_fitted(self)
        self._validate_params()
        _save(self, path)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        backend: str | Backend | Any = None,
        device: str | Any = None,
        custom: dict[str, Any] | None = None,
    ) -> Self:
        """Read an estimator that `save` wrote; no code of the file is run.

        Parameters
        ----------
        path : path
        backend, device : optional
            Where it computes; by default as its own parameters say, or on NumPy, with a warning,
            where that is missing.
        custom : dict, optional
            The user's own activations and costs, by name.

        Returns
        -------
        MLPClassifier or MLPRegressor
            Its predictions equal those of the estimator that was saved. A further `partial_fit`
            goes on from its parameters, with an optimizer that begins anew.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it has no such estimator, is damaged, or comes from a newer release; the message
            names the file and what is wrong in it.

        Examples
        --------
        >>> from bpnet import MLPRegressor
        >>> MLPRegressor.load("nowhere.safetensors")
        Traceback (most recent call last):
        FileNotFoundError: there is no model file 'nowhere.safetensors'
        """
        loaded: Self = _load(cls, path, backend, device, custom, cls._validate_params)
        return loaded


def _save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Write an estimator that was fitted: see `MLPClassifier.save`."""
    state = estimator.__getstate__()
    given = estimator.get_params(deep=False)
    if "parallel" in given:  # a subclass may choose for itself
        given["parallel"] = name_of(given["parallel"])
    parameters, left_out = {}, []
    for name, value in given.items():
        try:
            parameters[name] = to_record(value)
        except UnwritableError:
            left_out.append(name)
    learned = {name: _figures(state[name]) for name in _LEARNED if name in state}
    record: dict[str, Any] = {
        "version": _VERSION,
        "kind": _kind(estimator),
        "parameters": parameters,
        "left_out": left_out,
        "learned": learned,
    }
    network = state["network_"].copy()
    if state["_solver"] is not None:
        solver = state["_solver"]
        record["solver"] = {
            "rate_factor": float(solver.rate_factor),
            "stuck": solver.stuck,
            "shows_best": solver.shows_best,
        }
    if "feature_names_in_" in state:
        record["features"] = list(map(str, state["feature_names_in_"]))
        network.metadata["features"] = record["features"]
    if "_labels" in state:
        labels = state["_labels"]
        record["labels"] = {
            "classes": labels_record(labels.classes),
            "type": labels.kind,
            "sparse": bool(labels.sparse),
        }
        _name_classes(network, labels.classes.tolist())
    network.metadata[_KEY] = record
    network.save(path)
    if left_out:
        warnings.warn(
            f"{os.fspath(path)!r} is without the parameters {listing(left_out)}, which only a "
            "pickle can hold: an estimator loaded from it has their defaults",
            stacklevel=3,
        )


def _load(
    kind: type[Any],
    path: str | os.PathLike[str],
    backend: str | Backend | Any,
    device: str | Any,
    custom: dict[str, Any] | None,
    check: Callable[[Any], None],
) -> Any:
    """Read an estimator: see `MLPClassifier.load`."""
    path = model_file(path)
    network = load(path, backend="numpy", custom=custom)
    if _KEY not in network.metadata:
        raise ValueError(
            f"{os.fspath(path)!r} holds a network, but no estimator: bpnet.load reads it"
        )
    with as_damage(path):
        record = _RECORD(_KEY, network.metadata.pop(_KEY))
        if record["version"] != _VERSION:
            raise ValueError(
                f"its estimator has version {record['version']}, and this bpnet reads {_VERSION}: "
                "a newer release wrote it, so update bpnet"
            )
    if record["kind"] != _kind(kind()):
        raise ValueError(
            f"{os.fspath(path)!r} holds an {record['kind']}: bpnet.{record['kind']}.load reads it"
        )
    unknown = sorted(record["parameters"].keys() - kind().get_params(deep=False).keys())
    if unknown:
        raise ValueError(
            f"{os.fspath(path)!r} holds an estimator with the parameters {listing(unknown)}, which "
            f"{kind.__name__} does not have: call load of the subclass that was saved, or update "
            "bpnet"
        )
    with as_damage(path):
        parameters = {
            name: from_record(f"{_KEY}.parameters.{name}", one, custom or {})
            for name, one in record["parameters"].items()
        }
        estimator = kind(**parameters)
        check(estimator)
        state = {**record["learned"], **_solver(estimator, record), **_labels(record, network)}
        labels = record["labels"]["type"] if "_labels" in state else None
        network = _reporting(network, estimator, labels)
        if "features" in record:
            _check_count(f"{_KEY}.features", record["features"], network.sizes[0], "inputs")
            state["feature_names_in_"] = np.array(record["features"], dtype=object)
            network.metadata.pop("features", None)
    if record["left_out"]:
        warnings.warn(
            f"{os.fspath(path)!r} is without the parameters {listing(record['left_out'])}: they "
            "have their defaults; set_params changes them",
            stacklevel=3,
        )
    state["network_"] = _moved(network, estimator, backend, device)
    sizes = network.sizes
    state |= {"n_features_in_": sizes[0], "n_outputs_": sizes[-1], "n_layers_": len(sizes)}
    estimator.__setstate__(state)
    return estimator


def _kind(estimator: Any) -> str:
    return "MLPClassifier" if is_classifier(estimator) else "MLPRegressor"


def _figures(value: Any) -> Any:
    """What JSON has for a number, a list of numbers, or None."""
    if isinstance(value, list):
        return [number_record(one) for one in value]
    return value if value is None or isinstance(value, int | str) else number_record(value)


def _name_classes(network: Network, classes: list[Any]) -> None:
    """Let those who load the network alone know what its outputs mean."""
    if network.task == "classification" and len(classes) == network.model.class_count:
        network.metadata["classes"] = classes
        if all(isinstance(one, str) for one in classes):
            network.classes = classes


def _solver(estimator: Any, record: dict[str, Any]) -> dict[str, Any]:
    """What a solver remembers, but for the optimizer's memory, which begins anew."""
    optimizer = chosen_optimizer(estimator)
    if "solver" not in record or isinstance(optimizer, LBFGS):
        return {"_solver": None}
    found = record["solver"]
    state = SolverState(estimator, optimizer)
    state.rate_factor, state.stuck = found["rate_factor"], found["stuck"]
    state.shows_best = found["shows_best"]
    return {"_solver": state}


def _labels(record: dict[str, Any], network: Network) -> dict[str, Any]:
    """The labels of a classifier's record, held against its network."""
    if record["kind"] == "MLPRegressor":
        _check_task(network, "regression", "an MLPRegressor's")
        return {}
    found = record["labels"]
    kind, outputs = found["type"], network.sizes[-1]
    several = kind == "multilabel-indicator"
    _check_task(network, "multilabel" if several else "classification", f"that of {kind} labels")
    classes = labels_from(f"{_KEY}.labels.classes", found["classes"])
    if not np.array_equal(classes, np.unique(classes)):
        raise ValueError(f"{_KEY}.labels.classes must be different labels, sorted")
    if kind == "binary":
        if outputs != 1 or not 0 < len(classes) < 3:
            raise ValueError(
                f"{_KEY}.labels.type is 'binary', with {len(classes)} classes, but the network has "
                f"{outputs} outputs"
            )
    else:
        _check_count(f"{_KEY}.labels.classes", classes, outputs, "outputs")
    network.metadata.pop("classes", None)
    return {"_labels": Labels.known(classes, kind, found["sparse"])}


def _check_task(network: Network, task: str, whose: str) -> None:
    if network.task != task:
        raise ValueError(f"the network's task is {network.task}, {whose} is {task}")


def _check_count(name: str, given: Any, expected: int, what: str) -> None:
    if len(given) != expected:
        raise ValueError(f"{name} has {len(given)} entries, but the network has {expected} {what}")


def _moved(network: Network, estimator: Any, backend: Any, device: Any) -> Network:
    """The network where it was asked for, else where the estimator's parameters say."""
    asked = backend is not None or device is not None
    if not asked:
        backend, device = estimator.backend, estimator.device
    try:
        own = get_backend(
            backend,
            device,
            network.dtype,
            compute_dtype=estimator.compute_dtype if not asked else None,
        )
    except BackendUnavailableError as error:
        if asked:
            raise
        warnings.warn(f"the estimator computes on NumPy now: {error}", stacklevel=4)
        return network
    return network.to(own)


def _reporting(network: Network, estimator: Any, labels: str | None) -> Network:
    """The network with the loss that scikit-learn reports, which a file calls as bpnet's cost."""
    model, *others = network.__getstate__()
    loss = estimator.loss
    own, _ = regressor_loss(loss) if labels is None else classifier_loss(loss, labels)
    same = isinstance(own, type(model.cost)) and own.name == model.cost.name
    changes = {"cost": own} if same else {}  # another if the parameter was changed after the fit
    network.__setstate__((model.replaced(classes=None, **changes), *others))
    return network
