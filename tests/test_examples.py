"""The recipes of ``examples/``, each for one epoch on a few of MNIST's images."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.quality import GOALS, draw, summary, table, train

ROOT = Path(__file__).resolve().parent.parent
MNIST = Path(os.environ.get("BPNET_DATA", ROOT.parent / "shared" / "data"), "mnist")
RECIPES = sorted(path.stem for path in (ROOT / "examples").glob("[!_]*.py"))

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
