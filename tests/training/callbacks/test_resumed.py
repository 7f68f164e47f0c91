"""Callbacks and logs of a fit that goes on from a file."""

import csv
import io

import numpy as np
import pytest
from training._interrupted import broken, resumed, whole

import bpnet
import bpnet.cli.run_folder
import bpnet.training.streaming


@pytest.mark.parametrize(
    "make",
    [
        lambda: [bpnet.EarlyStopping(patience=2)],
        lambda: [bpnet.KeepBest("validation_accuracy")],
        lambda: [bpnet.ReduceOnPlateau("train_cost", patience=0, factor=0.5, min_delta=0.2)],
        lambda: [bpnet.HalveOnPlateau("train_cost", patience=1, mode="max")],
        lambda: [bpnet.Budget(steps=29)],
        lambda: [bpnet.Budget(steps=29), bpnet.EarlyStopping(), bpnet.KeepBest()],
    ],
    ids=["EarlyStopping", "KeepBest", "ReduceOnPlateau", "HalveOnPlateau", "Budget", "several"],
)
@pytest.mark.parametrize("steps", [9, 13, 23, 28])
def test_callbacks_go_on_where_they_were(tmp_path, make, steps):
    options = {"epochs": 9}
    broken(tmp_path / "a", steps, make, **options)
    assert resumed(tmp_path / "a", make, **options) == whole(tmp_path / "b", make, **options)


def test_a_log_and_the_progress_go_on(tmp_path):
    def make():
        return [bpnet.CSVLog(tmp_path / "log.csv"), bpnet.Progress(io.StringIO())]

    broken(tmp_path / "a", 23, make)
    resumed(tmp_path / "a", make)
    with (tmp_path / "log.csv").open(newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3", "4"]


def test_callbacks_without_a_state_may_come_and_go(tmp_path):
    class Mine(bpnet.Callback):
        pass

    broken(tmp_path / "a", 23, lambda: [Mine()])
    assert resumed(tmp_path / "a", lambda: [bpnet.Progress(io.StringIO())]) == whole(tmp_path / "b")


def test_a_callback_of_ones_own_keeps_what_it_likes(tmp_path):
    class Mean(bpnet.Callback):
        def on_fit_begin(self, fit):
            self.sum, self.about = np.zeros(2), {"seen": [], "none": None, "pair": (1, 0.1)}

        def on_epoch_end(self, fit, row):
            self.sum = self.sum + np.asarray([row["train_cost"], 1.0])
            self.about["seen"].append(np.float32(0.5))

        def state(self):
            return {"sum": self.sum, "about": self.about}

        def set_state(self, state):
            self.sum, self.about = state["sum"], state["about"]

    made = []

    def make():
        made.append(Mean())
        return made[-1:]

    broken(tmp_path / "a", 23, make)
    assert resumed(tmp_path / "a", make) == whole(tmp_path / "b", make)
    assert made[1].sum.tolist() == made[2].sum.tolist()
    assert made[1].about == made[2].about == {"seen": [0.5] * 4, "none": None, "pair": (1, 0.1)}
