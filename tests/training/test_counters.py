"""Steps are counted since the network was made; those of an optimizer since it began."""

import pickle

import numpy as np
import pytest
from _backends import parameters
from training._events import scalars

import bpnet
from bpnet.schedules import Exponential
from bpnet.storage.checkpoints import write_checkpoint_file

X, Y = np.random.default_rng(0).standard_normal((12, 4)), np.arange(12) % 2


@pytest.fixture(params=["numpy", "torch"])
def library(request):
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    return request.param


def dropping(library):
    """A network whose masks differ from step to step."""
    layers = [bpnet.Layer(4, dropout=0.5), bpnet.Layer(8, dropout=0.3), 2]
    return bpnet.Network(layers, cost="log_likelihood", seed=0, backend=library)


def step(net):
    net.step(X, Y, optimizer=bpnet.SGD(0.5))


# ------------------------------------------------------------------ kept in files and copies


def saved_and_loaded(net, path):
    net.save(path)
    return bpnet.load(path, backend=net.backend.name)


def from_a_checkpoint(net, path):
    """Through a fit of no epochs."""
    kept = []

    class Keep(bpnet.Callback):
        def on_fit_begin(self, fit):
            kept.append(fit.snapshot())

    net.fit(X, Y, epochs=0, optimizer=bpnet.SGD(0.5), callbacks=[Keep()])
    write_checkpoint_file(path, *kept[0])
    return bpnet.load(path, backend=net.backend.name)


WAYS = {
    "save": saved_and_loaded,
    "checkpoint": from_a_checkpoint,
    "pickle": lambda net, path: pickle.loads(pickle.dumps(net)),
    "copy": lambda net, path: net.copy(),
    "to": lambda net, path: net.to(net.backend.name),
}


@pytest.mark.parametrize("way", WAYS)
def test_masks_go_on_as_in_one_process(library, way, tmp_path):
    one, two = dropping(library), dropping(library)
    for k in range(5):
        step(one)
        step(two)
        two = WAYS[way](two, tmp_path / "net.safetensors")
        assert (two.steps, two.epochs) == (k + 1, 0)
        assert parameters(two).tobytes() == parameters(one).tobytes()


def test_fits_go_on_as_in_one_process(library, tmp_path):
    one, two = dropping(library), dropping(library)
    for k in range(3):
        for net in (one, two):
            net.fit(X, Y, epochs=2, batch_size=5, optimizer=bpnet.SGD(0.5))
        two = saved_and_loaded(two, tmp_path / "net.safetensors")
        assert (two.steps, two.epochs) == (6 * k + 6, 2 * k + 2)
    assert parameters(two).tobytes() == parameters(one).tobytes()


def test_a_checkpoint_within_an_epoch_loads_as_its_last_full_epoch(tmp_path):
    """With the steps of that one, so that masks are those of its next step."""
    net, whole = dropping("numpy"), dropping("numpy")
    checkpoint = bpnet.Checkpoint(tmp_path, every_steps=2, every_epochs=None)
    net.fit(X, Y, epochs=2, batch_size=4, callbacks=[checkpoint])
    whole.fit(X, Y, epochs=1, batch_size=4)
    path = tmp_path / "epoch-0001-step-00000005.safetensors"
    assert bpnet.read_checkpoint(path).header["steps"] == 5
    loaded = bpnet.load(path)
    assert (loaded.epochs, loaded.steps) == (1, 3)


def test_lbfgs_leaves_the_steps():
    pytest.importorskip("scipy", reason="scipy is not installed")
    net = bpnet.Network([4, 3, 2], cost="log_likelihood", seed=0)
    net.fit(X, Y, epochs=2, batch_size=4)
    net.fit(X, Y, epochs=3, optimizer=bpnet.LBFGS())
    assert (net.steps, net.epochs) == (6, 5)
    net.fit(X, Y, epochs=1, batch_size=4)
    assert (net.steps, net.epochs) == (9, 6)


# ------------------------------------------------------------------ an optimizer's own


RATE = Exponential(1.0, steps=10, factor=0.5)
POINTS = np.linspace(-1.0, 1.0, 8)[:, None]


