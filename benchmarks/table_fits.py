"""One fit on a public table, in one of the ways that are compared."""

from __future__ import annotations

import time
import warnings
from typing import Any

from .public_tables import TABLES, PublicTable

__all__ = ["OUTER_FOLDS", "train"]

OUTER_FOLDS = 5


def train(name: str, folder: str, way: str, seed: int, outer: int) -> dict[str, float]:
    """Figures on the rows of an outer fold, of a model of the others; to be called in a child."""
    from sklearn.model_selection import KFold, StratifiedKFold

    warnings.simplefilter("ignore")
    chosen = next(one for one in TABLES if one.name == name)
    frame = chosen.frame(folder)
    divide = StratifiedKFold if chosen.task == "classification" else KFold
    divided = divide(OUTER_FOLDS, shuffle=True, random_state=seed)
    rows, held_out = list(divided.split(frame, frame[chosen.target]))[outer]
    judged = _by_scikit_learn if way == "scikit-learn" else _by_bpnet
    return judged(chosen, frame.iloc[rows], frame.iloc[held_out], way, seed)


def _by_bpnet(
    chosen: PublicTable, rows: Any, held_out: Any, way: str, seed: int
) -> dict[str, float]:
    from sklearn.metrics import log_loss, r2_score

    from bpnet.tabular.train import fit_table

    began = time.perf_counter()
    asked = {"data": rows, "target": chosen.target, "task": chosen.task, "seed": seed}
    asked |= {"test": held_out} | ({"folds": 0} if way == "held out" else {})
    net, history, data = fit_table(asked, progress=False)
    seconds = time.perf_counter() - began
    x, y = data.test
    found = {"seconds": seconds, "epochs": history.best_epoch or len(history), "loss": 0.0}
    if chosen.task == "regression":
        return found | {"score": float(r2_score(y, net.feedforward(x)))}
    loss = log_loss(y, net.predict_proba(x), labels=range(len(data.classes)))
    return found | {"score": net.score(x, y), "loss": float(loss)}


def _by_scikit_learn(
    chosen: PublicTable, rows: Any, held_out: Any, way: str, seed: int
) -> dict[str, float]:
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
    from sklearn.impute import SimpleImputer
    from sklearn.metrics import log_loss
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    features = rows.columns.drop(chosen.target)
    numbers = make_column_selector(dtype_include="number")
    texts = make_column_selector(dtype_exclude="number")
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("texts", one_hot, texts),
        ]
    )
    began = time.perf_counter()
    if chosen.task == "regression":
        model = TransformedTargetRegressor(
            MLPRegressor(random_state=seed), transformer=StandardScaler()
        )
        model = make_pipeline(prepare, model).fit(rows[features], rows[chosen.target])
        epochs = model[-1].regressor_.n_iter_
    else:
        model = make_pipeline(prepare, MLPClassifier(random_state=seed))
        model.fit(rows[features], rows[chosen.target])
        epochs = model[-1].n_iter_
    found = {"seconds": time.perf_counter() - began, "epochs": epochs, "loss": 0.0}
    found["score"] = float(model.score(held_out[features], held_out[chosen.target]))
    if chosen.task == "classification":
        probabilities = model.predict_proba(held_out[features])
        found["loss"] = float(
            log_loss(held_out[chosen.target], probabilities, labels=model.classes_)
        )
    return found
