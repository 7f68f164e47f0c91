"""The history for TensorBoard."""

import sys

import pytest
from training._events import scalars
from training._fits import classifier, fit

import bpnet


def test_tensorboard_has_the_history_and_the_rate(data, unseen, tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    net, board = classifier(), bpnet.TensorBoard(tmp_path / "run")
    falling = bpnet.SGD(bpnet.schedules.StepDecay(0.5, steps=3, factor=0.5))
    history = fit(net, data, validation=unseen, optimizer=falling, callbacks=[board])
    found, purged = scalars(tmp_path / "run")
    tags = {f"{what}/{kind}" for what in ("cost", "accuracy") for kind in ("train", "validation")}
    assert set(found) == {*tags, "seconds", "learning_rate"}
    for tag in tags:
        what, kind = tag.split("/")
        assert [step for step, _ in found[tag]] == [1, 2, 3]
        values = [value for _, value in found[tag]]
        assert values == pytest.approx(history[f"{kind}_{what}"], rel=1e-6)
    assert found["learning_rate"] == [(1, 0.5), (2, 0.25), (3, 0.125)]
    assert purged == []


def test_tensorboard_hides_what_is_trained_again(data, tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    net, board = classifier(), bpnet.TensorBoard(tmp_path)
    fit(net, data, callbacks=[board])
    fit(net, data, epochs=1, callbacks=[board])
    found, purged = scalars(tmp_path)
    assert sorted(step for step, _ in found["cost/train"]) == [1, 2, 3, 4]
    assert purged == [4]


def test_without_tensorboardx_the_extra_is_named(data, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    net = classifier()
    with pytest.raises(ImportError, match=r'pip install "bpnet-xp\[tensorboard\]"'):
        fit(net, data, callbacks=[bpnet.TensorBoard(tmp_path)])
    assert (net.epochs, list(tmp_path.iterdir())) == (0, [])
