"""A callback that has seen a fit is copied and pickled as before it, without that fit's data."""

import copy
import pickle

import numpy as np
import pytest

import bpnet
from bpnet.training import callbacks

X, LABELS = np.random.default_rng(0).standard_normal((3000, 5)), np.arange(3000) % 3

MADE = {
    "Budget": lambda folder: bpnet.Budget(steps=250),
    "CSVLog": lambda folder: bpnet.CSVLog(folder / "log.csv"),
    "Checkpoint": lambda folder: bpnet.Checkpoint(folder, every_epochs=1),
    "EarlyStopping": lambda folder: bpnet.EarlyStopping(patience=1, min_delta=0.05),
    "HalveOnPlateau": lambda folder: callbacks.HalveOnPlateau(patience=1),
    "KeepBest": lambda folder: bpnet.KeepBest(),
    "Progress": lambda folder: bpnet.Progress(),
    "ReduceOnPlateau": lambda folder: bpnet.ReduceOnPlateau(patience=1),
    "TensorBoard": lambda folder: bpnet.TensorBoard(folder),
}
COPIES = {
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "pickle": lambda one: pickle.loads(pickle.dumps(one)),
}


def test_these_are_all():
    assert set(MADE) == set(callbacks.__all__) - {"Callback"}


def columns(callback):
    """The history of a fit with a callback, and the parameters at its end."""
    net = bpnet.Network([5, 8, 3], cost="log_likelihood", seed=0)
    history = net.fit(
        X,
        LABELS,
        epochs=4,
        optimizer=bpnet.SGD(3.0),
        validation=0.2,
        callbacks=[callback],
        progress=False,
    )
    rows = [{k: one for k, one in row.items() if k != "seconds"} for row in history.rows]
    return rows, history.best_epoch, net.weights[0].tolist()


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", MADE)
def test_a_copy_after_a_fit_does_what_a_new_one_does(name, way, tmp_path):
    if name == "TensorBoard":
        pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    (tmp_path / "first").mkdir()
    used = MADE[name](tmp_path / "first")
    expected = columns(used)
    copied = COPIES[way](used)
    assert type(copied) is type(used)
    assert len(pickle.dumps(used)) < 2000 < X.nbytes
    if name in ("CSVLog", "Checkpoint"):  # the copy writes where the other did
        for one in (tmp_path / "first").iterdir():
            one.unlink()
    assert columns(copied) == expected
