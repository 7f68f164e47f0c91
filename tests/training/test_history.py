"""History: its columns, files and curves."""

import csv
import json
import sys

import pytest
from training._fits import classifier, fit

import bpnet


def test_columns(data, unseen):
    plain = fit(classifier(), data)
    judged = fit(classifier(), data, validation=unseen)
    values = bpnet.Network([4, 2, 1], cost="huber", seed=0)
    regressed = fit(values, (data[0], data[0][:, :1]), validation=(unseen[0], unseen[0][:, :1]))
    assert plain.columns == ("epoch", "train_cost", "train_accuracy", "seconds")
    costs, accuracies = ("train_cost", "validation_cost"), ("train_accuracy", "validation_accuracy")
    assert judged.columns == ("epoch", *costs, *accuracies, "seconds")
    assert regressed.columns == ("epoch", *costs, "train_r2", "validation_r2", "seconds")
    assert plain["epoch"] == [1, 2, 3]
    assert all(type(row["epoch"]) is int for row in judged)
    assert all(type(v) is float for row in judged for k, v in row.items() if k != "epoch")
    assert all(seconds >= 0 for seconds in judged["seconds"])
    assert plain.stopped == "completed"
    assert plain.best_epoch is None
    assert len(plain) == 3


def test_history_files(data, unseen, tmp_path):
    history = fit(classifier(), data, validation=unseen)
    history.to_csv(tmp_path / "history.csv")
    history.to_jsonl(tmp_path / "history.jsonl")
    with open(tmp_path / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == history.columns
    assert [{k: float(v) for k, v in row.items()} for row in rows] == list(history)
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == history.rows


def test_an_unknown_column_names_those_there_are(data):
    history = fit(classifier(), data)
    with pytest.raises(KeyError, match="no column 'loss': there are epoch, train_cost"):
        history["loss"]


def test_curves_are_drawn(data, unseen, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    stopping = bpnet.EarlyStopping(patience=50)
    history = fit(classifier(), data, validation=unseen, callbacks=[stopping])
    history.plot(tmp_path / "curves.svg", "a title")
    picture = (tmp_path / "curves.svg").read_text()
    assert picture.lstrip().startswith("<?xml")
    assert len(picture) > 5000


def test_without_matplotlib_the_extra_is_named(data, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r'pip install "matplotlib>=3.8"'):
        fit(classifier(), data).plot(tmp_path / "curves.png")


def test_a_notebook_shows_the_last_epochs_and_the_curves(data, unseen, monkeypatch):
    stopping = bpnet.EarlyStopping(patience=50)
    history = fit(classifier(), data, epochs=8, validation=unseen, callbacks=[stopping])
    history.rows = [{**row, "train_<b>": 1.0} for row in history.rows]
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    plain = history._repr_html_()
    assert f"<b>8 epochs</b> completed, best epoch {history.best_epoch}" in plain
    assert "train_&lt;b&gt;" in plain
    assert "train_<b>" not in plain
    assert plain.count("<tr>") == 1 + 1 + 5
    assert f"{history.rows[-1]['validation_cost']:.4g}" in plain
    assert "<img" not in plain
    assert "<table" not in bpnet.History()._repr_html_()
    monkeypatch.undo()
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert history._repr_html_().startswith(plain + '<img src="data:image/png;base64,')


@pytest.mark.parametrize("write", ["to_csv", "to_jsonl"])
def test_what_is_no_path_is_told(write):
    with pytest.raises(TypeError, match=r"path must be a path, as text or pathlib\.Path, not 3"):
        getattr(bpnet.History(), write)(3)
