"""What a program gives with bpnet's estimators and with scikit-learn's: the same, step by step."""

import copy
import warnings

import numpy as np
from fuzz.estimator_cases import Call
from scipy import sparse
from sklearn import neural_network
from sklearn.utils.multiclass import unique_labels

import bpnet

FIGURES = {
    "n_iter_": 0.0,
    "t_": 0.0,
    "loss_": 1e-6,
    "loss_curve_": 1e-6,
    "best_loss_": 1e-6,
    "validation_scores_": 1e-6,
    "best_validation_score_": 1e-6,
    "n_outputs_": 0.0,
    "n_layers_": 0.0,
    "n_features_in_": 0.0,
    "coefs_": 1e-5,
    "intercepts_": 1e-5,
    "predict": 1e-5,
    "predict_proba": 1e-5,
    "score": 1e-5,
    "drawn": 0.0,
}
"""How far each may differ, in float64, relative to the greatest entry (and to 1)."""
COARSE = 2e3
"""Times as much in float32."""
OWN = {"network_", "converged_", "validation_loss_curve_"}
"""Attributes that only bpnet's estimators have."""
FAULTS = (
    "Weights sum to zero, can't be normalized",  # of a mini-batch
    "'MLPClassifier' object has no attribute 'loss_curve_'",  # after L-BFGS
    "'MLPRegressor' object has no attribute 'loss_curve_'",
    "'NoneType' object has no attribute 'append'",  # early stopping in a warm start only
    "unsupported operand type(s) for -: 'NoneType' and 'float'",  # and the other way round
)
"""What scikit-learn raises by mistake, where bpnet trains."""


def failures(case, tries=10):
    """What differs; nothing where scikit-learn itself gives something else after a perturbation.

    Returns
    -------
    list of str
    bool
        Whether that was so.
    """
    times = COARSE if case.X.dtype == np.float32 else 1.0
    theirs = trace(neural_network, case)
    found = differences(trace(bpnet, case), theirs, times)
    if not found:
        return found, False
    for seed in range(tries):
        if differences(trace(neural_network, case, perturbed(case, seed)), theirs, times):
            return [], True
    return found, False


def perturbed(case, seed):
    """The samples, different in their last digits."""
    rng = np.random.default_rng(seed)
    eps = 3e-7 if case.X.dtype == np.float32 else 1e-15
    X = case.X.astype("float64") if case.X.dtype.kind == "i" else case.X.copy()
    values = X.data if sparse.issparse(X) else X
    values = (values * (1.0 + eps * rng.choice([-1.0, 0.0, 1.0], values.shape))).astype(X.dtype)
    if not sparse.issparse(X):
        return values
    X.data = values
    return X


# ------------------------------------------------------------------ what a program comes to


def trace(module, case, X=None):
    """What each call of a program comes to: a dictionary each.

    Parameters
    ----------
    module : module
        `bpnet` or ``sklearn.neural_network``.
    case : Case
    X : array, optional
        Other samples than those of the case.
    """
    X, settings = case.X if X is None else X, copy.deepcopy(case.settings)
    kind = getattr(module, case.kind)
    np.random.seed(case.seed % 2**32)  # noqa: NPY002 - what random_state=None draws from
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        if case.shared:
            settings["random_state"] = state = np.random.RandomState(case.seed)
            _called(kind(random_state=state, max_iter=1), case, X, Call("fit"))
        estimator = kind(**settings)
        return [_called(estimator, case, X, call) for call in case.calls]


def _called(estimator, case, X, call):
    """What a call comes to: an error, or warnings and what the estimator then knows."""
    if call.method == "set_params":
        estimator.set_params(**call.changes)
        return {}
    given = {}
    if call.method == "partial_fit" and case.kind == "MLPClassifier":
        given["classes"] = unique_labels(case.y)
    if call.weighted:
        given["sample_weight"] = case.weights[call.rows]
    if call.rows != slice(None):
        X = (X.tocsr() if sparse.issparse(X) else X)[call.rows]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            getattr(estimator, call.method)(X, case.y[call.rows], **given)
        except Exception as error:
            found = {"error": type(error).__name__, "message": str(error)}
            return {**found, "loss_": getattr(estimator, "loss_", 0.0)}
    if hasattr(estimator, "_best_coefs"):  # else a warm start would change the best ones in place
        estimator._best_coefs = copy.deepcopy(estimator._best_coefs)
        estimator._best_intercepts = copy.deepcopy(estimator._best_intercepts)
    return {"warnings": sorted(_told(said)), **_known(estimator, case)}


