"""Random programs that use an estimator: its parameters, samples and calls, each from a seed."""

import random
from typing import NamedTuple

import numpy as np
from scipy import sparse


class Call(NamedTuple):
    """One call of a program.

    Parameters
    ----------
    method : {"fit", "partial_fit", "set_params"}
    rows : slice
        The samples that it is given.
    weighted : bool
    changes : dict
        Arguments of ``set_params``.
    """

    method: str
    rows: slice = slice(None)
    weighted: bool = False
    changes: dict = {}  # noqa: RUF012 - nothing changes it


class Case(NamedTuple):
    """A program, and the samples it works on.

    Parameters
    ----------
    seed : int
    kind : {"MLPClassifier", "MLPRegressor"}
    settings : dict
        Of the constructor; ``random_state`` is what `Case.random_state` is made of.
    calls : tuple of Call
    X, y, weights : array
    shared : bool
        Whether one RandomState serves several estimators.
    """

    seed: int
    kind: str
    settings: dict
    calls: tuple
    X: object
    y: np.ndarray
    weights: np.ndarray
    shared: bool

    def told(self):
        """What the case is, in a line."""
        form = type(self.X).__name__ + f" {self.X.dtype} {self.X.shape}"
        return f"{self.kind}({self.settings}) on {form}, y {self.y.dtype} {self.y.shape}: " + (
            ", ".join(map(str, self.calls)) + ", one RandomState for two" * self.shared
        )


def drawn(seed):
    """The case of a seed."""
    r, rng = random.Random(seed), np.random.default_rng(seed)
    kind = r.choice(["MLPClassifier", "MLPRegressor"])
    n, features = r.choice([2, 5, 13, 30, 41, 60, 120]), r.choice([1, 2, 5, 9])
    X = rng.normal(size=(n, features)) * r.choice([0.1, 1.0, 1.0, 1.0, 30.0])
    settings = _settings(r, n)
    y = _labels(r, rng, X) if kind == "MLPClassifier" else _numbers(r, rng, X, settings)
    dtype = r.choice(["float64", "float64", "float64", "float32", "int"])
    if settings.get("solver") == "lbfgs" and dtype == "float32":
        dtype = "float64"  # which scikit-learn trains in
    X = np.rint(3 * X).astype("int64") if dtype == "int" else X.astype(dtype)
    if r.random() < 0.2:
        X = r.choice([sparse.csr_matrix, sparse.csc_array, sparse.coo_array])(X * (X > 0))
    weights = rng.uniform(0.0, 3.0, n)
    if r.random() < 0.3:
        weights[rng.random(n) < 0.3] = 0.0
    return Case(seed, kind, settings, _calls(r, settings, n), X, y, weights, r.random() < 0.15)


def _settings(r, n):
    """What is not as it is by default, and much that is."""
    found = {"random_state": r.choice([0, 1, 2**31, None, np.int64(3)]), "max_iter": 10}

    def maybe(share, **choices):
        for name, values in choices.items():
            if r.random() < share:
                found[name] = r.choice(values)

    maybe(0.7, solver=["sgd", "sgd", "adam", "lbfgs"])
    maybe(
        0.6,
        hidden_layer_sizes=[(), 1, 7, (5,), (8, 4), [6, 3, 4], np.array([4, 5]), np.int64(9)],
        activation=["identity", "logistic", "tanh", "relu"],
        max_iter=[1, 2, 7, 30, 80],
    )
    maybe(0.4, alpha=[0, 0.0, 1e-3, 1.0, 20, np.float32(0.1)], tol=[0, 0.0, 1e-2, 0.5, 1])
    maybe(0.5, batch_size=["auto", 1, 3, 10, n, n + 1, 1000, np.int32(7)])
    maybe(
        0.5,
        learning_rate=["constant", "invscaling", "adaptive"],
        learning_rate_init=[1e-4, 0.01, 0.05, 0.2, np.float64(0.03)],
    )
    maybe(
        0.3,
        power_t=[0, 0.2, 1, 2.5],
        shuffle=[False, True],
        warm_start=[True],
        momentum=[0, 0.5, 1, 1.0],
        nesterovs_momentum=[False],
        early_stopping=[True],
        validation_fraction=[0.05, 0.2, 0.5],
        n_iter_no_change=[1, 2, 5, np.inf],
        beta_1=[0, 0.5],
        beta_2=[0, 0.9],
        epsilon=[1e-3, 1],
        max_fun=[1, 5, 50],
    )
    return found


def _labels(r, rng, X):
    """Labels that have to do with the samples."""
    kind = r.choice(["two", "three", "ten", "several", "one", "words", "bools", "floats"])
    scores = X @ rng.normal(size=(X.shape[1], 4)) + 0.3 * rng.normal(size=(len(X), 4))
    if kind == "several":
        return (scores > 0).astype(int)
    if kind in ("two", "bools", "words"):
        y = scores[:, 0] > 0
        return {"two": y.astype(int), "bools": y, "words": np.where(y, "yes", "no")}[kind]
    if kind == "ten":
        return rng.integers(0, 10, len(X)) * 3
    if kind == "one":
        return np.full(len(X), r.choice([0, 1, 5]))
    found = scores[:, :3].argmax(axis=1)
    return found.astype(float) if kind == "floats" else found


def _numbers(r, rng, X, settings):
    """Targets that have to do with the samples."""
    y = np.tanh(X @ rng.normal(size=(X.shape[1], 3))) + 0.1 * rng.normal(size=(len(X), 3))
    if r.random() < 0.3:
        settings["loss"] = r.choice(["squared_error", "poisson", "poisson"])
    if settings.get("loss") == "poisson":
        y = rng.poisson(np.exp(y)).astype(float)
    y = y[:, : r.choice([1, 1, 3])] * r.choice([1, 1, 1, 20, 0])
    if y.shape[1] == 1 and r.random() < 0.8:
        y = y[:, 0]
    return y.astype(r.choice(["float64", "float64", "float32", "int64"]))


def _calls(r, settings, n):
    """What the program calls, in order."""

    def rows():
        return r.choice([slice(None), slice(None), slice(0, n // 2 + 1), slice(n // 3, None, 2)])

    weighted = r.random() < 0.3
    if r.random() < 0.35:
        method, times = "partial_fit", r.choice([1, 3, 12])
    else:
        method, times = "fit", r.choice([1, 1, 2, 3])
    calls = []
    for _ in range(times):
        calls.append(Call(method, rows() if method == "partial_fit" else slice(None), weighted))
        if r.random() < 0.2:
            changes = r.choice(
                [
                    {"learning_rate_init": 0.02},
                    {"activation": "tanh"},
                    {"alpha": 0.5},
                    {"batch_size": 4},
                    {"shuffle": False},
                    {"tol": 0.1},
                    {"early_stopping": True},
                    {"early_stopping": False},
                    {"solver": "sgd"},
                    {"solver": "adam"},
                    {"learning_rate": "adaptive"},
                    {"n_iter_no_change": 1},
                    {"warm_start": True},
                    {"random_state": 8},
                    {"max_iter": 3},
                ]
            )
            calls.append(Call("set_params", changes=changes))
    if r.random() < 0.2:
        other = "fit" if method == "partial_fit" else "partial_fit"
        calls.append(Call(other, slice(None), weighted))
    return tuple(calls)
