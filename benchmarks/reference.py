"""The same training in double precision, by the equations, for all peers to agree with."""

from __future__ import annotations

import numpy as np

from .cases import SEED, Arrays, Case

__all__ = ["difference", "expected", "order_of"]

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


def order_of(case: Case) -> np.ndarray:
    """The mini-batches of bpnet's first epoch, shape (steps, batch): all peers take this order."""
    from bpnet.randomness import epoch_order

    n = case.steps * case.batch
    return epoch_order(SEED, 0, n).reshape(case.steps, case.batch)


def expected(case: Case, *, late: bool = False) -> Arrays:
    """Weights, then biases, after an epoch of a case, float64.

    Parameters
    ----------
    case : Case
    late : bool, optional
        Adam's other form, at the end of section 2 of Kingma and Ba (2015), which scikit-learn and
        Thinc have: epsilon is added before the bias of v is corrected.
    """
    x, labels = case.data()
    y = case.one_hot(labels)
    weights, biases = case.start()
    theta = [part.astype(np.float64) for part in (*weights, *biases)]
    m = [np.zeros_like(part) for part in theta]
    v = [np.zeros_like(part) for part in theta]
    for t, rows in enumerate(order_of(case), start=1):
        gradient = _gradient(case, theta, x[rows].astype(np.float64), y[rows])
        for k, g in enumerate(gradient):
            if case.optimizer == "sgd":
                theta[k] -= case.learning_rate * g
                continue
            m[k] = BETA_1 * m[k] + (1 - BETA_1) * g
            v[k] = BETA_2 * v[k] + (1 - BETA_2) * g * g
            m_hat, v_hat = m[k] / (1 - BETA_1**t), v[k] / (1 - BETA_2**t)
            epsilon = EPSILON / np.sqrt(1 - BETA_2**t) if late else EPSILON
            theta[k] -= case.learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)
    return theta


def _gradient(case: Case, theta: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
    depth = len(theta) // 2
    w, b = theta[:depth], theta[depth:]
    a = [x]
    for l in range(depth):
        z = a[l] @ w[l].T + b[l]
        if l == depth - 1:
            e = np.exp(z - z.max(axis=1, keepdims=True))
            a.append(e / e.sum(axis=1, keepdims=True))
        else:
            a.append(1 / (1 + np.exp(-z)) if case.sigma == "sigmoid" else np.maximum(z, 0))
    delta = (a[-1] - y) / len(x)
    nabla_w, nabla_b = [], []
    for l in reversed(range(depth)):
        nabla_b.insert(0, delta.sum(axis=0))
        nabla_w.insert(0, delta.T @ a[l])
        slope = a[l] * (1 - a[l]) if case.sigma == "sigmoid" else a[l] > 0
        delta = (delta @ w[l]) * slope
    return [*nabla_w, *nabla_b]


def difference(case: Case, found: Arrays, wanted: Arrays) -> float:
    """How far a peer's change of the parameters is from the expected one: the worst array's
    Euclidean distance, in units of the expected change's length."""
    weights, biases = case.start()
    worst = 0.0
    for start, mine, right in zip((*weights, *biases), found, wanted, strict=True):
        change = right - start
        off = np.linalg.norm(np.asarray(mine, np.float64) - right)
        worst = max(worst, float(off / np.linalg.norm(change)))
    return worst if np.isfinite(worst) else float("inf")
