"""The algorithm as the book prints it."""

from __future__ import annotations

import numpy as np

from ..cases import Arrays, Case
from .trainer import AbsentError, Trainer

__all__ = ["book"]


def book(case: Case, x: np.ndarray, labels: np.ndarray) -> Trainer:
    """The book's algorithm: one sample at a time, in column vectors."""
    if case.optimizer != "sgd" or case.sigma != "sigmoid":
        raise AbsentError("the book has neither relu nor Adam")
    if case.batch * case.parameters > 2e8:
        raise AbsentError("a step would take half a minute")
    w, b = case.start()
    b = [part[:, None] for part in b]
    y = case.one_hot(labels)
    eta, depth = np.float32(case.learning_rate / case.batch), len(w)

    def sigmoid(z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-z))

    def softmax(z: np.ndarray) -> np.ndarray:
        e = np.exp(z - z.max())
        return e / e.sum()

    def backprop(x: np.ndarray, y: np.ndarray) -> tuple[Arrays, Arrays]:
        nabla_w, nabla_b, a = list(w), list(b), [x]
        for l in range(depth):
            z = w[l] @ a[-1] + b[l]
            a.append(softmax(z) if l == depth - 1 else sigmoid(z))
        delta = a[-1] - y
        for l in reversed(range(depth)):
            nabla_b[l] = delta
            nabla_w[l] = delta @ a[l].T
            if l:
                delta = (w[l].T @ delta) * (a[l] * (1 - a[l]))
        return nabla_w, nabla_b

    def follow(order: np.ndarray) -> None:
        for rows in order:
            sum_w = [np.zeros_like(part) for part in w]
            sum_b = [np.zeros_like(part) for part in b]
            for row in rows:
                nabla_w, nabla_b = backprop(x[row][:, None], y[row][:, None])
                sum_w = [total + one for total, one in zip(sum_w, nabla_w, strict=True)]
                sum_b = [total + one for total, one in zip(sum_b, nabla_b, strict=True)]
            w[:] = [part - eta * total for part, total in zip(w, sum_w, strict=True)]
            b[:] = [part - eta * total for part, total in zip(b, sum_b, strict=True)]

    return Trainer(follow, lambda: [*w, *(part[:, 0] for part in b)])
