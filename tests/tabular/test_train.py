"""bpnet.train_table: the command line's training from Python."""

import csv
import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest

import bpnet
from bpnet.cli import main
from bpnet.cli.settings import SETTINGS
from bpnet.data import load_table

OF_THE_COMMAND_LINE = {
    "dataset",
    "data_dir",
    "validation_share",
    "test_share",
    "checkpoint_every",
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def people():
    """Columns of a table."""
    rng = np.random.default_rng(0)
    age, city = rng.integers(20, 80, 200), rng.choice(["Rome", "Bonn"], 200)
    income = (3 * age + 40 * (city == "Rome") + rng.normal(size=200)).round(2)
    columns = {
        "id": [f"p{i}" for i in range(200)],
        "age": age.tolist(),
        "city": city.tolist(),
        "income": income.tolist(),
        "buys": np.where(income > 160, "yes", "no").tolist(),
        "late": np.where(age > 50, "yes", "no").tolist(),
        "counts": rng.integers(1, 5, 200).tolist(),
    }
    lines = [",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    Path("people.csv").write_text("\n".join([",".join(columns), *lines]))
    return columns


def test_it_takes_every_setting_of_the_command_line():
    parameters = set(inspect.signature(bpnet.train_table).parameters)
    of_python = {"callbacks", "jobs", "progress", "unknown"}
    assert parameters - of_python == set(SETTINGS) - OF_THE_COMMAND_LINE


def test_it_takes_every_option_of_load_table():
    given = set(inspect.signature(bpnet.train_table).parameters)
    assert set(inspect.signature(load_table).parameters) - given == {"standardize_target"}


SAME = {
    "classes": (
        "buys",
        ["--drop", "id", "--hidden", "8", "--seed", "3"],
        {"hidden": [8], "seed": 3},
    ),
    "numbers": (
        "income",
        ["--drop", "id", "--weight", "counts", "--cost", "huber", "--metrics", "mae"],
        {"weight": "counts", "cost": "huber", "metrics": ["mae"]},
    ),
    "labels": (
        ["buys", "late"],
        ["--drop", "id", "--dropout", "0.2", "--normalization", "batch", "--test-share", "0"],
        {"dropout": 0.2, "normalization": "batch", "test": 0},
    ),
    "class weights": (
        "buys",
        ["--drop", "id", "--class-weight", "yes=3", "--schedule", "cosine", "--warmup", "2"],
        {"class_weight": {"yes": 3}, "schedule": "cosine", "warmup": 2},
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_settings_give_the_same_network(people, case):
    target, flags, options = SAME[case]
    targets = [target] if isinstance(target, str) else target
    command = ["train", "--data", "people.csv", "--target", *targets, "--epochs", "6", *flags]
    assert main([*command, "--quiet", "--out", "run"]) == 0
    run = bpnet.train_table("people.csv", target, drop="id", epochs=6, **options)
    run.net.save("model.safetensors")
    assert Path("model.safetensors").read_bytes() == Path("run/model.safetensors").read_bytes()
    report = json.loads(Path("run/report.json").read_text())
    assert run.report.to_dict()["parts"] == report["parts"]


def test_a_run_is_saved_as_a_folder_that_the_command_line_takes(people, capsys):
    run = bpnet.train_table(people, "buys", drop=["id"], epochs=30, folds=0)
    run.save("below/run")
    names = {path.name for path in Path("below/run").iterdir()}
    assert names == {
        "model.safetensors",
        "history.csv",
        "history.jsonl",
        "curves.png",
        "report.json",
        "confusion.png",
        "importance.png",
    }
    assert main(["predict", "below/run", "people.csv"]) == 0
    _, *rows = csv.reader(capsys.readouterr().out.splitlines())
    predicted = list(run.net.predict(people))
    assert [row[0] for row in rows] == predicted == list(bpnet.load("below/run").predict(people))
    assert run.history.best_epoch is not None


def test_what_is_shown_of_a_run(people):
    run = bpnet.train_table(people, "income", epochs=2, folds=0)
    assert len(repr(run)) < 1000
    assert repr(run.data) == (
        "Dataset(train=(160, 6), validation=(20, 6), test=(20, 6), task='regression', "
        "classes=None, targets=('income',))"
    )
    shown = str(run)
    assert "id      left out   its 200 texts all differ, like identifiers" in shown
    assert f"note: {run.data.notes[0]}" in shown
    assert str(run.report) in shown


def test_values_in_place_of_a_target_are_told(people):
    import pandas as pd

    frame = pd.DataFrame(people)
    with pytest.raises(ValueError, match=r"is given twice as target; target names columns of the"):
        bpnet.train_table(frame, frame.pop("city"))


def test_callbacks_and_objects_are_taken(people):
    seen = []

    class See(bpnet.Callback):
        def on_epoch_end(self, fit, row):
            seen.append(row["epoch"])

    run = bpnet.train_table(
        people,
        "income",
        drop=["id"],
        epochs=3,
        optimizer=bpnet.AdamW(0.01, weight_decay=0.1),
        activation=bpnet.activations.Tanh(),
        cost=bpnet.costs.Huber(),
        callbacks=[See()],
    )
    assert seen == [1, 2, 3]
    assert [one.name for one in run.net.activations] == ["tanh", "identity"]


def test_a_wrong_setting_is_told_by_its_argument(people):
    with pytest.raises(ValueError, match=r"^dropout is for hidden layers, and there are none"):
        bpnet.train_table(people, "buys", hidden=(), dropout=0.5)
    with pytest.raises(ValueError, match="class_weight is for classification"):
        bpnet.train_table(people, "income", class_weight="balanced")
    with pytest.raises(TypeError, match="has no argument 'lr': did you mean 'learning_rate'"):
        bpnet.train_table(people, "income", lr=3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"metrics": 3}, "metrics must be a list of names or functions, not 3"),
        ({"class_weight": 3}, "class_weight must be 'balanced' or a dictionary of labels and we"),
        ({"schedule": 3}, "schedule must be a name or a schedule, not 3"),
        ({"best": 3}, "best must be True or False, not 3"),
        ({"early_stopping": "x"}, "early_stopping must be an integer, not 'x'"),
        ({"warmup": 1.5}, "warmup must be an integer, not 1.5"),
        ({"dropout": "x"}, "dropout must be a number, not 'x'"),
    ],
)
def test_a_setting_of_another_type(people, options, words):
    with pytest.raises(TypeError, match=re.escape(words)):
        bpnet.train_table(people, "buys", **options)
