"""How many epochs to train for, found by folds: for tables too small to hold rows out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from .._lib.constraints import Integer
from ..data.splitting import fold_of_rows
from ..network import Network
from ..training import Fit

__all__ = ["EpochsByFolds", "epochs_by_folds"]


class EpochsByFolds(NamedTuple):
    """What `epochs_by_folds` found.

    Attributes
    ----------
    epochs : int
        The epoch with the lowest mean validation cost, the first of equals.
    costs : tuple of float
        The mean validation cost after each epoch: every row counts once, in its fold.
    best_of_each : tuple of int
        The epoch with the lowest validation cost of each fold by itself.
    """

    epochs: int
    costs: tuple[float, ...]
    best_of_each: tuple[int, ...]

    @property
    def cost(self) -> float:
        """The lowest mean validation cost."""
        return self.costs[self.epochs - 1]


def epochs_by_folds(
    make_network: Callable[[], Network],
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    epochs: int,
    folds: int = 5,
    patience: int = 50,
    strata: NDArray[np.int64] | None = None,
    seed: int = 0,
    sample_weight: NDArray[Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    progress: bool | None = None,
) -> EpochsByFolds:
    """Find how many epochs to train for, by cross-validation.

    One network a fold is trained on the other folds' rows, all of them side by side, an epoch at a
    time. The mean of their validation costs says when to stop: unlike that of a few rows that are
    held out, it has every row in it. A network is then trained on all rows for that many epochs.

    Parameters
    ----------
    make_network : callable
        Returns a new network each time.
    x, y : array, shape (m, n_0), and (m, n_L) or (m,)
        As `Network.fit` takes them.
    epochs : int
        The most.
    folds : int, optional
        At least 2. There are fewer if there are fewer rows that can be held out.
    patience : int, optional
        Epochs without a lower mean cost after which to stop.
    strata : array, shape (m,), int64, optional
        Classes, from 0 on, which keep their shares in every fold. The row of a class that has no
        other is in no fold, so that every network is trained on it.
    seed : int, optional
        Which rows go to which fold.
    sample_weight : array, shape (m,), optional
        Weights in training; validation costs have none.
    settings : mapping, optional
        Further arguments of `Network.fit`, such as ``optimizer`` and ``batch_size``.
    progress : bool, optional
        Show a progress bar; by default if standard error is a terminal.

    Returns
    -------
    EpochsByFolds

    Raises
    ------
    ValueError, TypeError
        If there are fewer than two rows to hold out, or as from `Network.fit`.
    DivergenceError
        If a cost or parameter is no longer finite.
    KeyboardInterrupt
        At Ctrl-C, after the step in progress.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(-1.0, 1.0, 20)[:, None]
    >>> make = lambda: bpnet.Network([1, 1], activations=["identity"], seed=0)
    >>> found = epochs_by_folds(make, x, 2.0 * x, epochs=30, settings={"batch_size": 4})
    >>> found.epochs, len(found.costs), len(found.best_of_each)
    (30, 30, 5)
    """
    epochs = Integer(1)("epochs", epochs)
    patience = Integer(1)("patience", patience)
    fold = fold_of_rows(len(x), folds, strata, seed)
    fits, sizes = [], []
    for k in range(int(fold.max()) + 1):
        train, held_out = fold != k, fold == k
        weights = None if sample_weight is None else sample_weight[train]
        sizes.append(int(held_out.sum()))
        fits.append(
            make_network().fitting(
                x[train],
                y[train],
                epochs=epochs,
                validation=(x[held_out], y[held_out]),
                sample_weight=weights,
                progress=False,
                **(settings or {}),
            )
        )
    costs: list[NDArray[np.float64]] = []
    means: list[float] = []
    with _bar(epochs, progress) as bar:
        for row in _side_by_side(fits, epochs):
            costs.append(row)
            means.append(float(np.average(row, weights=sizes)))
            best = int(np.argmin(means))
            bar.set_postfix(cost=f"{means[-1]:.4g}", best=f"{means[best]:.4g} at {best + 1}")
            bar.update()
            if len(means) - 1 - best >= patience:
                break
    return EpochsByFolds(best + 1, tuple(means), tuple((np.argmin(costs, axis=0) + 1).tolist()))


def _side_by_side(fits: Sequence[Fit], epochs: int) -> Iterator[NDArray[np.float64]]:
    """The validation cost of each fit, epoch by epoch."""
    with contextlib.ExitStack() as entered:
        for fit in fits:
            entered.enter_context(fit)
        for _ in range(epochs):
            rows = [fit.epoch() for fit in fits]
            if None in rows:
                raise KeyboardInterrupt
            yield np.array([row["validation_cost"] for row in rows if row is not None])


def _bar(epochs: int, progress: bool | None) -> Any:
    hidden = None if progress is None else not progress  # None asks tqdm to look for a terminal
    return tqdm(
        total=epochs, desc="folds", unit="epoch", leave=False, dynamic_ncols=True, disable=hidden
    )
