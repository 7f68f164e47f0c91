"""A fit resumes that of a checkpoint if all that shapes the training has the same values."""

import numpy as np
import pytest
from _backends import parameters

import bpnet
from bpnet import activations, costs, schedules
from bpnet.data import ArraySource

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X[:, :1] * 2.0
WEIGHTS = np.linspace(1.0, 2.0, 40)


def scaled(factor):
    return activations.CustomActivation(
        lambda z, xp: factor * z, lambda z, a, xp: factor + 0.0 * z, name="scaled"
    )


def halved(y, a):
    return abs(a - y).mean() / 2


def twice(y, a):
    return abs(a - y).mean() * 2


def network(sigma=None, cost=None, **layer):
    hidden = bpnet.Layer(5, activation=sigma or activations.LeakyReLU(0.01), **layer)
    layers = [3, hidden, bpnet.Layer(4, activation="tanh"), 1]
    return bpnet.Network(
        layers,
        activations=[hidden.activation, "tanh", "identity"],
        cost=cost or costs.Huber(1.0),
        seed=1,
    )


def fit(net, **options):
    given = {
        "x": X,
        "y": Y,
        "epochs": 2,
        "batch_size": 10,
        "optimizer": bpnet.Momentum(schedules.Cosine(0.01, steps=99)),
        "sample_weight": WEIGHTS,
        "metrics": [bpnet.metrics.CustomMetric(halved, name="own")],
        "callbacks": [bpnet.EarlyStopping("train_cost"), bpnet.ReduceOnPlateau("train_cost")],
        **options,
    }
    return net.fit(**given)


@pytest.fixture
def checkpoint(tmp_path):
    written = bpnet.Checkpoint(tmp_path, keep=1)
    callbacks = [bpnet.EarlyStopping("train_cost"), bpnet.ReduceOnPlateau("train_cost"), written]
    fit(network(), callbacks=callbacks)
    return tmp_path


def watching(**settings):
    return [bpnet.EarlyStopping("train_cost", **settings), bpnet.ReduceOnPlateau("train_cost")]


OTHERS = {
    "slope": ({"sigma": activations.LeakyReLU(0.9)}, {}, r"slope=0\.01.*slope=0\.9"),
    "delta": ({"cost": costs.Huber(50.0)}, {}, r"delta=1\.0.*delta=50\.0"),
    "dropout": ({"dropout": 0.10000001}, {}, "dropout"),
    "rate": ({}, {"optimizer": bpnet.Momentum(schedules.Cosine(0.02, steps=99))}, r"0\.01.*0\.02"),
    "steps": ({}, {"optimizer": bpnet.Momentum(schedules.Cosine(0.01, steps=98))}, "steps=99.*98"),
    "number": ({}, {"optimizer": bpnet.Momentum(0.01)}, r"learning_rate=Cosine\(.*=0\.01"),
    "momentum": ({}, {"optimizer": bpnet.Momentum(schedules.Cosine(0.01, 99), 0.8)}, r"0\.9.*0\.8"),
    "l2": ({}, {"l2": 0.1}, r"its l2 is 0\.0, here it is 0\.1"),
    "l1": ({}, {"l1": 0.1}, r"its l1 is 0\.0, here it is 0\.1"),
    "clip_norm": ({}, {"clip_norm": 1.0}, r"its clip_norm is 0\.0, here it is 1\.0"),
    "clip_value": ({}, {"clip_value": 1.0}, "its clip_value is 0"),
    "max_norm": ({}, {"max_norm": 1.0}, "its max_norm is 0"),
    "accumulate": ({}, {"accumulate": 2}, "its accumulate is 1, here it is 2"),
    "weights": ({}, {"sample_weight": WEIGHTS[::-1]}, r"its weights is array\(shape=\[40\], dig"),
    "no weights": ({}, {"sample_weight": None}, "its weighted is True, here it is False"),
    "batch size": ({}, {"batch_size": 8}, "its batch size is 10, here it is 8"),
    "patience": ({}, {"callbacks": watching(patience=3)}, "EarlyStopping.*patience=10.*patience=3"),
    "mode": ({}, {"callbacks": watching(mode="max")}, "mode=None.*mode='max'"),
    "min_delta": ({}, {"callbacks": watching(min_delta=0.5)}, r"min_delta=0\.0.*min_delta=0\.5"),
    "metric": ({}, {"metrics": [bpnet.metrics.CustomMetric(twice, name="own")]}, "its metric own"),
}


@pytest.mark.parametrize(("layer", "options", "words"), OTHERS.values(), ids=OTHERS)
def test_another_one_is_refused_by_name_and_values(checkpoint, layer, options, words):
    net = network(**layer)
    before = parameters(net)
    with pytest.raises(ValueError, match=f"cannot resume the one of the checkpoint.*{words}"):
        fit(net, **options, epochs=4, resume=checkpoint)
    assert np.array_equal(parameters(net), before)
    assert net.epochs == net.steps == 0


def test_the_same_one_resumes_and_the_way_out_works(checkpoint):
    assert len(fit(network(), epochs=4, resume=checkpoint)) == 4
    (file,) = checkpoint.glob("*.safetensors")
    net = bpnet.load(file)
    assert len(fit(net, optimizer=bpnet.Momentum(0.001))) == 2
    assert net.epochs == 4


@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_normalization(tmp_path, kind):
    norms = {"batch": bpnet.normalization.BatchNorm, "layer": bpnet.normalization.LayerNorm}
    options = {"callbacks": [bpnet.Checkpoint(tmp_path)]}
    fit(network(normalization=norms[kind](epsilon=1e-5)), **options)
    with pytest.raises(ValueError, match=r"normalization of layer 1 is .*epsilon=1e-05"):
        fit(
            network(normalization=norms[kind](epsilon=1e-3)),
            epochs=4,
            resume=tmp_path,
            callbacks=[],
        )


def test_functions_of_the_user_s_own(tmp_path):
    fit(network(scaled(0.5)), callbacks=[bpnet.Checkpoint(tmp_path)])
    assert len(fit(network(scaled(0.5)), epochs=3, callbacks=[], resume=tmp_path)) == 3
    with pytest.raises(ValueError, match="functions of layer 1"):
        fit(network(scaled(0.7)), epochs=3, callbacks=[], resume=tmp_path)


def test_arrays_do_not_resume_a_source(tmp_path):
    options = {"sample_weight": None, "callbacks": [bpnet.Checkpoint(tmp_path)]}
    fit(network(), x=ArraySource(X, Y), y=None, **options)
    options["callbacks"] = []
    assert (
        len(fit(network(), x=ArraySource(X, Y), y=None, epochs=3, resume=tmp_path, **options)) == 3
    )
    with pytest.raises(ValueError, match=r"its reading is 'a source, .*here it is 'arrays'"):
        fit(network(), epochs=3, resume=tmp_path, **options)


def test_a_file_without_these_settings_is_compared_as_far_as_it_goes(checkpoint):
    snapshot = bpnet.read_checkpoint(checkpoint)
    del snapshot.header["run"]["settings"]
    other = {"optimizer": bpnet.Momentum(0.001)}
    assert len(fit(network(), epochs=4, resume=snapshot, **other)) == 4
    with pytest.raises(ValueError, match=r"activation of layer 1 is leaky_relu\(slope=0\.01\)"):
        fit(network(activations.LeakyReLU(0.9)), epochs=4, resume=snapshot, **other)
    with pytest.raises(ValueError, match=r"cost is huber\(delta=1\.0\), here it is huber\(del"):
        fit(network(cost=costs.Huber(50.0)), epochs=4, resume=snapshot, **other)