def line(before=0, way="fit"):
    """A line, trained before by another optimizer."""
    net = bpnet.Network([1, 1], activations=["identity"], seed=0, dtype="float64")
    if before:
        momentum = bpnet.Momentum(0.01)
        if way == "fit":
            net.fit(POINTS, POINTS, epochs=before, batch_size=8, optimizer=momentum)
        else:
            for _ in range(before):
                net.step(POINTS, POINTS, optimizer=momentum)
    return net


def trained(net, callbacks, epochs=6, rate=RATE, **options):
    optimizer = bpnet.SGD(rate)
    options = {"epochs": epochs, "batch_size": 4, "optimizer": optimizer, **options}
    return net.fit(POINTS, POINTS, callbacks=callbacks, **options)


class Rates(bpnet.Callback):
    """The rate of the next step, and its factor, as a callback finds them."""

    def __init__(self):
        self.first, self.rows = None, []

    def on_steps(self, fit, steps):
        if self.first is None:
            self.first = fit.learning_rate_at(fit.steps_done - steps)

    def on_epoch_end(self, fit, row):
        self.rows.append((fit.learning_rate_at(fit.steps_done), round(fit.rate_factor, 12)))


@pytest.mark.parametrize("way", ["fit", "step"])
@pytest.mark.parametrize("before", [0, 1, 50])
def test_rates_are_those_of_the_optimizers_own_steps(before, way):
    seen = Rates()
    trained(line(before, way), [seen])
    assert seen.first == RATE(0) == 1.0
    assert [rate for rate, _ in seen.rows] == [RATE(2 * k) for k in range(1, 7)]


def test_a_second_fit_with_the_same_optimizer_goes_on_in_its_schedule():
    net, seen = line(20), Rates()
    trained(net, [], epochs=3)
    trained(net, [seen], epochs=2)
    assert seen.first == RATE(6)
    assert [rate for rate, _ in seen.rows] == [RATE(8), RATE(10)]


@pytest.mark.parametrize("before", [0, 7, 50])
def test_a_plateau_reduces_alike_whatever_was_trained_before(before):
    seen = Rates()
    plateau = bpnet.ReduceOnPlateau(
        "train_cost", factor=0.01, patience=0, min_delta=99.0, min_rate=0.1
    )
    trained(line(before), [plateau, seen], batch_size=8)
    # The first epoch improves on none; the second is reduced to a rate of 0.1, and none further
    # than that of a later step, which the schedule has lowered.
    assert seen.rows[0][1] == 1.0
    factors = [factor for _, factor in seen.rows[1:]]
    assert factors == [round(0.1 / RATE(2), 12)] * 5


@pytest.mark.parametrize("before", [0, 50])
def test_tensorboard_shows_the_rate_of_the_last_step(before, tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    net = line(before)
    trained(net, [bpnet.TensorBoard(tmp_path)], epochs=3)
    expected = [RATE(2 * k - 1) for k in range(1, 4)]
    found, _ = scalars(tmp_path)
    assert [rate for _, rate in found["learning_rate"]] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("after", [1, 2, 3, 5])
def test_a_resumed_fit_goes_on_in_the_optimizers_schedule(after):
    """After some steps of the fit, which began at step 13 of the network."""

    class Keep(bpnet.Callback):
        kept = None

        def on_fit_begin(self, fit):
            fit.limit_block(1)

        def on_steps(self, fit, steps):
            if fit.steps_done == 13 + after:
                self.kept = fit.snapshot()

    def plateau():
        return bpnet.ReduceOnPlateau(
            "train_cost", factor=0.5, patience=0, min_delta=99.0, min_rate=0.2
        )

    keep, whole = Keep(), Rates()
    one = line(13)
    trained(one, [plateau(), whole, keep])
    two, resumed = line(13), Rates()
    trained(two, [plateau(), resumed], resume=keep.kept)
    assert parameters(two).tobytes() == parameters(one).tobytes()
    assert resumed.rows == whole.rows[(after - 1) // 2 :]
    assert resumed.rows[-1][0] == RATE(12)
