"""One fit of bpnet's estimator and one of scikit-learn's, on the same samples."""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable
from typing import Any

__all__ = ["DATA", "compare", "samples"]

# name: (function of sklearn.datasets, its arguments, estimator)
DATA: dict[str, tuple[str, dict[str, Any], str]] = {
    "iris": ("load_iris", {}, "MLPClassifier"),
    "wine": ("load_wine", {}, "MLPClassifier"),
    "breast cancer": ("load_breast_cancer", {}, "MLPClassifier"),
    "digits": ("load_digits", {}, "MLPClassifier"),
    "diabetes": ("load_diabetes", {}, "MLPRegressor"),
    "moons": ("make_moons", {"n_samples": 2000, "noise": 0.3}, "MLPClassifier"),
    "circles": ("make_circles", {"n_samples": 2000, "noise": 0.1}, "MLPClassifier"),
    "blobs": ("make_blobs", {"n_samples": 2000, "cluster_std": 4.0}, "MLPClassifier"),
    "classification": ("make_classification", {"n_samples": 2000}, "MLPClassifier"),
    "hastie": ("make_hastie_10_2", {"n_samples": 4000}, "MLPClassifier"),
    "regression": ("make_regression", {"n_samples": 2000, "noise": 10.0}, "MLPRegressor"),
    "friedman 1": ("make_friedman1", {"n_samples": 2000, "noise": 1.0}, "MLPRegressor"),
}


def compare(name: str, seed: int) -> dict[str, dict[str, float]]:
    """Scores on held-out samples, and seconds of the fits; to be called in a child."""
    import sklearn.neural_network
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    import bpnet

    warnings.simplefilter("ignore")
    X, y, kind = samples(name)
    rows = train_test_split(X, y, random_state=seed, stratify=y if "Class" in kind else None)
    scaler = StandardScaler().fit(rows[0])
    X_train, X_test = map(scaler.transform, rows[:2])
    packages = {"bpnet": bpnet, "scikit-learn": sklearn.neural_network}
    names = list(packages) if seed % 2 else list(packages)[::-1]
    found = {}
    for package in names:
        estimator = getattr(packages[package], kind)
        estimator(random_state=0, max_iter=2).fit(X_train, rows[2])  # imports, and a cold cache
        gc.collect()
        began = time.perf_counter()
        fitted = estimator(random_state=seed).fit(X_train, rows[2])
        seconds = time.perf_counter() - began
        found[package] = {
            "score": float(fitted.score(X_test, rows[3])),
            "seconds": seconds,
            "epochs": fitted.n_iter_,
            "loss": float(fitted.loss_),
        }
    return found


def samples(name: str) -> tuple[Any, Any, str]:
    """X, y and the estimator for them; targets of a regression are standardized."""
    from sklearn import datasets

    function, options, kind = DATA[name]
    make: Callable[..., Any] = getattr(datasets, function)
    if function.startswith("load"):
        X, y = make(return_X_y=True)
    else:
        X, y = make(**options, random_state=0)
    if kind == "MLPRegressor":
        y = (y - y.mean()) / y.std()
    return X, y, kind
