"""``examples/``: the recipes, each for one epoch on a few of MNIST's images; the others in full."""

import importlib
import json
import math
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.quality import GOALS, draw, summary, table, train

ROOT = Path(__file__).resolve().parent.parent
MNIST = Path(os.environ.get("BPNET_DATA", ROOT.parent / "shared" / "data"), "mnist")
RECIPES = sorted(path.stem for path in (ROOT / "examples").glob("mnist_*.py"))

needs_mnist = pytest.mark.skipif(
    not MNIST.is_dir(), reason=f"no MNIST in {MNIST}; BPNET_DATA says where"
)


def test_each_recipe_has_its_goal():
    assert sorted(goal.recipe for goal in GOALS) == RECIPES


@needs_mnist
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_learns(recipe):
    record = train(recipe, 0, 1, MNIST, "--epochs", "1", "--limit", "3000", "--held-out")
    assert record["samples"] == 3000
    assert len(record["accuracies"]) == record["settings"]["epochs"] == 1
    assert record["accuracy"] == pytest.approx(record["accuracies"][-1])
    assert record["accuracy"] > 0.5  # by chance 0.1


@needs_mnist
def test_a_recipe_is_a_command(tmp_path):
    import bpnet

    command = [sys.executable, str(ROOT / "examples" / "mnist_l2.py"), "--data", str(MNIST)]
    model, record = tmp_path / "model.safetensors", tmp_path / "record.json"
    command += ["--epochs", "1", "--limit", "1000", "--seed", "5"]
    done = subprocess.run(
        [*command, "--model", str(model), "--record", str(record)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    assert "test accuracy" in done.stdout
    assert bpnet.load(model).seed == json.loads(record.read_text(encoding="utf-8"))["seed"] == 5


def test_a_summary_is_of_the_mean(tmp_path):
    shared = {"network": "net", "settings": {}, "samples": 3, "seconds": 1.0}
    trained = [
        {**shared, "accuracy": accuracy, "accuracies": [0.5, accuracy]} for accuracy in (0.97, 0.99)
    ]
    found = summary(GOALS[0], trained)
    assert found["mean"] == pytest.approx(0.98)
    assert found["reached"]
    assert [one["accuracy"] for one in found["trainings"]] == [0.97, 0.99]
    assert "97.00%, 99.00%" in table({"recipe": found})
    assert not summary(GOALS[0], trained[:1])["reached"]
    if find_spec("matplotlib"):
        draw(tmp_path, {"recipe": found})
        assert (tmp_path / "quality.png").stat().st_size


def example(name, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "examples")
    return importlib.import_module(name)


def test_wrong_labels_are_found(tmp_path, monkeypatch, capsys):
    mislabelled, picture = example("mislabelled_digits", monkeypatch), tmp_path / "worst.png"
    shares = mislabelled.main(["--picture", str(picture)] if find_spec("matplotlib") else [])
    assert shares[0.03] >= 0.8
    table = capsys.readouterr().out
    assert "18 of 1,797 labels are wrong" in table
    assert f"54 (3%) {shares[0.03]:>18.1%}" in table
    assert picture.exists() == bool(find_spec("matplotlib"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_wrong_labels_are_found_from_other_seeds(seed, monkeypatch):
    mislabelled = example("mislabelled_digits", monkeypatch)
    x, y = mislabelled.all_digits()
    labels, planted = mislabelled.plant(y, seed)
    assert (labels != y).sum() == len(planted) == 18
    norm = mislabelled.norms(x, labels, epochs=20, seed=seed)
    assert mislabelled.found(norm, planted)[0.03] >= 0.8


@needs_mnist
def test_wrong_labels_of_mnist_are_found(monkeypatch):
    assert example("mislabelled_digits", monkeypatch).main(["--data", str(MNIST)])[0.03] >= 0.8


def test_private_digits_are_learned(monkeypatch, capsys):
    pytest.importorskip("dp_accounting", reason="dp-accounting is not installed")
    runs = example("private_digits", monkeypatch).main(["--seed", "1"])
    epsilons = [run.epsilon for _, run, _ in runs]
    assert epsilons[0] == math.inf
    assert sorted(epsilons, reverse=True) == epsilons
    assert all(accuracy > 0.8 for *_, accuracy in runs)
    assert "2.87" in capsys.readouterr().out
