"""Reports of trained networks: figures beside baselines, warnings, importances."""

import json

import numpy as np
import pytest

import bpnet
from bpnet.data import load_table
from bpnet.tabular import make_report
from bpnet.tabular.baselines import Baseline, constant_baseline
from bpnet.tabular.importance import permutation_importance
from bpnet.tabular.judge import own_terms, told_warnings
from bpnet.tabular.outputs import preprocessing_of
from bpnet.tabular.report import Part


def trained(tmp_path, lines, epochs=30, **options):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    data = load_table(path, "y", **options)
    outputs = 1 if data.classes is None else len(data.classes)
    cost = "quadratic" if data.classes is None else "log_likelihood"
    net = bpnet.Network(
        [len(data.features), 16, outputs],
        activations=["relu", "identity"] if data.classes is None else "relu",
        cost=cost,
        seed=0,
        task=data.task,
    )
    net.metadata = {
        "target": data.target,
        "classes": None if data.classes is None else list(data.classes),
        "preprocessing": data.preprocessing.to_dict(),
    }
    net.fit(*data.train, epochs=epochs, optimizer=bpnet.Adam(0.01), progress=False)
    return net, data


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    rng = np.random.default_rng(0)
    lines = ["a,b,city,y"]
    for _ in range(300):
        a, b, city = rng.normal(), rng.normal(), rng.choice(["Rome", "Bonn"])
        lines.append(f"{a},{b},{city},{1000 + 50 * a + 100 * (city == 'Rome')}")
    return trained(tmp_path_factory.mktemp("numbers"), lines)


@pytest.fixture(scope="module")
def one_sided(tmp_path_factory):
    rng = np.random.default_rng(0)
    lines = ["a,b,y"] + [
        f"{rng.random()},{rng.random()},{'no' if k % 20 else 'yes'}" for k in range(400)
    ]
    return trained(tmp_path_factory.mktemp("one"), lines, epochs=3)


def test_figures_of_numbers_are_in_the_unit_of_the_target(numbers):
    net, data = numbers
    report = make_report(net, data)
    assert list(report.parts) == ["validation", "test"]
    for name, (x, y) in (("validation", data.validation), ("test", data.test)):
        true = data.preprocessing.inverse_target(y).reshape(-1)
        predicted = data.preprocessing.inverse_target(net.predict(x))
        figures = report[name].figures
        assert list(figures) == ["network", "mean", "ridge regression"]
        rmse = np.sqrt(np.mean((true - predicted) ** 2))
        assert figures["network"]["rmse"] == pytest.approx(rmse, rel=1e-12)
        assert figures["network"]["mae"] == pytest.approx(np.abs(true - predicted).mean())
        assert figures["network"]["r2"] == pytest.approx(net.score(x, y), rel=1e-5)
        mean = data.preprocessing.inverse_target(data.train[1]).mean()
        assert figures["mean"]["mae"] == pytest.approx(np.abs(true - mean).mean(), rel=1e-12)
        assert figures["mean"]["rmse"] > 30 > figures["network"]["rmse"]
    np.testing.assert_allclose(report.judged.pairs[0].reshape(-1), true)
    assert report.judged.confusion is None


def test_importance_is_of_columns_of_the_table(numbers):
    report = make_report(*numbers)
    found = report.importance
    assert (found.figure, set(found.columns)) == ("r2", {"a", "b", "city"})
    losses = dict(zip(found.columns, found.losses, strict=True))
    assert losses["city"] > 0.5
    assert losses["a"] > 0.5
    assert abs(losses["b"]) < 0.05
    assert found.columns[-1] == "b"
    assert found.rows == 60
    assert make_report(*numbers).importance.to_dict() == found.to_dict()  # seeded
    assert make_report(*numbers, importance=False).importance is None


def test_shuffled_features_are_those_of_a_shuffled_column(numbers):
    """By a reference that shuffles the table before it is encoded."""
    net, data = numbers
    preprocessing = preprocessing_of(net)
    x, y = data.test
    truth = own_terms(y, net.task, preprocessing)
    found, notes = permutation_importance(net, preprocessing, x, truth, seed=3)
    assert notes == []
    random = np.random.default_rng(3)
    whole = bpnet.metrics.R2()(truth, preprocessing.inverse_target(net.predict(x))[:, None])
    start, expected = 0, {}
    for column in preprocessing.columns:
        tries = []
        for _ in range(5):
            order = random.permutation(len(x))
            shuffled = x.copy()
            for k in range(start, start + len(column.features)):
                shuffled[:, k] = x[order, k]
            a = preprocessing.inverse_target(net.predict(shuffled))[:, None]
            tries.append(whole - bpnet.metrics.R2()(truth, a))
        expected[column.name] = np.mean(tries)
        start += len(column.features)
    for name, loss in zip(found.columns, found.losses, strict=True):
        assert loss == pytest.approx(expected[name], rel=1e-9)


def test_of_many_rows_and_columns_some_are_measured_and_that_is_told(numbers, monkeypatch):
    from bpnet.tabular import importance

    monkeypatch.setattr(importance, "MOST_ROWS", 20)
    monkeypatch.setattr(importance, "_MOST_COLUMNS", 2)
    report = make_report(*numbers)
    assert len(report.importance.columns) == 2
    assert report.importance.rows == 20
    assert set(report.importance.columns) == {"a", "city"}
    assert "importance is measured on 20 of the 60 rows" in report.notes
    assert any("2 of 3 columns" in note for note in report.notes)


