"""One fit at a time trains a network; whoever reads it meanwhile sees the end of an epoch."""

import copy
import pickle
import sys
import threading

import numpy as np
import pytest
from _backends import host, load_running, load_theta, parameters
from training._fits import SIZE, classifier, fit

import bpnet

BUSY = r"trained already: wait for the end of that fit, or train a copy \(net\.copy\(\)\)"
LIBRARIES = ["numpy", "torch", "jax"]


def step(net, data):
    net.step(*data)


def fitting(net, data):
    net.fitting(*data, epochs=1, batch_size=SIZE)


def epoch(net, data):
    net.fitting(*data, epochs=1, batch_size=SIZE).epoch()


def lbfgs(net, data):
    pytest.importorskip("scipy", reason="scipy is not installed")
    net.fit(*data, epochs=2, optimizer=bpnet.LBFGS())


WAYS = [fit, fitting, epoch, step, lbfgs]


class At(bpnet.Callback):
    """Calls a function once, at the end of the first epoch or wherever else."""

    def __init__(self, function, moment="on_epoch_end"):
        setattr(self, moment, lambda *_: self._once(function))
        self.called = False

    def _once(self, function):
        if not self.called:
            self.called = True
            function()


def in_a_thread(function):
    """What a function raised in another thread, or None."""
    raised = [None]

    def run():
        try:
            function()
        except Exception as error:
            raised[0] = error

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised[0]


def assert_trains(net, data):
    """As a copy of it does."""
    twin = net.copy()
    for one in (net, twin):
        fit(one, data)
        step(one, data)
    assert parameters(net).tobytes() == parameters(twin).tobytes()


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize("moment", ["on_steps", "on_epoch_end", "on_fit_end"])
@pytest.mark.parametrize("way", WAYS)
def test_a_second_fit_within_a_callback_is_refused(data, way, moment):
    net, twin, refused = classifier(), classifier(), []

    def second():
        with pytest.raises(RuntimeError, match=BUSY):
            way(net, data)
        refused.append(net.steps)

    history = fit(net, data, callbacks=[At(second, moment)])
    expected = fit(twin, data)
    assert refused == [{"on_steps": 0, "on_epoch_end": 3, "on_fit_end": 9}[moment]]
    assert history["train_cost"] == expected["train_cost"]
    assert history.stopped == "completed"
    assert parameters(net).tobytes() == parameters(twin).tobytes()
    assert_trains(net, data)


@pytest.mark.parametrize("way", WAYS)
def test_a_second_fit_in_another_thread_is_refused(data, way):
    net, twin, raised = classifier(), classifier(), []
    history = fit(
        net, data, callbacks=[At(lambda: raised.append(in_a_thread(lambda: way(net, data))))]
    )
    fit(twin, data)
    assert type(raised[0]) is RuntimeError
    assert "net.copy()" in str(raised[0])
    assert len(history) == 3
    assert parameters(net).tobytes() == parameters(twin).tobytes()


@pytest.mark.parametrize("way", WAYS)
def test_a_fit_during_one_by_lbfgs_is_refused(data, way):
    pytest.importorskip("scipy", reason="scipy is not installed")
    net, raised = classifier(), []

    def second():
        raised.append(in_a_thread(lambda: way(net, data)))

    history = fit(net, data, epochs=4, optimizer=bpnet.LBFGS(), callbacks=[At(second)])
    assert type(raised[0]) is RuntimeError
    assert len(history) == 4
    assert_trains(net, data)


def test_a_second_fit_between_epochs_is_refused(data):
    net = classifier()
    with net.fitting(*data, epochs=3, batch_size=SIZE) as first:
        for _ in first:
            for way in WAYS:
                with pytest.raises(RuntimeError, match=BUSY):
                    way(net, data)
    assert len(first.history) == 3
    assert_trains(net, data)


def test_copies_may_be_trained_meanwhile(data):
    net, twin, copies = classifier(), classifier(), []

    def train_a_copy():
        copies.append(net.copy())
        fit(copies[0], data)

    fit(net, data, callbacks=[At(train_a_copy)])
    fit(twin, data, epochs=1)
    fit(twin, data)
    assert parameters(copies[0]).tobytes() == parameters(twin).tobytes()


# ------------------------------------------------------------------ afterwards


class MyError(Exception):
    """One that a user's callback raises."""


def raising(*_):
    raise MyError


@pytest.mark.parametrize("optimizer", [bpnet.SGD(0.1), bpnet.Momentum(0.1), None], ids=str)
@pytest.mark.parametrize("moment", ["on_fit_begin", "on_steps", "on_epoch_end", "on_fit_end"])
def test_after_an_error_of_a_callback_it_trains_again(data, moment, optimizer):
    if optimizer is None:
        pytest.importorskip("scipy", reason="scipy is not installed")
        optimizer = bpnet.LBFGS()
    net = classifier()
    with pytest.raises(MyError):
        fit(net, data, optimizer=optimizer, callbacks=[At(raising, moment)])
    assert_trains(net, data)


def test_after_a_block_left_early_it_trains_again(data):
    net = classifier()
    with net.fitting(*data, epochs=9, batch_size=SIZE) as first:
        next(iter(first))
    assert_trains(net, data)
    with pytest.raises(MyError), net.fitting(*data, epochs=9, batch_size=SIZE) as first:
        raise MyError
    assert_trains(net, data)


