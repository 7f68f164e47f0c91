"""bpnet.evaluate: the figures of what is predicted for a file or a frame."""

import csv
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

import bpnet
from bpnet.cli import main


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A classifier and a regression of the same table, in run folders."""
    folder = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(0)
    table = rows(300, rng)
    for target in ("kind", "price"):
        path = write(folder / f"{target}.csv", table, target)
        flags = ["--data", str(path), "--target", target, "--epochs", "10", "--quiet"]
        assert main(["train", *flags, "--out", str(folder / target)]) == 0
    return folder


def rows(n, rng):
    a, b = rng.normal(size=(2, n))
    city = rng.choice(["Rome", "Bonn", "Oslo"], n)
    kind = np.where(a + 0.5 * rng.normal(size=n) > 0.5, "x", np.where(b > 0, "y", "z"))
    price = 1000 + 100 * a + 30 * (city == "Rome") + rng.normal(size=n)
    return [list(one) for one in zip(a, b, city, kind, price, strict=True)]


def write(path, table, target="kind", name=None):
    """The features and one of the targets, by its own name or another."""
    last = 3 if target == "kind" else 4
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "city", name or target])
        writer.writerows([*row[:3], row[last]] for row in table)
    return path


def predicted(model, path, tmp_path):
    out = tmp_path / "p.csv"
    assert main(["predict", str(model), str(path), "--out", str(out)]) == 0
    with open(out, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_figures_are_those_of_what_is_predicted(models, tmp_path):
    table = rows(9000, np.random.default_rng(1))  # several parts
    path = write(tmp_path / "new.csv", table)
    truth = [row[3] for row in table]
    said = predicted(models / "kind", path, tmp_path)
    report = bpnet.evaluate(bpnet.load(models / "kind"), path)
    figures = report["data"].figures["network"]
    labels = [one["kind"] for one in said]
    p = [[float(one[f"probability_{name}"]) for name in "xyz"] for one in said]
    assert report["data"].rows == 9000
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(truth, labels), rel=1e-12)
    balanced = metrics.balanced_accuracy_score(truth, labels)
    assert figures["balanced_accuracy"] == pytest.approx(balanced, rel=1e-12)
    p = np.array(p) / np.sum(p, axis=1, keepdims=True)
    assert figures["log_loss"] == pytest.approx(metrics.log_loss(truth, p), rel=1e-5)
    expected = metrics.confusion_matrix(truth, labels, labels=list("xyz"))
    np.testing.assert_array_equal(report["data"].confusion, expected)


def test_numbers_are_compared_in_their_own_unit(models, tmp_path):
    table = rows(700, np.random.default_rng(1))
    path = write(tmp_path / "new.csv", table, "price")
    truth = [row[4] for row in table]
    said = [float(one["price"]) for one in predicted(models / "price", path, tmp_path)]
    figures = bpnet.evaluate(bpnet.load(models / "price"), path)["data"].figures
    own = figures["network"]
    assert own["rmse"] == pytest.approx(metrics.root_mean_squared_error(truth, said), rel=1e-5)
    assert own["mae"] == pytest.approx(metrics.mean_absolute_error(truth, said), rel=1e-5)
    assert own["r2"] == pytest.approx(metrics.r2_score(truth, said), rel=1e-5)
    assert own["r2"] > 0.3 > figures["mean"]["r2"]


def test_the_baseline_is_that_of_the_training_rows(models, tmp_path):
    table = [row for row in rows(400, np.random.default_rng(1)) if row[3] == "z"]
    report = bpnet.evaluate(bpnet.load(models / "kind"), write(tmp_path / "new.csv", table))
    figures = report["data"].figures["majority class"]
    counts = [row[3] for row in rows(300, np.random.default_rng(0))]
    assert figures["accuracy"] == (max("xyz", key=counts.count) == "z")


def test_rows_without_a_target_are_left_out_and_told(models, tmp_path):
    table = rows(50, np.random.default_rng(1))
    for k in (0, 7, 49):
        table[k][3] = table[k][4] = ""
    for name in ("kind", "price"):
        path = write(tmp_path / "new.csv", table, name)
        report = bpnet.evaluate(bpnet.load(models / name), path)
        assert report["data"].rows == 47
        assert report.notes == ("3 rows without a target are left out",)


def test_unknown_classes_count_as_wrong_and_are_named(models, tmp_path):
    table = rows(50, np.random.default_rng(1))
    net = bpnet.load(models / "kind")
    before = bpnet.evaluate(net, write(tmp_path / "a.csv", table))["data"]
    table[3][3], table[4][3], table[5][3] = "new", "newer", "new"
    report = bpnet.evaluate(net, write(tmp_path / "b.csv", table))
    (note,) = report.notes
    assert note.startswith("3 rows with classes that the network does not know, counted as wrong")
    assert note.endswith(("'new', 'newer'", "'newer', 'new'"))
    said = [one["kind"] for one in predicted(models / "kind", tmp_path / "b.csv", tmp_path)]
    truth = [row[3] for row in table]
    figures = report["data"].figures["network"]
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(truth, said))
    balanced = metrics.balanced_accuracy_score(truth, said)
    assert figures["balanced_accuracy"] == pytest.approx(balanced)
    assert figures["accuracy"] < before.figures["network"]["accuracy"]
    assert report["data"].confusion.shape == (4, 3)
    assert report["data"].confusion[3].sum() == 3


def test_a_column_of_which_no_value_is_a_class_is_refused(models, tmp_path):
    path = write(
        tmp_path / "new.csv", [[*row[:3], "w"] for row in rows(20, np.random.default_rng(1))]
    )
    net = bpnet.load(models / "kind")
    with pytest.raises(
        ValueError, match="no value is a class of the network; there are 'w'"
    ) as told:
        bpnet.evaluate(net, path)
    assert str(told.value).startswith(f"{path}: column 'kind'")


def test_the_target_may_be_called_otherwise(models, tmp_path):
    table = rows(60, np.random.default_rng(1))
    net = bpnet.load(models / "kind")
    expected = bpnet.evaluate(net, write(tmp_path / "a.csv", table)).to_dict()
    path = write(tmp_path / "b.csv", table, name="species")
    assert bpnet.evaluate(net, path, target="species").to_dict() == expected
    with pytest.raises(ValueError, match="no column 'kind'"):
        bpnet.evaluate(net, path)
    with pytest.raises(ValueError, match="no column 'specie', did you mean 'species'"):
        bpnet.evaluate(net, path, target="specie")
    with pytest.raises(ValueError, match="'a' is what the network predicts from"):
        bpnet.evaluate(net, path, target="a")
    with pytest.raises(ValueError, match="must name 1 column, not 'a', 'b'"):
        bpnet.evaluate(net, path, target=["a", "b"])


def test_a_number_that_is_none_is_named(models, tmp_path):
    table = rows(20, np.random.default_rng(1))
    table[4][4] = "about 1000"
    with pytest.raises(ValueError, match="column 'price', line 6: 'about 1000', expected a num"):
        bpnet.evaluate(bpnet.load(models / "price"), write(tmp_path / "new.csv", table, "price"))


def test_a_file_without_any_target_is_refused(models, tmp_path):
    table = [[*row[:3], "", ""] for row in rows(20, np.random.default_rng(1))]
    for name in ("kind", "price"):
        path = write(tmp_path / "new.csv", table, name)
        with pytest.raises(ValueError, match=f"no row has a target, in column '{name}'"):
            bpnet.evaluate(bpnet.load(models / name), path)


def test_frames_and_mappings_are_judged_like_files(models, tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    for name in ("kind", "price"):
        path = write(tmp_path / "new.csv", rows(80, np.random.default_rng(1)), name)
        frame = pandas.read_csv(path)
        net = bpnet.load(models / name)
        expected = bpnet.evaluate(net, path)["data"].figures["network"]
        for given in (frame, frame.to_dict("list")):
            found = bpnet.evaluate(net, given)["data"].figures["network"]
            assert found == pytest.approx(expected, rel=1e-12)
        assert name in frame.columns  # it is not changed


def test_arrays_are_judged_by_any_network():
    digits = bpnet.data.load_digits()
    net = bpnet.Network([64, 10], cost="log_likelihood", seed=0)
    net.fit(*digits.train, epochs=2, progress=False)
    x, y = digits.test
    report = bpnet.evaluate(net, (x, y))
    assert report["data"].figures["network"]["accuracy"] == pytest.approx(net.accuracy(x, y))
    one_hot = np.eye(10)[y]
    assert bpnet.evaluate(net, (x, one_hot)).to_dict() == report.to_dict()
    with pytest.raises(ValueError, match="give a pair"):
        bpnet.evaluate(net, {"a": [1.0]})


def test_a_sparse_matrix_some_rows_at_a_time(monkeypatch):
    sparse = pytest.importorskip("scipy.sparse", reason="scipy is not installed")
    monkeypatch.setattr("bpnet.tabular.evaluate._ENTRIES", 640)
    x, y = bpnet.data.load_digits().test
    net = bpnet.Network([64, 10], cost="log_likelihood", seed=0)
    expected = bpnet.evaluate(net, (x, y))["data"]
    for form in ("csr_matrix", "csc_array", "coo_array"):
        found = bpnet.evaluate(net, (getattr(sparse, form)(x), y))["data"]
        assert found.rows == expected.rows == 359
        for name, figure in expected.figures["network"].items():
            assert found.figures["network"][name] == pytest.approx(figure, rel=1e-6)


def by_hand(data, **options):
    """A network for a table of several targets."""
    net = bpnet.Network(
        [len(data.features), data.train[1].shape[1]], task=data.task, seed=0, **options
    )
    net.metadata = {"target": data.target, "preprocessing": data.preprocessing.to_dict()}
    net.metadata["classes"] = None if data.classes is None else list(data.classes)
    net.fit(*data.train, epochs=5, optimizer="adam", progress=False)
    return net


def test_several_numbers_are_judged_each_in_its_own_unit():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200))
    table = {"a": a, "b": b, "length": 5 + a, "weight": 1000 + 100 * b + rng.normal(size=200)}
    net = by_hand(bpnet.data.load_table(table, ["length", "weight"]), activations=["identity"])
    part = bpnet.evaluate(net, table)["data"]
    said = net.predict(table)
    for k, name in enumerate(("length", "weight")):
        figures = part.targets[name]["network"]
        expected = metrics.root_mean_squared_error(table[name], said[:, k])
        assert figures["rmse"] == pytest.approx(expected, rel=1e-6)
    each = [one["network"]["r2"] for one in part.targets.values()]
    assert part.figures["network"]["r2"] == pytest.approx(np.mean(each))
    table["length"] = np.where(np.arange(200) < 5, np.nan, table["length"])
    assert bpnet.evaluate(net, table)["data"].rows == 195


def test_several_labels_at_once():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200))
    table = {
        "a": a,
        "b": b,
        "tall": np.where(a > 0, "yes", "no").astype(object),
        "wide": np.where(b + 0.5 * a > 1, "yes", "no").astype(object),
    }
    net = by_hand(bpnet.data.load_table(table, ["tall", "wide"]), cost="cross_entropy")
    part = bpnet.evaluate(net, table)["data"]
    truth = np.stack([table[name] == "yes" for name in ("tall", "wide")], axis=1)
    said = net.predict(table) == "yes"
    figures = part.figures["network"]
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(truth, said))
    assert figures["f1"] == pytest.approx(metrics.f1_score(truth, said, average="macro"))
    np.testing.assert_array_equal(part.confusion, metrics.multilabel_confusion_matrix(truth, said))


def test_a_network_that_learned_labels_that_are_text():
    x = np.random.default_rng(0).normal(size=(60, 2))
    y = np.where(x[:, 0] > 0, "up", "down")
    net = bpnet.Network([2, 2], cost="log_likelihood", seed=0)
    net.fit(x, y, epochs=5, progress=False)
    report = bpnet.evaluate(net, (x, y))
    assert report.classes == ("down", "up")
    assert report["data"].figures["network"]["accuracy"] == pytest.approx(net.accuracy(x, y))


def test_memory_does_not_grow_with_the_file(models, tmp_path):
    net, peaks = bpnet.load(models / "price"), []
    for n in (20_000, 60_000):
        path = write(tmp_path / f"{n}.csv", rows(n, np.random.default_rng(1)), "price")
        tracemalloc.start()
        bpnet.evaluate(net, path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    assert Path(path).stat().st_size > 3e6


def test_files_are_read_as_the_one_trained_on(tmp_path, capsys):
    """Without a header, with marks of their own, in another encoding."""
    rng = np.random.default_rng(0)
    lines = [
        f"{a:.3f}|{'größer' if a > 0.5 else 'kleiner'}|{k}" for k, a in enumerate(rng.random(99))
    ]
    lines[5] = "-9|kleiner|5"
    path = tmp_path / "t.csv"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    flags = ["--no-header", "--delimiter", "|", "--encoding", "latin-1", "--missing", "-9"]
    out = str(tmp_path / "m")
    flags += ["--drop", "c3", "--target", "c2", "--epochs", "2", "--quiet", "--out", out]
    assert main(["train", "--data", str(path), *flags]) == 0
    capsys.readouterr()
    with pytest.warns(UserWarning, match="missing"):
        report = bpnet.evaluate(bpnet.load(out), path)
    assert report["data"].rows == 99
    assert main(["predict", out, str(path), "--keep", "c1", "c2", "--no-proba"]) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    assert first == "c1,c2,predicted_c2"
    assert [row.rpartition(",")[0] for row in rows] == [
        line.rpartition("|")[0].replace("|", ",") for line in lines
    ]
