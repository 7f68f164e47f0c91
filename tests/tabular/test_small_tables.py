"""Tests for what small tables are trained with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bpnet
from bpnet.data import Dataset, load_table
from bpnet.tabular.epochs_by_folds import epochs_by_folds
from bpnet.tabular.recipe import TABLES, completed
from bpnet.tabular.setting_error import SettingError
from bpnet.tabular.small_tables import (
    FEWEST_ROWS,
    choose_by_folds,
    folds_for,
    for_small_tables,
)


def _table(rows: int, features: int = 1) -> dict[str, Any]:
    random = np.random.default_rng(0)
    columns = {f"x{k}": random.normal(size=rows) for k in range(features)}
    return columns | {"y": columns["x0"] + random.normal(size=rows)}


def _data(rows: int, features: int = 1, **options: Any) -> Dataset:
    return load_table(_table(rows, features), "y", **options)


def test_small_tables_are_divided_by_default() -> None:
    assert folds_for({}, _data(60)) == 5
    assert folds_for({}, _data(FEWEST_ROWS - 1, test=0)) == 5
    assert folds_for({}, _data(FEWEST_ROWS, test=0)) == 0
    assert folds_for({}, _data(FEWEST_ROWS, test=0.1)) == 5  # 900 to train on


def test_rows_too_few_or_features_too_many_are_not_divided() -> None:
    assert folds_for({}, _data(10)) == 0
    assert folds_for({}, _data(20, 2100)) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("validation", 0.2),
        ("validation", 0),
        ("validation_share", 0.1),
        ("group", "g"),
        ("time", "t"),
        ("early_stopping", 0),
        ("early_stopping", 10),
        ("best", False),
        ("schedule", "cosine"),
    ],
)
def test_another_way_to_stop_is_taken(name: str, value: Any) -> None:
    data = _data(60)
    assert folds_for({name: value}, data) == 0
    assert folds_for({name: value, "folds": 0}, data) == 0
    with pytest.raises(SettingError, match=f"folds .* does not go with {name}") as error:
        folds_for({name: value, "folds": 3}, data)
    assert f"--{name.replace('_', '-')}" in error.value.with_flags


def test_folds_may_be_asked_for() -> None:
    data = _data(1300)
    assert folds_for({"folds": 7}, data) == 7
    assert folds_for({"folds": 0}, _data(60)) == 0
    with pytest.raises(SettingError, match="folds 1 leaves no row"):
        folds_for({"folds": 1}, data)
    with pytest.raises(ValueError, match="folds must be at least 0, not -1"):
        folds_for({"folds": -1}, data)


def test_the_l2_of_the_lowest_cost_is_chosen() -> None:
    data = _data(80, 20, validation=0)
    own = for_small_tables(TABLES["regression"], data)
    settings = completed({"hidden": [32]}, own, data)
    chosen = choose_by_folds(settings, {}, data, 4)
    costs = {}
    for l2 in (1e-3, 1e-2, 3e-2):
        found = choose_by_folds({**settings, "l2": l2}, {"l2": l2}, data, 4)
        assert found.settings["l2"] == l2
        costs[l2] = found.found.cost
    assert chosen.settings["l2"] == min(costs, key=costs.__getitem__)
    assert chosen.found.cost == min(costs.values()) < max(costs.values())
    assert chosen.settings["epochs"] == chosen.found.epochs < 300
    assert f"{chosen.settings['epochs']} epochs" in chosen.in_words("--folds 0")


def test_folds_train_as_the_settings_say() -> None:
    data = _data(40, 2, validation=0)
    asked = {"l2": 0.1, "hidden": [5], "epochs": 7, "batch_size": 9, "learning_rate": 0.01}
    settings = completed(asked, for_small_tables(TABLES["regression"], data), data)
    found = choose_by_folds(settings, asked, data, 3).found
    expected = epochs_by_folds(
        lambda: bpnet.Network([2, 5, 1], activations=["relu", "identity"], seed=0),
        *data.train,
        epochs=7,
        folds=3,
        settings={"l2": 0.1, "batch_size": 9, "optimizer": bpnet.Adam(0.01)},
    )
    np.testing.assert_allclose(found.costs, expected.costs, rtol=1e-6)


def test_wide_tables_have_the_usual_layer() -> None:
    assert for_small_tables(TABLES["regression"], _data(40, 2))["hidden"] == [256]
    assert for_small_tables(TABLES["regression"], _data(40, 310))["hidden"] == [64]


@pytest.mark.parametrize("task", ["classification", "regression", "multilabel"])
def test_train_table_trains_on_all_rows(task: str) -> None:
    table = _table(60)
    target: Any = "y"
    if task != "regression":
        table["y"] = np.where(table["y"] > 0, "up", "down")
    if task == "multilabel":
        table |= {"y": table["x0"] > 0, "z": table["x0"] > 0.5}
        target = ["y", "z"]
    run = bpnet.train_table(table, target, task=task, epochs=20, hidden=8)
    assert run.data.validation is None
    assert len(run.data.train[0]) == 54
    assert len(run.history) <= 20
    assert run.history.best_epoch is None
    assert any("folds" in note and "folds=0" in note for note in run.data.notes)
    held_out = bpnet.train_table(table, target, task=task, epochs=5, folds=0)
    assert held_out.data.validation is not None
    assert held_out.net.sizes[1] == 64


def test_processes_choose_the_same_to_the_bit() -> None:
    pytest.importorskip("joblib")
    data = _data(60, features=20)
    settings = completed({"epochs": 8}, for_small_tables(TABLES["regression"], data), data)
    found = [choose_by_folds(settings, {}, data, 3, jobs=jobs) for jobs in (1, 2, 3)]
    assert found[0] == found[1] == found[2]
    alone = choose_by_folds(settings | {"l2": found[0].settings["l2"]}, {"l2": 0}, data, 3, jobs=2)
    assert alone.found == found[0].found


def test_processes_that_cannot_be_are_refused() -> None:
    data = _data(60)
    settings = completed({"epochs": 2}, for_small_tables(TABLES["regression"], data), data)
    with pytest.raises(ValueError, match="jobs is 0: give 1 or more"):
        choose_by_folds(settings, {}, data, 3, jobs=0)


def test_an_error_in_a_process_is_raised_here() -> None:
    pytest.importorskip("joblib")
    data = _data(60)
    settings = completed({"epochs": 5}, for_small_tables(TABLES["regression"], data), data)
    steep = settings | {"optimizer": "sgd", "learning_rate": 1e30}
    with pytest.raises(bpnet.DivergenceError):
        choose_by_folds(steep, {}, data, 3, jobs=2)


def test_ctrl_c_ends_the_processes(ctrl_c: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is pressed when the first process is started."""
    loky = pytest.importorskip("joblib.externals.loky")
    once = loky.ProcessPoolExecutor.submit

    def pressed(*arguments: Any) -> Any:
        ctrl_c()
        return once(*arguments)

    monkeypatch.setattr(loky.ProcessPoolExecutor, "submit", pressed)
    data = _data(60)
    settings = completed({"epochs": 10**6}, for_small_tables(TABLES["regression"], data), data)
    with pytest.raises(KeyboardInterrupt):
        choose_by_folds(settings, {}, data, 3, jobs=2)
