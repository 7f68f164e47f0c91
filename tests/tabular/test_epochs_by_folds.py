"""Tests for the number of epochs that folds find."""

from __future__ import annotations

import random
import signal
from typing import Any

import numpy as np
import pytest

import bpnet
from bpnet.data.splitting import fold_of_rows
from bpnet.tabular.epochs_by_folds import epochs_by_folds
from bpnet.training import Fit


def _make() -> bpnet.Network:
    return bpnet.Network([2, 16, 1], activations=["tanh", "identity"], seed=0, dtype="float64")


@pytest.fixture
def noisy() -> tuple[np.ndarray, np.ndarray]:
    """Few rows of a straight line with much noise, which a network soon learns by heart."""
    normal = np.random.default_rng(0).normal
    x = normal(size=(30, 2))
    return x, x[:, :1] + normal(size=(30, 1))


SETTINGS = {"batch_size": 8, "optimizer": bpnet.Adam(0.02)}


def test_mean_costs_are_those_of_separate_fits(noisy: Any) -> None:
    x, y = noisy
    found = epochs_by_folds(_make, x, y, epochs=12, folds=4, settings=SETTINGS)
    fold = fold_of_rows(30, 4)
    costs, sizes = [], []
    for k in range(4):
        own = fold == k
        history = _make().fit(
            x[~own], y[~own], epochs=12, validation=(x[own], y[own]), progress=False, **SETTINGS
        )
        costs.append(history["validation_cost"])
        sizes.append(own.sum())
    assert sizes == [8, 8, 7, 7]
    np.testing.assert_allclose(found.costs, np.average(costs, axis=0, weights=sizes), rtol=1e-12)
    assert found.epochs == np.argmin(found.costs) + 1
    assert found.best_of_each == tuple(np.argmin(costs, axis=1) + 1)
    assert found.cost == min(found.costs)


def test_stops_when_the_mean_no_longer_falls(noisy: Any) -> None:
    x, y = noisy
    found = epochs_by_folds(_make, x, y, epochs=500, patience=20, settings=SETTINGS)
    assert len(found.costs) == found.epochs + 20 < 500
    assert found.costs[-1] > found.cost


def test_is_the_same_every_time_and_depends_on_the_seed(noisy: Any) -> None:
    x, y = noisy
    first, second, other = (
        epochs_by_folds(_make, x, y, epochs=5, settings=SETTINGS, seed=seed) for seed in (0, 0, 1)
    )
    assert first == second
    assert first.costs != other.costs


def test_networks_and_arrays_stay_as_they_were(noisy: Any) -> None:
    x, y = noisy
    before = x.copy(), y.copy(), random.getstate()
    epochs_by_folds(_make, x, y, epochs=2, settings=SETTINGS)
    np.testing.assert_array_equal(before[0], x)
    np.testing.assert_array_equal(before[1], y)
    assert random.getstate() == before[2]


def test_weights_follow_their_rows(noisy: Any) -> None:
    """Rows of no weight may say anything: what is learnt is the same."""
    x, y = noisy
    weights = np.ones(30)
    weights[:10] = 0.0
    wrong = y.copy()
    wrong[:10] = 1e3
    fold = fold_of_rows(30, 5)

    def costs(y: np.ndarray, k: int) -> np.ndarray:
        own = (fold == k) & (weights > 0)
        x_, y_, weights_ = (np.concatenate([a[~own], a[own]]) for a in (x, y, weights))
        history = _make().fit(
            x_[: (~own).sum()],
            y_[: (~own).sum()],
            sample_weight=weights_[: (~own).sum()],
            epochs=3,
            validation=(x[own], y[own]),
            progress=False,
            **SETTINGS,
        )
        return np.asarray(history["validation_cost"])

    for k in range(5):
        np.testing.assert_allclose(costs(y, k), costs(wrong, k), rtol=1e-9)
    weighted, plain = (
        epochs_by_folds(_make, x, y, epochs=3, settings=SETTINGS, sample_weight=each)
        for each in (weights, np.full(30, 2.0))
    )
    unweighted = epochs_by_folds(_make, x, y, epochs=3, settings=SETTINGS)
    np.testing.assert_allclose(plain.costs, unweighted.costs, rtol=1e-12)
    assert abs(weighted.costs[-1] - unweighted.costs[-1]) > 1e-3


def test_classification_by_indices() -> None:
    x, y = np.repeat(np.eye(3), 7, axis=0), np.repeat([0, 1, 2], 7)

    def make() -> bpnet.Network:
        return bpnet.Network([3, 3], cost="categorical_cross_entropy", seed=0)

    found = epochs_by_folds(make, x, y, epochs=4, folds=3, strata=y, settings=SETTINGS)
    assert found.epochs == 4
    assert found.costs[-1] < found.costs[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"folds": 1}, "folds must be at least 2, not 1"),
        ({"folds": 2.5}, "folds must be an integer, not 2.5"),
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
        ({"patience": 0}, "patience must be at least 1, not 0"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
        ({"strata": np.arange(30)}, "0 of 30 rows"),
        ({"settings": {"batch_size": 0}}, "batch_size"),
        ({"settings": {"no_such": 0}}, "no_such"),
    ],
)
def test_refuses(noisy: Any, arguments: dict[str, Any], message: str) -> None:
    x, y = noisy
    with pytest.raises((ValueError, TypeError), match=message):
        epochs_by_folds(_make, x, y, **{"epochs": 2, **arguments})


def test_divergence_is_told(noisy: Any) -> None:
    x, y = noisy
    with pytest.raises(bpnet.DivergenceError):
        epochs_by_folds(_make, x, y, epochs=9, settings={"optimizer": bpnet.SGD(1e200)})


def test_ctrl_c_ends_it(noisy: Any, ctrl_c: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = noisy
    epochs: list[int] = []
    once = Fit.epoch

    def pressed(fit: Fit) -> Any:
        epochs.append(1)
        if len(epochs) == 8:
            ctrl_c()
        return once(fit)

    monkeypatch.setattr(Fit, "epoch", pressed)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        epochs_by_folds(_make, x, y, epochs=100, settings=SETTINGS)
    assert len(epochs) < 20
    assert signal.getsignal(signal.SIGINT) is handler


def test_shows_progress_if_asked(noisy: Any, capsys: pytest.CaptureFixture[str]) -> None:
    x, y = noisy
    epochs_by_folds(_make, x, y, epochs=2, settings=SETTINGS)
    assert capsys.readouterr().err == ""
    epochs_by_folds(_make, x, y, epochs=2, settings=SETTINGS, progress=True)
    assert "folds:" in capsys.readouterr().err