def test_a_network_that_only_says_no_is_told(one_sided):
    net, data = one_sided
    report = make_report(net, data)
    figures = report["test"].figures
    assert figures["network"]["accuracy"] == figures["majority class"]["accuracy"] == 0.95
    assert figures["network"]["balanced_accuracy"] == 0.5
    assert figures["network"]["log_loss"] == pytest.approx(
        bpnet.metrics.LogLoss()(data.test[1], net.predict_proba(data.test[0]).astype(float))
    )
    assert report.warnings[0] == (
        "the network is no better than always predicting 'no': accuracy 95.0 % against 95.0 %"
    )
    np.testing.assert_array_equal(report.judged.confusion, [[38, 0], [2, 0]])


def test_a_good_network_has_no_warnings(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.uniform(-1, 1, (600, 2))
    lines = ["a,b,y"] + [f"{a},{b},{'odd' if a * b > 0 else 'even'}" for a, b in rows]
    report = make_report(*trained(tmp_path, lines, epochs=60))
    assert report["test"].figures["network"]["accuracy"] > 0.9
    assert report.warnings == ()


def test_a_confusion_matrix_of_very_many_classes_is_left_out(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["a,b,y"] + [f"{rng.random():.4f},{rng.random():.4f},c{k % 120}" for k in range(720)]
    report = make_report(*trained(tmp_path, lines, epochs=1))
    assert report.judged.confusion is None
    assert "no confusion matrix of 120 classes" in report.notes


def test_all_of_it_is_json(numbers, one_sided, tmp_path):
    for net, data in (numbers, one_sided):
        report = make_report(net, data)
        report.to_json(tmp_path / "r.json")
        read = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
        assert read == report.to_dict()
        assert read["parts"]["test"]["figures"]["network"] == report["test"].figures["network"]


def test_without_held_out_samples_the_report_says_what_it_judges(one_sided):
    import dataclasses

    net, data = one_sided
    report = make_report(net, dataclasses.replace(data, validation=None, test=None))
    assert list(report.parts) == ["train"]
    assert "trained on" in report.notes[-1]


def test_images_are_judged_without_importance():
    digits = bpnet.data.load_digits()
    net = bpnet.Network([64, 10], cost="log_likelihood", seed=0)
    net.fit(*digits.train, epochs=2, optimizer="adam", progress=False)
    report = make_report(net, digits)
    accuracy = report["test"].figures["network"]["accuracy"]
    assert accuracy == pytest.approx(net.accuracy(*digits.test))
    assert report.importance is None
    assert report.judged.confusion.trace() == round(accuracy * 359)


@pytest.mark.parametrize("outputs", [1, 2])
def test_two_classes_by_one_output_or_two(one_sided, outputs):
    _, data = one_sided
    net = bpnet.Network(
        [2, outputs], cost="cross_entropy" if outputs == 1 else "log_likelihood", seed=0
    )
    net.fit(*data.train, epochs=2, progress=False)
    report = make_report(net, data)
    figures = report["test"].figures["network"]
    assert figures["accuracy"] == pytest.approx(net.accuracy(*data.test))


def test_weights_of_rows_count_in_all_figures():
    from sklearn import metrics

    rng = np.random.default_rng(0)
    a, w = rng.normal(size=300), rng.uniform(0.1, 5.0, 300)
    kind = np.where(a + rng.normal(size=300) > 0, "p", "q").astype(object)
    data = load_table({"a": a, "w": w, "kind": kind}, "kind", weight="w")
    net = bpnet.Network([1, 2], cost="log_likelihood", seed=0)
    net.metadata = {"preprocessing": data.preprocessing.to_dict(), "classes": ["p", "q"]}
    net.fit(*data.train, epochs=3, sample_weight=data.weights[0], progress=False)
    report = make_report(net, data)
    (x, y), weights = data.test, data.weights[2]
    figures = report["test"].figures
    expected = metrics.accuracy_score(y, net.predict(x), sample_weight=weights)
    assert figures["network"]["accuracy"] == pytest.approx(expected)
    p = net.predict_proba(x).astype(float)
    p /= p.sum(axis=1, keepdims=True)
    expected = metrics.log_loss(y, p, sample_weight=weights)
    assert figures["network"]["log_loss"] == pytest.approx(expected, rel=1e-6)
    shares = np.bincount(data.train[1], data.weights[0])
    expected = metrics.log_loss(y, [shares / shares.sum()] * len(y), sample_weight=weights)
    assert figures["majority class"]["log_loss"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("log_loss", "told"), [(0.2, False), (0.3, True), (0.4, True)])
def test_a_linear_model_does_as_well_only_if_its_probabilities_do(log_loss, told):
    own = {"accuracy": 0.9, "log_loss": log_loss}
    constant = constant_baseline("classification", np.array([0, 1, 1]), ("no", "yes"))
    linear = Baseline("logistic regression", "a linear model", constant.outputs)
    figures = {
        "network": own,
        constant.name: {"accuracy": 0.6, "log_loss": 0.7},
        linear.name: {"accuracy": 0.9, "log_loss": 0.3},
    }
    part = Part(10, figures, {}, None, None)
    assert bool(told_warnings(part, "classification", constant, linear)) is told
