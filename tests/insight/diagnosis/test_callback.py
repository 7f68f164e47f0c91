"""Diagnostics: what a fit did, while it ends in the same bits."""

import pickle

import numpy as np
import pytest
from _backends import host
from insight.diagnosis._data import digits, table

import bpnet


def nll(sizes, activations="sigmoid", **options):
    return bpnet.Network(sizes, activations=activations, cost="log_likelihood", seed=0, **options)


def test_a_watched_fit_ends_in_the_same_bits(target):
    x, y = table("iris")
    x = target.give(x, "float64")
    results = []
    for watched in (False, True):
        net = nll([4, bpnet.Layer(6, dropout=0.2), 3], backend=target.backend("float64"))
        callbacks = [bpnet.Diagnostics(x, y)] if watched else []
        net.fit(x, y, epochs=3, batch_size=20, optimizer="adam", callbacks=callbacks)
        results.append(host(net, net.state.theta))
    assert np.array_equal(*results)


def test_updates_are_the_real_ones():
    x, y = table("iris")
    net, watch = nll([4, 6, 3], dtype="float64"), bpnet.Diagnostics(x, y)
    before = [one.copy() for one in net.weights]
    net.fit(x, y, epochs=1, batch_size=20, callbacks=[watch])
    expected = [
        np.linalg.norm(v - w) / np.linalg.norm(w) for w, v in zip(before, net.weights, strict=True)
    ]
    assert watch.rows[0]["updates"] == [0.0, 0.0]
    assert watch.rows[1]["updates"] == pytest.approx(expected)
    assert [row["epoch"] for row in watch.rows] == [0, 1]
    found = bpnet.diagnose(net, x, y)
    assert watch.rows[1]["deltas"] == pytest.approx([one.delta for one in found.layers])


def test_a_fit_that_diverges_is_judged_too():
    x, y = table("diabetes")
    net = bpnet.Network([10, 20, 1], activations=["relu", "identity"], seed=0)
    watch = bpnet.Diagnostics(x, y)
    with pytest.raises(bpnet.DivergenceError):
        net.fit(x, y, epochs=5, batch_size=32, optimizer=bpnet.SGD(50.0), callbacks=[watch])
    first = watch.diagnosis.findings[0]
    assert first.kind == "learning_rate_too_high"
    assert "the first step of SGD(learning_rate=50) leads from a cost of" in first.verdict


def test_it_watches_one_fit_after_another_and_can_be_pickled():
    x, y = table("iris")
    watch = bpnet.Diagnostics(x, y)
    for rate in (1e-7, 0.1):
        net = nll([4, 6, 3], "tanh")
        net.fit(x, y, epochs=20, batch_size=10, optimizer=bpnet.SGD(rate), callbacks=[watch])
        assert len(watch.rows) == 21
        low = [one.kind for one in watch.diagnosis.findings] == ["learning_rate_too_low"]
        assert low == (rate == 1e-7)
    copy = pickle.loads(pickle.dumps(watch))
    assert copy.rows == watch.rows
    assert str(copy.diagnosis) == str(watch.diagnosis)


def test_samples_that_do_not_fit_are_refused_before_anything_changes():
    x, y = digits()
    net = nll([64, 10])
    with pytest.raises(ValueError, match="layer 1 expects 64 inputs, x has 5 columns"):
        net.fit(x, y, epochs=1, callbacks=[bpnet.Diagnostics(x[:, :5], y)])
    assert net.epochs == 0


def test_it_resumes_from_a_checkpoint(tmp_path):
    x, y = table("iris")
    for epochs, resume in ((2, None), (4, tmp_path)):
        net, watch = nll([4, 6, 3]), bpnet.Diagnostics(x, y)
        callbacks = [watch, bpnet.Checkpoint(tmp_path)]
        net.fit(x, y, epochs=epochs, batch_size=10, callbacks=callbacks, resume=resume)
    assert [row["epoch"] for row in watch.rows][-1] == 4


def test_the_picture(tmp_path):
    pytest.importorskip("matplotlib")
    x, y = table("iris")
    watch = bpnet.Diagnostics(x, y)
    with pytest.raises(ValueError, match="no fit was watched: give this callback to fit"):
        watch.plot(tmp_path / "none.png")
    net = nll([4, 6, 6, 3])
    net.fit(x, y, epochs=3, batch_size=10, callbacks=[watch])
    watch.plot(tmp_path / "deltas.png")
    assert (tmp_path / "deltas.png").stat().st_size > 10_000