def _told(warned):
    """Categories of warnings, with that part of the messages that is the same in both."""
    for one in warned:
        if not issubclass(one.category, RuntimeWarning):
            message = str(one.message).partition(": ")[0].partition(" (status=")[0]
            yield one.category.__name__, message


def _known(estimator, case):
    """Figures, answers and names of attributes; and what the random state would draw next."""
    names = {name for name in vars(estimator) if name.endswith("_") and name[0] != "_"}
    found = {"attributes": names - OWN}
    for name in ("out_activation_", "classes_"):
        found[name] = getattr(estimator, name, None)
    for name in FIGURES:
        value = getattr(estimator, name, None)
        if callable(value):
            value = _answer(value, *((case.X, case.y) if name == "score" else (case.X,)))
        found[name] = copy.deepcopy(value)  # further training may change it in place
    state = estimator.random_state
    if state is None:
        found["drawn"] = np.random.randint(2**31, size=3)  # noqa: NPY002 - as above
    elif isinstance(state, np.random.RandomState):
        found["drawn"] = state.randint(2**31, size=3)
    return found


def _answer(method, *given):
    """What a method returns, or the error's type."""
    try:
        return method(*given)
    except ValueError as error:  # outputs that are not finite have no score
        return type(error).__name__


# ------------------------------------------------------------------ what differs


def differences(mine, theirs, times=1.0):
    """What differs between two traces, as lines; in the first call in which something does."""
    for k, (one, other) in enumerate(zip(mine, theirs, strict=True)):
        if lines := [f"call {k}: {line}" for line in _differing(one, other, times)]:
            return lines
        if "error" in one or "error" in other or _diverged(other):
            break  # what it leaves behind differs
    return []


def _differing(one, other, times):
    failed = [each for each in (one, other) if "error" in each]
    if other.get("message") in FAULTS or (_diverged(other) and len(failed) < 2):
        return
    if failed:
        if one.get("error") != other.get("error"):
            said = [[each.get(name) for name in ("error", "message")] for each in (one, other)]
            yield f"{said[0]} != {said[1]}"
        return
    for name in other:
        if name not in FIGURES:
            if not (np.array_equal(one[name], other[name]) and _same_type(one[name], other[name])):
                yield f"{name}: {one[name]} != {other[name]}"
        elif not (far := _distance(one[name], other[name])) <= FIGURES[name] * times:
            yield f"{name}: {far:.3g} apart"
        elif not _same_type(one[name], other[name]):
            yield f"{name}: other types"


def _diverged(found):
    """Whether scikit-learn trained on with NaN, where bpnet ends, or has none."""
    return "loss_" in found and not np.isfinite(found["loss_"])


def _same_type(one, other):
    """Whether arrays, or those in two lists, have the same dtype; numbers may be of any."""
    if isinstance(one, list):
        return all(map(_same_type, one, other))
    return not np.ndim(one) or np.asarray(one).dtype == np.asarray(other).dtype


def _distance(one, other):
    """The greatest difference, relative to the greatest entry; infinite for other shapes."""
    if isinstance(one, list) and one and np.ndim(one[0]):
        return max(map(_distance, one, other)) if len(one) == len(other) else np.inf
    if (one is None) != (other is None) or np.shape(one) != np.shape(other):
        return np.inf
    if one is None:
        return 0.0
    one, other = np.asarray(one), np.asarray(other)
    if one.dtype.kind not in "fiu":
        return float((one != other).mean()) if one.size else 0.0
    same = np.isclose(one, other, rtol=0.0, atol=0.0, equal_nan=True)
    if same.all():
        return 0.0
    return float((np.abs(one - other)[~same] / (1.0 + np.abs(other).max())).max())
