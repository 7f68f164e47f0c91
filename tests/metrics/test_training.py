"""Metrics in a fit: columns of its history."""

import re

import numpy as np
import pytest
from _figures import one_hot

import bpnet
from bpnet import metrics


def test_metrics_in_a_fit_are_columns_of_the_history():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 4)), rng.integers(0, 3, 40)
    net = bpnet.Network([4, 5, 3], cost="log_likelihood", dtype="float64", seed=0)

    def doubt(y, a):
        return 1 - a.max(axis=1).mean()

    history = net.fit(
        x,
        y,
        epochs=3,
        batch_size=7,
        validation=(x, y),
        metrics=["log_loss", "f1", "top_2_accuracy", doubt],
    )
    a = net.feedforward(x)
    rows = one_hot(y, 3)
    for name in ("log_loss", "f1", "top_2_accuracy"):
        assert f"train_{name}" in history.columns
        assert history[f"validation_{name}"][-1] == pytest.approx(metrics.get(name)(rows, a))
    assert history["validation_doubt"][-1] == pytest.approx(doubt(rows, a))
    assert history["validation_log_loss"][-1] == pytest.approx(history["validation_cost"][-1])
    assert history["train_log_loss"] == pytest.approx(history["train_cost"])


@pytest.mark.parametrize(
    ("names", "panels", "size"),
    [
        ([], 2, (9, 3.6)),
        (["f1"], 3, (13.5, 3.6)),
        (["f1", "auc"], 4, (9, 7.2)),
        (["f1", "auc", "log_loss"], 5, (13.5, 7.2)),
    ],
)
def test_each_metric_has_a_panel_of_the_picture(names, panels, size, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    x, y = np.random.default_rng(0).standard_normal((12, 4)), np.arange(12) % 3
    net = bpnet.Network([4, 3], cost="log_likelihood", seed=0)
    history = net.fit(x, y, epochs=2, batch_size=6, metrics=names, validation=(x, y))
    history.plot(tmp_path / "curves.svg")
    picture = (tmp_path / "curves.svg").read_text()
    assert len(set(re.findall(r'id="(axes_\d+)"', picture))) == panels
    assert f'width="{72 * size[0]:g}pt" height="{72 * size[1]:g}pt"' in picture