@pytest.mark.parametrize(
    ("error", "options"),
    [
        (ValueError, {"callbacks": [bpnet.EarlyStopping("no_such_column")]}),
        (ValueError, {"resume": bpnet.training.Snapshot({}, {"run": {}, "callbacks": []})}),
        (ValueError, {"l2": -1.0}),
        (bpnet.DivergenceError, {"optimizer": bpnet.SGD(1e300), "l2": 1e300}),
    ],
    ids=["callback", "snapshot", "setting", "divergence"],
)
def test_after_a_refusal_or_a_divergence_it_trains_again(data, error, options):
    net = classifier()
    with pytest.raises((error, KeyError)):
        fit(net, data, **options)
    assert_trains(net, data)


def test_after_ctrl_c_twice_it_trains_again(data, ctrl_c):
    net = classifier()
    with pytest.raises(KeyboardInterrupt):
        fit(net, data, callbacks=[At(lambda: (ctrl_c(), ctrl_c()), "on_steps")])
    assert_trains(net, data)


def test_a_fit_that_is_never_entered_does_not_block(data):
    net = classifier()
    waiting = [net.fitting(*data, epochs=2, batch_size=SIZE) for _ in range(3)]
    assert_trains(net, data)
    with waiting[1] as first:
        assert len(list(first)) == 2
    assert waiting[2].epoch()["epoch"] == net.epochs
    assert_trains(net, data)


def test_a_fit_may_be_entered_where_it_was_not_made(data):
    net, twin = classifier(), classifier()
    made = net.fitting(*data, epochs=2, batch_size=SIZE)
    assert in_a_thread(made.run) is None
    fit(twin, data, epochs=2, optimizer=bpnet.SGD(0.1))
    assert parameters(net).tobytes() == parameters(twin).tobytes()


# ------------------------------------------------------------------ reading meanwhile


class Ends(bpnet.Callback):
    """What the network was at the end of each epoch."""

    def __init__(self, net):
        self.ends = {0: self._of(net)}

    def on_epoch_end(self, fit, row):
        self.ends[row["epoch"]] = self._of(fit.net)

    @staticmethod
    def _of(net):
        state = net.state
        return [host(net, one).tobytes() for one in (state.theta, *state.running, *state.memory)]


@pytest.fixture
def hasty():
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize(
    "read", ["copy", "deepcopy", "pickle", "to", "state", "weights", "predict"]
)
@pytest.mark.parametrize("library", LIBRARIES)
def test_another_thread_reads_the_network_of_the_end_of_an_epoch(data, library, read, hasty):
    pytest.importorskip(library, reason=f"{library} is not installed")
    layers = [4, bpnet.Layer(40, normalization="batch"), 3]
    net = bpnet.Network(layers, cost="log_likelihood", seed=4, dtype="float64", backend=library)
    optimizer = bpnet.Momentum(0.1)
    fit(net, data, epochs=1, optimizer=optimizer)  # so that there is a memory from the first on
    start, x = net.epochs, data[0]
    ends, seen, over = Ends(net), [], threading.Event()
    ends.ends = {start: ends.ends[0]}
    ways = {
        "copy": net.copy,
        "deepcopy": lambda: copy.deepcopy(net),
        "pickle": lambda: pickle.loads(pickle.dumps(net)),
        "to": lambda: net.to(dtype="float64"),
        "state": lambda: net.state,
        "weights": lambda: net.weights,
        "predict": lambda: host(net, net.feedforward(x)).tobytes(),
    }

    def look():
        while not over.is_set():
            seen.append(ways[read]())

    class Yield(bpnet.Callback):
        """Gives the other thread a turn, within epochs and between them."""

        def on_fit_begin(self, fit):
            fit.limit_block(1)

        def on_steps(self, fit, steps):
            turn()

        def on_epoch_end(self, fit, row):
            turn()

    def turn():
        before = len(seen)
        while reader.is_alive() and len(seen) < before + 1:
            over.wait(1e-4)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        fit(net, data, epochs=5, optimizer=optimizer, callbacks=[ends, Yield()])
    finally:
        over.set()
        reader.join()
    assert len(seen) > 15
    moments = {e: (theta, running) for e, (theta, running, *_) in ends.ends.items()}
    if read == "predict":
        outputs = set()
        for theta, running in moments.values():
            twin = net.copy()
            load_theta(twin, np.frombuffer(theta))
            load_running(twin, np.frombuffer(running))
            outputs.add(host(twin, twin.feedforward(x)).tobytes())
        assert set(seen) <= outputs
        assert len(set(seen)) > 1
    elif read == "state":
        for state in seen:
            assert (host(net, state.theta).tobytes(), host(net, state.running[0]).tobytes()) in [
                *moments.values()
            ]
    elif read == "weights":
        weights = {theta[: 8 * 4 * 40] for theta, _ in moments.values()}
        assert {host(net, w[0]).tobytes() for w in seen} <= weights
    else:
        for one in seen:
            theta, running, *memory = ends._of(one)
            assert (theta, running) == moments[one.epochs]
            assert one.steps == 3 * one.epochs
            assert memory in ([], ends.ends[one.epochs][2:])  # none while an epoch goes on


def test_copies_of_a_torn_moment_go_on_to_the_same_bits(data):
    """A copy that was made within an epoch trains on like one that was made before it."""
    net, before, within = classifier(), [], []

    class Copies(bpnet.Callback):
        def on_fit_begin(self, fit):
            fit.limit_block(1)
            before.append(net.copy())

        def on_steps(self, fit, steps):
            within.append(net.copy())

    fit(net, data, epochs=1, optimizer=bpnet.Adam(0.01), callbacks=[Copies()])
    for one in (*before, *within):
        fit(one, data, optimizer=bpnet.Adam(0.01))
    assert len(within) == 3
    assert {parameters(one).tobytes() for one in within} == {parameters(before[0]).tobytes()}
