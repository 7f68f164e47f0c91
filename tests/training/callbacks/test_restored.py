"""What is restored as the best has the figure that was told, and all that belongs to it."""

import numpy as np
import pytest
from _backends import parameters, relative
from training._interrupted import broken, end, fit, network, resumed, whole

import bpnet
from bpnet.data import ArraySource

SIZE = 4


def noisy(seed=0, n=64):
    """Targets that cannot be learned: with a high rate the cost goes up and down."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)), rng.normal(size=(n, 1))


def regression(backend=None):
    backend = backend or bpnet.get_backend("numpy", dtype="float64")
    return bpnet.Network([3, 16, 1], activations=["tanh", "identity"], seed=0, backend=backend)


KEEPERS = {
    "early": lambda column: bpnet.EarlyStopping(column, patience=4),
    "keep": bpnet.KeepBest,
}


def check(net, history, column, figure_of, sign):
    told = sign * min(sign * figure for figure in history[column])
    assert history[column].index(told) + 1 == history.best_epoch < len(history)
    assert abs(figure_of(net) / told - 1) < 1e-12


@pytest.mark.parametrize("make", KEEPERS.values(), ids=KEEPERS)
@pytest.mark.parametrize("column", ["train_cost", "train_r2", "train_mae"])
@pytest.mark.parametrize("source", [False, True], ids=["arrays", "source"])
def test_a_training_column(target, make, column, source):
    x, y = noisy()
    net = regression(target.backend())
    given = (ArraySource(x, y),) if source else (x, y)
    history = net.fit(
        *given,
        epochs=30,
        batch_size=SIZE,
        optimizer=bpnet.SGD(0.5),
        metrics=["mae"],
        callbacks=[make(column)],
    )
    figure_of = {
        "train_cost": lambda net: net.total_cost(x, y),
        "train_r2": lambda net: net.score(x, y),
        "train_mae": lambda net: bpnet.metrics.MAE()(y, net.backend.to_numpy(net.feedforward(x))),
    }[column]
    check(net, history, column, figure_of, -1 if column == "train_r2" else 1)


def test_with_dropout_and_batch_normalization():
    x, y = noisy()
    layer = bpnet.Layer(16, activation="relu", normalization="batch", dropout=0.4)
    net = bpnet.Network([3, layer, 1], activations=["relu", "identity"], seed=0, dtype="float64")
    history = net.fit(
        x,
        y,
        epochs=30,
        batch_size=16,
        optimizer=bpnet.Adam(0.1),
        callbacks=[bpnet.KeepBest("train_cost")],
    )
    check(net, history, "train_cost", lambda net: net.total_cost(x, y), 1)


def test_the_best_checkpoint_of_a_training_column(tmp_path):
    x, y = noisy()
    history = regression().fit(
        x,
        y,
        epochs=20,
        batch_size=SIZE,
        optimizer=bpnet.SGD(0.5),
        callbacks=[bpnet.Checkpoint(tmp_path, best="train_cost")],
    )
    best = bpnet.load(tmp_path / "best.safetensors")
    assert abs(best.total_cost(x, y) / min(history["train_cost"]) - 1) < 1e-12


def test_lbfgs_whose_columns_are_those_of_its_parameters():
    pytest.importorskip("scipy", reason="scipy is not installed")
    (x, y), net = noisy(), regression()
    worst = bpnet.KeepBest("train_cost", mode="max")
    history = net.fit(x, y, epochs=5, optimizer=bpnet.LBFGS(), callbacks=[worst])
    assert history.best_epoch == 1
    assert abs(net.total_cost(x, y) / history["train_cost"][0] - 1) < 1e-12


def test_a_column_that_is_only_watched_costs_no_evaluation():
    x, y = noisy()
    plain, watched = regression(), regression()
    expected = plain.fit(x, y, epochs=3, batch_size=SIZE)
    found = watched.fit(
        x, y, epochs=3, batch_size=SIZE, callbacks=[bpnet.ReduceOnPlateau("train_cost")]
    )
    assert found["train_cost"] == expected["train_cost"]


# ------------------------------------------------------------------ all that belongs to it


class Stop(bpnet.Callback):
    """Stops after an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, fit, row):
        if row["epoch"] == self.epoch:
            fit.stop("enough")


@pytest.mark.parametrize("make", KEEPERS.values(), ids=KEEPERS)
def test_the_average_the_optimizer_and_its_step_are_of_the_best_epoch(target, make):
    (x, y), options = noisy(), {"batch_size": SIZE, "average": 0.9}
    options["optimizer"] = bpnet.Adam(bpnet.schedules.Cosine(0.3, steps=2000))
    net, twin = regression(target.backend()), regression(target.backend())
    history = net.fit(x, y, epochs=30, callbacks=[make("train_cost")], **options)
    best = history.best_epoch
    assert best < len(history)
    twin.fit(x, y, epochs=30, callbacks=[Stop(best)], **options)
    assert relative(parameters(net), parameters(twin)) < 1e-14
    assert relative(parameters(net.averaged()), parameters(twin.averaged())) < 1e-14
    xp = net.backend.to_numpy
    for mine, theirs in zip(net.state.memory, twin.state.memory, strict=True):
        assert np.array_equal(xp(mine), xp(theirs))
    # The next steps are those after the best epoch; only the order of samples is another.
    assert net.epochs == len(history)
    for one in (net, twin):
        one.step(x[:4], y[:4], **{k: v for k, v in options.items() if k != "batch_size"})
    assert relative(parameters(net), parameters(twin)) < 1e-14


def test_resumed_they_end_in_the_same_bits(tmp_path):
    for name, make in KEEPERS.items():
        options = {"make": lambda make=make: [make("train_log_loss")], "metrics": ["log_loss"]}
        broken(tmp_path / name, 23, **options)
        assert resumed(tmp_path / name, **options) == whole(tmp_path / f"{name} whole", **options)


def test_switched_for_a_while_the_network_trains_on_as_if_never():
    keep, net, twin = bpnet.KeepBest(mode="max", restore=False), network(), network()
    options = {"optimizer": bpnet.Adam(0.05)}
    for one, callbacks in ((net, [keep]), (twin, [])):
        fit(one, callbacks, **options)
    before = parameters(net)
    assert keep.epoch < 4
    with keep.restored():
        assert not np.array_equal(parameters(net), before)
    assert end(net, fit(net, **options)) == end(twin, fit(twin, **options))


# ------------------------------------------------------------------ after a divergence


class Ruin(bpnet.Callback):
    """Lets the fit diverge in an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, fit, row):
        if row["epoch"] == self.epoch - 1:
            fit.rate_factor = 1e30


@pytest.mark.parametrize("restores", [True, False])
def test_the_message_after_a_divergence_names_the_epoch_of_the_parameters(restores):
    net, twin = network(), network()
    # The highest cost is the first epoch's.
    callbacks = [bpnet.KeepBest("train_cost", mode="max", restore=restores), Ruin(4)]
    with pytest.raises(bpnet.DivergenceError) as caught:
        fit(net, callbacks, metrics=[])
    fit(twin, [Stop(1 if restores else 3)], metrics=[])
    assert np.array_equal(parameters(net), parameters(twin))
    words = "those of epoch 1, the best" if restores else "those after epoch 3"
    assert f"; the parameters are {words}. A lower" in str(caught.value)
    assert " in epoch 4, batch " in str(caught.value)
    assert caught.value.history.stopped == "failed"
