"""One grid search, and what it takes."""

from __future__ import annotations

import resource
import time
import warnings

__all__ = ["PACKAGES", "search"]

PACKAGES = {"bpnet": "bpnet", "scikit-learn": "sklearn.neural_network"}


def search(package: str, jobs: int, epochs: int) -> dict[str, float]:
    """Seconds of a grid search with new workers; to be called in a child."""
    import importlib
    import os

    from joblib.externals.loky import get_reusable_executor
    from sklearn.datasets import load_digits
    from sklearn.model_selection import GridSearchCV

    if hasattr(os, "sched_setaffinity"):  # a child has one core for each of its threads
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    os.environ["PYTHONWARNINGS"] = "ignore"  # of workers
    warnings.simplefilter("ignore")
    X, y = load_digits(return_X_y=True)
    estimator = importlib.import_module(PACKAGES[package]).MLPClassifier
    grid = {"alpha": [1e-5, 1e-3, 0.1], "hidden_layer_sizes": [(100,), (200, 100)]}
    one = estimator(max_iter=epochs, n_iter_no_change=epochs, random_state=0)
    began, used = time.perf_counter(), _processors()
    GridSearchCV(one, grid, cv=4, n_jobs=jobs).fit(X / 16.0, y)
    seconds = time.perf_counter() - began
    get_reusable_executor().shutdown(wait=True)
    return {"seconds": seconds, "of all processors": _processors() - used}


def _processors() -> float:
    """Seconds of processors that this process and those it started have used."""
    both = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(sum(resource.getrusage(one)[:2]) for one in both)
